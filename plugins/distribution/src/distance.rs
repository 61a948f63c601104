//! Distances between two distributions, and the statistics of tests on counts.

use refrain_sdk::libm;

use crate::cells::{Cell, Numbers};
use crate::special::{chi_square_tail, normal_two_tails};

/// Shares below are taken for this in the stability index, whose logarithm knows no zero.
const SHARE_FLOOR: f64 = 1e-4;

/// The least divisor of Wasserstein distances, for a reference that hardly varies (Evidently's).
const DEVIATION_MIN: f64 = 1e-3;

/// A statistic and the probability of one as large without drift.
pub type Tested = (f64, f64);

/// The rows of each window.
pub fn totals(cells: &[Cell]) -> (u64, u64) {
    cells.iter().fold((0, 0), |(a, b), (reference, current)| (a + reference, b + current))
}

/// The shares of every cell in both windows; rows in both are asked for.
fn shares(cells: &[Cell]) -> impl Iterator<Item = (f64, f64)> {
    let (n_reference, n_current) = totals(cells);
    cells.iter().map(move |&(reference, current)| {
        (reference as f64 / n_reference as f64, current as f64 / n_current as f64)
    })
}

/// Σ (q − p) ln(q/p), shares floored at 10⁻⁴.
///
/// Source: Yurdakul & Naranjo (2020), "Statistical properties of the population stability index".
pub fn psi(cells: &[Cell]) -> f64 {
    let floored = shares(cells).map(|(p, q)| (p.max(SHARE_FLOOR), q.max(SHARE_FLOOR)));
    floored.map(|(p, q)| (q - p) * libm::log(q / p)).sum()
}

/// √(½ KL(p‖m) + ½ KL(q‖m)) with m the mean of both, in nats: at most √ln 2.
///
/// Source: Endres & Schindelin (2003), "A new metric for probability distributions".
pub fn jensen_shannon(cells: &[Cell]) -> f64 {
    let term = |p: f64, m: f64| if p > 0.0 { p * libm::log(p / m) } else { 0.0 };
    let divergence: f64 = shares(cells)
        .map(|(p, q)| {
            let middle = (p + q) / 2.0;
            term(p, middle) + term(q, middle)
        })
        .sum();
    libm::sqrt((divergence / 2.0).max(0.0))
}

/// √(1 − Σ √(p q)).
pub fn hellinger(cells: &[Cell]) -> f64 {
    let overlap: f64 = shares(cells).map(|(p, q)| libm::sqrt(p * q)).sum();
    libm::sqrt((1.0 - overlap).max(0.0))
}

/// ½ Σ |p − q|.
pub fn total_variation(cells: &[Cell]) -> f64 {
    shares(cells).map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0
}

/// max |p − q|.
pub fn l_infinity(cells: &[Cell]) -> f64 {
    shares(cells).map(|(p, q)| (p - q).abs()).fold(0.0, f64::max)
}

/// The area between both distribution functions, over the standard deviation of the reference.
pub fn wasserstein(numbers: &Numbers) -> f64 {
    let n = |of: fn(&(f64, u64, u64)) -> u64| numbers.iter().map(of).sum::<u64>() as f64;
    let (n_reference, n_current) = (n(|cell| cell.1), n(|cell| cell.2));
    let (mut below_reference, mut below_current, mut area) = (0, 0, 0.0);
    for pair in numbers.windows(2) {
        let (number, reference, current) = pair[0];
        below_reference += reference;
        below_current += current;
        let gap = below_reference as f64 / n_reference - below_current as f64 / n_current;
        area += gap.abs() * (pair[1].0 - number);
    }
    area / standard_deviation(numbers, n_reference).max(DEVIATION_MIN)
}

/// Of the reference, divided by n.
fn standard_deviation(numbers: &Numbers, n: f64) -> f64 {
    let mean = |of: &dyn Fn(f64) -> f64| {
        let terms = numbers.iter().map(|(number, count, _)| of(*number) * *count as f64);
        terms.sum::<f64>() / n
    };
    // Around the first number, so that large ones do not swallow small differences.
    let origin = numbers.first().map_or(0.0, |cell| cell.0);
    let centre = mean(&|x| x - origin);
    libm::sqrt(mean(&|x| (x - origin - centre) * (x - origin - centre)))
}

/// Pearson's test that both windows are of one distribution, without Yates's correction.
pub fn chi_square(cells: &[Cell]) -> Tested {
    let (n_reference, n_current) = totals(cells);
    let n = (n_reference + n_current) as f64;
    let (mut statistic, mut n_cells) = (0.0, 0_u32);
    for &(reference, current) in cells.iter().filter(|(a, b)| a + b > 0) {
        let share = (reference + current) as f64 / n;
        for (count, total) in [(reference, n_reference), (current, n_current)] {
            let expected = total as f64 * share;
            statistic += (count as f64 - expected) * (count as f64 - expected) / expected;
        }
        n_cells += 1;
    }
    let freedom = f64::from(n_cells.saturating_sub(1));
    (statistic, chi_square_tail(statistic, freedom))
}

/// The pooled two-sample test of a proportion, of two cells or one.
pub fn z_test(cells: &[Cell]) -> Option<Tested> {
    let mut occupied = cells.iter().filter(|(a, b)| a + b > 0);
    let first = occupied.next()?;
    if occupied.clone().count() > 1 {
        return None;
    }
    let Some(second) = occupied.next() else { return Some((0.0, 1.0)) };
    let (n_reference, n_current) = ((first.0 + second.0) as f64, (first.1 + second.1) as f64);
    let (p, q) = (second.0 as f64 / n_reference, second.1 as f64 / n_current);
    let pooled = (second.0 + second.1) as f64 / (n_reference + n_current);
    let variance = pooled * (1.0 - pooled) * (1.0 / n_reference + 1.0 / n_current);
    let z = (q - p) / libm::sqrt(variance);
    Some((z, normal_two_tails(z)))
}
