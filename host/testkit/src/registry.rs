//! Debian's `docker-registry`, the reference implementation of OCI's distribution, on loopback.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::command::listening;

/// Where `cargo xtask test` says the registry's program is.
const PROGRAM: &str = "REFRAIN_DOCKER_REGISTRY";

/// The one user that a registry with a door knows, and the password.
pub const REGISTRY_USER: (&str, &str) = ("ali", "open sesame");

/// Its bcrypt hash, cost 5.
const HTPASSWD: &str = "ali:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n";

/// A registry that ends with this value, and its data too.
pub struct OciServer {
    child: Child,
    folder: TempDir,
    /// `127.0.0.1:port`.
    pub host: String,
}

impl OciServer {
    /// A registry that lets anyone in.
    ///
    /// # Panics
    /// If it does not start.
    pub fn open() -> Self {
        Self::start("")
    }

    /// A registry that lets [`REGISTRY_USER`] in, and nobody else.
    ///
    /// # Panics
    /// If it does not start.
    pub fn locked() -> Self {
        Self::start("auth: {htpasswd: {realm: test, path: htpasswd}}\n")
    }

    fn start(more: &str) -> Self {
        let program = std::env::var_os(PROGRAM).unwrap_or_else(|| {
            panic!("{PROGRAM} does not name docker-registry: run `cargo xtask test`")
        });
        let folder = tempfile::tempdir().expect("a folder");
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: data}}}}\n\
             http: {{addr: '127.0.0.1:0', secret: test}}\n{more}"
        );
        std::fs::write(folder.path().join("config.yml"), config).expect("a file");
        std::fs::write(folder.path().join("htpasswd"), HTPASSWD).expect("a file");
        let mut command = Command::new(program);
        command.args(["serve", "config.yml"]).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("docker-registry starts");
        let host = listening(&mut child);
        Self { child, folder, host }
    }

    /// The file that holds a blob, named by its `sha256:…`.
    pub fn blob(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").expect("a SHA-256 digest");
        let blobs = Path::new("data/docker/registry/v2/blobs/sha256");
        self.folder.path().join(blobs).join(&hex[..2]).join(hex).join("data")
    }
}

impl Drop for OciServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
