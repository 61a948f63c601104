//! Pack files: records, one after another, only ever appended to.
//!
//! A record is a header of 64 bytes — magic, length, digest, and a checksum over those — and the
//! artifact's bytes. `STORE_FORMAT.md` is the specification.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cap_std::fs::{Dir, File, FileExt, OpenOptions};
use refrain_domain::Digest;

use crate::{Result, StoreError};

const MAGIC: [u8; 8] = *b"RFRPACK1";
pub(crate) const HEADER_BYTES: u64 = 64;

/// A pack that has grown to this length is closed, and the next one begun.
const PACK_BYTES_MAX: u64 = 512 << 20;

/// Where an artifact lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    pub pack: u32,
    /// Of the record's header.
    pub offset: u64,
    /// Of the artifact.
    pub len: u64,
}

impl Location {
    pub(crate) fn to_bytes(self) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&self.pack.to_be_bytes());
        bytes[4..12].copy_from_slice(&self.offset.to_be_bytes());
        bytes[12..].copy_from_slice(&self.len.to_be_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let pack = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
        let offset = u64::from_be_bytes(bytes.get(4..12)?.try_into().ok()?);
        let len = u64::from_be_bytes(bytes.get(12..20)?.try_into().ok()?);
        Some(Self { pack, offset, len })
    }

    /// The first byte after the record.
    pub(crate) const fn end(self) -> u64 {
        self.offset + HEADER_BYTES + self.len
    }
}

/// The folder of pack files.
pub(crate) struct Packs {
    dir: Dir,
    open: Mutex<HashMap<u32, Arc<File>>>,
    writer: Mutex<Writer>,
}

struct Writer {
    pack: u32,
    end: u64,
    file: Option<Arc<File>>,
    /// Packs written to since the last sync.
    dirty: Vec<Arc<File>>,
    is_dir_dirty: bool,
}

impl Packs {
    /// Opens the folder. `tail` is where the last pack ended when it was last synced: whatever
    /// lies behind it was never acknowledged, and is cut off.
    pub(crate) fn open(dir: Dir, tail: Option<(u32, u64)>) -> Result<Self> {
        let (pack, end) = tail.unwrap_or((0, 0));
        let packs = Self {
            dir,
            open: Mutex::default(),
            writer: Mutex::new(Writer {
                pack,
                end,
                file: None,
                dirty: vec![],
                is_dir_dirty: false,
            }),
        };
        for number in packs.numbers()? {
            if number > pack {
                let name = file_name(number);
                packs
                    .dir
                    .remove_file(&name)
                    .map_err(|e| StoreError::io(format!("removing {name}"), e))?;
            }
        }
        if end > 0 {
            let file = packs.open_for_append(pack)?;
            let len =
                file.metadata().map_err(|e| StoreError::io("reading a pack's length", e))?.len();
            if len < end {
                return Err(StoreError::Stopped {
                    detail: format!(
                        "pack {pack} has {len} bytes, but {end} were acknowledged: restore it from a backup, then run fsck"
                    ),
                });
            }
            file.set_len(end).map_err(|e| StoreError::io("cutting a torn tail", e))?;
            packs.lock_writer().file = Some(file);
        }
        Ok(packs)
    }

    /// Appends a record; it is durable after the next [`Self::sync`].
    pub(crate) fn append(&self, digest: &Digest, bytes: &[u8]) -> Result<Location> {
        let mut writer = self.lock_writer();
        if writer.file.is_none() || writer.end >= PACK_BYTES_MAX {
            self.next_pack(&mut writer)?;
        }
        let file = writer.file.clone().expect("BUG: a writer without a pack");
        let location = Location { pack: writer.pack, offset: writer.end, len: bytes.len() as u64 };
        let written = file
            .write_all_at(&header(digest, location.len), location.offset)
            .and_then(|()| file.write_all_at(bytes, location.offset + HEADER_BYTES));
        if let Err(error) = written {
            // The next record overwrites the torn one; nothing points at it.
            return Err(StoreError::io(
                format!("writing {} bytes to pack {}", bytes.len(), writer.pack),
                error,
            ));
        }
        writer.end = location.end();
        if !writer.dirty.iter().any(|dirty| Arc::ptr_eq(dirty, &file)) {
            writer.dirty.push(file);
        }
        Ok(location)
    }

    fn next_pack(&self, writer: &mut Writer) -> Result<()> {
        writer.pack += 1;
        writer.end = 0;
        writer.file = Some(self.open_for_append(writer.pack)?);
        writer.is_dir_dirty = true;
        Ok(())
    }

    /// Begins a new pack with the next record.
    pub(crate) fn close_pack(&self) {
        self.lock_writer().file = None;
    }

    /// Makes every record appended so far durable; answers where the last pack ends.
    pub(crate) fn sync(&self) -> Result<Option<(u32, u64)>> {
        let mut writer = self.lock_writer();
        for file in std::mem::take(&mut writer.dirty) {
            file.sync_data().map_err(|e| StoreError::io("syncing a pack", e))?;
        }
        if std::mem::take(&mut writer.is_dir_dirty) {
            self.sync_dir()?;
        }
        Ok((writer.pack > 0).then_some((writer.pack, writer.end)))
    }

