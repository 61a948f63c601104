package cases

import (
	"encoding/json"
	"fmt"

	"refrain"
)

// table is a schema and all rows, from the JSON of a case.
type table struct {
	schema  refrain.Schema
	columns []refrain.Column
	n       int
}

// UnmarshalJSON reads rows as objects; binary is base64.
func (t *table) UnmarshalJSON(text []byte) error {
	var read struct {
		Schema []struct {
			Name     string `json:"name"`
			Kind     string `json:"kind"`
			Nullable bool   `json:"nullable"`
			Width    uint32 `json:"width"`
		} `json:"schema"`
		Rows []map[string]json.RawMessage `json:"rows"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	t.n = len(read.Rows)
	for _, field := range read.Schema {
		kind, ok := refrain.ParseKind(field.Kind)
		if !ok {
			return fmt.Errorf("column `%s`: there is no kind `%s`", field.Name, field.Kind)
		}
		of := refrain.Field{
			Name: field.Name, Kind: kind, Nullable: field.Nullable, Width: field.Width,
		}
		column, err := makeColumn(of, read.Rows)
		if err != nil {
			return fmt.Errorf("column `%s`: %w", field.Name, err)
		}
		t.schema.Fields = append(t.schema.Fields, of)
		t.columns = append(t.columns, column)
	}
	return nil
}

// parts are batches of the columns read; one without rows for a table without rows.
func (t *table) parts(reads []uint32, n int) []refrain.Batch {
	var parts []refrain.Batch
	for start := 0; start == 0 || start < t.n; start += n {
		end := min(start+n, t.n)
		columns := make([]refrain.Column, len(reads))
		for i, index := range reads {
			columns[i] = cut(t.columns[index], start, end)
		}
		parts = append(parts, refrain.Batch{Rows: end - start, Columns: columns})
	}
	return parts
}

func makeColumn(field refrain.Field, rows []map[string]json.RawMessage) (refrain.Column, error) {
	valid := make([]bool, len(rows))
	for i, row := range rows {
		text, ok := row[field.Name]
		valid[i] = ok && string(text) != "null"
	}
	column, err := makeValues(field, rows, valid)
	return column.WithNulls(valid), err
}

func makeValues(
	field refrain.Field, rows []map[string]json.RawMessage, valid []bool,
) (refrain.Column, error) {
	switch field.Kind {
	case refrain.Boolean:
		values, err := parse[bool](field.Name, rows, valid)
		return refrain.OfBooleans(values), err
	case refrain.Int64:
		values, err := parse[int64](field.Name, rows, valid)
		return refrain.OfInt64s(values), err
	case refrain.Float64:
		values, err := parse[float64](field.Name, rows, valid)
		return refrain.OfFloat64s(values), err
	case refrain.TimestampUs:
		values, err := parse[int64](field.Name, rows, valid)
		return refrain.OfTimestampsUs(values), err
	case refrain.Utf8:
		values, err := parse[string](field.Name, rows, valid)
		return refrain.OfUtf8s(values), err
	case refrain.Binary:
		values, err := parse[[]byte](field.Name, rows, valid)
		return refrain.OfBinaries(values), err
	default:
		values, err := parse[[]float32](field.Name, rows, valid)
		flat := make([]float32, len(rows)*int(field.Width))
		for i, value := range values {
			copy(flat[i*int(field.Width):], value)
		}
		return refrain.OfVectors(int(field.Width), flat), err
	}
}

func parse[T any](name string, rows []map[string]json.RawMessage, valid []bool) ([]T, error) {
	values := make([]T, len(rows))
	for i, row := range rows {
		if !valid[i] {
			continue
		}
		if err := json.Unmarshal(row[name], &values[i]); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
	}
	return values, nil
}

// values as JSON has them, nil where there is none.
func values(column refrain.Column) []any {
	raw := column.Raw()
	rows := make([]any, column.Len())
	for i := range rows {
		if !column.Valid(i) {
			continue
		}
		switch raw.Kind {
		case refrain.Boolean:
			rows[i] = raw.Booleans[i] != 0
		case refrain.Int64, refrain.TimestampUs:
			rows[i] = raw.Ints[i]
		case refrain.Float64:
			rows[i] = raw.Floats[i]
		case refrain.Utf8:
			rows[i] = string(raw.Data[raw.Offsets[i]:raw.Offsets[i+1]])
		case refrain.Binary:
			rows[i] = append([]byte{}, raw.Data[raw.Offsets[i]:raw.Offsets[i+1]]...)
		case refrain.Vector:
			rows[i] = raw.Vectors[i*raw.Width : (i+1)*raw.Width]
		}
	}
	return rows
}

// cut is the rows from start to end.
func cut(column refrain.Column, start, end int) refrain.Column {
	raw := column.Raw()
	valid := make([]bool, end-start)
	for i := range valid {
		valid[i] = column.Valid(start + i)
	}
	raw.Validity = nil
	switch raw.Kind {
	case refrain.Boolean:
		raw.Booleans = raw.Booleans[start:end]
	case refrain.Int64, refrain.TimestampUs:
		raw.Ints = raw.Ints[start:end]
	case refrain.Float64:
		raw.Floats = raw.Floats[start:end]
	case refrain.Vector:
		raw.Vectors = raw.Vectors[start*raw.Width : end*raw.Width]
	default:
		first := raw.Offsets[start]
		raw.Data = raw.Data[first:raw.Offsets[end]]
		offsets := make([]uint32, 0, end-start+1)
		for _, offset := range raw.Offsets[start : end+1] {
			offsets = append(offsets, offset-first)
		}
		raw.Offsets = offsets
	}
	return refrain.FromRaw(raw).WithNulls(valid)
}
