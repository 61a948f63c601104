// Package predictor is for predictors: predictions from a model that was trained elsewhere.
package predictor

import (
	"refrain"
	"refrain/internal/stage"
)

// Predictor has parameters P.
type Predictor[P any] interface {
	// Describe checks the model and the parameters against the schema.
	Describe(params P, input refrain.Schema, model []byte) (Description, error)
	// Model loads a model. input is the schema of the columns read.
	Model(params P, input refrain.Schema, model []byte) (refrain.Map, error)
}

// Description says what the predictor will do, known before it sees a row.
type Description struct {
	// Reads holds the indices of the columns that predict is handed, in that order.
	Reads []uint32
	// Prediction is the schema of what predict answers.
	Prediction refrain.Schema
}

// Instance is the exports of the world, in their order, without the component around them.
type Instance struct {
	describe func(params string, input refrain.Schema, model []byte) (Description, error)
	model    func(params string, input refrain.Schema, model []byte) (refrain.Map, error)
	stage    stage.Stage[struct{}]
}

// New is an instance of a plugin. defaults holds the parameters where the pipeline says nothing.
func New[P any](plugin Predictor[P], defaults P) *Instance {
	return &Instance{
		describe: func(text string, input refrain.Schema, model []byte) (Description, error) {
			return stage.With(text, defaults, func(params P) (Description, error) {
				return plugin.Describe(params, input, model)
			})
		},
		model: func(text string, input refrain.Schema, model []byte) (refrain.Map, error) {
			return stage.With(text, defaults, func(params P) (refrain.Map, error) {
				return plugin.Model(params, input, model)
			})
		},
	}
}

// Describe is the export describe.
func (i *Instance) Describe(
	params string, input refrain.Schema, model []byte,
) (Description, error) {
	return i.describe(params, input, model)
}

// PredictStart is the export predict-start.
func (i *Instance) PredictStart(params string, input refrain.Schema, model []byte) error {
	rows, err := i.model(params, input, model)
	return i.stage.BeginMap(input, rows, err)
}

// Predict is the export predict.
func (i *Instance) Predict(rows refrain.Batch) (refrain.Batch, error) {
	return i.stage.Map(rows, "predict", "predict-start")
}

var held *Instance

// Register makes the plugin the component's: call it in init.
func Register[P any](plugin Predictor[P], defaults P) { held = New(plugin, defaults) }
