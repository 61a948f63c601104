package refrain

import (
	"reflect"
	"testing"
)

type sample struct {
	Columns []string       `json:"columns" refrain:"required"`
	Rate    float64        `json:"rate"`
	Limit   *int           `json:"limit"`
	Inner   inner          `json:"inner"`
	Widths  map[string]int `json:"widths"`
	Strict  bool           `json:"strict"`
}

type inner struct {
	Width uint8 `json:"width"`
}

func (s *sample) Check() error { return NotEmpty("columns", s.Columns) }

func TestEveryTypeIsRead(t *testing.T) {
	text := `{"columns":["a"],"inner":{"width":2},"limit":3,"strict":true,"widths":{"a":4}}`
	found, err := ParseParams(text, sample{Rate: 0.5})
	three := 3
	expected := sample{[]string{"a"}, 0.5, &three, inner{2}, map[string]int{"a": 4}, true}
	if err != nil || !reflect.DeepEqual(found, expected) {
		t.Error(found, err)
	}
	if _, err := ParseParams("", NoParams{}); err != nil {
		t.Error(err)
	}
}

func TestErrorsNameTheParameter(t *testing.T) {
	cases := map[string]string{
		`{"columns":["a"],"rat":1}`: "unknown parameter `rat`; known: `columns`, `rate`, " +
			"`limit`, `inner`, `widths`, `strict`",
		`{}`:                                "missing parameter `columns`",
		`{"columns":[]}`:                    "parameter `columns` must not be empty",
		`{"columns":"a"}`:                   "parameter `columns`: expected a list, found `\"a\"`",
		`{"columns":["a",1]}`:               "parameter `columns[1]`: expected a string, found `1`",
		`{"columns":["a"],"rate":true}`:     "parameter `rate`: expected a number, found `true`",
		`{"columns":["a"],"rate":null}`:     "parameter `rate`: expected a number, found `null`",
		`{"columns":["a"],"limit":1.5}`:     "parameter `limit`: expected a whole number, found `1.5`",
		`{"columns":["a"],"inner":{"w":1}}`: "parameter `inner`: unknown field \"w\"",
		`{"columns":["a"],"inner":{"width":[]}}`: "parameter `inner.width`: expected a whole number, " +
			"not negative",
		`{"columns":["a"],"rate":1e999}`: "parameter `rate`: expected a number, found `1e999`",
	}
	for text, expected := range cases {
		_, err := ParseParams(text, sample{})
		if err == nil || err.Error() != expected || AsError(err).Kind != KindInvalidParams {
			t.Errorf("%s: found %v, expected %s", text, err, expected)
		}
	}
	for _, text := range []string{"{", "[]", "1"} {
		if _, err := ParseParams(text, NoParams{}); AsError(err).Kind != KindInvalidParams {
			t.Errorf("%s: %v", text, err)
		}
	}
}
