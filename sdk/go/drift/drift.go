// Package drift is for drift detectors: how far a current window has moved from a reference window.
package drift

import (
	"refrain"
	"refrain/internal/stage"
)

// Drift is a drift detector with parameters P.
type Drift[P any] interface {
	// Describe checks the parameters against the schema.
	Describe(params P, input refrain.Schema) (Description, error)
	// Start begins the fold. input is the schema of the columns read.
	Start(params P, input refrain.Schema) (Fold, error)
}

// Fold goes over two windows: all rows of the reference, then those of the current one.
type Fold interface {
	// Update takes in the next rows.
	Update(window Window, rows refrain.Batch) error
	// Save answers the fold so far. Needed where the description says Mergeable.
	Save() ([]byte, error)
	// Merge takes in what another part saved.
	Merge(saved []byte) error
	// Finish answers the scores, by column in schema order, then by measure.
	Finish() ([]Score, error)
}

// Window says which window some rows belong to.
type Window uint8

// The windows.
const (
	Reference Window = iota
	Current
)

// Verdict is three-valued: too few rows prove nothing.
type Verdict uint8

// The verdicts.
const (
	Drifted Verdict = iota
	Stable
	Inconclusive
)

// String is the name that the host uses.
func (v Verdict) String() string { return [...]string{"drifted", "stable", "inconclusive"}[v] }

// Description says what the detector will read, known before it sees a row.
type Description struct {
	// Reads holds the indices of the columns that the fold is handed, in that order.
	Reads []uint32
	// Mergeable says whether the fold merges; otherwise it sees all rows in one instance.
	Mergeable bool
}

// Score is one measure on one column.
type Score struct {
	Column string
	// Measure is its name in snake_case.
	Measure string
	// Value is nil where the windows do not define it.
	Value *float64
	// PValue is that of a hypothesis test, else nil.
	PValue *float64
	// Threshold is what Value, or PValue, was compared with.
	Threshold float64
	Verdict   Verdict
	// NReference and NCurrent are the non-null rows of the windows.
	NReference uint64
	NCurrent   uint64
}

// Instance is the exports of the world, in their order, without the component around them.
type Instance struct {
	describe func(params string, input refrain.Schema) (Description, error)
	start    func(params string, input refrain.Schema) (Fold, error)
	stage    stage.Stage[Fold]
}

// New is an instance of a plugin. defaults holds the parameters where the pipeline says nothing.
func New[P any](plugin Drift[P], defaults P) *Instance {
	return &Instance{
		describe: func(text string, input refrain.Schema) (Description, error) {
			return stage.With(text, defaults, func(params P) (Description, error) {
				return plugin.Describe(params, input)
			})
		},
		start: func(text string, input refrain.Schema) (Fold, error) {
			return stage.With(text, defaults, func(params P) (Fold, error) {
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
func (i *Instance) Update(window Window, rows refrain.Batch) error {
	fold, err := i.stage.Fold("update", "start")
	if err != nil {
		return err
	}
	named, err := i.stage.Rows(rows)
	if err != nil {
		return err
	}
	return fold.Update(window, named)
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
func (i *Instance) Finish() (end []Score, err error) {
	fold, err := i.stage.End("finish", "start")
	if err != nil {
		return end, err
	}
	return fold.Finish()
}

var held *Instance

// Register makes the plugin the component's: call it in init.
func Register[P any](plugin Drift[P], defaults P) { held = New(plugin, defaults) }
