//! Changes of refs and events as records between the artifacts of a pack.
//!
//! Invariant: an entry says where things end up, never by how much they move, so a journal may be
//! applied again. A publication is one record: it is there whole, or not at all.

use refrain_domain::Digest;

use super::index::{Changeset, EVENT, REF, STREAM, event_key};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A ref points there; none: it is removed.
    Ref { name: String, new: Option<Digest> },
    /// The event of this number, as the index keeps it.
    Event { stream: String, number: u64, value: Vec<u8> },
    /// A dump of all refs and events begins. It counts only if its end is there too.
    SnapshotBegin,
    /// The dump is whole if so many refs and events precede this: then what was before it need not
    /// be known.
    SnapshotEnd { n_entries: u64 },
}

const REF_SET: u8 = 1;
const REF_REMOVED: u8 = 2;
const EVENT_ADDED: u8 = 3;
const SNAPSHOT_BEGIN: u8 = 4;
const SNAPSHOT_END: u8 = 5;

impl Entry {
    /// Appends tag and fields; texts and bytes are preceded by their length.
    pub(super) fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Ref { name, new: Some(digest) } => {
                to.push(REF_SET);
                write_bytes(name.as_bytes(), to);
                to.extend_from_slice(digest.as_bytes());
            }
            Self::Ref { name, new: None } => {
                to.push(REF_REMOVED);
                write_bytes(name.as_bytes(), to);
            }
            Self::Event { stream, number, value } => {
                to.push(EVENT_ADDED);
                write_bytes(stream.as_bytes(), to);
                to.extend_from_slice(&number.to_le_bytes());
                write_bytes(value, to);
            }
            Self::SnapshotBegin => to.push(SNAPSHOT_BEGIN),
            Self::SnapshotEnd { n_entries } => {
                to.push(SNAPSHOT_END);
                to.extend_from_slice(&n_entries.to_le_bytes());
            }
        }
    }

    /// What the entry does to the index.
    pub(super) fn apply(&self, changes: &mut Changeset) {
        match self {
            Self::Ref { name, new: Some(digest) } => {
                changes.insert(REF, name.as_bytes(), digest.as_bytes());
            }
            Self::Ref { name, new: None } => changes.remove(REF, name.as_bytes()),
            Self::Event { stream, number, value } => {
                changes.insert(EVENT, &event_key(stream, *number), value.as_slice());
                changes.insert(STREAM, stream.as_bytes(), &(number + 1).to_be_bytes());
            }
            Self::SnapshotBegin | Self::SnapshotEnd { .. } => {}
        }
    }
}

fn write_bytes(bytes: &[u8], to: &mut Vec<u8>) {
    let len = u32::try_from(bytes.len()).expect("BUG: a journal entry of 4 GiB");
    to.extend_from_slice(&len.to_le_bytes());
    to.extend_from_slice(bytes);
}

/// Reads a record's entries; none for bytes that no journal holds.
pub(super) fn parse(mut bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while let Some((tag, rest)) = bytes.split_first() {
        bytes = rest;
        entries.push(match *tag {
            REF_SET => {
                let name = read_text(&mut bytes)?;
                let (digest, rest) = bytes.split_first_chunk::<32>()?;
                bytes = rest;
                Entry::Ref { name, new: Some(Digest::from_bytes(*digest)) }
            }
            REF_REMOVED => Entry::Ref { name: read_text(&mut bytes)?, new: None },
            EVENT_ADDED => {
                let stream = read_text(&mut bytes)?;
                let (number, rest) = bytes.split_first_chunk::<8>()?;
                bytes = rest;
                let (number, value) = (u64::from_le_bytes(*number), read_bytes(&mut bytes)?);
                Entry::Event { stream, number, value: value.to_vec() }
            }
            SNAPSHOT_BEGIN => Entry::SnapshotBegin,
            SNAPSHOT_END => {
                let (n_entries, rest) = bytes.split_first_chunk::<8>()?;
                bytes = rest;
                Entry::SnapshotEnd { n_entries: u64::from_le_bytes(*n_entries) }
            }
            _ => return None,
        });
    }
    Some(entries)
}

fn read_bytes<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    *bytes = rest;
    Some(value)
}

fn read_text(bytes: &mut &[u8]) -> Option<String> {
    String::from_utf8(read_bytes(bytes)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_and_cut_ones_do_not() {
        let (name, stream) = ("models/a".to_owned(), "runs/a-1".to_owned());
        let entries = [
            Entry::SnapshotBegin,
            Entry::Ref { name: name.clone(), new: Some(Digest::of(b"x")) },
            Entry::Ref { name, new: None },
            Entry::Event { stream, number: 7, value: b"{}".to_vec() },
            Entry::SnapshotEnd { n_entries: 3 },
        ];
        let mut bytes = Vec::new();
        let mut ends = vec![0];
        for entry in &entries {
            entry.write(&mut bytes);
            ends.push(bytes.len());
        }
        assert_eq!(parse(&bytes).as_deref(), Some(&entries[..]));
        for cut in 0..bytes.len() {
            assert_eq!(parse(&bytes[..cut]).is_some(), ends.contains(&cut), "cut at {cut}");
        }
        assert_eq!(parse(&[9]), None);
    }
}
