// Drift by how far the share of nulls moved.
package main

import (
	"math"

	"refrain"
	"refrain/drift"
)

type params struct {
	Columns   []string `json:"columns" refrain:"required"`
	Threshold float64  `json:"threshold"`
}

// Check has the last word on the parameters.
func (p *params) Check() error { return refrain.NotEmpty("columns", p.Columns) }

type nullShare struct{}

func (nullShare) Describe(p params, input refrain.Schema) (drift.Description, error) {
	reads, err := input.IndicesOf(p.Columns)
	return drift.Description{Reads: reads, Mergeable: true}, err
}

func (nullShare) Start(p params, input refrain.Schema) (drift.Fold, error) {
	n := len(input.Fields)
	windows := [2][]count{make([]count, n), make([]count, n)}
	return &fold{p.Threshold, input.Fields, windows}, nil
}

type count struct{ rows, nulls uint64 }

func (c count) share() float64 { return float64(c.nulls) / float64(c.rows) }

// fold holds rows and nulls of each column, in each window.
type fold struct {
	threshold float64
	columns   []refrain.Field
	windows   [2][]count
}

func (f *fold) Update(window drift.Window, rows refrain.Batch) error {
	for i, column := range rows.Columns {
		counted := &f.windows[window][i]
		counted.rows += uint64(rows.Rows)
		for row := range rows.Rows {
			if !column.Valid(row) {
				counted.nulls++
			}
		}
	}
	return nil
}

func (f *fold) Save() ([]byte, error) {
	var writer refrain.Writer
	for _, window := range f.windows {
		for _, counted := range window {
			writer.U64(counted.rows).U64(counted.nulls)
		}
	}
	return writer.Bytes(), nil
}

func (f *fold) Merge(saved []byte) error {
	reader := refrain.NewReader(saved)
	for _, window := range f.windows {
		for i := range window {
			window[i].rows += reader.U64()
			window[i].nulls += reader.U64()
		}
	}
	return reader.End()
}

func (f *fold) Finish() ([]drift.Score, error) {
	scores := make([]drift.Score, len(f.columns))
	for i, column := range f.columns {
		reference, current := f.windows[drift.Reference][i], f.windows[drift.Current][i]
		scores[i] = drift.Score{
			Column: column.Name, Measure: "null_share", Threshold: f.threshold,
			Verdict:    drift.Inconclusive,
			NReference: reference.rows - reference.nulls, NCurrent: current.rows - current.nulls,
		}
		if reference.rows == 0 || current.rows == 0 {
			continue
		}
		value := math.Abs(current.share() - reference.share())
		scores[i].Value, scores[i].Verdict = &value, drift.Stable
		if value >= f.threshold {
			scores[i].Verdict = drift.Drifted
		}
	}
	return scores, nil
}

var defaults = params{Threshold: 0.1}

func init() { drift.Register(nullShare{}, defaults) }

func main() {}
