//! What a [`Publication`] changes, worked out before anything is written.
//!
//! Invariant: a publication is checked in its own order, so a change sees those before it in the
//! same publication; the first conflict ends it. Every store means the same by this because every
//! store calls [`resolve`].

use std::collections::BTreeMap;

use refrain_domain::Digest;

use crate::{Publication, Result, StoreError};

/// The last word on every ref and stream that a publication touches.
#[derive(Debug, Default)]
pub(crate) struct Changes<'a> {
    /// Where each ref ends; none: removed.
    pub refs: BTreeMap<&'a str, Option<Digest>>,
    /// Stream, number, event.
    pub events: Vec<(&'a str, u64, &'a [u8])>,
    /// How long each stream ends.
    pub lens: BTreeMap<&'a str, u64>,
}

/// Checks every expectation against the store as it is.
///
/// # Errors
/// [`StoreError::Conflict`], [`StoreError::StreamConflict`], or what the two functions answer.
pub(crate) fn resolve(
    publication: &Publication,
    ref_at: impl Fn(&str) -> Result<Option<Digest>>,
    len_of: impl Fn(&str) -> Result<u64>,
) -> Result<Changes<'_>> {
    let mut changes = Changes::default();
    for change in &publication.refs {
        let found = match changes.refs.get(change.name.as_str()) {
            Some(moved) => *moved,
            None => ref_at(&change.name)?,
        };
        if found != change.expected {
            let (name, expected) = (change.name.clone(), change.expected);
            return Err(StoreError::Conflict { name, expected, found });
        }
        changes.refs.insert(&change.name, change.new);
    }
    for append in &publication.events {
        let stream = append.stream.as_str();
        let found = match changes.lens.get(stream) {
            Some(len) => *len,
            None => len_of(stream)?,
        };
        if let Some(expected) = append.expected_len.filter(|expected| *expected != found) {
            let stream = append.stream.clone();
            return Err(StoreError::StreamConflict { stream, expected, found });
        }
        if append.events.is_empty() {
            continue;
        }
        let numbered = (found..).zip(&append.events);
        changes.events.extend(numbered.map(|(number, event)| (stream, number, event.as_slice())));
        changes.lens.insert(stream, found + append.events.len() as u64);
    }
    Ok(changes)
}
