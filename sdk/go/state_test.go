package refrain

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"testing"
)

func TestBytesAreLittleEndianWithoutPadding(t *testing.T) {
	var w Writer
	w.U8(1).U32(2).U64(3).I64(-1).F64(1).Text("é")
	expected := "010200000003000000" + "00000000" + "ffffffffffffffff" + "000000000000f03f" +
		"02000000c3a9"
	if found := hex.EncodeToString(w.Bytes()); found != expected {
		t.Error(found)
	}
	r := NewReader(w.Bytes())
	found := fmt.Sprintln(r.U8(), r.U32(), r.U64(), r.I64(), r.F64(), r.Text(), r.End())
	if found != "1 2 3 -1 1 é <nil>\n" {
		t.Error(found)
	}
}

func TestForeignBytesAreRefused(t *testing.T) {
	reads := map[string]func(*Reader){
		"\x00\x00\x00\x00\x00\x00\x00": func(r *Reader) { r.F64() },
		"\xff\xff\xff\xff":             func(r *Reader) { r.Data() },
		"\x01\x00\x00\x00\xff":         func(r *Reader) { r.Text() },
		"\x00":                         func(*Reader) {},
	}
	for state, read := range reads {
		r := NewReader([]byte(state))
		read(r)
		if err := r.End(); err == nil || AsError(err).Kind != KindFailed {
			t.Errorf("%x: %v", state, err)
		}
	}
}

func TestMomentsSkipAndMerge(t *testing.T) {
	of := func(values ...float64) (m Moments) {
		for _, value := range values {
			m.Add(value)
		}
		return m
	}
	column := OfFloat64s([]float64{1, 9, math.NaN(), 3}).WithNulls([]bool{true, false, true, true})
	var found Moments
	if err := found.Update(column); err != nil || found != (Moments{2, 2, 2}) {
		t.Error(found, err)
	}
	some, merged := of(0.1, 0.2, 0.7), Moments{}
	merged.Merge(some)
	merged.Merge(Moments{})
	if merged != some {
		t.Error(merged)
	}
	parts := of(1, 2)
	parts.Merge(of(3, 6))
	if parts != (Moments{4, 3, 14}) {
		t.Error(parts)
	}
	if (Moments{}).Deviation() != 1 || of(2, 2).Deviation() != 1 || of(1, 3).Deviation() != 1 {
		t.Error("deviation")
	}
}

func TestEveryErrorIsOneOfTheContract(t *testing.T) {
	wrapped := fmt.Errorf("while fitting: %w", Other(7, "seven"))
	cases := map[error]Error{
		InvalidParams("a %d", 1): {KindInvalidParams, 0, "a 1"},
		errors.New("plain"):      {KindFailed, 0, "plain"},
		wrapped:                  {KindOther, 7, "while fitting: seven"},
	}
	for err, expected := range cases {
		if found := *AsError(err); found != expected {
			t.Error(found)
		}
	}
}
