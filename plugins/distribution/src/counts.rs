//! How often each number occurs, exactly up to [`CELLS_MAX`] distinct numbers.
//!
//! Beyond, numbers lose low bits of their mantissa, all the same number of them, as many as it
//! takes: 65,536 cells are left to hold what occurs, so a cell is narrow where the numbers are.
//!
//! Invariant: order and parts do not matter. Dropping bits merges cells and never splits them, so
//! the number of bits to drop for the whole is at least that for any part, and depends on which
//! numbers occur alone.

use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::{Error, Result};

/// The most cells. At 48 dropped bits no more are possible, so the exponent is never touched.
pub const CELLS_MAX: usize = 1 << 16;

const SHIFT_MAX: u32 = 48;
const ZERO: u64 = 1 << 63;

/// Counts by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// The bits dropped.
    shift: u32,
    /// Ordered keys without the dropped bits, ascending, each with its count.
    cells: Vec<(u64, u64)>,
}

/// [`Counts`] as bytes: differences of keys, without the zeros that all keys end in. Whole numbers
/// take about two bytes each, others nine.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Saved {
    shift: u32,
    zeros: u32,
    steps: Vec<u64>,
    counts: Vec<u64>,
}

/// A number as an integer of the same order, in which round numbers end in zeros.
fn key(number: f64) -> u64 {
    let magnitude = number.abs().to_bits();
    if number < 0.0 { ZERO - magnitude } else { ZERO + magnitude }
}

fn number(key: u64) -> f64 {
    if key >= ZERO { f64::from_bits(key - ZERO) } else { -f64::from_bits(ZERO - key) }
}

impl Counts {
    /// Counts finite numbers.
    pub fn add(&mut self, numbers: &[f64]) {
        let mut keys: Vec<u64> = numbers.iter().map(|number| key(*number) >> self.shift).collect();
        keys.sort_unstable();
        let cells = keys.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect();
        self.merge(&Self { shift: self.shift, cells });
    }

    /// Counts what others counted.
    pub fn merge(&mut self, other: &Self) {
        let shift = self.shift.max(other.shift);
        self.coarsen(shift);
        let cells = if other.shift == shift {
            join(&self.cells, &other.cells)
        } else {
            let mut other = other.clone();
            other.coarsen(shift);
            join(&self.cells, &other.cells)
        };
        self.cells = cells;
        self.coarsen(self.shift_needed());
    }

    /// The least shift at which there are no more than [`CELLS_MAX`] cells.
    fn shift_needed(&self) -> u32 {
        if self.cells.len() <= CELLS_MAX {
            return self.shift;
        }
        // Neighbours meet once the highest bit in which they differ is dropped.
        let mut n_meeting = [0_usize; 65];
        for pair in self.cells.windows(2) {
            n_meeting[(64 - (pair[0].0 ^ pair[1].0).leading_zeros()) as usize] += 1;
        }
        let (mut shift, mut n_cells) = (self.shift, self.cells.len());
        while n_cells > CELLS_MAX && shift < SHIFT_MAX {
            shift += 1;
            n_cells -= n_meeting[(shift - self.shift) as usize];
        }
        shift
    }

    fn coarsen(&mut self, shift: u32) {
        let dropped = shift - self.shift;
        if dropped == 0 {
            return;
        }
        self.shift = shift;
        self.cells.iter_mut().for_each(|(key, _)| *key >>= dropped);
        self.cells.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
            }
            is_same
        });
    }

    /// For [`Counts::load`].
    pub fn save(&self) -> Saved {
        let all_bits = self.cells.iter().fold(0, |bits, (key, _)| bits | key);
        let zeros = all_bits.trailing_zeros() % 64;
        let mut before = 0;
        let step = |(key, _): &(u64, u64)| {
            let key = key >> zeros;
            key - std::mem::replace(&mut before, key)
        };
        Saved {
            shift: self.shift,
            zeros,
            steps: self.cells.iter().map(step).collect(),
            counts: self.cells.iter().map(|(_, count)| *count).collect(),
        }
    }

    /// What was saved.
    pub fn load(saved: Saved) -> Result<Self> {
        let broken = || Error::failed("the saved counts are damaged");
        let Saved { shift, zeros, steps, counts } = saved;
        if shift > SHIFT_MAX || zeros > 63 || steps.len() != counts.len() {
            return Err(broken());
        }
        let mut key = 0_u64;
        let mut cells = Vec::with_capacity(steps.len());
        for (step, count) in steps.into_iter().zip(counts) {
            key = key.checked_add(step).ok_or_else(broken)?;
            if step == 0 || key.leading_zeros() < zeros {
                return Err(broken());
            }
            cells.push((key << zeros, count));
        }
        Ok(Self { shift, cells })
    }

    /// Every number that occurs in either, ascending, with its count in each. Where bits were
    /// dropped, the middle of the cell stands for its numbers.
    pub fn beside(&self, other: &Self) -> Vec<(f64, u64, u64)> {
        let (mut left, mut right) = (self.clone(), other.clone());
        let shift = left.shift.max(right.shift);
        left.coarsen(shift);
        right.coarsen(shift);
        let middle = if shift == 0 { 0 } else { 1 << (shift - 1) };
        let number = |key: u64| number((key << shift) + middle);
        let (mut left, mut right) = (left.cells.iter().peekable(), right.cells.iter().peekable());
        let mut both = Vec::new();
        loop {
            match (left.peek(), right.peek()) {
                (None, None) => return both,
                (Some(&&(key, n)), None) => {
                    both.push((number(key), n, 0));
                    left.next();
                }
                (None, Some(&&(key, n))) => {
                    both.push((number(key), 0, n));
                    right.next();
                }
                (Some(&&(a, n_a)), Some(&&(b, n_b))) => {
                    let (takes_a, takes_b) = (a <= b, b <= a);
                    let n = |takes, n| if takes { n } else { 0 };
                    both.push((number(a.min(b)), n(takes_a, n_a), n(takes_b, n_b)));
                    left.next_if(|_| takes_a);
                    right.next_if(|_| takes_b);
                }
            }
        }
    }
}

