package refrain

import (
	"math"
	"reflect"
	"slices"
	"testing"
)

// Nine rows: one beyond the first byte of the bitmap. Rows 1, 4 and 7 are null.
var valid = []bool{true, false, true, true, false, true, true, false, true}

func nine[T any](values ...T) []T { return slices.Repeat(values, 3) }

func read(t *testing.T, column Column) any {
	t.Helper()
	readers := map[Kind]func() (any, error){
		Boolean:     func() (any, error) { return column.Booleans() },
		Int64:       func() (any, error) { return column.Int64s() },
		Float64:     func() (any, error) { return column.Float64s() },
		TimestampUs: func() (any, error) { return column.TimestampsUs() },
		Utf8:        func() (any, error) { return column.Utf8s() },
		Binary:      func() (any, error) { return column.Binaries() },
		Vector:      func() (any, error) { return column.Vectors() },
	}
	for kind, reader := range readers {
		if _, err := reader(); (err == nil) != (kind == column.Kind()) {
			t.Errorf("%s read as %s: %v", column.Kind(), kind, err)
		} else if err != nil && AsError(err).Kind != KindInvalidInput {
			t.Errorf("%s read as %s is not the input's fault", column.Kind(), kind)
		}
	}
	values, _ := readers[column.Kind()]()
	return values
}

func TestEveryKindReadsBackWhatItWasMadeOf(t *testing.T) {
	cases := []struct {
		column  Column
		expect  any
		ofNulls any
	}{
		{OfBooleans(nine(true, true, false)), nine(true, true, false), nine(true, false, false)},
		{OfInt64s(nine[int64](1, 2, -3)), nine[int64](1, 2, -3), nine[int64](1, 0, -3)},
		{OfFloat64s(nine(1, 2, math.Inf(1))), nine(1, 2, math.Inf(1)), nine(1, 0, math.Inf(1))},
		{OfTimestampsUs(nine[int64](1, 2, 3)), nine[int64](1, 2, 3), nine[int64](1, 0, 3)},
		{OfUtf8s(nine("é", "x", "")), nine("é", "x", ""), nine("é", "", "")},
		{
			OfBinaries(nine([]byte{0xff, 0}, []byte{1}, []byte{})),
			nine([]byte{0xff, 0}, []byte{1}, []byte{}),
			nine([]byte{0xff, 0}, []byte{}, []byte{}),
		},
		{
			OfVectors(2, nine[float32](1, 2, 3, 4, 5, 6)),
			nine([]float32{1, 2}, []float32{3, 4}, []float32{5, 6}),
			nine([]float32{1, 2}, []float32{0, 0}, []float32{5, 6}),
		},
	}
	for _, c := range cases {
		kind := c.column.Kind()
		if found := read(t, c.column); !reflect.DeepEqual(found, c.expect) || c.column.Len() != 9 {
			t.Errorf("%s: found %v, expected %v", kind, found, c.expect)
		}
		if all := c.column.WithNulls(slices.Repeat([]bool{true}, 9)); all.Raw().Validity != nil {
			t.Errorf("%s: a bitmap without nulls", kind)
		}
		nulls := c.column.WithNulls(valid)
		if found := read(t, nulls); !reflect.DeepEqual(found, c.ofNulls) {
			t.Errorf("%s: found %v, expected %v", kind, found, c.ofNulls)
		}
		// Unused bits are 0.
		if bits := nulls.Raw().Validity; !slices.Equal(bits, []byte{0b0110_1101, 1}) {
			t.Errorf("%s: validity %b", kind, bits)
		}
		if nulls.Valid(1) || !nulls.Valid(8) {
			t.Errorf("%s: rows 1 and 8", kind)
		}
		if of := c.column.NullsOf(nulls); !reflect.DeepEqual(of.Raw(), nulls.Raw()) {
			t.Errorf("%s: nulls of another column", kind)
		}
	}
}

func TestABatchIsWhatWasDescribed(t *testing.T) {
	schema := Schema{[]Field{{Name: "n", Kind: Int64}}}
	for _, columns := range [][]Column{nil, {OfUtf8s([]string{""})}} {
		if _, err := (Batch{1, columns}).Named(schema); AsError(err).Kind != KindInvalidInput {
			t.Errorf("%v: %v", columns, err)
		}
	}
	named, err := Batch{1, []Column{OfInt64s([]int64{1})}}.Named(schema)
	if err != nil {
		t.Fatal(err)
	}
	_, err = named.Columns[0].Float64s()
	if expected := "column `n` is int64, and was read as float64"; err.Error() != expected {
		t.Error(err)
	}
}

func TestAnyNumberReadsAsFloat(t *testing.T) {
	columns := []Column{
		OfInt64s([]int64{1}), OfBooleans([]bool{true}), OfFloat64s([]float64{1}),
	}
	for _, column := range columns {
		if found, err := column.Numbers(); err != nil || found[0] != 1 {
			t.Error(column.Kind(), found, err)
		}
	}
	if _, err := OfUtf8s([]string{"1"}).Numbers(); err == nil {
		t.Error("a text is no number")
	}
}

func TestWhatIsNotUtf8IsReplaced(t *testing.T) {
	if found, _ := OfUtf8s([]string{"a\xff"}).Utf8s(); found[0] != "a\uFFFD" {
		t.Error(found)
	}
}

func TestSchemasSayWhatIsThere(t *testing.T) {
	schema := Schema{[]Field{{Name: "a", Kind: Int64}, {Name: "b", Kind: Float64}}}
	cases := map[string][]string{
		"no column `d` in the input; there are `a`, `b`": {"d"},
		"column `a` is int64, and must be float64":       {"a"},
		"column `b` is named twice":                      {"b", "b"},
	}
	for expected, names := range cases {
		_, err := schema.IndicesOf(names, Float64)
		if err == nil || err.Error() != expected || AsError(err).Kind != KindInvalidParams {
			t.Errorf("found %v, expected %s", err, expected)
		}
	}
	if found, err := schema.IndicesOf([]string{"b", "a"}); !slices.Equal(found, []uint32{0, 1}) {
		t.Error(found, err)
	}
}
