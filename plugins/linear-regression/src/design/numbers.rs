//! One input column of numbers, borrowed from a batch.

/// The values of a feature, one a row, or `width` a row for a vector.
#[derive(Debug, Clone, Copy)]
pub enum Numbers<'a> {
    /// One byte a row: 0 or 1.
    Boolean(&'a [u8]),
    /// One a row.
    Int64(&'a [i64]),
    /// One a row.
    Float64(&'a [f64]),
    /// `width` numbers a row, row after row.
    Vector {
        /// The numbers.
        values: &'a [f32],
        /// Numbers a row, at least 1.
        width: usize,
    },
}

impl Numbers<'_> {
    /// Design columns that this column fills.
    pub fn width(&self) -> usize {
        match self {
            Self::Vector { width, .. } => *width,
            _ => 1,
        }
    }

    /// The first row that holds a NaN or an infinity.
    ///
    /// Infinities are refused with NaNs: a column that holds one has no mean and no optimum.
    pub fn first_not_finite(&self) -> Option<usize> {
        // Nearly always all are finite: that is tested first, without a branch a value.
        match *self {
            Self::Float64(values) if !all_finite_f64(values) => {
                values.iter().position(|v| !v.is_finite())
            }
            Self::Vector { values, width } if !all_finite_f32(values) => {
                values.iter().position(|v| !v.is_finite()).map(|index| index / width)
            }
            _ => None,
        }
    }
}

fn all_finite_f64(values: &[f64]) -> bool {
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    values.iter().fold(0, |bad, v| bad | u64::from(v.to_bits() & EXPONENT == EXPONENT)) == 0
}

fn all_finite_f32(values: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7f80_0000;
    values.iter().fold(0, |bad, v| bad | u32::from(v.to_bits() & EXPONENT == EXPONENT)) == 0
}
