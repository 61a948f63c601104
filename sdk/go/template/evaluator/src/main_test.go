package main

import (
	"testing"

	"refrain/cases"
)

func TestGoldenCasesHoldWholeAndInParts(t *testing.T) {
	cases.Evaluator(t, "../cases", absoluteError{}, defaults)
}
