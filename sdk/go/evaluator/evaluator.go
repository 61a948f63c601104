// Package evaluator is for evaluators: labels and predictions in, metrics out, overall and by slice.
package evaluator

import (
	"refrain"
	"refrain/internal/stage"
)

// Evaluator has parameters P.
type Evaluator[P any] interface {
	// Describe checks the parameters against the schema.
	Describe(params P, input refrain.Schema) (Description, error)
	// Start begins the fold. input is the schema of the columns read.
	Start(params P, input refrain.Schema) (refrain.Fold[[]Metric], error)
}

// Description says what the evaluator will read, known before it sees a row.
type Description struct {
	// Reads holds the indices of the columns that the fold is handed, in that order.
	Reads []uint32
	// Mergeable says whether the fold merges; otherwise it sees all rows in one instance.
	Mergeable bool
}

// Tag is a name and a value that together narrow what a metric is about.
type Tag struct {
	Name  string
	Value string
}

// Metric is one number.
type Metric struct {
	// Name is the field's usual name in snake_case.
	Name string
	// Slice is the rows that it was computed on: empty for all rows.
	Slice []Tag
	// Part is which part of the metric it is; empty for a metric that is one number.
	Part []Tag
	// Value is nil where the rows do not define it.
	Value *float64
	// NRows is the number of rows it was computed on.
	NRows uint64
}

// Instance is the exports of the world, in their order, without the component around them.
type Instance struct {
	describe func(params string, input refrain.Schema) (Description, error)
	start    func(params string, input refrain.Schema) (refrain.Fold[[]Metric], error)
	stage    stage.Stage[refrain.Fold[[]Metric]]
}

// New is an instance of a plugin. defaults holds the parameters where the pipeline says nothing.
func New[P any](plugin Evaluator[P], defaults P) *Instance {
	return &Instance{
		describe: func(text string, input refrain.Schema) (Description, error) {
			return stage.With(text, defaults, func(params P) (Description, error) {
				return plugin.Describe(params, input)
			})
		},
		start: func(text string, input refrain.Schema) (refrain.Fold[[]Metric], error) {
			return stage.With(text, defaults, func(params P) (refrain.Fold[[]Metric], error) {
				return plugin.Start(params, input)
			})
		},
	}
}

// Describe is the export describe.
func (i *Instance) Describe(params string, input refrain.Schema) (Description, error) {
	return i.describe(params, input)
}

// Start is the export start.
func (i *Instance) Start(params string, input refrain.Schema) error {
	fold, err := i.start(params, input)
	return i.stage.BeginFold(input, fold, err)
}

// Update is the export update.
func (i *Instance) Update(rows refrain.Batch) error {
	fold, err := i.stage.Fold("update", "start")
	if err != nil {
		return err
	}
	named, err := i.stage.Rows(rows)
	if err != nil {
		return err
	}
	return fold.Update(named)
}

// Save is the export save.
func (i *Instance) Save() ([]byte, error) {
	fold, err := i.stage.Fold("save", "start")
	if err != nil {
		return nil, err
	}
	return fold.Save()
}

// Merge is the export merge.
func (i *Instance) Merge(saved []byte) error {
	fold, err := i.stage.Fold("merge", "start")
	if err != nil {
		return err
	}
	return fold.Merge(saved)
}

// Finish is the export finish.
func (i *Instance) Finish() (end []Metric, err error) {
	fold, err := i.stage.End("finish", "start")
	if err != nil {
		return end, err
	}
	return fold.Finish()
}

var held *Instance

// Register makes the plugin the component's: call it in init.
func Register[P any](plugin Evaluator[P], defaults P) { held = New(plugin, defaults) }
