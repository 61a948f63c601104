package main

import (
	"testing"

	"refrain/cases"
)

func TestGoldenCasesHoldWholeAndInParts(t *testing.T) {
	cases.Transform(t, "../cases", centre{}, params{})
}
