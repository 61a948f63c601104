//! Right sides of joins, indexed once and kept while there is room.
//!
//! Invariant: the memory of a server does not grow with the joins that it has seen.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use refrain_data::{AsofIndex, LookupIndex};

use crate::unit::JoinSide;

/// The right side of a join, ready to be asked.
pub(super) enum JoinIndex {
    Asof(AsofIndex),
    Lookup(LookupIndex),
}

/// Indices by right side, the least recently used leaving first. The last one stays, whatever its
/// size: its step has more units to come.
pub(super) struct JoinCache {
    bytes_max: usize,
    inner: Mutex<VecDeque<Entry>>,
}

struct Entry {
    side: JoinSide,
    index: Arc<JoinIndex>,
    bytes: usize,
}

impl JoinCache {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, inner: Mutex::default() }
    }

    pub(super) fn get(&self, side: &JoinSide) -> Option<Arc<JoinIndex>> {
        let mut entries = self.lock();
        let at = entries.iter().position(|entry| entry.side == *side)?;
        let entry = entries.remove(at)?;
        let index = entry.index.clone();
        entries.push_back(entry);
        Some(index)
    }

    /// Keeps an index that takes about so many bytes.
    pub(super) fn insert(&self, side: JoinSide, index: Arc<JoinIndex>, bytes: usize) {
        let mut entries = self.lock();
        entries.retain(|entry| entry.side != side);
        entries.push_back(Entry { side, index, bytes });
        let mut total: usize = entries.iter().map(|entry| entry.bytes).sum();
        while total > self.bytes_max && entries.len() > 1 {
            let Some(oldest) = entries.pop_front() else { break };
            total -= oldest.bytes;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Entry>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use refrain_domain::{Digest, Schema};

    use super::*;

    fn side(name: &str) -> JoinSide {
        let table = Digest::of(name.as_bytes());
        JoinSide { table, by: vec![], on: None, tolerance_us: None, columns: vec![] }
    }

    fn index() -> Arc<JoinIndex> {
        let built = LookupIndex::build(&Schema::default(), &[], &[], &[]);
        Arc::new(JoinIndex::Lookup(built.expect("an index of nothing")))
    }

    #[test]
    fn the_least_recently_used_leave_first() {
        let cache = JoinCache::new(100);
        for name in ["a", "b"] {
            cache.insert(side(name), index(), 50);
        }
        assert!(cache.get(&side("a")).is_some(), "both have room");
        cache.insert(side("c"), index(), 1); // one byte too many
        assert!(cache.get(&side("b")).is_none(), "nobody asked for it since");
        assert!(cache.get(&side("a")).is_some() && cache.get(&side("c")).is_some());
        cache.insert(side("d"), index(), 1_000);
        assert!(cache.get(&side("d")).is_some(), "its units are still to come");
        assert!(cache.get(&side("a")).is_none());
    }

    #[test]
    fn an_index_that_comes_again_counts_once() {
        let cache = JoinCache::new(100);
        cache.insert(side("a"), index(), 50);
        for _ in 0..10 {
            cache.insert(side("b"), index(), 50);
        }
        assert!(cache.get(&side("a")).is_some());
    }
}
