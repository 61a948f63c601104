// Drift by how far the mean moved, in standard deviations of the reference window.
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

type meanShift struct{}

func (meanShift) Describe(p params, input refrain.Schema) (d drift.Description, err error) {
	reads, err := input.IndicesOf(p.Columns, refrain.Float64)
	return drift.Description{Reads: reads, Mergeable: true}, err
}

func (meanShift) Start(p params, input refrain.Schema) (drift.Fold, error) {
	n := len(input.Fields)
	windows := [2][]refrain.Moments{make([]refrain.Moments, n), make([]refrain.Moments, n)}
	return &fold{p.Threshold, input.Fields, windows}, nil
}

// fold holds the moments of each column, in each window.
type fold struct {
	threshold float64
	columns   []refrain.Field
	windows   [2][]refrain.Moments
}

func (f *fold) Update(window drift.Window, rows refrain.Batch) error {
	for i, column := range rows.Columns {
		if err := f.windows[window][i].Update(column); err != nil {
			return err
		}
	}
	return nil
}

func (f *fold) Save() ([]byte, error) {
	var writer refrain.Writer
	for _, window := range f.windows {
		for _, moments := range window {
			moments.Write(&writer)
		}
	}
	return writer.Bytes(), nil
}

func (f *fold) Merge(saved []byte) error {
	reader := refrain.NewReader(saved)
	for _, window := range f.windows {
		for i := range window {
			window[i].Merge(refrain.ReadMoments(reader))
		}
	}
	return reader.End()
}

func (f *fold) Finish() ([]drift.Score, error) {
	scores := make([]drift.Score, len(f.columns))
	for i, column := range f.columns {
		reference, current := f.windows[drift.Reference][i], f.windows[drift.Current][i]
		value := math.Abs(current.Mean-reference.Mean) / reference.Deviation()
		verdict := drift.Stable
		if value >= f.threshold {
			verdict = drift.Drifted
		}
		scores[i] = drift.Score{
			Column: column.Name, Measure: "mean_shift", Value: &value,
			Threshold: f.threshold, Verdict: verdict,
			NReference: reference.N, NCurrent: current.N,
		}
	}
	return scores, nil
}

var defaults = params{Threshold: 0.1}

func init() { drift.Register(meanShift{}, defaults) }

func main() {}
