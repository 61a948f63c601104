// Package trigger is for trigger policies: facts in, a decision to retrain or not out, with its reason.
package trigger

import "refrain/internal/stage"

// Trigger is a trigger policy with parameters P.
type Trigger[P any] interface {
	// Describe checks the parameters; it answers the names of the facts that the policy looks at.
	Describe(params P) ([]string, error)
	// Decide weighs the facts.
	Decide(params P, facts []Fact) (Decision, error)
}

// FactKind says what a fact's value is.
type FactKind uint8

// The kinds of facts, and the field of Fact that holds them.
const (
	Integer     FactKind = iota // Int
	Number                      // Float
	Boolean                     // Bool
	TimestampUs                 // Int, microseconds since the epoch
	Seconds                     // Float
	Text                        // Str
)

// Fact is one thing that the host knows. What it cannot know now is not in the list.
type Fact struct {
	// Name is dotted: rows.since_training.
	Name  string
	Kind  FactKind
	Int   int64
	Float float64
	Bool  bool
	Str   string
}

// Find looks a fact up by its name.
func Find(facts []Fact, name string) (Fact, bool) {
	for _, fact := range facts {
		if fact.Name == name {
			return fact, true
		}
	}
	return Fact{}, false
}

// Verdict is three-valued: what is not known decides nothing.
type Verdict uint8

// The verdicts.
const (
	Fire Verdict = iota
	Hold
	Inconclusive
)

// String is the name that the host uses.
func (v Verdict) String() string { return [...]string{"fire", "hold", "inconclusive"}[v] }

// Evidence is what one rule made of the facts.
type Evidence struct {
	// Rule is as a person would write it.
	Rule    string
	Verdict Verdict
	// Detail is the fact's value beside the bound.
	Detail string
}

// Decision is the answer.
type Decision struct {
	Verdict Verdict
	// Reason is one sentence.
	Reason string
	// Evidence is every rule that was weighed, in the order of the parameters.
	Evidence []Evidence
}

// Instance is the exports of the world, in their order, without the component around them.
type Instance struct {
	describe func(params string) ([]string, error)
	decide   func(params string, facts []Fact) (Decision, error)
}

// New is an instance of a plugin. defaults holds the parameters where the pipeline says nothing.
func New[P any](plugin Trigger[P], defaults P) *Instance {
	return &Instance{
		describe: func(text string) ([]string, error) {
			return stage.With(text, defaults, plugin.Describe)
		},
		decide: func(text string, facts []Fact) (Decision, error) {
			return stage.With(text, defaults, func(params P) (Decision, error) {
				return plugin.Decide(params, facts)
			})
		},
	}
}

// Describe is the export describe.
func (i *Instance) Describe(params string) ([]string, error) { return i.describe(params) }

// Decide is the export decide.
func (i *Instance) Decide(params string, facts []Fact) (Decision, error) {
	return i.decide(params, facts)
}

var held *Instance

// Register makes the plugin the component's: call it in init.
func Register[P any](plugin Trigger[P], defaults P) { held = New(plugin, defaults) }
