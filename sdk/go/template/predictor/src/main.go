// Multiplies a column by the model, which is one number.
package main

import (
	"refrain"
	"refrain/predictor"
)

type params struct {
	Feature    string `json:"feature" refrain:"required"`
	Prediction string `json:"prediction"`
}

type scale struct{}

func (scale) Describe(
	p params, input refrain.Schema, bytes []byte,
) (d predictor.Description, err error) {
	if _, err := read(bytes); err != nil {
		return d, err
	}
	feature, err := input.IndexOf(p.Feature, refrain.Float64)
	if err != nil {
		return d, err
	}
	nullable := input.Fields[feature].Nullable
	prediction := refrain.Field{Name: p.Prediction, Kind: refrain.Float64, Nullable: nullable}
	d.Reads = []uint32{feature}
	d.Prediction = refrain.Schema{Fields: []refrain.Field{prediction}}
	return d, nil
}

func (scale) Model(_ params, _ refrain.Schema, bytes []byte) (refrain.Map, error) {
	return read(bytes)
}

type model struct{ weight float64 }

func read(bytes []byte) (model, error) {
	reader := refrain.NewReader(bytes)
	weight := reader.F64()
	return model{weight}, reader.End()
}

func (m model) Map(rows refrain.Batch) ([]refrain.Column, error) {
	feature := rows.Columns[0]
	values, err := feature.Float64s()
	if err != nil {
		return nil, err
	}
	scaled := make([]float64, len(values))
	for row, x := range values {
		scaled[row] = x * m.weight
	}
	return []refrain.Column{refrain.OfFloat64s(scaled).NullsOf(feature)}, nil
}

var defaults = params{Prediction: "prediction"}

func init() { predictor.Register(scale{}, defaults) }

func main() {}
