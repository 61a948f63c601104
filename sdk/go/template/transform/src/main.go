// Subtracts from each column its mean.
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

type centre struct{}

func (centre) Describe(p params, input refrain.Schema) (d transform.Description, err error) {
	reads, err := input.IndicesOf(p.Columns, refrain.Float64)
	if err != nil {
		return d, err
	}
	// All other columns are kept by the host, and never enter the sandbox.
	computed := input.Select(reads).Fields // same names, same nullability
	d = transform.Description{Reads: reads, NeedsFit: true, Mergeable: true}
	return d.Replacing(input, computed), nil
}

func (centre) Fit(_ params, input refrain.Schema, _ uint64) (refrain.Fold[[]byte], error) {
	return make(means, len(input.Fields)), nil
}

func (centre) Apply(_ params, input refrain.Schema, state []byte) (refrain.Map, error) {
	return readMeans(state, len(input.Fields))
}

// means are the moments of each column read.
type means []refrain.Moments

func readMeans(state []byte, n int) (means, error) {
	reader := refrain.NewReader(state)
	m := make(means, n)
	for i := range m {
		m[i] = refrain.ReadMoments(reader)
	}
	return m, reader.End()
}

func (m means) Update(rows refrain.Batch) error {
	for i, column := range rows.Columns {
		if err := m[i].Update(column); err != nil {
			return err
		}
	}
	return nil
}

func (m means) Save() ([]byte, error) {
	var writer refrain.Writer
	for _, moments := range m {
		moments.Write(&writer)
	}
	return writer.Bytes(), nil
}

func (m means) Merge(saved []byte) error {
	there, err := readMeans(saved, len(m))
	if err != nil {
		return err
	}
	for i := range m {
		m[i].Merge(there[i])
	}
	return nil
}

func (m means) Finish() ([]byte, error) { return m.Save() }

func (m means) Map(rows refrain.Batch) ([]refrain.Column, error) {
	columns := make([]refrain.Column, len(rows.Columns))
	for i, column := range rows.Columns {
		values, err := column.Float64s()
		if err != nil {
			return nil, err
		}
		mean := m[i].Mean
		centred := make([]float64, len(values))
		for row, x := range values {
			centred[row] = x - mean
		}
		columns[i] = refrain.OfFloat64s(centred).NullsOf(column)
	}
	return columns, nil
}

func init() { transform.Register(centre{}, params{}) }

func main() {}
