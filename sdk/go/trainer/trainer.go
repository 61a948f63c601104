// Package trainer is for trainers: rows in, a model out, and predictions from that model.
package trainer

import (
	"refrain"
	"refrain/internal/stage"
)

// Trainer is a sequence of passes over all rows, then a model. P are its parameters.
type Trainer[P any] interface {
	// Describe checks the parameters against the schema.
	Describe(params P, input refrain.Schema) (Description, error)
	// Pass begins a pass. input is the schema of the training columns; state is empty on the
	// first pass, then what the pass before it ended in.
	Pass(params P, input refrain.Schema, seed uint64, state []byte) (refrain.Fold[PassEnd], error)
	// Finish answers the model, from the state of the last pass: all that predicting needs.
	Finish(params P, input refrain.Schema, state []byte) ([]byte, error)
	// Model loads a model. input is the schema of the prediction columns.
	Model(input refrain.Schema, model []byte) (refrain.Map, error)
}

// Description says what the trainer will do, known before it sees a row.
type Description struct {
	// TrainingReads holds the indices of the columns that a pass is handed, in that order.
	TrainingReads []uint32
	// PredictionReads holds those of the columns that predict is handed. Never the label.
	PredictionReads []uint32
	// Prediction is the schema of what predict answers.
	Prediction refrain.Schema
	// Mergeable says whether a pass merges; otherwise it sees all rows in one instance.
	Mergeable bool
}

// Measure is a number worth watching; its name is in snake_case.
type Measure struct {
	Name  string
	Value float64
}

// PassEnd is the end of a pass.
type PassEnd struct {
	// State is what the next pass, or Finish, starts from.
	State []byte
	// Done says whether training has ended.
	Done bool
	// Measures are for people.
	Measures []Measure
}

// Instance is the exports of the world, in their order, without the component around them.
type Instance struct {
	describe func(params string, input refrain.Schema) (Description, error)
	pass     func(params string, input refrain.Schema, seed uint64, state []byte) (refrain.Fold[PassEnd], error)
	finish   func(params string, input refrain.Schema, state []byte) ([]byte, error)
	model    func(input refrain.Schema, model []byte) (refrain.Map, error)
	stage    stage.Stage[refrain.Fold[PassEnd]]
}

// New is an instance of a plugin. defaults holds the parameters where the pipeline says nothing.
func New[P any](plugin Trainer[P], defaults P) *Instance {
	return &Instance{
		describe: func(text string, input refrain.Schema) (Description, error) {
			return stage.With(text, defaults, func(params P) (Description, error) {
				return plugin.Describe(params, input)
			})
		},
		pass: func(text string, input refrain.Schema, seed uint64, state []byte) (refrain.Fold[PassEnd], error) {
			return stage.With(text, defaults, func(params P) (refrain.Fold[PassEnd], error) {
				return plugin.Pass(params, input, seed, state)
			})
		},
		finish: func(text string, input refrain.Schema, state []byte) ([]byte, error) {
			return stage.With(text, defaults, func(params P) ([]byte, error) {
				return plugin.Finish(params, input, state)
			})
		},
		model: plugin.Model,
	}
}

// Describe is the export describe.
func (i *Instance) Describe(params string, input refrain.Schema) (Description, error) {
	return i.describe(params, input)
}

// PassStart is the export pass-start.
func (i *Instance) PassStart(
	params string, input refrain.Schema, seed uint64, state []byte,
) error {
	fold, err := i.pass(params, input, seed, state)
	return i.stage.BeginFold(input, fold, err)
}

// PassUpdate is the export pass-update.
func (i *Instance) PassUpdate(rows refrain.Batch) error {
	fold, err := i.stage.Fold("pass-update", "pass-start")
	if err != nil {
		return err
	}
	named, err := i.stage.Rows(rows)
	if err != nil {
		return err
	}
	return fold.Update(named)
}

// PassSave is the export pass-save.
func (i *Instance) PassSave() ([]byte, error) {
	fold, err := i.stage.Fold("pass-save", "pass-start")
	if err != nil {
		return nil, err
	}
	return fold.Save()
}

// PassMerge is the export pass-merge.
func (i *Instance) PassMerge(saved []byte) error {
	fold, err := i.stage.Fold("pass-merge", "pass-start")
	if err != nil {
		return err
	}
	return fold.Merge(saved)
}

// PassFinish is the export pass-finish.
func (i *Instance) PassFinish() (end PassEnd, err error) {
	fold, err := i.stage.End("pass-finish", "pass-start")
	if err != nil {
		return end, err
	}
	return fold.Finish()
}

// Finish is the export finish.
func (i *Instance) Finish(params string, input refrain.Schema, state []byte) ([]byte, error) {
	return i.finish(params, input, state)
}

// PredictStart is the export predict-start.
func (i *Instance) PredictStart(input refrain.Schema, model []byte) error {
	rows, err := i.model(input, model)
	return i.stage.BeginMap(input, rows, err)
}

// Predict is the export predict.
func (i *Instance) Predict(rows refrain.Batch) (refrain.Batch, error) {
	return i.stage.Map(rows, "predict", "predict-start")
}

var held *Instance

// Register makes the plugin the component's: call it in init.
func Register[P any](plugin Trainer[P], defaults P) { held = New(plugin, defaults) }
