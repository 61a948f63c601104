//! Files that are imported, and which digest each has.
//!
//! Invariant: a digest is remembered for as long as the file's inode, size and times are those of the
//! reading, and only if they were old enough then: a later write would show in them, as git has it
//! with its index. What is imported are the bytes that were hashed, or else it is refused.

use std::fs::{File, Metadata};
use std::io::Seek;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use refrain_domain::Digest;
use refrain_store::DynStore;

use crate::error::RunnerError;
use crate::{memo, now_ms, spec};

const HASHED: u8 = b'h';

/// A file whose times are younger than this may be written once more without a trace in them: file
/// systems count in steps of up to two seconds.
const SETTLED_AFTER_MS: i64 = 3_000;

/// A file that is open to be imported.
pub(crate) struct SourceFile {
    path: PathBuf,
    file: File,
    stamp: Stamp,
    pub(crate) digest: Digest,
    /// To be published: so that the file need not be read again to be recognised.
    pub(crate) memo: Option<(Vec<u8>, Vec<u8>)>,
}

impl SourceFile {
    /// Opens a file; reads it if nobody remembers its digest.
    pub(crate) fn open(store: &DynStore, path: &Path) -> Result<Self, RunnerError> {
        let unreadable = |error| unreadable(path, &error);
        let file = File::open(path).map_err(unreadable)?;
        let stamp = Stamp::of(&file.metadata().map_err(unreadable)?);
        let key = stamp.key();
        if let Some(digest) = memo::find::<Digest>(store, HASHED, &key)? {
            return Ok(Self { path: path.to_owned(), file, stamp, digest, memo: None });
        }
        let is_settled = now_ms().saturating_sub(stamp.last_ms()) >= SETTLED_AFTER_MS;
        let digest = Digest::of_reader(&file).map_err(unreadable)?;
        let memo = is_settled.then(|| memo::entry(HASHED, &key, &digest));
        let source = Self { path: path.to_owned(), file, stamp, digest, memo };
        source.check_unchanged()?;
        Ok(source)
    }

    /// The file from its beginning. One reader at a time.
    pub(crate) fn reader(&self) -> Result<File, RunnerError> {
        let rewound = self.file.try_clone().and_then(|mut file| file.rewind().map(|()| file));
        rewound.map_err(|error| unreadable(&self.path, &error))
    }

    /// Whether what was read since the opening is what has the digest.
    ///
    /// # Errors
    /// [`RunnerError::Import`] if somebody has written to the file meanwhile.
    pub(crate) fn check_unchanged(&self) -> Result<(), RunnerError> {
        let now = self.file.metadata().map_err(|error| unreadable(&self.path, &error))?;
        if Stamp::of(&now) == self.stamp {
            return Ok(());
        }
        let path = self.path.display();
        let message = format!(
            "{path} was written to while it was read: import it again once nobody writes to it"
        );
        Err(RunnerError::Import { message })
    }
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// When its content changed, and when anything about it did: seconds, and nanoseconds of the
    /// next one.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    fn key(&self) -> Digest {
        let Self { device, inode, size, modified, changed } = self;
        Digest::of(format!("{device} {inode} {size} {modified:?} {changed:?}").as_bytes())
    }

    /// Milliseconds since the epoch, of the later of its times.
    fn last_ms(&self) -> i64 {
        self.modified.0.max(self.changed.0).saturating_mul(1_000)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> RunnerError {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound => neighbour(path),
        _ => String::new(),
    };
    RunnerError::Import { message: format!("{} cannot be read: {error}{hint}", path.display()) }
}

/// The file beside it that a person most likely meant.
fn neighbour(path: &Path) -> String {
    let names: Vec<String> = path
        .parent()
        .and_then(|folder| std::fs::read_dir(folder).ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let wanted = path.file_name().unwrap_or_default().to_string_lossy();
    spec::nearest(&wanted, names.iter().map(String::as_str))
        .map_or_else(|| "; check the path".to_owned(), |name| format!("; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use refrain_store::{MemoryStore, Publication, Publish};

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        file
    }

    #[test]
    fn what_was_just_written_is_read_again() {
        let (store, file) = (MemoryStore::default(), file("a,b\n1,2\n"));
        let source = SourceFile::open(&store, file.path()).expect("a source");
        assert_eq!(source.digest, Digest::of(b"a,b\n1,2\n"));
        assert_eq!(source.memo, None);
    }

    #[test]
    fn a_settled_file_is_recognised_by_its_stamp_and_a_change_of_it_is_seen() {
        let (store, file) = (MemoryStore::default(), file("a,b\n1,2\n"));
        let stamp = Stamp::of(&file.as_file().metadata().expect("metadata"));
        let known = Digest::of(b"as if it had been settled");
        let memos = vec![memo::entry(HASHED, &stamp.key(), &known)];
        store.publish(&Publication { memos, ..Publication::default() }).expect("published");
        let source = SourceFile::open(&store, file.path()).expect("a source");
        assert_eq!((source.digest, source.memo), (known, None));
        // Of the same size, and with the time of before. The kernel's clock for files ticks slowly.
        std::thread::sleep(std::time::Duration::from_millis(20));
        let before = file.as_file().metadata().and_then(|m| m.modified()).expect("a time");
        std::fs::write(file.path(), "a,b\n1,3\n").expect("written");
        file.as_file().set_modified(before).expect("set");
        let source = SourceFile::open(&store, file.path()).expect("a source");
        assert_eq!(source.digest, Digest::of(b"a,b\n1,3\n"));
    }

    #[test]
    fn a_file_that_was_left_alone_is_remembered() {
        let store = MemoryStore::default();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let source = SourceFile::open(&store, &path).expect("a source");
        let memos = source.memo.into_iter().collect::<Vec<_>>();
        assert_eq!(memos.len(), 1, "its times are those of the checkout");
        store.publish(&Publication { memos, ..Publication::default() }).expect("published");
        let again = SourceFile::open(&store, &path).expect("a source");
        assert_eq!((again.digest, again.memo), (source.digest, None));
    }

    #[test]
    fn a_write_between_hashing_and_reading_is_refused() {
        let (store, file) = (MemoryStore::default(), file("a,b\n1,2\n"));
        let source = SourceFile::open(&store, file.path()).expect("a source");
        source.check_unchanged().expect("nobody has written");
        std::fs::write(file.path(), "a,b\n1,2\n3,4\n").expect("written");
        let error = source.check_unchanged().expect_err("somebody has");
        assert!(error.to_string().contains("was written to while it was read"), "{error}");
    }
}
