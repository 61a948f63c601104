// The mean absolute error.
package main

import (
	"math"

	"refrain"
	"refrain/evaluator"
)

type params struct {
	Label      string `json:"label" refrain:"required"`
	Prediction string `json:"prediction"`
}

type absoluteError struct{}

func (absoluteError) Describe(
	p params, input refrain.Schema,
) (d evaluator.Description, err error) {
	// In this order the fold is handed them, wherever they stand in the input.
	for _, name := range []string{p.Label, p.Prediction} {
		index, err := input.IndexOf(name, refrain.Float64)
		if err != nil {
			return d, err
		}
		d.Reads = append(d.Reads, index)
	}
	d.Mergeable = true
	return d, nil
}

func (absoluteError) Start(params, refrain.Schema) (refrain.Fold[[]evaluator.Metric], error) {
	return &errors{}, nil
}

// errors of the rows that have both a label and a prediction.
type errors struct {
	n   uint64
	sum float64
}

func (e *errors) Update(rows refrain.Batch) error {
	label, prediction := rows.Columns[0], rows.Columns[1]
	labels, err := label.Float64s()
	if err != nil {
		return err
	}
	predictions, err := prediction.Float64s()
	if err != nil {
		return err
	}
	for row := range labels {
		if label.Valid(row) && prediction.Valid(row) {
			e.n++
			e.sum += math.Abs(predictions[row] - labels[row])
		}
	}
	return nil
}

func (e *errors) Save() ([]byte, error) {
	var writer refrain.Writer
	return writer.U64(e.n).F64(e.sum).Bytes(), nil
}

func (e *errors) Merge(saved []byte) error {
	reader := refrain.NewReader(saved)
	e.n += reader.U64()
	e.sum += reader.F64()
	return reader.End()
}

func (e *errors) Finish() ([]evaluator.Metric, error) {
	metric := evaluator.Metric{Name: "mean_absolute_error", NRows: e.n}
	if e.n > 0 {
		mean := e.sum / float64(e.n)
		metric.Value = &mean
	}
	return []evaluator.Metric{metric}, nil
}

var defaults = params{Prediction: "prediction"}

func init() { evaluator.Register(absoluteError{}, defaults) }

func main() {}
