//! Pack files: records, one after another, only ever appended to.
//!
//! Invariant: bytes below the end that was last synced are never written again. A number is never
//! used twice, so a location names the same bytes for ever, or nothing.
//!
//! Absent on purpose: what is live. The index knows; `STORE_FORMAT.md` is the specification.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cap_std::fs::{Dir, File, FileExt, OpenOptions};
use refrain_domain::Digest;

use super::record::{ALIGN_BYTES, Codec, HEADER_BYTES, Header, decode_lz4};
use crate::{Bytes, Result, StoreError};

/// A pack that has grown to this length is closed, and the next one begun.
const PACK_BYTES_MAX: u64 = 256 << 20;

/// Up to this length, header and bytes go to the disk in one write.
const JOINED_WRITE_BYTES_MAX: usize = 64 << 10;

/// Packs are copied in pieces of this length.
const COPY_BYTES: usize = 1 << 20;

/// Where an artifact lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location {
    pub pack: u32,
    /// Of the record's header.
    pub offset: u64,
    pub header: Header,
}

impl Location {
    /// The first byte after the record.
    pub(super) const fn end(&self) -> u64 {
        self.offset + self.record_bytes()
    }

    /// Where the record begins.
    pub(super) const fn place(&self) -> Tail {
        Tail { pack: self.pack, end: self.offset }
    }

    /// What the record takes of a pack, up to where the next may begin.
    pub(super) const fn padded_bytes(&self) -> u64 {
        self.record_bytes().next_multiple_of(ALIGN_BYTES)
    }

    /// Header and stored bytes.
    pub(super) const fn record_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + self.header.stored_len
    }
}

/// A place in the packs. Behind the index's own, records are not in the index yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Tail {
    pub pack: u32,
    pub end: u64,
}

/// The folder of pack files.
pub(super) struct Packs {
    dir: Dir,
    open: Mutex<HashMap<u32, Arc<File>>>,
    writer: Mutex<Writer>,
}

struct Writer {
    tail: Tail,
    file: Option<Arc<File>>,
    /// Written to since the last sync.
    dirty: Vec<Arc<File>>,
    is_dir_dirty: bool,
}

impl Packs {
    /// Appends go behind the tail; what lies there already is overwritten.
    pub(super) fn new(dir: Dir, tail: Tail) -> Self {
        let writer = Writer { tail, file: None, dirty: vec![], is_dir_dirty: false };
        Self { dir, open: Mutex::default(), writer: Mutex::new(writer) }
    }

    /// Appends a record, whose bytes are in the header's codec; it is durable after the next
    /// [`Self::sync`].
    pub(super) fn append(&self, header: Header, stored: &[u8]) -> Result<Location> {
        let mut writer = self.lock_writer();
        if writer.tail.end >= PACK_BYTES_MAX {
            writer.begin_pack();
        }
        let file = self.file_for_append(&mut writer)?;
        let offset = writer.tail.end.next_multiple_of(ALIGN_BYTES);
        let location = Location { pack: writer.tail.pack, offset, header };
        if let Err(error) = write_record(&file, &location, stored) {
            // Gives back the space of the torn record. Should this fail too, the next record
            // overwrites it; nothing points at it.
            drop(file.set_len(writer.tail.end));
            let doing = format!("writing {} bytes to pack {}", stored.len(), location.pack);
            return Err(StoreError::io(doing, error));
        }
        writer.tail.end = location.end();
        if !writer.dirty.iter().any(|dirty| Arc::ptr_eq(dirty, &file)) {
            writer.dirty.push(file);
        }
        Ok(location)
    }

    fn file_for_append(&self, writer: &mut Writer) -> Result<Arc<File>> {
        if let Some(file) = &writer.file {
            return Ok(file.clone());
        }
        let pack = writer.tail.pack;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        let file = self.dir.open_with(file_name(pack), &options);
        let file = Arc::new(file.map_err(|e| StoreError::io(format!("opening pack {pack}"), e))?);
        self.lock_open().insert(pack, file.clone());
        writer.is_dir_dirty = true;
        writer.file = Some(file.clone());
        Ok(file)
    }

