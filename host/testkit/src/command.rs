//! The `refrain` binary as a person would use it, in a folder of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

/// A folder with a store, and the binary to work on it.
pub struct Refrain {
    folder: TempDir,
}

/// What a command printed, and how it ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// Whether it ended with exit code 0.
    pub success: bool,
    /// What it printed for people or programs.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Output {
    /// The JSON that it printed.
    ///
    /// # Panics
    /// If it printed something else.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}{}", self.stdout, self.stderr))
    }
}

impl Default for Refrain {
    fn default() -> Self {
        Self::new()
    }
}

impl Refrain {
    /// A new empty folder; compiled components are shared by all tests.
    ///
    /// # Panics
    /// If there is no room for one.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// The folder that commands run in.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the store is.
    pub fn store(&self) -> PathBuf {
        self.path().join(".refrain")
    }

    /// Writes a file into the folder; answers its path.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).expect("a folder");
        }
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// A command that has not started.
    ///
    /// # Panics
    /// If the binary has not been built.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for name in ["REFRAIN_STORE", "REFRAIN_SERVER", "REFRAIN_TOKEN", "RUST_LOG"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Output {
        let output = self.command(arguments).output().expect("the binary starts");
        Output {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that must succeed, with `--json`; answers what it printed.
    ///
    /// # Panics
    /// If it fails.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let output = self.run(&arguments);
        assert!(output.success, "refrain {arguments:?} failed: {}", output.stderr);
        output.json()
    }

    /// Runs a command that must fail; answers its complaint.
    ///
    /// # Panics
    /// If it succeeds.
    pub fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.success, "refrain {arguments:?} succeeded: {}", output.stdout);
        output.stderr
    }

    /// Starts `refrain serve` on a free port of loopback, with these arguments besides.
    ///
    /// # Panics
    /// If it does not start.
    pub fn serve(&self, arguments: &[&str]) -> Server {
        self.serve_at("127.0.0.1:0", arguments)
    }

    /// Starts `refrain serve` on an address, with these arguments besides.
    ///
    /// # Panics
    /// If it does not start.
    pub fn serve_at(&self, address: &str, arguments: &[&str]) -> Server {
        let all: Vec<&str> =
            ["serve", "--listen", address].iter().chain(arguments).copied().collect();
        let mut command = self.command(&all);
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the binary starts");
        let url = listening(&mut child);
        Server { child: Mutex::new(child), url }
    }
}

/// Where a program listens that has just been started, and says so on standard error. What else it
/// says is read and dropped, so that it never waits for us.
///
/// # Panics
/// If it ends before it listens; with what it said.
pub(crate) fn listening(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stderr.take().expect("BUG: no pipe")).lines();
    let mut said = String::new();
    let address = loop {
        let Some(Ok(line)) = lines.next() else { panic!("the server did not start: {said}") };
        if let Some((_, rest)) = line.split_once("listening on ") {
            break rest.split([',', '"']).next().unwrap_or_default().to_owned();
        }
        said += &line;
    };
    std::thread::spawn(move || lines.for_each(drop));
    address
}

/// A server that ends with this value.
pub struct Server {
    child: Mutex<Child>,
    /// `http://127.0.0.1:port`.
    pub url: String,
}

impl Server {
    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.lock().expect("no panic before").id()
    }

    /// Kills it without warning, while others may still be talking to it.
    ///
    /// # Panics
    /// If it had ended before.
    pub fn kill(&self) {
        let mut child = self.child.lock().expect("no panic before");
        assert!(matches!(child.try_wait(), Ok(None)), "the server had ended before");
        drop(child.kill());
        drop(child.wait());
    }

    /// Asks it to end, as a service manager does.
    ///
    /// # Panics
    /// If it cannot be asked.
    pub fn ask_to_stop(&self) {
        let id = self.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().expect("kill starts");
        assert!(asked.success(), "the server had ended before");
    }

    /// Asks it to end and waits; answers whether it ended well.
    ///
    /// # Panics
    /// If it cannot be asked.
    pub fn stop(self) -> bool {
        self.ask_to_stop();
        let mut child = self.child.lock().expect("no panic before");
        child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        drop(child.kill());
        drop(child.wait());
    }
}

/// `<target>/release/refrain`, two folders above a test's own binary.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test.ancestors().nth(2).expect("a test lies in target/release/deps");
    let path = folder.join(format!("refrain{}", std::env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "no binary at {}: run `cargo xtask build`", path.display());
    path
}
