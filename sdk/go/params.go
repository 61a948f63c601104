package refrain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// NoParams are the parameters of a plugin that has none: {}.
type NoParams struct{}

// ParseParams reads canonical JSON into a struct, on top of defaults. A field is named by its json
// tag; one tagged `refrain:"required"` may not be left out. If *P has a method Check() error,
// that has the last word.
//
// The errors name the parameter, what was found and what it may be.
func ParseParams[P any](text string, defaults P) (P, error) {
	params := defaults
	if text == "" {
		text = "{}"
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return params, InvalidParams("the parameters are not a JSON object: %v", err)
	}
	names, fields := fieldsOf(reflect.ValueOf(&params).Elem())
	for _, key := range sorted(given) {
		if !slices.Contains(names, key) {
			return params, InvalidParams("unknown parameter `%s`; %s", key, list("known:", names))
		}
	}
	for i, name := range names {
		raw, isGiven := given[name]
		if !isGiven && fields[i].required {
			return params, InvalidParams("missing parameter `%s`", name)
		}
		if isGiven {
			if err := parseField(name, raw, fields[i].value); err != nil {
				return params, err
			}
		}
	}
	if check, ok := any(&params).(interface{ Check() error }); ok {
		return params, check.Check()
	}
	return params, nil
}

// NotEmpty refuses an empty list: for a Check.
func NotEmpty[T any](name string, values []T) error {
	if len(values) == 0 {
		return InvalidParams("parameter `%s` must not be empty", name)
	}
	return nil
}

type field struct {
	value    reflect.Value
	required bool
}

func fieldsOf(params reflect.Value) ([]string, []field) {
	var names []string
	var fields []field
	for i := range params.NumField() {
		of := params.Type().Field(i)
		name, _, _ := strings.Cut(of.Tag.Get("json"), ",")
		if name == "" {
			name = of.Name
		}
		names = append(names, name)
		fields = append(fields, field{params.Field(i), of.Tag.Get("refrain") == "required"})
	}
	return names, fields
}

func parseField(name string, raw json.RawMessage, into reflect.Value) error {
	// encoding/json takes a null for "leave it as it is", which hides a mistake.
	if into.Kind() == reflect.Slice && bytes.HasPrefix(raw, []byte("[")) {
		return parseList(name, raw, into)
	}
	if string(raw) == "null" && into.Kind() != reflect.Pointer {
		return wrongType(name, raw, into.Type())
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into.Addr().Interface())
	switch err := err.(type) {
	case nil:
		return nil
	case *json.UnmarshalTypeError:
		if err.Field != "" {
			return InvalidParams("parameter `%s.%s`: expected %s", name, err.Field, typeName(err.Type))
		}
		return wrongType(name, raw, into.Type())
	default:
		text := strings.TrimPrefix(err.Error(), "json: ")
		return InvalidParams("parameter `%s`: %s", name, text)
	}
}

func parseList(name string, raw json.RawMessage, into reflect.Value) error {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return InvalidParams("parameter `%s`: %v", name, err)
	}
	values := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		if err := parseField(fmt.Sprintf("%s[%d]", name, i), item, values.Index(i)); err != nil {
			return err
		}
	}
	into.Set(values)
	return nil
}

func wrongType(name string, raw json.RawMessage, wanted reflect.Type) error {
	found := "`" + string(raw) + "`"
	switch raw[0] {
	case '[':
		found = "a list"
	case '{':
		found = "an object"
	}
	return InvalidParams("parameter `%s`: expected %s, found %s", name, typeName(wanted), found)
}

func typeName(of reflect.Type) string {
	switch of.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, not negative"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Pointer:
		return typeName(of.Elem())
	default:
		return "an object"
	}
}

func sorted(given map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(given))
	for key := range given {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
