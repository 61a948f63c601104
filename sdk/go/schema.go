package refrain

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is what a column holds.
type Kind uint8

// The kinds, in the contract's order.
const (
	Boolean Kind = iota
	Int64
	Float64
	TimestampUs
	Utf8
	Binary
	Vector
)

var kindNames = [...]string{
	"boolean", "int64", "float64", "timestamp-us", "utf8", "binary", "vector",
}

// String is the name that pipelines use.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// ParseKind reads the name that pipelines use.
func ParseKind(name string) (Kind, bool) {
	index := slices.Index(kindNames[:], name)
	return Kind(max(index, 0)), index >= 0
}

// Field is one column's name and type. Width is the number of float32 in a row of a vector.
type Field struct {
	Name     string
	Kind     Kind
	Nullable bool
	Width    uint32
}

// Schema holds the fields of a batch, in the order of its columns.
type Schema struct {
	Fields []Field
}

// Find says where the column stands, or -1.
func (s Schema) Find(name string) int {
	return slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
}

// IndexOf says where the column stands, which must be of one of kinds if there are any.
// The error is of the parameters: they named the column.
func (s Schema) IndexOf(name string, kinds ...Kind) (uint32, error) {
	index := s.Find(name)
	if index < 0 {
		names := make([]string, len(s.Fields))
		for i, field := range s.Fields {
			names[i] = field.Name
		}
		return 0, InvalidParams("no column `%s` in the input; %s", name, list("there are", names))
	}
	if kind := s.Fields[index].Kind; len(kinds) > 0 && !slices.Contains(kinds, kind) {
		allowed := make([]string, len(kinds))
		for i, kind := range kinds {
			allowed[i] = kind.String()
		}
		may := strings.Join(allowed, " or ")
		return 0, InvalidParams("column `%s` is %s, and must be %s", name, kind, may)
	}
	return uint32(index), nil
}

// IndicesOf says where these columns stand, in schema order; a name that stands twice is refused.
func (s Schema) IndicesOf(names []string, kinds ...Kind) ([]uint32, error) {
	found := make([]uint32, 0, len(names))
	for _, name := range names {
		index, err := s.IndexOf(name, kinds...)
		if err != nil {
			return nil, err
		}
		if slices.Contains(found, index) {
			return nil, InvalidParams("column `%s` is named twice", name)
		}
		found = append(found, index)
	}
	slices.Sort(found)
	return found, nil
}

// Select is the schema of the columns at indices: what a fold or a map is started with.
func (s Schema) Select(indices []uint32) Schema {
	fields := make([]Field, len(indices))
	for i, index := range indices {
		fields[i] = s.Fields[index]
	}
	return Schema{fields}
}

// list quotes the names after some words, up to as many as help anybody.
func list(some string, names []string) string {
	const namesMax = 24
	if len(names) == 0 {
		return "there is none"
	}
	quoted := make([]string, 0, namesMax)
	for _, name := range names[:min(len(names), namesMax)] {
		quoted = append(quoted, "`"+name+"`")
	}
	if more := len(names) - namesMax; more > 0 {
		quoted = append(quoted, fmt.Sprintf("%d more", more))
	}
	return some + " " + strings.Join(quoted, ", ")
}
