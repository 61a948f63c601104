// Package transform is for feature transforms: new columns from columns, row by row, after an
// optional fit.
package transform

import (
	"refrain"
	"refrain/internal/stage"
)

// Transform is a feature transform with parameters P.
type Transform[P any] interface {
	// Describe checks the parameters against the schema.
	Describe(params P, input refrain.Schema) (Description, error)
	// Fit begins a fit, whose outcome is the state. input is the schema of the columns read.
	Fit(params P, input refrain.Schema, seed uint64) (refrain.Fold[[]byte], error)
	// Apply prepares to compute. state is what the fit ended in, or empty.
	Apply(params P, input refrain.Schema, state []byte) (refrain.Map, error)
}

// NoFit is embedded by a transform that learns nothing.
type NoFit[P any] struct{}

// Fit refuses.
func (NoFit[P]) Fit(P, refrain.Schema, uint64) (refrain.Fold[[]byte], error) {
	return nil, refrain.Failed("this transform needs no fit")
}

// Output is one column of the output: kept, or, with Computed set, computed.
type Output struct {
	// Kept is the index of an input column, which never enters the sandbox.
	Kept uint32
	// Computed is a column that the map computes.
	Computed *refrain.Field
}

// Description says what the transform will do, known before it sees a row.
type Description struct {
	// Reads holds the indices of the columns that fit and map are handed, in that order.
	Reads []uint32
	// Outputs are the output's columns in order.
	Outputs []Output
	// NeedsFit says whether Apply needs the state of a fit.
	NeedsFit bool
	// Mergeable says whether the fit merges; otherwise it sees all rows in one instance.
	Mergeable bool
}

// Replacing keeps all columns of input in order, but puts computed[i] in the place of Reads[i].
func (d Description) Replacing(input refrain.Schema, computed []refrain.Field) Description {
	d.Outputs = kept(input)
	for i := range computed {
		d.Outputs[d.Reads[i]] = Output{Computed: &computed[i]}
	}
	return d
}

// Adding keeps all columns of input in order, then adds computed.
func (d Description) Adding(input refrain.Schema, computed []refrain.Field) Description {
	d.Outputs = kept(input)
	for i := range computed {
		d.Outputs = append(d.Outputs, Output{Computed: &computed[i]})
	}
	return d
}

func kept(input refrain.Schema) []Output {
	outputs := make([]Output, len(input.Fields))
	for i := range outputs {
		outputs[i].Kept = uint32(i)
	}
	return outputs
}

// Instance is the exports of the world, in their order, without the component around them.
type Instance struct {
	describe func(params string, input refrain.Schema) (Description, error)
	fit      func(params string, input refrain.Schema, seed uint64) (refrain.Fold[[]byte], error)
	apply    func(params string, input refrain.Schema, state []byte) (refrain.Map, error)
	stage    stage.Stage[refrain.Fold[[]byte]]
}

// New is an instance of a plugin. defaults holds the parameters where the pipeline says nothing.
func New[P any](plugin Transform[P], defaults P) *Instance {
	return &Instance{
		describe: func(text string, input refrain.Schema) (Description, error) {
			return stage.With(text, defaults, func(params P) (Description, error) {
				return plugin.Describe(params, input)
			})
		},
		fit: func(text string, input refrain.Schema, seed uint64) (refrain.Fold[[]byte], error) {
			return stage.With(text, defaults, func(params P) (refrain.Fold[[]byte], error) {
				return plugin.Fit(params, input, seed)
			})
		},
		apply: func(text string, input refrain.Schema, state []byte) (refrain.Map, error) {
			return stage.With(text, defaults, func(params P) (refrain.Map, error) {
				return plugin.Apply(params, input, state)
			})
		},
	}
}

// Describe is the export describe.
func (i *Instance) Describe(params string, input refrain.Schema) (Description, error) {
	return i.describe(params, input)
}

// FitStart is the export fit-start.
func (i *Instance) FitStart(params string, input refrain.Schema, seed uint64) error {
	fold, err := i.fit(params, input, seed)
	return i.stage.BeginFold(input, fold, err)
}

// FitUpdate is the export fit-update.
func (i *Instance) FitUpdate(rows refrain.Batch) error {
	fold, err := i.stage.Fold("fit-update", "fit-start")
	if err != nil {
		return err
	}
	named, err := i.stage.Rows(rows)
	if err != nil {
		return err
	}
	return fold.Update(named)
}

// FitSave is the export fit-save.
func (i *Instance) FitSave() ([]byte, error) {
	fold, err := i.stage.Fold("fit-save", "fit-start")
	if err != nil {
		return nil, err
	}
	return fold.Save()
}

// FitMerge is the export fit-merge.
func (i *Instance) FitMerge(saved []byte) error {
	fold, err := i.stage.Fold("fit-merge", "fit-start")
	if err != nil {
		return err
	}
	return fold.Merge(saved)
}

// FitFinish is the export fit-finish.
func (i *Instance) FitFinish() (end []byte, err error) {
	fold, err := i.stage.End("fit-finish", "fit-start")
	if err != nil {
		return end, err
	}
	return fold.Finish()
}

// ApplyStart is the export apply-start.
func (i *Instance) ApplyStart(params string, input refrain.Schema, state []byte) error {
	rows, err := i.apply(params, input, state)
	return i.stage.BeginMap(input, rows, err)
}

// Apply is the export apply.
func (i *Instance) Apply(rows refrain.Batch) (refrain.Batch, error) {
	return i.stage.Map(rows, "apply", "apply-start")
}

var held *Instance

// Register makes the plugin the component's: call it in init.
func Register[P any](plugin Transform[P], defaults P) { held = New(plugin, defaults) }