    /// The next record begins a new pack, unless the newest has none yet.
    pub(super) fn begin_pack(&self) {
        let mut writer = self.lock_writer();
        if writer.tail.end > 0 {
            writer.begin_pack();
        }
    }

    /// The next record goes there.
    pub(super) fn continue_at(&self, tail: Tail) {
        let mut writer = self.lock_writer();
        (writer.tail, writer.file) = (tail, None);
    }

    /// Makes every record appended so far durable. Without any it costs nothing.
    pub(super) fn sync(&self) -> Result<()> {
        let (dirty, is_dir_dirty) = {
            let mut writer = self.lock_writer();
            (std::mem::take(&mut writer.dirty), std::mem::take(&mut writer.is_dir_dirty))
        };
        // Outside the lock: stagers go on meanwhile, and wait for the next sync.
        for file in dirty {
            file.sync_data().map_err(|e| StoreError::io("syncing a pack", e))?;
        }
        if is_dir_dirty { sync_dir(&self.dir) } else { Ok(()) }
    }

    /// Makes whatever a pack holds durable, whoever wrote it.
    pub(super) fn sync_pack(&self, pack: u32) -> Result<()> {
        let file =
            self.file(pack).map_err(|e| StoreError::io(format!("opening pack {pack}"), e))?;
        file.sync_data().map_err(|e| StoreError::io(format!("syncing pack {pack}"), e))
    }

    /// How far appends have come, synced or not.
    pub(super) fn tail(&self) -> Tail {
        self.lock_writer().tail
    }

    /// Reads a record and verifies header and digest.
    pub(super) fn read(&self, location: &Location) -> Result<Bytes> {
        let header = &location.header;
        let corrupt = |what: String| corrupt(location, &what);
        let len = usize::try_from(header.len).map_err(|e| corrupt(e.to_string()))?;
        let file = self.check_header(location)?;
        let mut artifact: Bytes = std::iter::repeat_n(0, len).collect();
        let buffer = Arc::get_mut(&mut artifact).expect("BUG: a new Arc has one owner");
        match header.codec {
            Codec::Raw => read_at(&file, buffer, location, HEADER_BYTES as u64)?,
            Codec::Lz4 => {
                let stored = read_stored(&file, location)?;
                decode_lz4(&stored, buffer).map_err(corrupt)?;
            }
        }
        if Digest::of(&artifact) != header.digest {
            return Err(corrupt("its bytes have another digest".to_owned()));
        }
        Ok(artifact)
    }

