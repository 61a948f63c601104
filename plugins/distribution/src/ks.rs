//! The two-sample test of Kolmogorov and Smirnov.

use refrain_sdk::libm;

use crate::cells::Numbers;
use crate::distance::Tested;

/// With at most so many rows in either window, the probability is exact (SciPy's limit) …
const EXACT_ROWS_MAX: u64 = 10_000;

/// … unless it takes more steps than this, which only probabilities near 0 do.
const EXACT_STEPS_MAX: u64 = 20_000_000;

/// D, the largest gap between both distribution functions, and the probability of one as large;
/// rows in both windows are asked for.
pub fn kolmogorov_smirnov(numbers: &Numbers) -> Tested {
    let n: u64 = numbers.iter().map(|cell| cell.1).sum();
    let m: u64 = numbers.iter().map(|cell| cell.2).sum();
    let (mut below_n, mut below_m, mut widest) = (0_i64, 0_i64, 0_u64);
    for &(_, reference, current) in numbers {
        below_n += reference.cast_signed();
        below_m += current.cast_signed();
        // In units of 1/(n m), so that equal gaps are equal.
        let gap = below_n * m.cast_signed() - below_m * n.cast_signed();
        widest = widest.max(gap.unsigned_abs());
    }
    let statistic = widest as f64 / n as f64 / m as f64;
    let n_steps = 2.0 * statistic * n as f64 * m as f64;
    let probability = if n.max(m) <= EXACT_ROWS_MAX && n_steps <= EXACT_STEPS_MAX as f64 {
        exact(n, m, widest)
    } else {
        asymptotic(n, m, statistic)
    };
    (statistic, probability.clamp(0.0, 1.0))
}

/// The share of all orders of n and m rows in which the gap reaches `widest`/(n m).
///
/// Every order is a path of n steps one way and m steps the other; the probability of leaving the
/// band is summed where it is left, so that small ones keep their digits.
///
/// Source: Hodges (1958), "The significance probability of the Smirnov two-sample test".
fn exact(n: u64, m: u64, widest: u64) -> f64 {
    if widest == 0 {
        return 1.0;
    }
    let is_inside = |i: u64, j: u64| (i * m).abs_diff(j * n) < widest;
    let first_inside = |i: u64| (i * m + 1).saturating_sub(widest).div_ceil(n);
    // The probability of getting to i steps one way and j the other, by j; for j that are done,
    // of getting to i + 1.
    let mut reached = vec![0.0; m as usize + 1];
    reached[0] = 1.0;
    let mut left = 0.0;
    for i in 0..=n {
        for j in first_inside(i)..=m {
            if !is_inside(i, j) {
                break;
            }
            let here = std::mem::take(&mut reached[j as usize]);
            let rest = (n - i + m - j).max(1) as f64;
            let (one, other) = (here * (n - i) as f64 / rest, here * (m - j) as f64 / rest);
            match i < n && is_inside(i + 1, j) {
                true => reached[j as usize] = one,
                false => left += one,
            }
            match j < m && is_inside(i, j + 1) {
                true => reached[j as usize + 1] += other,
                false => left += other,
            }
        }
    }
    left
}

/// The limit of Kolmogorov, its argument corrected for so many rows.
///
/// Source: Vrbik (2018), "Small-sample corrections to Kolmogorov–Smirnov test statistic".
pub(crate) fn asymptotic(n: u64, m: u64, statistic: f64) -> f64 {
    let n = libm::round(n as f64 * m as f64 / (n + m) as f64);
    let root = libm::sqrt(n);
    let z = root * statistic;
    kolmogorov_tail(z + 1.0 / (6.0 * root) + (z - 1.0) / (4.0 * n))
}

/// P(K ≥ x) of Kolmogorov's distribution.
fn kolmogorov_tail(x: f64) -> f64 {
    const TERMS: i32 = 12;
    if x <= 0.0 {
        return 1.0;
    }
    if x < 1.0 {
        // The same function through the theta identity: here the other series is slow.
        let pi = std::f64::consts::PI;
        let term = |k: i32| {
            let odd = f64::from(2 * k - 1);
            libm::exp(-odd * odd * pi * pi / (8.0 * x * x))
        };
        return 1.0 - libm::sqrt(2.0 * pi) / x * (1..=TERMS).map(term).sum::<f64>();
    }
    let term = |k: i32| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * libm::exp(-2.0 * f64::from(k * k) * x * x)
    };
    (1..=TERMS).map(term).sum()
}
