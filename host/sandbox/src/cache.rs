//! Compiled code on disk.
//!
//! Invariant: bytes that were not written by a holder of this folder's key are never handed to the
//! engine. Every file begins with a keyed BLAKE3 of the rest; on any doubt the component is
//! compiled again.

use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use refrain_domain::Digest;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::settings::ENGINE;

const KEY_FILE: &str = "key";
const MAC_BYTES: usize = 32;

/// A folder of compiled components, and the key that authenticates them.
pub(crate) struct CompileCache {
    dir: PathBuf,
    key: [u8; 32],
}

impl CompileCache {
    pub(crate) fn open(dir: &Path) -> Result<Self, String> {
        let name = |error: std::io::Error| format!("compile cache {}: {error}", dir.display());
        std::fs::create_dir_all(dir).map_err(name)?;
        let path = dir.join(KEY_FILE);
        let key = match read_key(&path) {
            Some(key) => key,
            None => new_key(&path).map_err(name)?,
        };
        Ok(Self { dir: dir.to_owned(), key })
    }

    /// Everything that decides the compiled code: component, wasmtime, settings, target.
    pub(crate) fn key(&self, engine: &Engine, component: &Digest) -> Digest {
        struct Blake(blake3::Hasher);
        impl Hasher for Blake {
            fn finish(&self) -> u64 {
                0
            }
            fn write(&mut self, bytes: &[u8]) {
                self.0.update(bytes);
            }
        }
        let mut hasher = Blake(blake3::Hasher::new());
        hasher.write(ENGINE.as_bytes());
        hasher.write(component.as_bytes());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Digest::from_bytes(*hasher.0.finalize().as_bytes())
    }

    pub(crate) fn load(&self, engine: &Engine, key: &Digest) -> Option<Component> {
        let bytes = std::fs::read(self.path(key)).ok()?;
        let (mac, code) = bytes.split_at_checked(MAC_BYTES)?;
        // blake3::Hash compares in constant time.
        if self.mac(key, code) != blake3::Hash::from_slice(mac).ok()? {
            tracing::warn!(%key, "compiled code is not authentic: compiling again");
            return None;
        }
        #[expect(
            unsafe_code,
            reason = "these bytes were made by `serialize` here: the MAC says so"
        )]
        // SAFETY: deserialize trusts its input; the keyed hash above proves that a holder of the
        // key wrote exactly these bytes for exactly this engine and component.
        unsafe {
            Component::deserialize(engine, code).ok()
        }
    }

    /// Keeps compiled code; a cache that cannot be written is no reason to fail.
    pub(crate) fn save(&self, key: &Digest, component: &Component) {
        let result = component.serialize().map_err(|error| error.to_string()).and_then(|code| {
            let mut bytes = self.mac(key, &code).as_bytes().to_vec();
            bytes.extend_from_slice(&code);
            // Two sandboxes of one process may share a folder.
            static SAVES: AtomicU64 = AtomicU64::new(0);
            let n = SAVES.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}.{}.{n}.tmp", key.to_hex(), std::process::id());
            let temporary = self.dir.join(name);
            let saved = std::fs::write(&temporary, bytes)
                .and_then(|()| std::fs::rename(&temporary, self.path(key)));
            saved.map_err(|error| {
                drop(std::fs::remove_file(&temporary));
                error.to_string()
            })
        });
        if let Err(error) = result {
            tracing::warn!(%key, error, "compiled code was not kept");
        }
    }

    /// The key is under the hash, so that a file put under another's name is refused.
    fn mac(&self, key: &Digest, code: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(key.as_bytes());
        hasher.update(code);
        hasher.finalize()
    }

    fn path(&self, key: &Digest) -> PathBuf {
        self.dir.join(format!("{}.cwasm", key.to_hex()))
    }
}

/// The key, if nobody but its owner could have read it.
fn read_key(path: &Path) -> Option<[u8; 32]> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "the key was open to others: making a new one");
        return None;
    }
    std::fs::read(path).ok()?.try_into().ok()
}

fn new_key(path: &Path) -> std::io::Result<[u8; 32]> {
    use std::io::Read;
    use std::os::unix::fs::OpenOptionsExt;
    let mut key = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&key)?;
    std::fs::rename(&temporary, path)?;
    Ok(key)
}
