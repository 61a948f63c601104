//! Reading a pack from end to end without the index.
//!
//! Invariant: damage costs the records that it touches, not those behind them.

use std::ops::Range;

use cap_std::fs::{File, FileExt};

use super::packs::{Location, Packs};
use super::record::{ALIGN_BYTES, HEADER_BYTES, Header};
use crate::{Result, StoreError};

const WINDOW_BYTES: usize = 64 << 10;

/// What a pack holds.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Records with a whole header and a whole length. Their digests are not verified.
    pub records: Vec<Location>,
    /// What is no record: damage, or the torn tail after a crash.
    pub damaged: Vec<Range<u64>>,
    /// Where the last record ends.
    pub end: u64,
}

impl Packs {
    /// Scans a pack from an offset to `limit` or its end, whichever comes first.
    pub(super) fn scan(&self, pack: u32, from: u64, limit: u64) -> Result<Scan> {
        let io = |e| StoreError::io(format!("scanning pack {pack}"), e);
        let file = self.file(pack).map_err(io)?;
        let limit = file.metadata().map_err(io)?.len().min(limit);
        let mut scan = Scan { end: from, ..Scan::default() };
        let mut offset = from.next_multiple_of(ALIGN_BYTES);
        while offset < limit {
            match header_at(&file, pack, offset, limit).map_err(io)? {
                Some(header) => {
                    let location = Location { pack, offset, header };
                    scan.end = location.end();
                    offset = scan.end.next_multiple_of(ALIGN_BYTES);
                    scan.records.push(location);
                }
                None => {
                    let next = next_record(&file, pack, offset, limit).map_err(io)?;
                    scan.damaged.push(offset..next);
                    offset = next;
                }
            }
        }
        Ok(scan)
    }
}

/// The header of a whole record.
fn header_at(file: &File, pack: u32, offset: u64, limit: u64) -> std::io::Result<Option<Header>> {
    if offset + HEADER_BYTES as u64 > limit {
        return Ok(None);
    }
    let mut bytes = [0; HEADER_BYTES];
    file.read_exact_at(&mut bytes, offset)?;
    let room = limit - offset - HEADER_BYTES as u64;
    Ok(Header::parse(&bytes, pack, offset).filter(|header| header.stored_len <= room))
}

/// The first record behind a damaged one, or the limit.
fn next_record(file: &File, pack: u32, damaged: u64, limit: u64) -> std::io::Result<u64> {
    let mut offset = damaged + ALIGN_BYTES;
    let mut window = vec![0; WINDOW_BYTES];
    while offset < limit {
        let n_bytes = (limit - offset).min(WINDOW_BYTES as u64) as usize;
        file.read_exact_at(&mut window[..n_bytes], offset)?;
        for (slot, bytes) in (0..).zip(window[..n_bytes].chunks_exact(HEADER_BYTES)) {
            let bytes = bytes.try_into().expect("BUG: a slot is as long as a header");
            let offset = offset + slot * ALIGN_BYTES;
            let room = limit - offset - HEADER_BYTES as u64;
            if Header::parse(bytes, pack, offset).is_some_and(|header| header.stored_len <= room) {
                return Ok(offset);
            }
        }
        offset += WINDOW_BYTES as u64;
    }
    Ok(limit)
}