    /// Whether the record's header is where and what it should be.
    pub(super) fn check_header(&self, location: &Location) -> Result<Arc<File>> {
        let file = match self.file(location.pack) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(corrupt(location, "the pack is missing"));
            }
            file => {
                file.map_err(|e| StoreError::io(format!("opening pack {}", location.pack), e))?
            }
        };
        let mut found = [0; HEADER_BYTES];
        read_at(&file, &mut found, location, 0)?;
        if found != location.header.to_bytes(location.pack, location.offset) {
            return Err(corrupt(location, "its header is damaged"));
        }
        Ok(file)
    }

    /// The bytes of a record as they are stored, after a look at what they amount to.
    pub(super) fn read_verified(&self, location: &Location) -> Result<Vec<u8>> {
        let content = self.read(location)?;
        match location.header.codec {
            Codec::Raw => Ok(content.to_vec()),
            Codec::Lz4 => read_stored(&*self.check_header(location)?, location),
        }
    }

    /// Copies a pack up to an end to a file of the same name in another folder, durably.
    pub(super) fn copy_to(&self, pack: u32, end: u64, to: &Dir) -> Result<()> {
        let doing = || format!("copying pack {pack}");
        let from = self.file(pack).map_err(|e| StoreError::io(doing(), e))?;
        let target = to.create(file_name(pack)).map_err(|e| StoreError::io(doing(), e))?;
        let mut window = vec![0; COPY_BYTES];
        let mut offset = 0;
        while offset < end {
            let n_bytes = (end - offset).min(COPY_BYTES as u64) as usize;
            let window = &mut window[..n_bytes];
            from.read_exact_at(window, offset)
                .and_then(|()| target.write_all_at(window, offset))
                .map_err(|e| StoreError::io(doing(), e))?;
            offset += n_bytes as u64;
        }
        target.sync_all().map_err(|e| StoreError::io(doing(), e))
    }

    /// The numbers of all packs, ascending.
    pub(super) fn numbers(&self) -> Result<Vec<u32>> {
        let io = |e| StoreError::io("listing packs", e);
        let mut numbers = Vec::new();
        for entry in self.dir.entries().map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".pack"));
            numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The length of a pack in bytes.
    pub(super) fn pack_bytes(&self, pack: u32) -> Result<u64> {
        let metadata = self.dir.metadata(file_name(pack));
        let io = |e| StoreError::io(format!("reading the length of pack {pack}"), e);
        Ok(metadata.map_err(io)?.len())
    }

    /// Bytes of all packs on disk.
    pub(super) fn total_bytes(&self) -> Result<u64> {
        self.numbers()?.into_iter().map(|pack| self.pack_bytes(pack)).sum()
    }

    /// Cuts off what a crash left behind the last whole record.
    pub(super) fn cut(&self, tail: Tail) -> Result<()> {
        let io = |e| StoreError::io(format!("cutting the torn tail of pack {}", tail.pack), e);
        let mut options = OpenOptions::new();
        options.write(true);
        let file = self.dir.open_with(file_name(tail.pack), &options).map_err(io)?;
        file.set_len(tail.end).and_then(|()| file.sync_all()).map_err(io)
    }

    /// Makes the names of the packs durable.
    pub(super) fn sync_names(&self) -> Result<()> {
        sync_dir(&self.dir)
    }

    /// Removes a pack that nothing points into.
    pub(super) fn remove(&self, pack: u32) -> Result<()> {
        self.lock_open().remove(&pack);
        let removed = self.dir.remove_file(file_name(pack));
        removed.map_err(|e| StoreError::io(format!("removing pack {pack}"), e))?;
        sync_dir(&self.dir)
    }

    /// A pack for reading; a reader that has it may go on after the pack was removed.
    pub(super) fn file(&self, pack: u32) -> std::io::Result<Arc<File>> {
        if let Some(file) = self.lock_open().get(&pack) {
            return Ok(file.clone());
        }
        let file = self.dir.open(file_name(pack))?;
        Ok(self.lock_open().entry(pack).or_insert_with(|| Arc::new(file)).clone())
    }

    fn lock_writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_open(&self) -> MutexGuard<'_, HashMap<u32, Arc<File>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    fn begin_pack(&mut self) {
        self.tail = Tail { pack: self.tail.pack + 1, end: 0 };
        self.file = None;
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync_dir(dir: &Dir) -> Result<()> {
    let dir = dir.open(".").map_err(|e| StoreError::io("opening a folder", e))?;
    dir.sync_all().map_err(|e| StoreError::io("syncing a folder", e))
}

pub(super) fn file_name(pack: u32) -> String {
    format!("{pack:08}.pack")
}

fn write_record(file: &File, location: &Location, stored: &[u8]) -> std::io::Result<()> {
    let Location { pack, offset, header } = *location;
    let header = header.to_bytes(pack, offset);
    if stored.len() <= JOINED_WRITE_BYTES_MAX {
        return file.write_all_at(&[&header, stored].concat(), offset);
    }
    file.write_all_at(&header, offset)?;
    file.write_all_at(stored, offset + HEADER_BYTES as u64)
}

fn read_stored(file: &File, location: &Location) -> Result<Vec<u8>> {
    let len = usize::try_from(location.header.stored_len);
    let mut stored = vec![0; len.map_err(|e| corrupt(location, &e.to_string()))?];
    read_at(file, &mut stored, location, HEADER_BYTES as u64)?;
    Ok(stored)
}

fn read_at(file: &File, buffer: &mut [u8], location: &Location, skip: u64) -> Result<()> {
    let read = file.read_exact_at(buffer, location.offset + skip);
    read.map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => corrupt(location, "the pack ends before it does"),
        _ => StoreError::io(format!("reading pack {}", location.pack), error),
    })
}

fn corrupt(location: &Location, what: &str) -> StoreError {
    let Location { pack, offset, header } = location;
    StoreError::Corrupt {
        digest: header.digest,
        detail: format!("pack {pack} at {offset}: {what}"),
    }
}
