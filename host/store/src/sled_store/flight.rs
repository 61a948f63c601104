//! What is in flight: staged and not yet in the index, or staged and not yet named.
//!
//! Invariant: what is in flight is never swept. A digest is pinned before it is looked up, and GC
//! removes index entries only while it holds the same lock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use refrain_domain::Digest;

use super::packs::Location;

/// What was staged or asked for stays at least so long, named or not, while the process lives.
pub(super) const GRACE: Duration = Duration::from_secs(3600);

/// Below this many nobody looks for what has expired.
const STAGED_MIN: usize = 100_000;

/// Shared by the store and the [`TempRef`]s that it gave out.
#[derive(Clone, Default)]
pub(super) struct Flight(Arc<Mutex<InFlight>>);

#[derive(Default)]
pub(super) struct InFlight {
    /// Not in the index yet.
    pub pending: HashMap<Digest, Location>,
    staged_at: HashMap<Digest, Instant>,
    staged_max: usize,
    n_holders: HashMap<Digest, usize>,
}

impl Flight {
    pub(super) fn lock(&self) -> MutexGuard<'_, InFlight> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hold(&self, digest: Digest) -> TempRef {
        *self.lock().n_holders.entry(digest).or_default() += 1;
        TempRef { flight: self.clone(), digest }
    }
}

impl InFlight {
    /// Remembers when this was staged or asked for, even if it was in the store already.
    pub(super) fn pin(&mut self, digest: Digest) {
        if self.staged_at.len() >= self.staged_max.max(STAGED_MIN) {
            self.expire(GRACE);
            // What is left is in use: look again when there is twice as much.
            self.staged_max = self.staged_at.len() * 2;
        }
        self.staged_at.insert(digest, now());
    }

    pub(super) fn is_pinned(&self, digest: &Digest) -> bool {
        self.n_holders.contains_key(digest) || self.staged_at.contains_key(digest)
    }

    /// Forgets what was staged longer ago than this.
    pub(super) fn expire(&mut self, grace: Duration) {
        let now = now();
        self.staged_at.retain(|_, staged_at| now.duration_since(*staged_at) < grace);
    }
}

#[expect(clippy::disallowed_methods, reason = "decides how long garbage stays, never a result")]
fn now() -> Instant {
    Instant::now()
}

/// Keeps one artifact from GC for as long as this value lives, whoever staged it and when.
///
/// Take it before asking whether the artifact is there; then the answer stays true.
pub struct TempRef {
    flight: Flight,
    digest: Digest,
}

impl TempRef {
    /// The artifact.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }
}

impl Drop for TempRef {
    fn drop(&mut self) {
        let mut flight = self.flight.lock();
        if let Some(n_holders) = flight.n_holders.get_mut(&self.digest) {
            *n_holders -= 1;
            if *n_holders == 0 {
                flight.n_holders.remove(&self.digest);
            }
        }
    }
}
