//! Two distributions over the same cells: distinct values, bins, categories.

use refrain_sdk::libm;

/// How many rows of the reference and of the current window are in a cell.
pub type Cell = (u64, u64);

/// A number, and how many rows of each window have it. Ascending.
pub type Numbers = [(f64, u64, u64)];

/// Bins that [`quantile_bins`] makes of the reference.
const QUANTILES: u64 = 10;

/// With more distinct numbers in the reference, [`histogram`] makes bins (as Evidently does).
const DISTINCT_MAX: usize = 20;

/// Bins of equal share of the reference: each without its lower end and with its upper, the first
/// and the last open. Fewer where a number is so frequent that quantiles coincide.
pub fn quantile_bins(numbers: &Numbers) -> Vec<Cell> {
    let n: u64 = numbers.iter().map(|(_, reference, _)| reference).sum();
    let mut cells = Vec::new();
    let (mut cell, mut seen, mut quantile) = ((0, 0), 0, 1);
    for &(_, reference, current) in numbers {
        cell.0 += reference;
        cell.1 += current;
        seen += reference;
        // The bin ends with the first number at or below which there are `quantile` tenths.
        if reference > 0 && seen * QUANTILES >= n * quantile && quantile < QUANTILES {
            cells.push(std::mem::take(&mut cell));
            quantile = seen * QUANTILES / n + 1;
        }
    }
    cells.push(cell);
    cells
}

/// Distinct numbers while the reference has at most 20 of them; else bins of equal width over both
/// windows, each with its lower end and without its upper, by the rule of Sturges.
///
/// None if the numbers are too far apart for the width to be a number.
pub fn histogram(numbers: &Numbers) -> Option<Vec<Cell>> {
    let n_distinct = numbers.iter().filter(|(_, reference, _)| *reference > 0).count();
    if n_distinct <= DISTINCT_MAX {
        return Some(numbers.iter().map(|&(_, reference, current)| (reference, current)).collect());
    }
    let (low, high) = (numbers.first()?.0, numbers.last()?.0);
    let n: u64 = numbers.iter().map(|(_, reference, current)| reference + current).sum();
    let width = (high - low) / (libm::log2(n as f64) + 1.0);
    let n_bins = libm::ceil((high - low) / width);
    if !width.is_finite() || !(1.0..=64.0).contains(&n_bins) {
        return None;
    }
    let step = (high - low) / n_bins;
    let mut cells = vec![(0, 0); n_bins as usize];
    let mut bin = 0;
    for &(number, reference, current) in numbers {
        while bin + 1 < cells.len() && number >= low + (bin + 1) as f64 * step {
            bin += 1;
        }
        cells[bin].0 += reference;
        cells[bin].1 += current;
    }
    Some(cells)
}

/// The `max` categories that are most frequent in the reference, in order, then all others in one.
pub fn categories(texts: &[(&str, u64, u64)], max: usize) -> Vec<Cell> {
    if texts.len() <= max {
        return texts.iter().map(|&(_, reference, current)| (reference, current)).collect();
    }
    let mut by_frequency: Vec<usize> = (0..texts.len()).collect();
    by_frequency.sort_by_key(|&index| (std::cmp::Reverse(texts[index].1), index));
    let mut kept = by_frequency[..max].to_vec();
    kept.sort_unstable();
    let mut cells: Vec<Cell> = kept.iter().map(|&index| (texts[index].1, texts[index].2)).collect();
    let others = by_frequency[max..].iter().fold((0, 0), |(reference, current), &index| {
        (reference + texts[index].1, current + texts[index].2)
    });
    cells.push(others);
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequent_number_is_a_bin_of_its_own() {
        let numbers: Vec<_> = [(1.0, 50, 1), (2.0, 0, 2), (3.0, 1, 3), (4.0, 49, 4)].to_vec();
        // The last bin is for what is above all of the reference.
        assert_eq!(quantile_bins(&numbers), [(50, 1), (50, 9), (0, 0)]);
        let even: Vec<_> = (0..20).map(|i| (f64::from(i), 1, 0)).collect();
        assert_eq!(quantile_bins(&even), [(2, 0); 10]);
        assert_eq!(quantile_bins(&[(1.0, 7, 7)]), [(7, 7), (0, 0)]);
    }

    #[test]
    fn rare_and_new_categories_are_counted_together() {
        let texts = [("a", 1, 1), ("b", 9, 2), ("c", 0, 5), ("d", 4, 0), ("e", 1, 2)];
        assert_eq!(categories(&texts, 2), [(9, 2), (4, 0), (2, 8)]);
        assert_eq!(categories(&texts, 3), [(1, 1), (9, 2), (4, 0), (1, 7)]);
        assert_eq!(categories(&texts, 5).len(), 5);
    }

    #[test]
    fn numbers_too_far_apart_have_no_histogram() {
        let mut numbers: Vec<_> = (0..30).map(|i| (f64::from(i), 1, 1)).collect();
        assert_eq!(histogram(&numbers).map(|cells| cells.len()), Some(7));
        numbers.insert(0, (-f64::MAX, 1, 0));
        numbers.push((f64::MAX, 1, 0));
        assert_eq!(histogram(&numbers), None);
    }
}
