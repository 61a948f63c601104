//! Sums of gradients by code, in integers.
//!
//! Gradients are rounded to fixed point once a tree, with as many bits as a sum over all rows can
//! hold. Integer sums are exact: no order of rows changes them, a sibling is the parent less the
//! other sibling to the last bit, and NaN canonicalization has nothing to check.
//!
//! Source of the subtraction: Ke et al. (2017), "LightGBM"; of quantised gradients: Shi et al.
//! (2022), "Quantized training of gradient boosting decision trees" (who use far fewer bits).

use crate::bins::{Coded, GROUP};

/// The sum of gradients, and the sum of curvatures above the count of rows.
pub type Sum = [i64; 2];

/// What fits no more: curvatures would keep fewer than 12 bits.
pub const ROWS_MAX: usize = 1 << 25;

/// How gradients and curvatures become integers.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    count_bits: u32,
    gradient_unit: f64,
    curvature_unit: f64,
}

/// A sum, read back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Totals {
    /// The sum of gradients.
    pub gradient: f64,
    /// The sum of curvatures.
    pub curvature: f64,
    /// Rows.
    pub count: u64,
}

impl Scale {
    /// For `n_rows` rows whose gradients and curvatures are at most these.
    pub fn new(n_rows: usize, gradient_max: f64, curvature_max: f64) -> Self {
        let count_bits = usize::BITS - n_rows.leading_zeros();
        let unit = |most: f64, bits: u32| power_of_two_above(most) * libm::exp2(-f64::from(bits));
        Self {
            count_bits,
            gradient_unit: unit(gradient_max, (62 - count_bits).min(44)),
            curvature_unit: unit(curvature_max, (62 - 2 * count_bits).min(40)),
        }
    }

    /// One row.
    pub fn quantize(&self, gradient: f64, curvature: f64) -> Sum {
        let curvature = nearest(curvature / self.curvature_unit);
        [nearest(gradient / self.gradient_unit), (curvature << self.count_bits) | 1]
    }

    /// Reads a sum back.
    pub fn totals(&self, sum: Sum) -> Totals {
        Totals {
            gradient: sum[0] as f64 * self.gradient_unit,
            curvature: (sum[1] >> self.count_bits) as f64 * self.curvature_unit,
            count: self.count(sum),
        }
    }

    /// The rows in a sum.
    pub fn count(&self, sum: Sum) -> u64 {
        sum[1] as u64 & ((1 << self.count_bits) - 1)
    }
}

/// The nearest integer, ties to even; right for magnitudes below 2^51.
fn nearest(value: f64) -> i64 {
    const MAGIC: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
    (value + MAGIC).to_bits() as i64 - MAGIC.to_bits() as i64
}

/// The least power of two that is not below `value`; 1 for 0.
fn power_of_two_above(value: f64) -> f64 {
    if value == 0.0 {
        return 1.0;
    }
    let (fraction, exponent) = libm::frexp(value);
    libm::ldexp(1.0, if fraction == 0.5 { exponent - 1 } else { exponent })
}

/// Adds up `sums` by the codes of `rows`. `sums[k]` belongs to `rows[k]`; no `rows` means all.
pub fn histogram(coded: &Coded, rows: Option<&[u32]>, sums: &[Sum]) -> Vec<Sum> {
    let mut out = vec![[0; 2]; coded.n_sums()];
    let mut buffers = [[[0_i64; 2]; 256]; GROUP];
    for (index, group) in coded.groups.iter().enumerate() {
        let first = index * GROUP;
        let features = first..(first + GROUP).min(coded.bins.len());
        buffers.iter_mut().for_each(|buffer| buffer.fill([0; 2]));
        match rows {
            None => add(&mut buffers, group.iter().zip(sums)),
            Some(rows) => add(&mut buffers, rows.iter().map(|r| &group[*r as usize]).zip(sums)),
        }
        for feature in features {
            let target = &mut out[coded.starts[feature]..coded.starts[feature + 1]];
            target.copy_from_slice(&buffers[feature - first][..target.len()]);
        }
    }
    out
}

fn add<'a>(
    buffers: &mut [[Sum; 256]; GROUP],
    rows: impl Iterator<Item = (&'a [u8; GROUP], &'a Sum)>,
) {
    let [a, b, c, d] = buffers;
    for (codes, sum) in rows {
        for (buffer, code) in [&mut *a, &mut *b, &mut *c, &mut *d].into_iter().zip(codes) {
            let cell = &mut buffer[usize::from(*code)];
            cell[0] += sum[0];
            cell[1] += sum[1];
        }
    }
}

/// The sibling: `parent - child`, in the parent's place.
pub fn subtract(parent: &mut [Sum], child: &[Sum]) {
    for (parent, child) in parent.iter_mut().zip(child) {
        parent[0] -= child[0];
        parent[1] -= child[1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_over_the_most_rows_does_not_overflow() {
        for n_rows in [1, 20, 272_000, ROWS_MAX] {
            let scale = Scale::new(n_rows, 1.0, 0.25);
            let [gradient, packed] = scale.quantize(-1.0, 0.25);
            let n = n_rows as i64;
            let sum = [gradient.checked_mul(n).unwrap(), packed.checked_mul(n).unwrap()];
            let totals = scale.totals(sum);
            assert_eq!(totals.count, n_rows as u64);
            assert_eq!(totals.gradient, -(n_rows as f64));
            assert_eq!(totals.curvature, 0.25 * n_rows as f64);
        }
    }

    #[test]
    fn rounding_is_to_nearest_even_on_both_sides_of_zero() {
        assert_eq!([2.5, 3.5, -2.5, -0.4, 0.0].map(nearest), [2, 4, -2, 0, 0]);
        assert_eq!([0.0, 0.3, 1.0, 5.0].map(power_of_two_above), [1.0, 0.5, 1.0, 8.0]);
    }

    #[test]
    fn a_sibling_is_the_parent_less_the_other_exactly() {
        let mut coded = Coded::new();
        for feature in 0..5_u32 {
            coded.push((0..99_u32).map(move |r| f64::from((r * (feature + 3)) % 17)), 8);
        }
        let scale = Scale::new(99, 1.0, 0.25);
        let sum_of = |r: u32| scale.quantize(libm::sin(f64::from(r)), 0.2);
        let all: Vec<Sum> = (0..99).map(sum_of).collect();
        let (left, right): (Vec<u32>, Vec<u32>) = (0..99).partition(|r| r % 3 == 0);
        let of = |rows: &[u32]| {
            let sums: Vec<Sum> = rows.iter().map(|r| sum_of(*r)).collect();
            histogram(&coded, Some(rows), &sums)
        };
        let mut parent = histogram(&coded, None, &all);
        subtract(&mut parent, &of(&left));
        assert_eq!(parent, of(&right));
    }
}
