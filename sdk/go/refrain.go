// Package refrain holds what plugins of every role share: columns, schemas, parameters, states.
//
// A plugin registers itself with the package of its role (refrain/transform and so on) and is
// built for GOOS=wasip1. The component imports nothing: no clock, no files, no randomness but the
// seed it is given.
package refrain

// Version of this SDK.
const Version = "0.1.0"

// A Fold goes over rows. The host runs it in parts and merges what they saved, in row order.
type Fold[T any] interface {
	// Update takes in the next rows.
	Update(rows Batch) error
	// Save answers the fold so far. Needed where the description says Mergeable.
	Save() ([]byte, error)
	// Merge takes in what another part saved.
	Merge(saved []byte) error
	// Finish answers the outcome.
	Finish() (T, error)
}

// A Map goes from rows to columns: as many rows out as in, none depending on another.
type Map interface {
	// Map answers the computed columns, in the order of the description.
	Map(rows Batch) ([]Column, error)
}

// RunMap runs a map on rows of the columns that schema names, and refuses what is not as long.
func RunMap(m Map, schema Schema, rows Batch) (Batch, error) {
	named, err := rows.Named(schema)
	if err != nil {
		return Batch{}, err
	}
	columns, err := m.Map(named)
	if err != nil {
		return Batch{}, err
	}
	for i, column := range columns {
		// The width of a computed vector is known to the description only; the host checks it.
		if column.kind != Vector && column.Len() != rows.Rows {
			return Batch{}, Failed("computed column %d has %d rows of %d", i, column.Len(), rows.Rows)
		}
	}
	return Batch{Rows: rows.Rows, Columns: columns}, nil
}