fn join(left: &[(u64, u64)], right: &[(u64, u64)]) -> Vec<(u64, u64)> {
    if left.is_empty() {
        return right.to_vec();
    }
    let mut joined = Vec::with_capacity(left.len() + right.len());
    let (mut i, mut j) = (0, 0);
    while let (Some(&(a, n_a)), Some(&(b, n_b))) = (left.get(i), right.get(j)) {
        joined.push((a.min(b), if a <= b { n_a } else { 0 } + if b <= a { n_b } else { 0 }));
        i += usize::from(a <= b);
        j += usize::from(b <= a);
    }
    joined.extend_from_slice(&left[i..]);
    joined.extend_from_slice(&right[j..]);
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain_sdk::rng::Rng;

    fn counted(numbers: &[f64], n_each: usize) -> Counts {
        let mut counts = Counts::default();
        for part in numbers.chunks(n_each) {
            let mut one = Counts::default();
            one.add(part);
            counts.merge(&Counts::load(one.save()).unwrap());
        }
        counts
    }

    #[test]
    fn keeps_order_and_every_number_exactly() {
        let numbers = [-1e300, -2.5, -1e-300, 0.0, 1e-300, 0.1, 2.5, f64::MAX];
        for pair in numbers.windows(2) {
            assert!(key(pair[0]) < key(pair[1]));
        }
        let counts = counted(&[2.5, -2.5, -0.0, 0.0, 2.5], 2);
        let both = counts.beside(&counted(&[2.5, 7.0], 1));
        assert_eq!(both, [(-2.5, 1, 0), (0.0, 2, 0), (2.5, 2, 1), (7.0, 0, 1)]);
        for number_in in numbers {
            assert_eq!(number(key(number_in)), number_in);
        }
    }

    #[test]
    fn too_many_numbers_are_rounded_alike_in_any_order_and_parts() {
        let mut rng = Rng::new(3);
        // Far from zero, where dropped bits weigh most; more than three times the cells.
        let mut numbers: Vec<f64> = (0..200_000).map(|_| 1e6 + rng.next_f64()).collect();
        let whole = counted(&numbers, usize::MAX);
        assert!(whole.cells.len() <= CELLS_MAX && whole.cells.len() > CELLS_MAX / 4);
        assert_eq!(whole.cells.iter().map(|(_, n)| n).sum::<u64>(), 200_000);
        rng.shuffle(&mut numbers);
        assert_eq!(counted(&numbers, 32_768), whole);
        assert_eq!(counted(&numbers, 7_001), whole);
        let cells = whole.beside(&Counts::default());
        let widest = cells.windows(2).map(|pair| pair[1].0 - pair[0].0).fold(0.0, f64::max);
        assert!(widest < 1e-4, "{widest}");
    }

    #[test]
    fn whole_numbers_are_saved_small_and_damage_is_noticed() {
        let numbers: Vec<f64> = (0..30_000).map(|i| f64::from(i % 1000) - 200.0).collect();
        let saved = counted(&numbers, 30_000).save();
        let bytes = refrain_sdk::state::encode(&saved).unwrap();
        assert!(bytes.len() < 4_000, "{}", bytes.len());
        let broken = Saved { zeros: 60, ..saved.clone() };
        assert!(Counts::load(broken).is_err());
        let broken = Saved { counts: vec![1], ..saved };
        assert!(Counts::load(broken).is_err());
    }
}
