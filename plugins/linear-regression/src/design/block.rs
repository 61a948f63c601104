//! A few rows of the design matrix at a time: dense columns row after row, the rest as nonzeros.
//!
//! Invariant: what a batch turns into depends on that batch alone, so a fold over batches has the
//! same bits on every worker. Rows are padded with zeros to whole quads, columns to whole lanes.

use super::numbers::Numbers;

/// Four neighbouring numbers: the unit that the kernels add at once.
pub type Lane = [f64; 4];

/// Rows that a block holds at most; a multiple of four, small enough to stay in the first cache.
pub const BLOCK_ROWS: usize = 128;

/// A vector column with at most this share of nonzeros is walked by its nonzeros.
const SPARSE_SHARE_MAX: f64 = 0.25;
/// Rows at the head of a batch that decide whether its vector columns are sparse.
const SAMPLE_ROWS: usize = 256;

/// Where the columns of one batch go.
#[derive(Debug)]
pub struct Layout {
    dense: Vec<Source>,
    sparse: Vec<Source>,
    ones: bool,
    /// The place in the design of each dense slot.
    pub dense_ids: Vec<usize>,
    /// The place in the design of each sparse slot.
    pub sparse_ids: Vec<usize>,
    /// Lanes in a dense row.
    pub lanes: usize,
}

#[derive(Debug)]
struct Source {
    column: usize,
    slot: usize,
}

impl Layout {
    /// Decides for each column of a batch. With `ones`, a last column of the design is constant 1.
    pub fn of(columns: &[Numbers], ones: bool) -> Self {
        Self::split(columns, ones, is_sparse)
    }

    /// All columns dense, none of ones: for maps, where no row may depend on another.
    pub fn dense(columns: &[Numbers]) -> Self {
        Self::split(columns, false, |_| false)
    }

    fn split(columns: &[Numbers], ones: bool, is_sparse: fn(&Numbers) -> bool) -> Self {
        let (mut dense, mut sparse) = (Vec::new(), Vec::new());
        let (mut dense_ids, mut sparse_ids) = (Vec::new(), Vec::new());
        let mut id = 0;
        for (index, column) in columns.iter().enumerate() {
            let width = column.width();
            let (sources, ids) = if is_sparse(column) {
                (&mut sparse, &mut sparse_ids)
            } else {
                (&mut dense, &mut dense_ids)
            };
            sources.push(Source { column: index, slot: ids.len() });
            ids.extend(id..id + width);
            id += width;
        }
        if ones {
            dense_ids.push(id);
        }
        let lanes = dense_ids.len().div_ceil(4);
        Self { dense, sparse, ones, dense_ids, sparse_ids, lanes }
    }

    /// `by_id` in the order of the dense slots, padded to whole lanes.
    pub fn dense_lanes(&self, by_id: &[f64]) -> Vec<Lane> {
        let mut out = vec![[0.0; 4]; self.lanes];
        for (slot, &id) in self.dense_ids.iter().enumerate() {
            out[slot / 4][slot % 4] = by_id[id];
        }
        out
    }

    /// `by_id` in the order of the sparse slots.
    pub fn sparse_values(&self, by_id: &[f64]) -> Vec<f64> {
        self.sparse_ids.iter().map(|&id| by_id[id]).collect()
    }
}

fn is_sparse(column: &Numbers) -> bool {
    let Numbers::Vector { values, width } = column else { return false };
    let head = &values[..values.len().min(width * SAMPLE_ROWS)];
    let n_nonzero = head.iter().filter(|v| **v != 0.0).count();
    n_nonzero as f64 <= SPARSE_SHARE_MAX * head.len() as f64
}

/// Some rows of the design matrix.
#[derive(Debug, Default)]
pub struct Block {
    /// Rows that count; those up to the next multiple of four are zeros.
    pub n_rows: usize,
    /// Lanes in a dense row.
    pub lanes: usize,
    /// Dense rows, one after another.
    pub dense: Vec<Lane>,
    /// Where each row's nonzeros start in `nonzeros`; one more than there are rows.
    pub starts: Vec<u32>,
    /// Sparse slot and value, row after row, slots ascending.
    pub nonzeros: Vec<(u32, f64)>,
}

