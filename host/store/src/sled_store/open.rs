//! Opening a store: the lock, the format, and what a crash left behind.
//!
//! Invariant: opening loses nothing. Whole records behind the index's tail are taken into the
//! index, in order; only a torn tail is cut off.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Mutex;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::SledStore;
use super::flight::Flight;
use super::index::{Changeset, Index};
use super::journal;
use super::packs::{Packs, Tail, sync_dir};
use super::record::Content;
use crate::{Result, StoreError};

pub(super) const FORMAT: &str = "refrain-store/1";
const FORMAT_FILE: &str = "FORMAT";
const OUR_FILES: [&str; 5] = ["lock", FORMAT_FILE, "FORMAT.new", "packs", "index"];

impl SledStore {
    /// Opens the store in this folder; makes one if the folder is empty or does not exist.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another process, or another value in this one, has it open;
    /// [`StoreError::Format`] for a store of another version, a folder of something else, or a
    /// store whose index is gone; [`StoreError::DiskFull`], [`StoreError::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        let folder = Folder::open(path)?;
        let is_new = folder.check_format()?;
        let packs = folder.packs()?;
        let index = Index::open(&path.join("index"))?;
        if is_new {
            folder.create(&index)?;
        } else if index.meta("format")?.is_none() {
            let found =
                format!("{FORMAT} without its index (`refrain rebuild-index` makes it anew)");
            return Err(folder.format_error(found));
        }
        let tail = recover(packs.try_clone().map_err(io("opening the pack folder"))?, &index)?;
        Ok(folder.into_store(packs, index, tail))
    }
}

/// The folder of a store, locked.
pub(super) struct Folder<'a> {
    pub path: &'a Path,
    pub dir: Dir,
    lock: std::fs::File,
}

impl<'a> Folder<'a> {
    pub(super) fn open(path: &'a Path) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(io(format!("creating {}", path.display())))?;
        let dir = Dir::open_ambient_dir(path, ambient_authority());
        let dir = dir.map_err(io(format!("opening {}", path.display())))?;
        let lock = lock(&dir, path)?;
        Ok(Self { path, dir, lock })
    }

    /// Whether the folder is to become a store; an error if it cannot.
    pub(super) fn check_format(&self) -> Result<bool> {
        match self.dir.read_to_string(FORMAT_FILE) {
            Ok(found) if found.trim() == FORMAT => Ok(false),
            Ok(found) => Err(self.format_error(found.trim().to_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                for entry in self.dir.entries().map_err(io("listing the store"))? {
                    let name = entry.map_err(io("listing the store"))?.file_name();
                    if !OUR_FILES.iter().any(|ours| name.to_str() == Some(ours)) {
                        let found = format!("none: it holds `{}`", name.display());
                        return Err(self.format_error(found));
                    }
                }
                Ok(true)
            }
            Err(error) => Err(StoreError::io("reading FORMAT", error)),
        }
    }

    pub(super) fn format_error(&self, found: String) -> StoreError {
        let path = self.path.display().to_string();
        StoreError::Format { path, found, expected: FORMAT.to_owned() }
    }

    pub(super) fn packs(&self) -> Result<Dir> {
        self.dir.create_dir_all("packs").map_err(io("creating the pack folder"))?;
        self.dir.open_dir("packs").map_err(io("opening the pack folder"))
    }

    /// Writes what makes the folder a store, FORMAT last.
    pub(super) fn create(&self, index: &Index) -> Result<()> {
        let mut changes = Changeset::default();
        changes.insert_meta("format", FORMAT.as_bytes());
        index.apply(changes)?;
        index.sync()?;
        let doing = "writing FORMAT";
        let mut file = self.dir.create("FORMAT.new").map_err(io(doing))?;
        writeln!(file, "{FORMAT}").and_then(|()| file.sync_all()).map_err(io(doing))?;
        self.dir.rename("FORMAT.new", &self.dir, FORMAT_FILE).map_err(io(doing))?;
        sync_dir(&self.dir)
    }

    pub(super) fn into_store(self, packs: Dir, index: Index, tail: Tail) -> SledStore {
        SledStore {
            packs: Packs::new(packs, tail),
            index,
            flight: Flight::default(),
            stopped: Mutex::default(),
            publishing: Mutex::default(),
            maintenance: Mutex::default(),
            _lock: self.lock,
        }
    }
}

/// Takes whole records behind the index's tail into the index; answers where appends go on.
fn recover(dir: Dir, index: &Index) -> Result<Tail> {
    let known = index.tail()?;
    let packs = Packs::new(dir, known);
    let numbers = packs.numbers()?;
    let Some(&last) = numbers.last().filter(|last| **last >= known.pack) else {
        if known.end > 0 {
            tracing::warn!(pack = known.pack, "the last pack is missing: run fsck");
        }
        // A number is never used twice, not even that of a pack that went missing.
        let pack = known.pack + u32::from(known.end > 0);
        return Ok(Tail { pack, end: 0 });
    };
    let mut tail = known;
    for &pack in numbers.iter().filter(|pack| **pack >= known.pack) {
        let from = if pack == known.pack { known.end } else { 0 };
        if packs.pack_bytes(pack)? < from {
            tracing::warn!(pack, "the pack is shorter than it was: run fsck");
            tail = Tail { pack: last + 1, end: 0 };
            continue;
        }
        let end = replay(&packs, index, pack, from)?;
        if pack == last {
            tail = Tail { pack, end };
            if packs.pack_bytes(pack)? > end {
                packs.cut(tail)?;
            }
        }
    }
    Ok(tail)
}

/// Indexes what a pack holds from an offset on, as far as it verifies; answers where that ends.
fn replay(packs: &Packs, index: &Index, pack: u32, from: u64) -> Result<u64> {
    let scan = packs.scan(pack, from, u64::MAX)?;
    let mut changes = Changeset::default();
    let mut end = from;
    for location in &scan.records {
        let Ok(bytes) = packs.read(location) else { continue };
        end = location.end();
        match location.header.content {
            Content::Artifact => changes.insert_location(location),
            // A snapshot repeats what is known here.
            Content::Journal => {
                let entries = journal::parse(&bytes).unwrap_or_default();
                entries.iter().for_each(|entry| entry.apply(&mut changes));
            }
        }
    }
    if end > from {
        tracing::debug!(pack, n_records = scan.records.len(), "took in what the index had lost");
        // Written, perhaps not synced: the index must not be ahead of it.
        packs.sync_pack(pack)?;
        changes.insert_tail(Tail { pack, end });
        index.apply(changes)?;
    }
    Ok(end)
}

fn lock(dir: &Dir, path: &Path) -> Result<std::fs::File> {
    let doing = "locking the store";
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    let mut file = dir.open_with("lock", &options).map_err(io(doing))?.into_std();
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Who holds it is a courtesy; that someone does is what matters.
            let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            return Err(StoreError::InUse { path: path.display().to_string(), pid });
        }
        Err(std::fs::TryLockError::Error(error)) => return Err(StoreError::io(doing, error)),
    }
    // On a full disk this fails, and the store must open all the same.
    drop(file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())));
    Ok(file)
}

pub(super) fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> StoreError {
    |error| StoreError::io(doing, error)
}
