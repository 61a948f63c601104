package refrain

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// Writer makes a state: little-endian, without padding, the same on every machine.
type Writer struct {
	bytes []byte
}

// U8 appends a byte. Every method answers the writer, so calls chain.
func (w *Writer) U8(value uint8) *Writer {
	w.bytes = append(w.bytes, value)
	return w
}

// U32 appends four bytes.
func (w *Writer) U32(value uint32) *Writer {
	w.bytes = binary.LittleEndian.AppendUint32(w.bytes, value)
	return w
}

// U64 appends eight bytes.
func (w *Writer) U64(value uint64) *Writer {
	w.bytes = binary.LittleEndian.AppendUint64(w.bytes, value)
	return w
}

// I64 appends eight bytes.
func (w *Writer) I64(value int64) *Writer { return w.U64(uint64(value)) }

// F64 appends eight bytes.
func (w *Writer) F64(value float64) *Writer { return w.U64(math.Float64bits(value)) }

// Data appends the length as four bytes, then the bytes.
func (w *Writer) Data(value []byte) *Writer {
	w.U32(uint32(len(value)))
	w.bytes = append(w.bytes, value...)
	return w
}

// Text appends as Data does.
func (w *Writer) Text(value string) *Writer { return w.Data([]byte(value)) }

// Bytes are all that was written.
func (w *Writer) Bytes() []byte { return w.bytes }

// Reader takes a state apart in the order in which it was written. After the first failure it
// answers zeros; End tells.
type Reader struct {
	bytes []byte
	err   error
}

// NewReader begins at the first byte.
func NewReader(state []byte) *Reader { return &Reader{bytes: state} }

// U8 takes a byte.
func (r *Reader) U8() uint8 {
	if taken := r.take(1); taken != nil {
		return taken[0]
	}
	return 0
}

// U32 takes four bytes.
func (r *Reader) U32() uint32 {
	if taken := r.take(4); taken != nil {
		return binary.LittleEndian.Uint32(taken)
	}
	return 0
}

// U64 takes eight bytes.
func (r *Reader) U64() uint64 {
	if taken := r.take(8); taken != nil {
		return binary.LittleEndian.Uint64(taken)
	}
	return 0
}

// I64 takes eight bytes.
func (r *Reader) I64() int64 { return int64(r.U64()) }

// F64 takes eight bytes.
func (r *Reader) F64() float64 { return math.Float64frombits(r.U64()) }

// Data takes a length and as many bytes.
func (r *Reader) Data() []byte { return r.take(int(r.U32())) }

// Text takes as Data does.
func (r *Reader) Text() string {
	data := r.Data()
	if !utf8.Valid(data) {
		r.fail("a text is not UTF-8")
		return ""
	}
	return string(data)
}

// End fails if anything before it did, or if bytes are left.
func (r *Reader) End() error {
	if r.err == nil && len(r.bytes) > 0 {
		r.fail("%d bytes too many", len(r.bytes))
	}
	return r.err
}

func (r *Reader) take(n int) []byte {
	if r.err == nil && n > len(r.bytes) {
		r.fail("it ends too early")
	}
	if r.err != nil {
		return nil
	}
	taken := r.bytes[:n:n]
	r.bytes = r.bytes[n:]
	return taken
}

func (r *Reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = Failed("the state is not of this plugin: "+format, args...)
	}
}
