package refrain

// Raw is a column as it crosses the component boundary: for the SDK's own packages.
type Raw struct {
	Kind     Kind
	Width    int
	Booleans []byte
	Ints     []int64
	Floats   []float64
	Vectors  []float32
	Offsets  []uint32
	Data     []byte
	Validity []byte
}

// FromRaw trusts what the host has checked: lengths, offsets, validity.
func FromRaw(raw Raw) Column {
	return Column{
		kind: raw.Kind, width: raw.Width, booleans: raw.Booleans, ints: raw.Ints,
		floats: raw.Floats, vectors: raw.Vectors, offsets: raw.Offsets, data: raw.Data,
		validity: raw.Validity,
	}
}

// Raw shares the column's memory.
func (c Column) Raw() Raw {
	return Raw{
		Kind: c.kind, Width: c.width, Booleans: c.booleans, Ints: c.ints, Floats: c.floats,
		Vectors: c.vectors, Offsets: c.offsets, Data: c.data, Validity: c.validity,
	}
}
