// Package abi is the canonical ABI of Refrain's contracts at 0.1.0, by hand: the contracts are
// frozen, and a generator would be one more tool to fetch.
//
// Every export goes through Call. Memory that crosses the boundary is ordinary Go memory, kept
// alive from here: what the host allocates for arguments until the call after, and so with
// results. So nothing needs to be freed, and a long run does not grow.
package abi

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"refrain"
)

var (
	// pinned is what the host allocated for the call to come.
	pinned [][]uint64
	// current is what it allocated for the call that runs, or that ran last.
	current [][]uint64
	// kept is what the result of that call points to.
	kept []any
)

//go:wasmexport cabi_realloc
func realloc(ptr, oldSize, align, newSize uint32) uint32 {
	if newSize == 0 {
		return align
	}
	// Words of eight bytes: nothing in the contracts is aligned to more.
	block := make([]uint64, (uint64(newSize)+7)/8)
	pinned = append(pinned, block)
	fresh := unsafe.Pointer(unsafe.SliceData(block))
	if oldSize > 0 {
		copy(unsafe.Slice((*byte)(fresh), newSize), unsafe.Slice((*byte)(at(ptr)), oldSize))
	}
	return address(fresh)
}

// Call runs an export, which writes what it answers, or whose error becomes the contract's. size
// is that of the answer in a `result`; none of the contracts' answers is aligned to more than 4.
func Call(size uint32, export func(out Out) error) uint32 {
	const payloadAt, errorSize = 4, 16
	current, pinned = pinned, nil
	kept = nil
	out := NewOut(payloadAt + max(size, errorSize))
	payload := out.At(payloadAt)
	if err := guarded(export, payload); err != nil {
		out.U8(0, 1)
		clear(payload.bytes)
		writeError(payload, refrain.AsError(err))
	}
	return out.address()
}

func guarded(export func(out Out) error, payload Out) (err error) {
	defer func() {
		// A trap would tell the person nothing.
		if bug := recover(); bug != nil {
			err = refrain.Failed("panic: %v", bug)
		}
	}()
	return export(payload)
}

func writeError(out Out, err *refrain.Error) {
	out.U8(0, uint8(err.Kind))
	if err.Kind == refrain.KindOther {
		out.U32(4, err.Code)
		out.Text(8, err.Message)
		return
	}
	out.Text(4, err.Message)
}

// Out is memory that the host will read.
type Out struct {
	bytes []byte
}

// NewOut allocates zeros, aligned to 8.
func NewOut(size uint32) Out {
	block := make([]uint64, (size+7)/8+1)
	kept = append(kept, block)
	return Out{unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(block))), size)}
}

// At is the memory from an offset on.
func (o Out) At(offset uint32) Out { return Out{o.bytes[offset:]} }

// U8 writes a byte.
func (o Out) U8(offset uint32, value uint8) { o.bytes[offset] = value }

// Bool writes 0 or 1.
func (o Out) Bool(offset uint32, value bool) {
	if value {
		o.bytes[offset] = 1
	}
}

// U32 writes four bytes.
func (o Out) U32(offset uint32, value uint32) {
	binary.LittleEndian.PutUint32(o.bytes[offset:], value)
}

// U64 writes eight bytes.
func (o Out) U64(offset uint32, value uint64) {
	binary.LittleEndian.PutUint64(o.bytes[offset:], value)
}

// F64 writes eight bytes.
func (o Out) F64(offset uint32, value float64) { o.U64(offset, math.Float64bits(value)) }

// OptionF64 writes an `option<f64>` of 16 bytes.
func (o Out) OptionF64(offset uint32, value *float64) {
	if value != nil {
		o.U8(offset, 1)
		o.F64(offset+8, *value)
	}
}

// Text writes where a copy of the text is, and how long.
func (o Out) Text(offset uint32, value string) { List(o, offset, []byte(value)) }

// List writes where the elements are, and how many: the slice itself, not a copy.
func List[T any](o Out, offset uint32, values []T) {
	if len(values) == 0 {
		o.U32(offset, 8) // no element, but aligned
		return
	}
	kept = append(kept, values)
	o.U32(offset, address(unsafe.Pointer(unsafe.SliceData(values))))
	o.U32(offset+4, uint32(len(values)))
}

// Records writes a list of records of this size, each by write.
func Records[T any](o Out, offset, size uint32, values []T, write func(Out, T)) {
	if len(values) == 0 {
		o.U32(offset, 8)
		return
	}
	block := NewOut(size * uint32(len(values)))
	for i, value := range values {
		write(block.At(uint32(i)*size), value)
	}
	o.U32(offset, block.address())
	o.U32(offset+4, uint32(len(values)))
}

func (o Out) address() uint32 { return address(unsafe.Pointer(unsafe.SliceData(o.bytes))) }

func address(p unsafe.Pointer) uint32 {
	full := uintptr(p)
	if full > math.MaxUint32 {
		panic(fmt.Sprintf("BUG: address %x beyond linear memory", full))
	}
	return uint32(full)
}

func at(ptr uint32) unsafe.Pointer { return unsafe.Add(nil, ptr) }
