package refrain

import "math"

// Moments are count, mean and the sum of squared distances from it.
//
// Source: Welford (1962); Chan, Golub & LeVeque (1979) for the merge. The order of the operations
// is part of the contract: every SDK of Refrain computes the same bytes. The conversions keep Go
// from fusing a product into a sum, as it does on some machines.
type Moments struct {
	N    uint64
	Mean float64
	M2   float64
}

// Add takes in one value; NaN is skipped.
func (m *Moments) Add(x float64) {
	if x != x {
		return
	}
	m.N++
	d := x - m.Mean
	m.Mean += d / float64(m.N)
	m.M2 += float64(d * (x - m.Mean))
}

// Update takes in a float64 column in order; nulls and NaN are skipped.
func (m *Moments) Update(column Column) error {
	values, err := column.Float64s()
	if err != nil {
		return err
	}
	for row, x := range values {
		if column.Valid(row) {
			m.Add(x)
		}
	}
	return nil
}

// Merge takes in what came after.
func (m *Moments) Merge(other Moments) {
	if other.N == 0 {
		return
	}
	if m.N == 0 {
		*m = other
		return
	}
	n := m.N + other.N
	d := other.Mean - m.Mean
	share := float64(other.N) / float64(n)
	m.Mean += float64(d * share)
	m.M2 = m.M2 + other.M2 + float64(float64(d*d)*float64(float64(m.N)*share))
	m.N = n
}

// Deviation is the population standard deviation; 1 where there is none to divide by.
func (m Moments) Deviation() float64 {
	if m.N == 0 {
		return 1
	}
	if sd := math.Sqrt(m.M2 / float64(m.N)); sd != 0 {
		return sd
	}
	return 1
}

// Write puts the moments into a state.
func (m Moments) Write(w *Writer) { w.U64(m.N).F64(m.Mean).F64(m.M2) }

// ReadMoments takes them out of a state.
func ReadMoments(r *Reader) Moments { return Moments{r.U64(), r.F64(), r.F64()} }
