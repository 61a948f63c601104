//! An index and the artifacts that it names, in one tar file.

use std::collections::BTreeSet;
use std::io::Write;

use refrain_domain::{Digest, to_canonical};
use refrain_store::DynStore;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::RunnerError;

pub(super) const ARTIFACTS: &str = "artifacts/";

/// What an archive begins with.
pub(crate) trait Archive: Serialize + DeserializeOwned {
    /// The index's file is called `<KIND>-<digest>.json`.
    const KIND: &'static str;

    /// The format that this version writes and reads.
    const FORMAT: &'static str;

    /// The format that it says it has.
    fn format(&self) -> &str;

    /// Everything that comes behind it.
    fn artifacts(&self) -> &BTreeSet<Digest>;
}

/// Writes an index and its artifacts.
pub(crate) fn pack<A: Archive>(
    index: &A,
    store: &DynStore,
    to: &mut dyn Write,
) -> Result<(), RunnerError> {
    let kind = A::KIND;
    let bytes = to_canonical(index)
        .map_err(|error| RunnerError::corrupt(format!("the {kind}'s index"), error))?;
    let written = |error: std::io::Error| RunnerError::Host {
        message: format!("the {kind} cannot be written: {error}"),
    };
    let mut tar = tar::Builder::new(to);
    let name = format!("{kind}-{}.json", Digest::of(&bytes).to_hex());
    append(&mut tar, &name, &bytes).map_err(written)?;
    for digest in index.artifacts() {
        let name = format!("{ARTIFACTS}{}", digest.to_hex());
        append(&mut tar, &name, &store.get(digest)?).map_err(written)?;
    }
    tar.finish().map_err(written)
}

fn append<W: Write>(tar: &mut tar::Builder<W>, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    // No time and no owner: archives of equal content are equal bytes.
    header.set_mtime(0);
    tar.append_data(&mut header, name, bytes)
}
