//! How often each value occurs, in little memory, whatever the order and grouping of the rows.
//!
//! A number is counted under a key of 64 bits that sorts as the number does. Where there are too
//! many keys, the lowest bit of every key is given up, and the next, until they fit. Bits are given
//! up only when some rows alone have too many keys, and then all rows together have too many as
//! well, so how many bits are gone at the end depends on the rows and not on how they were
//! grouped. Giving up `level` of the 52 bits of a fraction moves a value by less than
//! 2^(`level` - 52) of itself.

use refrain_sdk::serde::{Deserialize, Serialize};

/// Keys with their counts, keys ascending and different.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    level: u32,
    entries: Vec<(u64, u64)>,
}

/// What is saved: each key as its distance from the one before, which a varint holds in few bytes.
#[derive(Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Saved {
    level: u32,
    steps: Vec<(u64, u64)>,
}

/// The key of a number that is not NaN; -0 counts as 0.
pub fn key_of_f64(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The number of a key.
pub fn f64_of_key(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// The key of an integer.
pub fn key_of_i64(int: i64) -> u64 {
    int as u64 ^ 1 << 63
}

/// The integer of a key.
pub fn i64_of_key(key: u64) -> i64 {
    (key ^ 1 << 63) as i64
}

impl Counts {
    /// Counts `keys`, in any order.
    pub fn add(&mut self, mut keys: Vec<u64>) {
        keys.iter_mut().for_each(|key| *key = *key >> self.level << self.level);
        keys.sort_unstable();
        let mut added: Vec<(u64, u64)> = Vec::new();
        for key in keys {
            match added.last_mut() {
                Some((last, count)) if *last == key => *count += 1,
                _ => added.push((key, 1)),
            }
        }
        self.merge_entries(&added);
    }

    /// Adds what other rows counted.
    pub fn merge(&mut self, mut other: Self) {
        let level = self.level.max(other.level);
        self.raise(level);
        other.raise(level);
        self.merge_entries(&other.entries);
    }

    fn merge_entries(&mut self, added: &[(u64, u64)]) {
        if self.entries.is_empty() {
            self.entries = added.to_vec();
            return;
        }
        let mut merged = Vec::with_capacity(self.entries.len() + added.len());
        let (mut here, mut there) = (self.entries.iter().peekable(), added.iter().peekable());
        loop {
            match (here.peek(), there.peek()) {
                (Some(left), Some(right)) if left.0 == right.0 => {
                    merged.push((left.0, left.1 + right.1));
                    here.next();
                    there.next();
                }
                (Some(left), Some(right)) if left.0 < right.0 => merged.extend(here.next()),
                (_, Some(_)) => merged.extend(there.next()),
                (Some(_), None) => merged.extend(here.next()),
                (None, None) => break,
            }
        }
        self.entries = merged;
    }

    /// Gives up the lowest bits of the keys, until there are at most `keys_max`.
    pub fn shrink(&mut self, keys_max: usize) {
        while self.entries.len() > keys_max {
            self.raise(self.level + 1);
        }
    }

    fn raise(&mut self, level: u32) {
        if level == self.level {
            return;
        }
        self.level = level;
        let entries = std::mem::take(&mut self.entries);
        for (key, count) in entries {
            let key = key >> level << level;
            match self.entries.last_mut() {
                Some((last, n)) if *last == key => *n += count,
                _ => self.entries.push((key, count)),
            }
        }
    }

    /// Different keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The commonest key, the least of equally common ones; none if nothing was counted.
    pub fn commonest(&self) -> Option<u64> {
        let mut best: Option<(u64, u64)> = None;
        for &(key, count) in &self.entries {
            if best.is_none_or(|(_, most)| count > most) {
                best = Some((key, count));
            }
        }
        best.map(|(key, _)| key)
    }

    /// The two keys in the middle, twice the same one for an odd number of rows. A key that lost
    /// bits is taken at the middle of its range.
    pub fn middle(&self) -> Option<(u64, u64)> {
        let total: u64 = self.entries.iter().map(|(_, count)| count).sum();
        if total == 0 {
            return None;
        }
        let half = if self.level == 0 { 0 } else { 1 << (self.level - 1) };
        Some((self.at((total - 1) / 2) | half, self.at(total / 2) | half))
    }

    /// The key of the row that `rank` rows sort before.
    fn at(&self, rank: u64) -> u64 {
        let mut n_before = 0;
        for &(key, count) in &self.entries {
            n_before += count;
            if rank < n_before {
                return key;
            }
        }
        self.entries.last().map_or(0, |(key, _)| *key)
    }

    /// For the state of a fold.
    pub fn save(&self) -> Saved {
        let mut last = 0;
        let step = |&(key, count): &(u64, u64)| {
            let step = key - last;
            last = key;
            (step >> self.level, count)
        };
        Saved { level: self.level, steps: self.entries.iter().map(step).collect() }
    }
}

impl Saved {
    /// What was saved, or nothing if no counts are saved so.
    pub fn restore(self) -> Option<Counts> {
        let level = self.level;
        if level >= 64 {
            return None;
        }
        let mut key = 0_u64;
        let mut entries = Vec::with_capacity(self.steps.len());
        for (index, (step, count)) in self.steps.into_iter().enumerate() {
            if index > 0 && step == 0 {
                return None;
            }
            key = key.checked_add(step.checked_mul(1 << level)?)?;
            entries.push((key, count));
        }
        Some(Counts { level, entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain_sdk::rng::Rng;
    use refrain_sdk::state;

    #[test]
    fn keys_sort_as_their_numbers_and_come_back() {
        let floats =
            [f64::NEG_INFINITY, -1e300, -1.5, -f64::MIN_POSITIVE, 0.0, 1e-300, 1.0, f64::INFINITY];
        assert!(floats.map(key_of_f64).is_sorted());
        assert_eq!(floats.map(|x| f64_of_key(key_of_f64(x))), floats);
        assert_eq!(key_of_f64(-0.0), key_of_f64(0.0));
        let ints = [i64::MIN, -1, 0, 1, i64::MAX];
        assert!(ints.map(key_of_i64).is_sorted());
        assert_eq!(ints.map(|int| i64_of_key(key_of_i64(int))), ints);
    }

    /// The property that the module promises: grouping decides nothing.
    #[test]
    fn the_grouping_of_rows_decides_nothing_even_where_bits_are_lost() {
        const KEYS_MAX: usize = 100;
        let mut rng = Rng::new(11);
        let keys: Vec<u64> = (0..3000).map(|_| key_of_f64(rng.next_f64() * 9.0 - 4.0)).collect();
        let mut whole = Counts::default();
        whole.add(keys.clone());
        whole.shrink(KEYS_MAX);
        assert!(whole.level > 0 && whole.len() <= KEYS_MAX);
        for n_rows in [1, 7, 99, 101, 1500] {
            let mut merged = Counts::default();
            for part in keys.chunks(n_rows) {
                let mut counts = Counts::default();
                counts.add(part.to_vec());
                counts.shrink(KEYS_MAX);
                let saved = state::encode(&counts.save()).unwrap();
                let saved: Saved = state::decode(&saved).unwrap();
                merged.merge(saved.restore().unwrap());
                merged.shrink(KEYS_MAX);
            }
            assert_eq!(merged, whole, "{n_rows} rows a part");
        }
    }

    #[test]
    fn broken_bytes_are_no_counts() {
        assert!(Saved { level: 64, steps: vec![(1, 1)] }.restore().is_none());
        assert!(Saved { level: 0, steps: vec![(u64::MAX, 1), (1, 1)] }.restore().is_none());
        assert!(Saved { level: 0, steps: vec![(1, 1), (0, 1)] }.restore().is_none());
    }
}
