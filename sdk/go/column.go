package refrain

import (
	"slices"
	"strings"
	"unsafe"
)

// Column is one column of a batch. Columns are values to read: what a reader answers may be the
// column's own memory, which a plugin must not write to.
//
// Invariant: a null row holds a zero, or an empty value, so equal columns are equal bytes.
type Column struct {
	kind     Kind
	name     string
	width    int
	booleans []byte // one a row, 0 or 1
	ints     []int64
	floats   []float64
	vectors  []float32
	offsets  []uint32 // rows + 1, into data
	data     []byte
	validity []byte
}

// Batch is some rows.
type Batch struct {
	Rows    int
	Columns []Column
}

// Named is the batch with its columns named for error messages, and of the kinds promised.
func (b Batch) Named(schema Schema) (Batch, error) {
	if len(b.Columns) != len(schema.Fields) {
		n, described := len(b.Columns), len(schema.Fields)
		return Batch{}, InvalidInput("%d columns where %d were described", n, described)
	}
	columns := slices.Clone(b.Columns)
	for i, field := range schema.Fields {
		columns[i].name, columns[i].width = field.Name, int(field.Width)
		if err := columns[i].expect(field.Kind); err != nil {
			return Batch{}, err
		}
	}
	return Batch{b.Rows, columns}, nil
}

// Kind of the column.
func (c Column) Kind() Kind { return c.kind }

// Width is the number of float32 in a row of a vector, else 0.
func (c Column) Width() int { return c.width }

// Len is the number of rows.
func (c Column) Len() int {
	switch c.kind {
	case Boolean:
		return len(c.booleans)
	case Int64, TimestampUs:
		return len(c.ints)
	case Float64:
		return len(c.floats)
	case Vector:
		return len(c.vectors) / max(c.width, 1)
	default:
		return max(len(c.offsets)-1, 0)
	}
}

// Valid says whether a row has a value.
func (c Column) Valid(row int) bool {
	return len(c.validity) == 0 || c.validity[row>>3]>>(row&7)&1 == 1
}

// Booleans are one a row.
func (c Column) Booleans() ([]bool, error) {
	if err := c.expect(Boolean); err != nil {
		return nil, err
	}
	values := make([]bool, len(c.booleans))
	for i, value := range c.booleans {
		values[i] = value != 0
	}
	return values, nil
}

// Int64s are one a row, 0 where there is none.
func (c Column) Int64s() ([]int64, error) { return c.ints, c.expect(Int64) }

// Float64s are one a row, 0 where there is none.
func (c Column) Float64s() ([]float64, error) { return c.floats, c.expect(Float64) }

// TimestampsUs are microseconds since the epoch, one a row, 0 where there is none.
func (c Column) TimestampsUs() ([]int64, error) { return c.ints, c.expect(TimestampUs) }

// Utf8s are one a row, empty where there is none.
func (c Column) Utf8s() ([]string, error) {
	if err := c.expect(Utf8); err != nil {
		return nil, err
	}
	values := make([]string, c.Len())
	// One string for all, and slices of it: a row costs no copy of its text.
	text := unsafe.String(unsafe.SliceData(c.data), len(c.data))
	for row := range values {
		values[row] = text[c.offsets[row]:c.offsets[row+1]]
	}
	return values, nil
}

// Binaries are one a row, empty where there is none.
func (c Column) Binaries() ([][]byte, error) {
	if err := c.expect(Binary); err != nil {
		return nil, err
	}
	values := make([][]byte, c.Len())
	for row := range values {
		values[row] = c.data[c.offsets[row]:c.offsets[row+1]:c.offsets[row+1]]
	}
	return values, nil
}

// Vectors are Width numbers a row, zeros where there is none.
func (c Column) Vectors() ([][]float32, error) {
	if err := c.expect(Vector); err != nil {
		return nil, err
	}
	values := make([][]float32, c.Len())
	for row := range values {
		end := (row + 1) * c.width
		values[row] = c.vectors[row*c.width : end : end]
	}
	return values, nil
}

