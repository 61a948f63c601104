package main

import (
	"testing"

	"refrain/cases"
)

func TestGoldenCasesHoldWholeAndInParts(t *testing.T) {
	cases.Drift(t, "../cases", nullShare{}, defaults)
}
