//! Builds the reference plugins: `plugins/*` to components that import no function.
//!
//! Invariant: equal sources and an equal toolchain give equal bytes, wherever the clone, the cargo
//! home and the target folder are.
#![expect(clippy::print_stderr, reason = "a chore talks to a person")]

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use wit_component::ComponentEncoder;

const TARGET: &str = "wasm32-unknown-unknown";

/// What to install where there is neither network for rustup nor a Debian to ask.
const HELP: &str = "no Rust compiler here can build for wasm32-unknown-unknown; install one of
  rustup target add wasm32-unknown-unknown
  apt-get install -y --no-install-recommends rustc-web cargo-web rust-web-src   (Debian)";

/// Builds every plugin into a folder; returns the name and the file of each, by name.
///
/// # Errors
/// If there is no compiler for wasm32 and none can be installed (the text says what to install),
/// or if a plugin does not build.
pub fn build_plugins(out_dir: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let names = plugin_names(&root.join("plugins"))?;
    std::fs::create_dir_all(out_dir)?;
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let target_dir = target_dir(&root).join("guests");
    compile(&Compiler::find()?, &root, &target_dir, &names)?;
    let modules = target_dir.join(TARGET).join("plugin");
    names
        .into_iter()
        .map(|name| {
            let module = modules.join(format!("{}.wasm", name.replace('-', "_")));
            let component = out_dir.join(format!("{name}.wasm"));
            componentize(&module, &component).with_context(|| format!("plugin `{name}`"))?;
            Ok((name, component))
        })
        .collect()
}

/// Every folder with a `Cargo.toml`; a plugin's package is named after its folder.
fn plugin_names(plugins: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(plugins)? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn target_dir(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
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
    fn find() -> anyhow::Result<Self> {
        if rustup_has_target() {
            return Ok(Self::Rustup);
        }
        if let Some(debian) = Self::debian() {
            return Ok(debian);
        }
        eprintln!("trying rustup target add {TARGET}");
        if succeeds(Command::new("rustup").args(["target", "add", TARGET])) && rustup_has_target() {
            return Ok(Self::Rustup);
        }
        eprintln!("trying apt-get install rustc-web cargo-web rust-web-src");
        let apt = || Command::new("apt-get");
        let packages = ["rustc-web", "cargo-web", "rust-web-src"];
        if succeeds(apt().arg("update"))
            && succeeds(apt().args(["install", "-y", "--no-install-recommends"]).args(packages))
            && let Some(debian) = Self::debian()
        {
            return Ok(debian);
        }
        bail!(HELP)
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

fn compile(
    compiler: &Compiler,
    root: &Path,
    target_dir: &Path,
    names: &[String],
) -> anyhow::Result<()> {
    let mut cargo = compiler.cargo();
    cargo
        .current_dir(root)
        .args(["build", "--profile", "plugin", "--target", TARGET, "--target-dir"])
        .arg(target_dir)
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(compiler, root)?.join("\u{1f}"))
        // Would overrule the profile, and with it the bytes.
        .env("CARGO_INCREMENTAL", "0");
    if let Compiler::Debian { .. } = compiler {
        cargo.arg("-Zbuild-std=std,panic_abort");
    }
    for name in names {
        cargo.args(["--package", name]);
    }
    if !cargo.status().context("cargo cannot be started")?.success() {
        bail!("the plugins do not build");
    }
    Ok(())
}

/// SIMD, loops in four interleaved copies (with fuel and canonical NaNs a lone copy waits for itself:
/// 2.0 times native instead of 1.3, measured), and no path of this machine in panic messages.
fn rust_flags(compiler: &Compiler, root: &Path) -> anyhow::Result<Vec<String>> {
    let home = std::env::home_dir().unwrap_or_default();
    let cargo_home = std::env::var_os("CARGO_HOME").map_or(home.join(".cargo"), PathBuf::from);
    let mut flags: Vec<String> =
        ["-C", "target-feature=+simd128", "-C", "llvm-args=-force-vector-interleave=4"]
            .map(str::to_owned)
            .to_vec();
    let sysroot = compiler.sysroot().context("rustc does not say where it is")?;
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

/// Wraps a core module; leaves the file alone where it already is that component.
fn componentize(module: &Path, component: &Path) -> anyhow::Result<()> {
    let module = std::fs::read(module).with_context(|| {
        format!("{} is missing: is the crate a cdylib that exports a plugin?", module.display())
    })?;
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module)?.validate(true);
    let bytes = encoder.encode()?;
    let digest = blake3::hash(&bytes).to_hex();
    let is_new = std::fs::read(component).ok().as_deref() != Some(bytes.as_slice());
    if is_new {
        std::fs::write(component, &bytes)?;
        let kib = bytes.len().div_ceil(1024);
        eprintln!("built {} {kib} KiB, blake3 {}", component.display(), &digest[..16]);
    }
    Ok(())
}

fn rustup_has_target() -> bool {
    answer(Command::new("rustup").args(["target", "list", "--installed"]))
        .is_some_and(|installed| installed.lines().any(|line| line.trim() == TARGET))
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

fn answer(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
