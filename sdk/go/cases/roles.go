package cases

import (
	"encoding/json"
	"fmt"
	"testing"

	"refrain"
	"refrain/drift"
	"refrain/evaluator"
	"refrain/predictor"
	"refrain/trainer"
	"refrain/transform"
	"refrain/trigger"
)

// Transform runs a folder of cases on a transform.
func Transform[P any](t *testing.T, folder string, plugin transform.Transform[P], defaults P) {
	run(t, folder, func(g *golden, n int) (any, error) {
		fresh := func() *transform.Instance { return transform.New(plugin, defaults) }
		described, err := fresh().Describe(g.params(), g.Input.schema)
		if err != nil {
			return nil, err
		}
		read, parts := g.Input.schema.Select(described.Reads), g.Input.parts(described.Reads, n)
		var state []byte
		if described.NeedsFit {
			fitted, err := fold(described.Mergeable, parts, func() (*transform.Instance, error) {
				one := fresh()
				return one, one.FitStart(g.params(), read, g.Seed)
			}, (*transform.Instance).FitUpdate, (*transform.Instance).FitSave,
				(*transform.Instance).FitMerge)
			if err != nil {
				return nil, err
			}
			if state, err = fitted.FitFinish(); err != nil {
				return nil, err
			}
		}
		applied := fresh()
		if err := applied.ApplyStart(g.params(), read, state); err != nil {
			return nil, err
		}
		kept, computed := map[string][]any{}, refrain.Schema{}
		for _, output := range described.Outputs {
			if output.Computed != nil {
				computed.Fields = append(computed.Fields, *output.Computed)
				continue
			}
			kept[g.Input.schema.Fields[output.Kept].Name] = values(g.Input.columns[output.Kept])
		}
		return mapParts(parts, computed, kept, applied.Apply)
	})
}

// Trainer runs a folder of cases on a trainer.
func Trainer[P any](t *testing.T, folder string, plugin trainer.Trainer[P], defaults P) {
	run(t, folder, func(g *golden, n int) (any, error) {
		fresh := func() *trainer.Instance { return trainer.New(plugin, defaults) }
		described, err := fresh().Describe(g.params(), g.Input.schema)
		if err != nil {
			return nil, err
		}
		read := g.Input.schema.Select(described.TrainingReads)
		end, parts := trainer.PassEnd{}, g.Input.parts(described.TrainingReads, n)
		for !end.Done {
			state := end.State
			pass, err := fold(described.Mergeable, parts, func() (*trainer.Instance, error) {
				one := fresh()
				return one, one.PassStart(g.params(), read, g.Seed, state)
			}, (*trainer.Instance).PassUpdate, (*trainer.Instance).PassSave,
				(*trainer.Instance).PassMerge)
			if err != nil {
				return nil, err
			}
			if end, err = pass.PassFinish(); err != nil {
				return nil, err
			}
		}
		model, err := fresh().Finish(g.params(), read, end.State)
		if err != nil {
			return nil, err
		}
		predict := g.Input
		if g.Predict != nil {
			predict = g.Predict
		}
		applied := fresh()
		reads := described.PredictionReads
		if err := applied.PredictStart(predict.schema.Select(reads), model); err != nil {
			return nil, err
		}
		return mapParts(predict.parts(reads, n), described.Prediction, nil, applied.Predict)
	})
}

// Predictor runs a folder of cases on a predictor.
func Predictor[P any](t *testing.T, folder string, plugin predictor.Predictor[P], defaults P) {
	run(t, folder, func(g *golden, n int) (any, error) {
		applied := predictor.New(plugin, defaults)
		described, err := applied.Describe(g.params(), g.Input.schema, g.Model)
		if err != nil {
			return nil, err
		}
		read := g.Input.schema.Select(described.Reads)
		if err := applied.PredictStart(g.params(), read, g.Model); err != nil {
			return nil, err
		}
		parts := g.Input.parts(described.Reads, n)
		return mapParts(parts, described.Prediction, nil, applied.Predict)
	})
}

