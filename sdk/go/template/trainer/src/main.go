// Predicts the mean of the label: the baseline that every model has to beat.
package main

import (
	"refrain"
	"refrain/trainer"
)

type params struct {
	Label      string `json:"label" refrain:"required"`
	Prediction string `json:"prediction"`
}

type mean struct{}

func (mean) Describe(p params, input refrain.Schema) (d trainer.Description, err error) {
	label, err := input.IndexOf(p.Label, refrain.Float64)
	if err != nil {
		return d, err
	}
	d.TrainingReads = []uint32{label}
	// A prediction needs no values, but a batch of one column says how many rows there are.
	for i := range uint32(len(input.Fields)) {
		if i != label {
			d.PredictionReads = []uint32{i}
			break
		}
	}
	prediction := refrain.Field{Name: p.Prediction, Kind: refrain.Float64}
	d.Prediction = refrain.Schema{Fields: []refrain.Field{prediction}}
	d.Mergeable = true
	return d, nil
}

func (mean) Pass(
	_ params, _ refrain.Schema, _ uint64, _ []byte,
) (refrain.Fold[trainer.PassEnd], error) {
	return &pass{}, nil
}

func (mean) Finish(_ params, _ refrain.Schema, state []byte) ([]byte, error) {
	moments, err := read(state)
	var writer refrain.Writer
	return writer.F64(moments.Mean).Bytes(), err
}

func (mean) Model(_ refrain.Schema, bytes []byte) (refrain.Map, error) {
	reader := refrain.NewReader(bytes)
	value := reader.F64()
	return model{value}, reader.End()
}

type pass struct{ moments refrain.Moments }

func (p *pass) Update(rows refrain.Batch) error { return p.moments.Update(rows.Columns[0]) }

func (p *pass) Save() ([]byte, error) {
	var writer refrain.Writer
	p.moments.Write(&writer)
	return writer.Bytes(), nil
}

func (p *pass) Merge(saved []byte) error {
	there, err := read(saved)
	p.moments.Merge(there)
	return err
}

func (p *pass) Finish() (end trainer.PassEnd, err error) {
	end.State, err = p.Save()
	end.Done = true
	end.Measures = []trainer.Measure{{Name: "mean", Value: p.moments.Mean}}
	return end, err
}

type model struct{ value float64 }

func (m model) Map(rows refrain.Batch) ([]refrain.Column, error) {
	values := make([]float64, rows.Rows)
	for row := range values {
		values[row] = m.value
	}
	return []refrain.Column{refrain.OfFloat64s(values)}, nil
}

func read(state []byte) (refrain.Moments, error) {
	reader := refrain.NewReader(state)
	moments := refrain.ReadMoments(reader)
	return moments, reader.End()
}

var defaults = params{Prediction: "prediction"}

func init() { trainer.Register(mean{}, defaults) }

func main() {}
