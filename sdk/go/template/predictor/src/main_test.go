package main

import (
	"testing"

	"refrain/cases"
)

func TestGoldenCasesHoldWholeAndInParts(t *testing.T) {
	cases.Predictor(t, "../cases", scale{}, defaults)
}