// Evaluator runs a folder of cases on an evaluator.
func Evaluator[P any](t *testing.T, folder string, plugin evaluator.Evaluator[P], defaults P) {
	run(t, folder, func(g *golden, n int) (any, error) {
		fresh := func() *evaluator.Instance { return evaluator.New(plugin, defaults) }
		described, err := fresh().Describe(g.params(), g.Input.schema)
		if err != nil {
			return nil, err
		}
		parts := g.Input.parts(described.Reads, n)
		whole, err := fold(described.Mergeable, parts, func() (*evaluator.Instance, error) {
			one := fresh()
			return one, one.Start(g.params(), g.Input.schema.Select(described.Reads))
		}, (*evaluator.Instance).Update, (*evaluator.Instance).Save, (*evaluator.Instance).Merge)
		if err != nil {
			return nil, err
		}
		found, err := whole.Finish()
		metrics := make([]any, len(found))
		for i, m := range found {
			metrics[i] = map[string]any{
				"name": m.Name, "slice": tags(m.Slice), "part": tags(m.Part), "value": m.Value,
				"n_rows": m.NRows,
			}
		}
		return map[string]any{"metrics": metrics}, err
	})
}

func tags(found []evaluator.Tag) []any {
	plain := make([]any, len(found))
	for i, tag := range found {
		plain[i] = map[string]any{"name": tag.Name, "value": tag.Value}
	}
	return plain
}

// Drift runs a folder of cases on a drift detector.
func Drift[P any](t *testing.T, folder string, plugin drift.Drift[P], defaults P) {
	type part struct {
		window drift.Window
		rows   refrain.Batch
	}
	run(t, folder, func(g *golden, n int) (any, error) {
		fresh := func() *drift.Instance { return drift.New(plugin, defaults) }
		described, err := fresh().Describe(g.params(), g.Reference.schema)
		if err != nil {
			return nil, err
		}
		var parts []part
		for window, table := range []*table{g.Reference, g.Current} {
			for _, rows := range table.parts(described.Reads, n) {
				parts = append(parts, part{drift.Window(window), rows})
			}
		}
		update := func(i *drift.Instance, p part) error { return i.Update(p.window, p.rows) }
		whole, err := fold(described.Mergeable, parts, func() (*drift.Instance, error) {
			one := fresh()
			return one, one.Start(g.params(), g.Reference.schema.Select(described.Reads))
		}, update, (*drift.Instance).Save, (*drift.Instance).Merge)
		if err != nil {
			return nil, err
		}
		found, err := whole.Finish()
		scores := make([]any, len(found))
		for i, s := range found {
			scores[i] = map[string]any{
				"column": s.Column, "measure": s.Measure, "value": s.Value, "p_value": s.PValue,
				"threshold": s.Threshold, "verdict": s.Verdict.String(),
				"n_reference": s.NReference, "n_current": s.NCurrent,
			}
		}
		return map[string]any{"scores": scores}, err
	})
}

// Trigger runs a folder of cases on a trigger policy.
func Trigger[P any](t *testing.T, folder string, plugin trigger.Trigger[P], defaults P) {
	run(t, folder, func(g *golden, _ int) (any, error) {
		policy := trigger.New(plugin, defaults)
		if _, err := policy.Describe(g.params()); err != nil {
			return nil, err
		}
		facts := make([]trigger.Fact, len(g.Facts))
		for i, given := range g.Facts {
			facts[i] = trigger.Fact(given)
		}
		found, err := policy.Decide(g.params(), facts)
		evidence := make([]any, len(found.Evidence))
		for i, e := range found.Evidence {
			evidence[i] = map[string]any{
				"rule": e.Rule, "verdict": e.Verdict.String(), "detail": e.Detail,
			}
		}
		decision := map[string]any{
			"verdict": found.Verdict.String(), "reason": found.Reason, "evidence": evidence,
		}
		return map[string]any{"decision": decision}, err
	})
}

// fact is read from {"name": …, "value": {kind: value}}.
type fact trigger.Fact

// UnmarshalJSON reads the one value.
func (f *fact) UnmarshalJSON(text []byte) error {
	var read struct {
		Name  string                     `json:"name"`
		Value map[string]json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	f.Name = read.Name
	for kind, value := range read.Value {
		switch kind {
		case "integer":
			f.Kind = trigger.Integer
			return json.Unmarshal(value, &f.Int)
		case "timestamp-us":
			f.Kind = trigger.TimestampUs
			return json.Unmarshal(value, &f.Int)
		case "number":
			f.Kind = trigger.Number
			return json.Unmarshal(value, &f.Float)
		case "seconds":
			f.Kind = trigger.Seconds
			return json.Unmarshal(value, &f.Float)
		case "boolean":
			f.Kind = trigger.Boolean
			return json.Unmarshal(value, &f.Bool)
		case "text":
			f.Kind = trigger.Text
			return json.Unmarshal(value, &f.Str)
		}
	}
	return fmt.Errorf("fact `%s`: no value of a known kind", read.Name)
}
