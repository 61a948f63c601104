//! Lists of floats as vectors.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use refrain_domain::{Column, Values};

/// An array of lists, of fixed size or not.
pub(super) struct List<'a> {
    array: &'a dyn Array,
    items: Option<&'a ArrayRef>,
}

impl<'a> List<'a> {
    pub(super) fn new(array: &'a dyn Array) -> Self {
        let items = match array.data_type() {
            DataType::List(_) => Some(array.as_list::<i32>().values()),
            DataType::LargeList(_) => Some(array.as_list::<i64>().values()),
            DataType::FixedSizeList(..) => Some(array.as_fixed_size_list().values()),
            _ => None,
        };
        Self { array, items }
    }

    /// Where the items of a row lie; nowhere for null.
    pub(super) fn range(&self, row: usize) -> Range<usize> {
        if self.array.is_null(row) {
            return 0..0;
        }
        match self.array.data_type() {
            DataType::List(_) => {
                let offsets = self.array.as_list::<i32>().value_offsets();
                offsets[row] as usize..offsets[row + 1] as usize
            }
            DataType::LargeList(_) => {
                let offsets = self.array.as_list::<i64>().value_offsets();
                offsets[row] as usize..offsets[row + 1] as usize
            }
            DataType::FixedSizeList(_, width) => {
                let start = self.array.as_fixed_size_list().value_offset_at(row);
                start..start + *width as usize
            }
            _ => 0..0,
        }
    }

    /// Vectors of one width; bad are rows of another, and those with an item that is missing.
    /// Doubles are rounded to the nearest `f32`.
    pub(super) fn vectors(&self, width: usize) -> (Column, Vec<usize>) {
        let rows = self.array.len();
        let mut values = Vec::with_capacity(rows * width);
        let (mut validity, mut bad, mut n_valid) = (vec![0; rows.div_ceil(8)], Vec::new(), 0);
        for row in 0..rows {
            let start = values.len();
            if !self.array.is_null(row) {
                let range = self.range(row);
                let is_fit = range.len() == width && self.push(range, &mut values);
                if is_fit {
                    validity[row / 8] |= 1 << (row % 8);
                    n_valid += 1;
                } else {
                    values.truncate(start);
                    bad.push(row);
                }
            }
            values.resize(start + width, 0.0);
        }
        let validity = if n_valid == rows { Vec::new() } else { validity };
        (Column { values: Values::Vector(values), validity }, bad)
    }

    fn push(&self, range: Range<usize>, values: &mut Vec<f32>) -> bool {
        let Some(items) = self.items else { return false };
        if items.null_count() > 0 && range.clone().any(|at| items.is_null(at)) {
            return false;
        }
        match items.data_type() {
            DataType::Float32 => {
                values.extend_from_slice(&items.as_primitive::<Float32Type>().values()[range]);
            }
            DataType::Float64 => {
                let items = &items.as_primitive::<Float64Type>().values()[range];
                values.extend(items.iter().map(|value| *value as f32));
            }
            DataType::Float16 => {
                let items = &items.as_primitive::<Float16Type>().values()[range];
                values.extend(items.iter().map(|value| value.to_f32()));
            }
            _ => return false,
        }
        true
    }
}