    fn sync_dir(&self) -> Result<()> {
        let dir = self.dir.open(".").map_err(|e| StoreError::io("opening the pack folder", e))?;
        dir.sync_all().map_err(|e| StoreError::io("syncing the pack folder", e))
    }

    /// Reads a record and verifies header and digest.
    pub(crate) fn read(&self, digest: &Digest, location: Location) -> Result<Arc<[u8]>> {
        let corrupt = |detail: String| StoreError::Corrupt { digest: *digest, detail };
        let Location { pack, offset, len } = location;
        let place = format!("pack {pack} at {offset}");
        let file = self.file(pack)?;
        let mut found = [0; HEADER_BYTES as usize];
        file.read_exact_at(&mut found, offset)
            .map_err(|error| corrupt(format!("{place}: its header cannot be read: {error}")))?;
        if found != header(digest, len) {
            return Err(corrupt(format!("{place}: its header is damaged")));
        }
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, offset + HEADER_BYTES)
            .map_err(|error| corrupt(format!("{place}: it is cut short: {error}")))?;
        if Digest::of(&bytes) != *digest {
            return Err(corrupt(format!("{place}: its bytes have another digest")));
        }
        Ok(Arc::from(bytes))
    }

    /// Every whole record of a pack, in order, and where the first torn one begins.
    pub(crate) fn scan(&self, pack: u32) -> Result<(Vec<(Digest, Location)>, u64)> {
        let file = self.file(pack)?;
        let io = |e| StoreError::io(format!("scanning pack {pack}"), e);
        let end = file.metadata().map_err(io)?.len();
        let (mut records, mut offset) = (Vec::new(), 0);
        while offset + HEADER_BYTES <= end {
            let mut bytes = [0; HEADER_BYTES as usize];
            file.read_exact_at(&mut bytes, offset).map_err(io)?;
            let Some((digest, len)) = parse_header(&bytes) else { break };
            let location = Location { pack, offset, len };
            if location.end() > end {
                break;
            }
            records.push((digest, location));
            offset = location.end();
        }
        Ok((records, offset))
    }

    /// The numbers of all packs, ascending.
    pub(crate) fn numbers(&self) -> Result<Vec<u32>> {
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

    /// Bytes of all packs on disk.
    pub(crate) fn size_bytes(&self) -> Result<u64> {
        let mut total = 0;
        for number in self.numbers()? {
            let metadata = self.dir.metadata(file_name(number));
            total += metadata.map_err(|e| StoreError::io("reading a pack's length", e))?.len();
        }
        Ok(total)
    }

    pub(crate) fn remove(&self, pack: u32) -> Result<()> {
        self.lock_open().remove(&pack);
        let name = file_name(pack);
        self.dir.remove_file(&name).map_err(|e| StoreError::io(format!("removing {name}"), e))?;
        self.sync_dir()
    }

    /// Copies a pack's first bytes to another folder, durably.
    pub(crate) fn copy_to(&self, pack: u32, to: &Dir) -> Result<()> {
        let name = file_name(pack);
        let io = |e| StoreError::io(format!("copying {name}"), e);
        let mut from = self.dir.open(&name).map_err(io)?;
        let mut target = to.create(&name).map_err(io)?;
        from.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let n = from.read(&mut buffer).map_err(io)?;
            if n == 0 {
                return target.sync_all().map_err(io);
            }
            target.write_all(&buffer[..n]).map_err(io)?;
        }
    }

    fn file(&self, pack: u32) -> Result<Arc<File>> {
        if let Some(file) = self.lock_open().get(&pack) {
            return Ok(file.clone());
        }
        let name = file_name(pack);
        let file =
            self.dir.open(&name).map_err(|e| StoreError::io(format!("opening {name}"), e))?;
        Ok(self.lock_open().entry(pack).or_insert_with(|| Arc::new(file)).clone())
    }

    fn open_for_append(&self, pack: u32) -> Result<Arc<File>> {
        let name = file_name(pack);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        let file = self.dir.open_with(&name, &options);
        let file = Arc::new(file.map_err(|e| StoreError::io(format!("opening {name}"), e))?);
        self.lock_open().insert(pack, file.clone());
        Ok(file)
    }

    fn lock_writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_open(&self) -> MutexGuard<'_, HashMap<u32, Arc<File>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn file_name(pack: u32) -> String {
    format!("{pack:08}.pack")
}

fn header(digest: &Digest, len: u64) -> [u8; HEADER_BYTES as usize] {
    let mut bytes = [0; HEADER_BYTES as usize];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..16].copy_from_slice(&len.to_le_bytes());
    bytes[16..48].copy_from_slice(digest.as_bytes());
    let checksum = Digest::of(&bytes[..48]);
    bytes[48..].copy_from_slice(&checksum.as_bytes()[..16]);
    bytes
}

fn parse_header(bytes: &[u8; HEADER_BYTES as usize]) -> Option<(Digest, u64)> {
    let len = u64::from_le_bytes(bytes[8..16].try_into().ok()?);
    let digest = Digest::from_bytes(bytes[16..48].try_into().ok()?);
    (header(&digest, len) == *bytes).then_some((digest, len))
}
