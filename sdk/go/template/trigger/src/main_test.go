package main

import (
	"testing"

	"refrain/cases"
)

func TestGoldenCasesHoldWholeAndInParts(t *testing.T) {
	cases.Trigger(t, "../cases", policy{}, params{})
}
