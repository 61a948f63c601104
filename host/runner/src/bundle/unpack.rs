//! Reads bundles from people whom nobody needs to trust.
//!
//! Invariant: memory grows with the bytes that are there, never with what a header promises; and
//! every byte is the index's, or of an artifact that the index names, or zero.
//!
//! Absent on purpose: every feature of tar but plain files with short names. The `tar` crate would
//! expand sparse files and long names before anyone could look.

use std::collections::BTreeSet;
use std::io::Read;

use refrain_domain::{Digest, from_canonical};
use refrain_store::{Artifacts, MemoryStore};

use super::BundleError;
use super::archive::{ARTIFACTS, Archive};

/// Tar files come in these.
const BLOCK: usize = 512;

/// Reads a whole bundle, and verifies every digest in it.
pub(crate) fn unpack<A: Archive>(from: &mut dyn Read) -> Result<(A, MemoryStore), BundleError> {
    let mut index: Option<A> = None;
    let store = MemoryStore::new();
    let mut found = BTreeSet::new();
    while let Some((name, size)) = header(from)? {
        let bytes = content(from, &name, size)?;
        let Some(known) = &index else {
            index = Some(read_index(&name, &bytes)?);
            continue;
        };
        let digest = artifact(known.artifacts(), &name, &bytes)?;
        if !found.insert(digest) {
            return Err(BundleError::Entry { name, detail: "is there twice" });
        }
        store.stage(&bytes).map_err(|error| unreadable(&error))?;
    }
    nothing_after(from)?;
    let index = index.ok_or_else(|| unreadable(&"it has no index"))?;
    match index.artifacts().difference(&found).next() {
        Some(missing) => Err(BundleError::Missing { name: missing.to_string() }),
        None => Ok((index, store)),
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> BundleError {
    BundleError::Unreadable { detail: error.to_string() }
}

/// The name and the length of the next entry; none at the end.
fn header(from: &mut dyn Read) -> Result<Option<(String, u64)>, BundleError> {
    let mut block = [0; BLOCK];
    from.read_exact(&mut block).map_err(|_| unreadable(&"it ends too early, or is no bundle"))?;
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let header = tar::Header::from_byte_slice(&block);
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    // The sum is taken with spaces in its own place.
    let own: u32 = block[148..156].iter().map(|byte| u32::from(*byte)).sum();
    if header.cksum().ok() != Some(sum - own + 8 * u32::from(b' ')) {
        return Err(unreadable(&"it is no tar file, or a header in it is damaged"));
    }
    let name = String::from_utf8_lossy(&header.path_bytes()).into_owned();
    if header.entry_type() != tar::EntryType::Regular {
        return Err(BundleError::Entry { name, detail: "is no plain file" });
    }
    let size = header.entry_size();
    size.map(|size| Some((name, size))).map_err(|error| unreadable(&error))
}

fn content(from: &mut dyn Read, name: &str, size: u64) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    let n = from.take(size).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    let mut padding = vec![0; n.next_multiple_of(BLOCK) - n];
    if n as u64 != size || from.read_exact(&mut padding).is_err() {
        return Err(unreadable(&format!("it ends within {name}")));
    }
    if padding.iter().any(|byte| *byte != 0) {
        return Err(unreadable(&format!("something stands behind {name}")));
    }
    Ok(bytes)
}

/// The digest of an entry that the index names.
fn artifact(known: &BTreeSet<Digest>, name: &str, bytes: &[u8]) -> Result<Digest, BundleError> {
    let surplus = |detail| BundleError::Entry { name: name.to_owned(), detail };
    let hex = name.strip_prefix(ARTIFACTS);
    let hex = hex.ok_or_else(|| surplus("is neither the index nor an artifact"))?;
    let expected: Digest =
        format!("blake3:{hex}").parse().map_err(|_| surplus("is no name of an artifact"))?;
    let found = Digest::of(bytes);
    if found != expected {
        return Err(BundleError::Artifact { name: expected.to_string(), found });
    }
    if !known.contains(&expected) {
        return Err(surplus("its index does not name"));
    }
    Ok(found)
}

fn read_index<A: Archive>(name: &str, bytes: &[u8]) -> Result<A, BundleError> {
    let (kind, format) = (A::KIND, A::FORMAT);
    let damaged = |detail: String| BundleError::Index { name: name.to_owned(), detail };
    if !name.starts_with(&format!("{kind}-")) {
        let index = format!("it begins with {name}, and not with the index of a {kind}");
        return Err(unreadable(&index));
    }
    let digest = Digest::of(bytes);
    if name != format!("{kind}-{}.json", digest.to_hex()) {
        return Err(damaged(format!("its bytes have the digest {digest}")));
    }
    let index: A = from_canonical(bytes).map_err(|error| damaged(error.to_string()))?;
    if index.format() != format {
        let found = index.format();
        return Err(damaged(format!("its format is {found}, this version reads {format}")));
    }
    Ok(index)
}

/// Behind the last entry there is padding, and no room for a message.
fn nothing_after(from: &mut dyn Read) -> Result<(), BundleError> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let n = from.read(&mut buffer).map_err(|error| unreadable(&error))?;
        if n == 0 {
            return Ok(());
        }
        if buffer[..n].iter().any(|byte| *byte != 0) {
            return Err(unreadable(&"something stands behind its last artifact"));
        }
    }
}
