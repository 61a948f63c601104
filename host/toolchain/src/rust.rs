//! Rust: crates to components without imports, by way of `wasm32-unknown-unknown`.
//!
//! Invariant: equal sources and an equal toolchain give equal bytes, wherever the crate, the cargo
//! home and the target folder are.

use std::path::{Path, PathBuf};
use std::process::Command;

use wit_component::ComponentEncoder;

use crate::BuildError;
use crate::run::{answer, run, succeeds};

const TARGET: &str = "wasm32-unknown-unknown";

/// What to install where there is neither network for rustup nor a Debian to ask.
const REMEDY: &str = "install one of
  rustup target add wasm32-unknown-unknown
  apt-get install -y --no-install-recommends rustc-web cargo-web rust-web-src   (Debian)";

/// Crates to build, and where.
#[derive(Debug, Clone, Copy)]
pub struct Crates<'a> {
    /// The folder of the workspace, or of the one crate.
    pub root: &'a Path,
    /// Cargo's target folder.
    pub target_dir: &'a Path,
    /// The packages: `cdylib`s, built in a profile named `plugin`.
    pub packages: &'a [String],
}

/// Builds crates that use the SDK; answers the bytes of a component for each, in order.
///
/// # Errors
/// If there is no compiler for wasm32 and none can be installed (the text says what to install),
/// or if a crate does not build.
pub fn build(crates: Crates<'_>) -> Result<Vec<Vec<u8>>, BuildError> {
    compile(&Compiler::find()?, crates)?;
    let modules = crates.target_dir.join(TARGET).join("plugin");
    let component = |name: &String| {
        let module = modules.join(format!("{}.wasm", name.replace('-', "_")));
        componentize(&module)
    };
    crates.packages.iter().map(component).collect()
}

/// A way to compile for wasm32.
enum Compiler {
    /// rustup's toolchain, which has the target.
    Rustup,
    /// Debian's compiler, which builds std from its own sources.
    Debian { linker: Option<PathBuf> },
}

impl Compiler {
    /// What is installed, or else what can be.
    fn find() -> Result<Self, BuildError> {
        if rustup_has_target() {
            return Ok(Self::Rustup);
        }
        if let Some(debian) = Self::debian() {
            return Ok(debian);
        }
        if succeeds(Command::new("rustup").args(["target", "add", TARGET])) && rustup_has_target() {
            return Ok(Self::Rustup);
        }
        let apt = || Command::new("apt-get");
        let packages = ["rustc-web", "cargo-web", "rust-web-src"];
        if succeeds(apt().arg("update"))
            && succeeds(apt().args(["install", "-y", "--no-install-recommends"]).args(packages))
            && let Some(debian) = Self::debian()
        {
            return Ok(debian);
        }
        let what = "a Rust compiler for wasm32-unknown-unknown".to_owned();
        Err(BuildError::Missing { what, remedy: REMEDY.to_owned() })
    }

    /// Debian's compiler, if it and the sources of its std are installed.
    fn debian() -> Option<Self> {
        let sysroot = answer(Command::new("/usr/bin/rustc").args(["--print", "sysroot"]))?;
        let sources = Path::new(&sysroot).join("lib/rustlib/src/rust/library/std/Cargo.toml");
        if !sources.is_file() || !Path::new("/usr/bin/cargo").is_file() {
            return None;
        }
        let rustup = answer(Command::new("rustc").args(["--print", "sysroot"]));
        let linker = rustup.and_then(|sysroot| {
            let hosts = std::fs::read_dir(Path::new(&sysroot).join("lib/rustlib")).ok()?;
            let linkers = hosts.flatten().map(|host| host.path().join("bin/rust-lld"));
            linkers.into_iter().find(|linker| linker.is_file())
        });
        Some(Self::Debian { linker })
    }

    /// `cargo` of this compiler, ready for a subcommand.
    fn cargo(&self) -> Command {
        match self {
            Self::Rustup => Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into())),
            Self::Debian { linker } => {
                let mut cargo = Command::new("/usr/bin/cargo");
                cargo
                    .env("PATH", "/usr/bin:/bin")
                    .env("RUSTC", "/usr/bin/rustc")
                    // For -Zbuild-std alone: nothing in our sources is unstable.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env_remove("RUSTC_WRAPPER");
                if let Some(linker) = linker {
                    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                }
                cargo
            }
        }
    }

    fn sysroot(&self) -> Option<String> {
        let rustc = match self {
            Self::Rustup => "rustc",
            Self::Debian { .. } => "/usr/bin/rustc",
        };
        answer(Command::new(rustc).args(["--print", "sysroot"]))
    }
}

fn compile(compiler: &Compiler, crates: Crates<'_>) -> Result<(), BuildError> {
    let mut cargo = compiler.cargo();
    cargo
        .current_dir(crates.root)
        .args(["build", "--profile", "plugin", "--target", TARGET, "--target-dir"])
        .arg(crates.target_dir)
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(compiler, crates.root)?.join("\u{1f}"))
        // Would overrule the profile, and with it the bytes.
        .env("CARGO_INCREMENTAL", "0");
    if let Compiler::Debian { .. } = compiler {
        cargo.arg("-Zbuild-std=std,panic_abort");
    }
    for name in crates.packages {
        cargo.args(["--package", name]);
    }
    run(&mut cargo)
}

/// SIMD, loops in four interleaved copies (with fuel and canonical NaNs a lone copy waits for itself:
/// 2.0 times native instead of 1.3, measured), and no path of this machine in panic messages.
fn rust_flags(compiler: &Compiler, root: &Path) -> Result<Vec<String>, BuildError> {
    let home = std::env::home_dir().unwrap_or_default();
    let cargo_home = std::env::var_os("CARGO_HOME").map_or(home.join(".cargo"), PathBuf::from);
    let mut flags: Vec<String> =
        ["-C", "target-feature=+simd128", "-C", "llvm-args=-force-vector-interleave=4"]
            .map(str::to_owned)
            .to_vec();
    let sysroot = compiler.sysroot().ok_or_else(|| BuildError::Missing {
        what: "rustc's sysroot".to_owned(),
        remedy: "`rustc --print sysroot` should name it: reinstall the toolchain".to_owned(),
    })?;
    let remapped = [
        (PathBuf::from(sysroot), "/rust"),
        (cargo_home.clone(), "/cargo"),
        (cargo_home.canonicalize().unwrap_or(cargo_home), "/cargo"),
        (root.to_owned(), "/refrain"),
    ];
    for (from, to) in remapped {
        flags.push(format!("--remap-path-prefix={}={to}", from.display()));
    }
    Ok(flags)
}

/// Wraps a core module that `wit-bindgen` has put its world into.
fn componentize(module: &Path) -> Result<Vec<u8>, BuildError> {
    let bytes = std::fs::read(module).map_err(|error| {
        let detail = format!("{error}: is the crate a cdylib that exports a plugin?");
        BuildError::file(module, detail)
    })?;
    let fail = |error| BuildError::file(module, format!("{error:#}"));
    let mut encoder = ComponentEncoder::default();
    encoder.module(&bytes).map_err(fail)?.validate(true);
    encoder.encode().map_err(fail)
}

fn rustup_has_target() -> bool {
    answer(Command::new("rustup").args(["target", "list", "--installed"]))
        .is_some_and(|installed| installed.lines().any(|line| line.trim() == TARGET))
}
