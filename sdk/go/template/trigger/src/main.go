// Trains again when there are enough new rows.
package main

import (
	"fmt"

	"refrain/trigger"
)

const newRows = "rows.since_training"

type params struct {
	Rows int64 `json:"rows" refrain:"required"`
}

type policy struct{}

func (policy) Describe(params) ([]string, error) { return []string{newRows}, nil }

func (policy) Decide(p params, facts []trigger.Fact) (d trigger.Decision, err error) {
	fact, known := trigger.Find(facts, newRows)
	detail := fmt.Sprintf("%s is %d", newRows, fact.Int)
	switch {
	case !known:
		d.Verdict, d.Reason = trigger.Inconclusive, "nobody knows how many rows are new"
		detail = newRows + " is not known"
	case fact.Int >= p.Rows:
		d.Verdict, d.Reason = trigger.Fire, fmt.Sprintf("%d rows are new", fact.Int)
	default:
		d.Verdict, d.Reason = trigger.Hold, fmt.Sprintf("only %d rows are new", fact.Int)
	}
	rule := fmt.Sprintf("%s >= %d", newRows, p.Rows)
	d.Evidence = []trigger.Evidence{{Rule: rule, Verdict: d.Verdict, Detail: detail}}
	return d, nil
}

func init() { trigger.Register(policy{}, params{}) }

func main() {}
