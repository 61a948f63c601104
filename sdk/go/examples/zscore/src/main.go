// Standardizes columns: subtracts the mean, divides by the population standard deviation.
package main

import (
	"refrain"
	"refrain/transform"
)

type params struct {
	Columns []string `json:"columns" refrain:"required"`
}

// Check has the last word on the parameters.
func (p *params) Check() error { return refrain.NotEmpty("columns", p.Columns) }

type zscore struct{}

func (zscore) Describe(p params, input refrain.Schema) (d transform.Description, err error) {
	reads, err := input.IndicesOf(p.Columns, refrain.Float64)
	if err != nil {
		return d, err
	}
	computed := input.Select(reads).Fields // same names, same nullability
	d = transform.Description{Reads: reads, NeedsFit: true, Mergeable: true}
	return d.Replacing(input, computed), nil
}

func (zscore) Fit(_ params, input refrain.Schema, _ uint64) (refrain.Fold[[]byte], error) {
	return make(scales, len(input.Fields)), nil
}

func (zscore) Apply(_ params, input refrain.Schema, state []byte) (refrain.Map, error) {
	return readScales(state, len(input.Fields))
}

// scales are the moments of each column read.
type scales []refrain.Moments

func readScales(state []byte, n int) (scales, error) {
	reader := refrain.NewReader(state)
	s := make(scales, n)
	for i := range s {
		s[i] = refrain.ReadMoments(reader)
	}
	return s, reader.End()
}

func (s scales) Update(rows refrain.Batch) error {
	for i, column := range rows.Columns {
		if err := s[i].Update(column); err != nil {
			return err
		}
	}
	return nil
}

func (s scales) Save() ([]byte, error) {
	var writer refrain.Writer
	for _, moments := range s {
		moments.Write(&writer)
	}
	return writer.Bytes(), nil
}

func (s scales) Merge(saved []byte) error {
	there, err := readScales(saved, len(s))
	if err != nil {
		return err
	}
	for i := range s {
		s[i].Merge(there[i])
	}
	return nil
}

func (s scales) Finish() ([]byte, error) { return s.Save() }

func (s scales) Map(rows refrain.Batch) ([]refrain.Column, error) {
	columns := make([]refrain.Column, len(rows.Columns))
	for i, column := range rows.Columns {
		values, err := column.Float64s()
		if err != nil {
			return nil, err
		}
		mean, sd := s[i].Mean, s[i].Deviation()
		scaled := make([]float64, len(values))
		for row, x := range values {
			scaled[row] = (x - mean) / sd
		}
		columns[i] = refrain.OfFloat64s(scaled).NullsOf(column)
	}
	return columns, nil
}

func init() { transform.Register(zscore{}, params{}) }

func main() {}
