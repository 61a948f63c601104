//! How often each text occurs.
//!
//! Invariant: order and parts do not matter. What has too many texts to keep has too many in any
//! order.

use std::collections::BTreeMap;

use refrain_sdk::serde::{Deserialize, Serialize};

/// The most distinct texts, and their bytes together: what has more is no category.
const TEXTS_MAX: usize = 1 << 16;
const BYTES_MAX: usize = 8 << 20;

/// Counts by text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Categories {
    counts: BTreeMap<String, u64>,
    bytes: usize,
    /// There were too many texts, and none is kept.
    is_over: bool,
}

impl Categories {
    /// Counts a text so many times.
    pub fn add(&mut self, text: &str, n: u64) {
        if self.is_over {
            return;
        }
        if let Some(count) = self.counts.get_mut(text) {
            *count += n;
            return;
        }
        self.counts.insert(text.to_owned(), n);
        self.bytes += text.len();
        if self.counts.len() > TEXTS_MAX || self.bytes > BYTES_MAX {
            *self = Self { is_over: true, ..Self::default() };
        }
    }

    /// Counts what others counted.
    pub fn merge(&mut self, other: Self) {
        if other.is_over {
            *self = other;
        } else {
            other.counts.iter().for_each(|(text, n)| self.add(text, *n));
        }
    }

    /// Every text that occurs in either, in order, with its count in each; none if there were too
    /// many to keep.
    pub fn beside<'a>(&'a self, other: &'a Self) -> Option<Vec<(&'a str, u64, u64)>> {
        if self.is_over || other.is_over {
            return None;
        }
        let mut both: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (text, n) in &self.counts {
            both.entry(text).or_default().0 = *n;
        }
        for (text, n) in &other.counts {
            both.entry(text).or_default().1 = *n;
        }
        Some(both.into_iter().map(|(text, (left, right))| (text, left, right)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_texts_are_none_in_any_order() {
        let counted = |texts: std::ops::Range<usize>| {
            let mut counts = Categories::default();
            texts.for_each(|i| counts.add(&i.to_string(), 1));
            counts
        };
        let mut whole = counted(0..TEXTS_MAX);
        assert!(whole.beside(&whole).is_some());
        whole.merge(counted(TEXTS_MAX - 1..TEXTS_MAX + 1));
        let mut other = counted(5..TEXTS_MAX + 1);
        assert!(other.beside(&whole).is_none());
        other.merge(counted(0..9));
        assert_eq!(whole, other);
        other.merge(counted(0..1));
        assert_eq!(whole, other);
    }
}
