package main

import (
	"testing"

	"refrain"
	"refrain/cases"
)

func TestGoldenCasesHoldWholeAndInParts(t *testing.T) {
	cases.Transform(t, "../cases", everyKind{}, refrain.NoParams{})
}
