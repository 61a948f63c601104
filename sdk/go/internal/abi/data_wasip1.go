package abi

import (
	"unsafe"

	"refrain"
)

// Elements of a list that the host wrote. They live until the call after this one; whoever keeps
// them longer keeps them alive as any Go memory.
func Elements[T any](ptr, n uint32) []T {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(at(ptr)), n)
}

// Text is a copy, so it may be kept.
func Text(ptr, n uint32) string { return string(Elements[byte](ptr, n)) }

// Bytes are a copy, so they may be kept and changed.
func Bytes(ptr, n uint32) []byte { return append([]byte(nil), Elements[byte](ptr, n)...) }

// The layouts of refrain:types/data. Sizes are pinned by `layout`.
type (
	wireField struct {
		name, nameLen  uint32
		kind, nullable uint8
		width          uint32
	}
	wireColumn struct {
		kind                  uint8
		first, firstLen       uint32 // the values; of variable length: the offsets
		second, secondLen     uint32 // of variable length: the bytes
		validity, validityLen uint32
	}
)

const (
	fieldSize  = 16
	columnSize = 28
)

var (
	_ [fieldSize]byte  = [unsafe.Sizeof(wireField{})]byte{}
	_ [columnSize]byte = [unsafe.Sizeof(wireColumn{})]byte{}
)

// Schema of an argument.
func Schema(ptr, n uint32) refrain.Schema {
	fields := make([]refrain.Field, n)
	for i, field := range Elements[wireField](ptr, n) {
		fields[i] = refrain.Field{
			Name:     Text(field.name, field.nameLen),
			Kind:     refrain.Kind(field.kind),
			Nullable: field.nullable != 0,
			Width:    field.width,
		}
	}
	return refrain.Schema{Fields: fields}
}

// Batch of an argument: its columns are the host's memory, not a copy.
func Batch(rows, ptr, n uint32) refrain.Batch {
	columns := make([]refrain.Column, n)
	for i, column := range Elements[wireColumn](ptr, n) {
		columns[i] = column.read()
	}
	return refrain.Batch{Rows: int(rows), Columns: columns}
}

func (c wireColumn) read() refrain.Column {
	kind := refrain.Kind(c.kind)
	raw := refrain.Raw{Kind: kind, Validity: Elements[byte](c.validity, c.validityLen)}
	switch kind {
	case refrain.Boolean:
		raw.Booleans = Elements[byte](c.first, c.firstLen)
	case refrain.Int64, refrain.TimestampUs:
		raw.Ints = Elements[int64](c.first, c.firstLen)
	case refrain.Float64:
		raw.Floats = Elements[float64](c.first, c.firstLen)
	case refrain.Vector:
		raw.Vectors = Elements[float32](c.first, c.firstLen)
	default:
		raw.Offsets = Elements[uint32](c.first, c.firstLen)
		raw.Data = Elements[byte](c.second, c.secondLen)
	}
	return refrain.FromRaw(raw)
}

// WriteSchema writes a list of fields.
func WriteSchema(out Out, offset uint32, schema refrain.Schema) {
	Records(out, offset, fieldSize, schema.Fields, WriteField)
}

// WriteField writes the 16 bytes of a field.
func WriteField(out Out, field refrain.Field) {
	out.Text(0, field.Name)
	out.U8(8, uint8(field.Kind))
	out.Bool(9, field.Nullable)
	out.U32(12, field.Width)
}

// BatchSize is that of a batch, at alignment 4.
const BatchSize = 12

// WriteBatch writes a batch.
func WriteBatch(out Out, batch refrain.Batch) {
	out.U32(0, uint32(batch.Rows))
	Records(out, 4, columnSize, batch.Columns, writeColumn)
}

func writeColumn(out Out, column refrain.Column) {
	raw := column.Raw()
	out.U8(0, uint8(raw.Kind))
	switch raw.Kind {
	case refrain.Boolean:
		List(out, 4, raw.Booleans)
	case refrain.Int64, refrain.TimestampUs:
		List(out, 4, raw.Ints)
	case refrain.Float64:
		List(out, 4, raw.Floats)
	case refrain.Vector:
		List(out, 4, raw.Vectors)
	default:
		List(out, 4, raw.Offsets)
		List(out, 12, raw.Data)
	}
	List(out, 20, raw.Validity)
}
