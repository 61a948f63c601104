// Reads every column and makes it anew: how each kind is read and made.
package main

import (
	"refrain"
	"refrain/transform"
)

type everyKind struct {
	transform.NoFit[refrain.NoParams]
}

func (everyKind) Describe(
	_ refrain.NoParams, input refrain.Schema,
) (d transform.Description, err error) {
	for i := range input.Fields {
		d.Reads = append(d.Reads, uint32(i))
	}
	return d.Replacing(input, input.Fields), nil
}

func (everyKind) Apply(refrain.NoParams, refrain.Schema, []byte) (refrain.Map, error) {
	return everyKind{}, nil
}

func (everyKind) Map(rows refrain.Batch) ([]refrain.Column, error) {
	columns := make([]refrain.Column, len(rows.Columns))
	for i, column := range rows.Columns {
		made, err := anew(column)
		if err != nil {
			return nil, err
		}
		columns[i] = made.NullsOf(column)
	}
	return columns, nil
}

func anew(column refrain.Column) (refrain.Column, error) {
	switch column.Kind() {
	case refrain.Boolean:
		values, err := column.Booleans()
		return refrain.OfBooleans(values), err
	case refrain.Int64:
		values, err := column.Int64s()
		return refrain.OfInt64s(values), err
	case refrain.Float64:
		values, err := column.Float64s()
		return refrain.OfFloat64s(values), err
	case refrain.TimestampUs:
		values, err := column.TimestampsUs()
		return refrain.OfTimestampsUs(values), err
	case refrain.Utf8:
		values, err := column.Utf8s()
		return refrain.OfUtf8s(values), err
	case refrain.Binary:
		values, err := column.Binaries()
		return refrain.OfBinaries(values), err
	default:
		values, err := column.Vectors()
		flat := make([]float32, 0, column.Len()*column.Width())
		for _, value := range values {
			flat = append(flat, value...)
		}
		return refrain.OfVectors(column.Width(), flat), err
	}
}

func init() { transform.Register(everyKind{}, refrain.NoParams{}) }

func main() {}