impl Block {
    /// Takes rows `from..to` of `columns`, less `shift` (by dense slot) where that is not empty.
    pub fn fill(
        &mut self,
        layout: &Layout,
        columns: &[Numbers],
        shift: &[Lane],
        from: usize,
        to: usize,
    ) {
        self.n_rows = to - from;
        self.lanes = layout.lanes;
        self.dense.clear();
        self.dense.resize(self.n_rows.next_multiple_of(4) * self.lanes, [0.0; 4]);
        for source in &layout.dense {
            self.fill_dense(&columns[source.column], source.slot, from);
        }
        if layout.ones {
            let slot = layout.dense_ids.len() - 1;
            self.put(slot, std::iter::repeat_n(1.0, self.n_rows));
        }
        if !shift.is_empty() && self.lanes > 0 {
            for row in self.dense.chunks_exact_mut(self.lanes).take(self.n_rows) {
                for (lane, shift) in row.iter_mut().zip(shift) {
                    for k in 0..4 {
                        lane[k] -= shift[k];
                    }
                }
            }
        }
        self.fill_sparse(layout, columns, from, to);
    }

    fn fill_dense(&mut self, column: &Numbers, slot: usize, from: usize) {
        let n = self.n_rows;
        match *column {
            Numbers::Boolean(v) => self.put(slot, v[from..from + n].iter().map(|v| f64::from(*v))),
            Numbers::Int64(v) => self.put(slot, v[from..from + n].iter().map(|v| *v as f64)),
            Numbers::Float64(v) => self.put(slot, v[from..from + n].iter().copied()),
            Numbers::Vector { values, width } => {
                let stride = 4 * self.lanes;
                let flat = self.dense.as_flattened_mut();
                for (row, given) in
                    values[from * width..(from + n) * width].chunks_exact(width).enumerate()
                {
                    let target = &mut flat[row * stride + slot..][..width];
                    target.iter_mut().zip(given).for_each(|(t, v)| *t = f64::from(*v));
                }
            }
        }
    }

    fn put(&mut self, slot: usize, values: impl Iterator<Item = f64>) {
        let (lane, place) = (slot / 4, slot % 4);
        for (row, value) in self.dense.chunks_exact_mut(self.lanes).zip(values) {
            row[lane][place] = value;
        }
    }

    fn fill_sparse(&mut self, layout: &Layout, columns: &[Numbers], from: usize, to: usize) {
        self.starts.clear();
        self.nonzeros.clear();
        self.starts.push(0);
        for row in from..to {
            for source in &layout.sparse {
                if let Numbers::Vector { values, width } = columns[source.column] {
                    let given = &values[row * width..(row + 1) * width];
                    push_nonzeros(given, source.slot as u32, &mut self.nonzeros);
                }
            }
            self.starts.push(self.nonzeros.len() as u32);
        }
    }

    /// The dense part of row `row`.
    pub fn row(&self, row: usize) -> &[Lane] {
        &self.dense[row * self.lanes..(row + 1) * self.lanes]
    }

    /// The nonzeros of row `row`.
    pub fn nonzeros_of(&self, row: usize) -> &[(u32, f64)] {
        &self.nonzeros[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    /// The product of row `row` with coefficients laid out by [`Layout`].
    pub fn dot(&self, row: usize, dense: &[Lane], sparse: &[f64]) -> f64 {
        let mut sums = [0.0; 4];
        for (x, w) in self.row(row).iter().zip(dense) {
            for k in 0..4 {
                sums[k] += x[k] * w[k];
            }
        }
        let mut sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        for &(slot, value) in self.nonzeros_of(row) {
            sum += value * sparse[slot as usize];
        }
        sum
    }
}

/// Eight zeros at a time are passed over with one test.
fn push_nonzeros(given: &[f32], first_slot: u32, out: &mut Vec<(u32, f64)>) {
    let mut slot = first_slot;
    for part in given.chunks(8) {
        if part.iter().fold(0, |bits, v| bits | v.to_bits()) != 0 {
            for (k, v) in part.iter().enumerate() {
                if *v != 0.0 {
                    out.push((slot + k as u32, f64::from(*v)));
                }
            }
        }
        slot += 8;
    }
}
