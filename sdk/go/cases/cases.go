// Package cases runs the golden cases of cases/*.json without a component, in parts of several
// sizes: for the tests of plugins.
//
// Absent on purpose: this is not `refrain plugin test`, which runs the same files on the component.
package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"refrain"
)

// All rows at once, one by one, and parts that do not divide the rows evenly.
var partRows = []int{1 << 20, 1, 2}

type golden struct {
	Params    json.RawMessage `json:"params"`
	Seed      uint64          `json:"seed"`
	Model     []byte          `json:"model_base64"`
	Input     *table          `json:"input"`
	Predict   *table          `json:"predict"`
	Reference *table          `json:"reference"`
	Current   *table          `json:"current"`
	Facts     []fact          `json:"facts"`
	Expect    json.RawMessage `json:"expect"`
}

// params as the host passes them: canonical, with sorted keys.
func (g *golden) params() string {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(g.Params))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// run makes of every case what the plugin makes of it, and compares.
func run(t *testing.T, folder string, one func(g *golden, partRows int) (any, error)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in %s: %v", folder, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var g golden
		if err := json.Unmarshal(text, &g); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, n := range partRows {
			found, err := one(&g, n)
			if err != nil {
				found = map[string]any{"error": refrain.AsError(err).Message}
			}
			// A merge rounds otherwise than one run over all rows, so only that one is exact.
			if problem := difference(g.Expect, found, n != partRows[0]); problem != "" {
				t.Errorf("%s, in parts of %d: %s", filepath.Base(path), n, problem)
			}
		}
	}
}

// fold makes one instance, or one a part whose savings go into one more, as the host does it.
func fold[P, I any](
	mergeable bool, parts []P, start func() (I, error), update func(I, P) error,
	save func(I) ([]byte, error), merge func(I, []byte) error,
) (I, error) {
	whole, err := start()
	for _, part := range parts {
		if err != nil {
			break
		}
		if !mergeable {
			err = update(whole, part)
			continue
		}
		err = foldPart(whole, part, start, update, save, merge)
	}
	return whole, err
}

func foldPart[P, I any](
	whole I, part P, start func() (I, error), update func(I, P) error,
	save func(I) ([]byte, error), merge func(I, []byte) error,
) error {
	one, err := start()
	if err != nil {
		return err
	}
	if err := update(one, part); err != nil {
		return err
	}
	saved, err := save(one)
	if err != nil {
		return err
	}
	return merge(whole, saved)
}

// mapParts answers the rows of the output: kept columns by name, and what call computes.
func mapParts(
	parts []refrain.Batch, schema refrain.Schema, kept map[string][]any,
	call func(refrain.Batch) (refrain.Batch, error),
) (any, error) {
	columns := map[string][]any{}
	for name, values := range kept {
		columns[name] = values
	}
	n := 0
	for _, part := range parts {
		made, err := call(part)
		if err != nil {
			return nil, err
		}
		made, err = made.Named(schema)
		if err != nil {
			return nil, fmt.Errorf("what came back: %w", err)
		}
		for i, field := range schema.Fields {
			columns[field.Name] = append(columns[field.Name], values(made.Columns[i])...)
		}
		n += part.Rows
	}
	rows := make([]any, n)
	for i := range rows {
		row := map[string]any{}
		for name, values := range columns {
			row[name] = values[i]
		}
		rows[i] = row
	}
	return map[string]any{"rows": rows}, nil
}
