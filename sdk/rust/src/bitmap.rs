//! Validity bitmaps: least significant bit first, 1 for a row that has a value.

/// Collects one bit a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bitmap {
    bits: Vec<u8>,
    len: usize,
    n_unset: usize,
}

impl Bitmap {
    /// An empty bitmap with room for `rows`.
    #[must_use]
    pub fn with_capacity(rows: usize) -> Self {
        Self { bits: Vec::with_capacity(rows.div_ceil(8)), len: 0, n_unset: 0 }
    }

    /// Adds a row.
    pub fn push(&mut self, set: bool) {
        let bit = self.len % 8;
        if bit == 0 {
            self.bits.push(0);
        }
        if set {
            let last = self.bits.len() - 1;
            self.bits[last] |= 1 << bit;
        } else {
            self.n_unset += 1;
        }
        self.len += 1;
    }

    /// The number of rows pushed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no row was pushed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of rows without a value.
    #[must_use]
    pub fn null_count(&self) -> usize {
        self.n_unset
    }

    /// The bytes of [`Column::validity`](crate::Column): empty where every row has a value.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        if self.n_unset == 0 { Vec::new() } else { self.bits }
    }
}

impl FromIterator<bool> for Bitmap {
    fn from_iter<I: IntoIterator<Item = bool>>(bits: I) -> Self {
        let bits = bits.into_iter();
        let mut bitmap = Self::with_capacity(bits.size_hint().0);
        bits.for_each(|bit| bitmap.push(bit));
        bitmap
    }
}

/// Whether `row` has a value. An empty bitmap says so of every row.
#[inline]
pub(crate) fn is_set(bits: &[u8], row: usize) -> bool {
    bits.is_empty() || bits[row / 8] >> (row % 8) & 1 == 1
}

/// Rows that have a value in both.
pub(crate) fn intersect(left: &[u8], right: &[u8]) -> Vec<u8> {
    match (left.is_empty(), right.is_empty()) {
        (true, _) => right.to_vec(),
        (_, true) => left.to_vec(),
        _ => left.iter().zip(right).map(|(left, right)| left & right).collect(),
    }
}
