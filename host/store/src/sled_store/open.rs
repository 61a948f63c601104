//! Opening a store: the lock, the format, and what a crash left behind.
//!
//! Invariant: a folder that is not whole is not opened: neither something else's, nor what an
//! interrupted copy left. FORMAT comes last.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Mutex;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::SledStore;
use super::flight::Flight;
use super::index::{Changeset, Index, damaged};
use super::packs::{Packs, Tail, sync_dir};
use super::replay::recover;
use crate::{Result, StoreError};

pub(super) const FORMAT: &str = "refrain-store/1";
const FORMAT_FILE: &str = "FORMAT";
/// What a store consists of before its FORMAT file is written.
const OUR_FILES: [&str; 4] = ["lock", "FORMAT.new", "packs", "index"];
/// Lies in a folder while a copy is being made there.
const UNFINISHED_FILE: &str = "UNFINISHED";

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
        let no_index = || {
            let found =
                format!("{FORMAT} without its index (`refrain rebuild-index` makes it anew)");
            folder.format_error(found)
        };
        if !is_new && !path.join("index").is_dir() {
            return Err(no_index());
        }
        let packs = Packs::new(folder.packs()?, Tail::default());
        let index =
            if is_new { Index::open(&path.join("index"))? } else { folder.sound_index()? };
        if is_new {
            folder.create(&index)?;
        } else if index.meta("format")?.is_none() {
            return Err(no_index());
        }
        packs.continue_at(recover(&packs, &index)?);
        Ok(folder.into_store(packs, index))
    }
}

/// The folder of a store, locked.
pub(super) struct Folder<'a> {
    pub path: &'a Path,
    pub dir: Dir,
    lock: std::fs::File,
    /// Whether whoever had the store open before did not come to close it.
    was_killed: bool,
}

impl<'a> Folder<'a> {
    pub(super) fn open(path: &'a Path) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(io(format!("creating {}", path.display())))?;
        let dir = Dir::open_ambient_dir(path, ambient_authority());
        let dir = dir.map_err(io(format!("opening {}", path.display())))?;
        let (lock, was_killed) = lock(&dir, path)?;
        Ok(Self { path, dir, lock, was_killed })
    }

    /// The index. After a kill every entry of it is looked at, since sled may have lost some; an
    /// index that cannot be read is made anew from the packs, which hold all that it said.
    fn sound_index(&self) -> Result<Index> {
        let path = self.path.join("index");
        if !self.was_killed {
            return Index::open(&path);
        }
        match read_through(&path) {
            Ok(index) => Ok(index),
            Err(error) => {
                tracing::warn!(%error, "the index did not survive a kill, and is made anew");
                self.rebuild_index()?;
                Index::open(&path)
            }
        }
    }

    /// Whether the folder is to become a store; an error if it cannot.
    pub(super) fn check_format(&self) -> Result<bool> {
        if self.dir.exists(UNFINISHED_FILE) {
            let found = "an unfinished copy (remove the folder, and copy again)";
            return Err(self.format_error(found.to_owned()));
        }
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
                if !Packs::new(self.packs()?, Tail::default()).numbers()?.is_empty() {
                    let found = format!("none: it has packs, but its {FORMAT_FILE} file is gone");
                    return Err(self.format_error(found));
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

    /// Until [`Self::create`] has come to its end, nobody opens the folder.
    pub(super) fn begin_copy(&self) -> Result<()> {
        let doing = "marking the copy as unfinished";
        let file = self.dir.create(UNFINISHED_FILE).map_err(io(doing))?;
        file.sync_all().map_err(io(doing))?;
        sync_dir(&self.dir)
    }

    /// Marks an index as whole, and makes it durable.
    pub(super) fn finish_index(index: &Index) -> Result<()> {
        let mut changes = Changeset::default();
        changes.insert_meta("format", FORMAT.as_bytes());
        index.apply(changes)?;
        index.sync()
    }

    /// Writes what makes the folder a store, FORMAT last.
    pub(super) fn create(&self, index: &Index) -> Result<()> {
        Self::finish_index(index)?;
        let doing = "writing FORMAT";
        let mut file = self.dir.create("FORMAT.new").map_err(io(doing))?;
        writeln!(file, "{FORMAT}").and_then(|()| file.sync_all()).map_err(io(doing))?;
        self.dir.rename("FORMAT.new", &self.dir, FORMAT_FILE).map_err(io(doing))?;
        sync_dir(&self.dir)?;
        if self.dir.exists(UNFINISHED_FILE) {
            self.dir.remove_file(UNFINISHED_FILE).map_err(io("finishing the copy"))?;
            sync_dir(&self.dir)?;
        }
        Ok(())
    }

    fn into_store(self, packs: Packs, index: Index) -> SledStore {
        SledStore {
            packs,
            index,
            flight: Flight::default(),
            stopped: Mutex::default(),
            publishing: Mutex::default(),
            maintenance: Mutex::default(),
            lock: self.lock,
        }
    }
}

/// Opens an index and reads every entry. sled takes some damage for an index without entries.
fn read_through(path: &Path) -> Result<Index> {
    let index = Index::open(path)?;
    index.read_through()?;
    match index.meta("format")? {
        Some(_) => Ok(index),
        None => Err(damaged("it is empty")),
    }
}

/// The lock, and whether whoever held it before left without emptying it.
fn lock(dir: &Dir, path: &Path) -> Result<(std::fs::File, bool)> {
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
    let was_killed = file.metadata().is_ok_and(|metadata| metadata.len() > 0);
    // On a full disk this fails, and the store must open all the same.
    drop(file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())));
    Ok((file, was_killed))
}

pub(super) fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> StoreError {
    |error| StoreError::io(doing, error)
}
