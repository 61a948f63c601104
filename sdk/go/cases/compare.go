package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// difference is the first one; of an object, the keys that the case has count. `about` forgives
// numbers a relative 1e-9.
func difference(expect json.RawMessage, found any, about bool) string {
	return compare("", decode(expect), plain(found), about)
}

// plain is a value as JSON would read it, numbers as they were written.
func plain(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		return "not JSON: " + err.Error()
	}
	return decode(text)
}

func decode(text []byte) any {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return "not JSON: " + err.Error()
	}
	return value
}

func compare(path string, expect, found any, about bool) string {
	if text, ok := expect.(string); ok && path == ".error" {
		if message, ok := found.(string); ok && strings.Contains(message, text) {
			return ""
		}
		return fmt.Sprintf("%s: %q lacks %q", path, found, text)
	}
	switch expect := expect.(type) {
	case map[string]any:
		if found, ok := found.(map[string]any); ok {
			return compareObjects(path, expect, found, about)
		}
	case []any:
		if found, ok := found.([]any); ok && len(found) == len(expect) {
			for i := range expect {
				inner := fmt.Sprintf("%s[%d]", path, i)
				if problem := compare(inner, expect[i], found[i], about); problem != "" {
					return problem
				}
			}
			return ""
		}
	case json.Number:
		if found, ok := found.(json.Number); ok && sameNumber(expect, found, about) {
			return ""
		}
	default:
		if expect == found {
			return ""
		}
	}
	return fmt.Sprintf("%s: expected %v, found %v", path, expect, found)
}

func compareObjects(path string, expect, found map[string]any, about bool) string {
	keys := make([]string, 0, len(expect))
	for key := range expect {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if problem := compare(path+"."+key, expect[key], found[key], about); problem != "" {
			return problem
		}
	}
	return ""
}

func sameNumber(expect, found json.Number, about bool) bool {
	a, errA := expect.Int64()
	b, errB := found.Int64()
	if errA == nil && errB == nil {
		return a == b
	}
	x, _ := expect.Float64()
	y, _ := found.Float64()
	scale := max(math.Abs(x), math.Abs(y), 1)
	return x == y || about && math.Abs(x-y) <= 1e-9*scale
}