// Numbers reads float64, int64 and boolean alike; no copy for float64.
func (c Column) Numbers() ([]float64, error) {
	if c.kind == Float64 {
		return c.floats, nil
	}
	if err := c.expect(Float64, Int64, Boolean); err != nil {
		return nil, err
	}
	values := make([]float64, c.Len())
	for row := range values {
		if c.kind == Boolean {
			values[row] = float64(c.booleans[row])
		} else {
			values[row] = float64(c.ints[row])
		}
	}
	return values, nil
}

// OfBooleans makes a column without nulls, as do the functions below.
func OfBooleans(values []bool) Column {
	bytes := make([]byte, len(values))
	for i, value := range values {
		if value {
			bytes[i] = 1
		}
	}
	return Column{kind: Boolean, booleans: bytes}
}

// OfInt64s takes the slice over.
func OfInt64s(values []int64) Column { return Column{kind: Int64, ints: values} }

// OfFloat64s takes the slice over.
func OfFloat64s(values []float64) Column { return Column{kind: Float64, floats: values} }

// OfTimestampsUs takes the slice over.
func OfTimestampsUs(values []int64) Column { return Column{kind: TimestampUs, ints: values} }

// OfUtf8s copies the texts; what is not UTF-8 in them becomes U+FFFD.
func OfUtf8s(values []string) Column {
	column := Column{kind: Utf8, offsets: make([]uint32, 1, len(values)+1)}
	for _, value := range values {
		column.push([]byte(strings.ToValidUTF8(value, "\uFFFD")))
	}
	return column
}

// OfBinaries copies the values.
func OfBinaries(values [][]byte) Column {
	column := Column{kind: Binary, offsets: make([]uint32, 1, len(values)+1)}
	for _, value := range values {
		column.push(value)
	}
	return column
}

// OfVectors takes over width numbers a row, row after row.
func OfVectors(width int, values []float32) Column {
	return Column{kind: Vector, width: width, vectors: values}
}

// WithNulls is the column without the values of rows that are not valid, and of as many rows.
func (c Column) WithNulls(valid []bool) Column {
	if !slices.Contains(valid, false) {
		c.validity = nil
		return c
	}
	bits := make([]byte, (len(valid)+7)/8)
	for row, isValid := range valid {
		if isValid {
			bits[row>>3] |= 1 << (row & 7)
		}
	}
	return c.withValidity(bits)
}

// NullsOf is the column with nulls where other has them.
func (c Column) NullsOf(other Column) Column {
	if len(other.validity) == 0 {
		c.validity = nil
		return c
	}
	return c.withValidity(slices.Clone(other.validity))
}

func (c Column) withValidity(bits []byte) Column {
	c.validity = bits
	emptied := Column{kind: c.kind, offsets: make([]uint32, 1, len(c.offsets)+1)}
	for row := range c.Len() {
		if c.kind == Utf8 || c.kind == Binary {
			value := c.data[c.offsets[row]:c.offsets[row+1]]
			if !c.Valid(row) {
				value = nil
			}
			emptied.push(value)
		} else if !c.Valid(row) {
			c.zero(row)
		}
	}
	if c.kind == Utf8 || c.kind == Binary {
		c.offsets, c.data = emptied.offsets, emptied.data
	}
	return c
}

func (c Column) zero(row int) {
	switch c.kind {
	case Boolean:
		c.booleans[row] = 0
	case Int64, TimestampUs:
		c.ints[row] = 0
	case Float64:
		c.floats[row] = 0
	case Vector:
		clear(c.vectors[row*c.width : (row+1)*c.width])
	}
}

func (c *Column) push(value []byte) {
	c.data = append(c.data, value...)
	c.offsets = append(c.offsets, uint32(len(c.data)))
}

func (c Column) expect(kinds ...Kind) error {
	if slices.Contains(kinds, c.kind) {
		return nil
	}
	wanted := make([]string, len(kinds))
	for i, kind := range kinds {
		wanted[i] = kind.String()
	}
	column := "a column"
	if c.name != "" {
		column = "column `" + c.name + "`"
	}
	return InvalidInput("%s is %s, and was read as %s", column, c.kind, strings.Join(wanted, " or "))
}
