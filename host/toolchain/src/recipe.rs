//! How the sources of a language become a component: a recipe, which is data in `sdk/*/sdk.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::BuildError;
use crate::encode::{Contract, encode, rename_exports};
use crate::run::{run, succeeds};
use crate::rust::{self, Crates};
use crate::tools::Tools;

/// What `sdk.toml` says of building. Without commands it is Rust, which cargo builds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Recipe {
    /// What must be installed.
    #[serde(default)]
    pub tools: Option<Tools>,
    /// The commands.
    #[serde(default)]
    pub build: Option<Steps>,
    /// The SDK's own tests.
    #[serde(default)]
    pub selftest: Option<SelfTest>,
}

/// Tests of an SDK in its own language's runner, run in the SDK's folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTest {
    /// Program and arguments of each, with the placeholders `{tools}` and `{work}`.
    pub commands: Vec<Vec<String>>,
}

impl Recipe {
    /// Runs the SDK's own tests; answers how many commands that took. Tools that are missing are
    /// installed into a cache.
    ///
    /// # Errors
    /// [`BuildError`], of the first command that fails.
    pub fn self_test(&self, sdk: &Path, work: &Path) -> Result<usize, BuildError> {
        let Some(tests) = &self.selftest else { return Ok(0) };
        let tools = self.tools.as_ref().map(Tools::install).transpose()?.unwrap_or_default();
        std::fs::create_dir_all(work).map_err(|error| BuildError::file(work, error))?;
        let fill = |text: &String| {
            let tools = text.replace("{tools}", &tools.display().to_string());
            tools.replace("{work}", &work.display().to_string())
        };
        for words in &tests.commands {
            let [program, arguments @ ..] = words.as_slice() else { continue };
            let mut command = Command::new(fill(program));
            run(command.args(arguments.iter().map(fill)).current_dir(sdk))?;
        }
        Ok(tests.commands.len())
    }
}

/// Commands, run in the project's folder.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// What they leave at `{out}`.
    pub makes: Makes,
    /// Program and arguments of each, with placeholders: `{tools}`, `{wit}` (a folder with the
    /// world, and the types in `deps/`), `{world}`, `{name}`, `{entry}`, `{src}` and `{module}`
    /// (its folder and stem), `{sdk}`, `{work}` (for intermediate files), `{out}`.
    pub commands: Vec<Vec<String>>,
    /// Environment variables, with placeholders too.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// A module that stands in for an import which the language cannot do without.
    #[serde(default)]
    pub adapter: Option<Adapter>,
    /// How a module's exports come by their names.
    #[serde(default)]
    pub rename: Option<Rename>,
    /// What keeps clocks and chance out of the last command.
    #[serde(default)]
    pub still: Option<Still>,
}

/// For languages in which no function can be called `refrain:transform/plugin@0.1.0#describe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rename {
    /// It is called `transform__describe`, and its `cabi_post_` likewise.
    DoubleUnderscore,
}

/// A library that makes a tool see the same clock and the same chance each time, where there is a
/// C compiler to make it; without one, equal sources may give other bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Still {
    /// What makes the library, with placeholders.
    pub commands: Vec<Vec<String>>,
    /// The library, with placeholders: `LD_PRELOAD` of the last command.
    pub preload: String,
}

/// What a recipe's commands leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Makes {
    /// A whole component.
    Component,
    /// A core module, whose exports have the names that the canonical ABI gives them.
    Module,
}

/// A module in the text format that imports nothing but the main module's memory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// The import that it stands in for.
    pub module: String,
    /// The file, with placeholders.
    pub source: String,
}

/// Sources of a plugin.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The project's folder, absolute.
    pub dir: &'a Path,
    /// The plugin's name; a crate's, for Rust.
    pub name: &'a str,
    /// The file to start from, relative to the folder.
    pub entry: &'a Path,
    /// The SDK, relative to the folder.
    pub sdk: &'a Path,
    /// What it implements.
    pub contract: Contract<'a>,
}

/// Compiles sources by a recipe. Tools that are missing are installed into a cache.
///
/// # Errors
/// [`BuildError`].
pub fn compile(recipe: &Recipe, sources: Sources<'_>) -> Result<Vec<u8>, BuildError> {
    let Some(steps) = &recipe.build else { return rust(sources) };
    let tools = recipe.tools.as_ref().map(Tools::install).transpose()?.unwrap_or_default();
    let work = sources.dir.join("build/work");
    let wit = work.join("wit");
    write(&wit.join("deps/types.wit"), sources.contract.types)?;
    write(&wit.join(format!("{}.wit", sources.contract.world)), sources.contract.package)?;
    let out = work.join("out.wasm");
    let places = Places { sources, tools, work, out: out.clone() };
    if out.exists() {
        std::fs::remove_file(&out).map_err(|error| BuildError::file(&out, error))?;
    }
    let preload = steps.still.as_ref().and_then(|still| {
        let is_made = still.commands.iter().all(|words| {
            places.command(words, steps).is_some_and(|mut command| succeeds(&mut command))
        });
        is_made.then(|| places.fill(&still.preload))
    });
    for (index, words) in steps.commands.iter().enumerate() {
        let Some(mut command) = places.command(words, steps) else { continue };
        let is_last = index + 1 == steps.commands.len();
        if let Some(preload) = preload.as_ref().filter(|_| is_last) {
            command.env("LD_PRELOAD", preload);
        }
        run(&mut command)?;
    }
    let made = std::fs::read(&out).map_err(|error| BuildError::file(&out, error))?;
    match steps.makes {
        Makes::Component => Ok(made),
        Makes::Module => finish(made, steps, &places),
    }
}

/// Encodes a core module as a component.
fn finish(module: Vec<u8>, steps: &Steps, places: &Places<'_>) -> Result<Vec<u8>, BuildError> {
    let contract = places.sources.contract;
    let module = match steps.rename {
        None => module,
        Some(Rename::DoubleUnderscore) => {
            let interface = contract.interface();
            rename_exports(&module, &|name| {
                let (post, rest) = match name.strip_prefix("cabi_post_") {
                    Some(rest) => ("cabi_post_", rest),
                    None => ("", name),
                };
                let function = rest.strip_prefix(contract.world)?.strip_prefix("__")?;
                Some(format!("{post}{interface}#{}", function.replace('_', "-")))
            })?
        }
    };
    let adapter = steps.adapter.as_ref().map(|adapter| {
        let path = places.sources.dir.join(places.fill(&adapter.source));
        let bytes = wat::parse_file(&path).map_err(|error| BuildError::file(&path, error));
        bytes.map(|bytes| (adapter.module.as_str(), bytes))
    });
    let adapter = adapter.transpose()?;
    encode(module, contract, adapter.as_ref().map(|(name, bytes)| (*name, bytes.as_slice())))
}

fn rust(sources: Sources<'_>) -> Result<Vec<u8>, BuildError> {
    let shared = std::env::var_os("CARGO_TARGET_DIR");
    let target_dir = shared.map_or_else(
        || sources.dir.join("target"),
        |dir| sources.dir.join(PathBuf::from(dir)).join("plugins-of-authors"),
    );
    let packages = [sources.name.to_owned()];
    let crates = Crates { root: sources.dir, target_dir: &target_dir, packages: &packages };
    let mut components = rust::build(crates)?;
    Ok(components.remove(0))
}

/// What the placeholders stand for.
struct Places<'a> {
    sources: Sources<'a>,
    tools: PathBuf,
    work: PathBuf,
    out: PathBuf,
}

impl Places<'_> {
    /// A command of the recipe, ready to run in the project's folder.
    fn command(&self, words: &[String], steps: &Steps) -> Option<Command> {
        let [program, arguments @ ..] = words else { return None };
        let mut command = Command::new(self.fill(program));
        command.current_dir(self.sources.dir).args(arguments.iter().map(|word| self.fill(word)));
        // A virtual environment of the author's is not part of the plugin.
        command.env_remove("VIRTUAL_ENV").env_remove("PYTHONPATH");
        for (name, value) in &steps.env {
            command.env(name, self.fill(value));
        }
        Some(command)
    }

    fn fill(&self, text: &str) -> String {
        let Sources { name, entry, sdk, contract, .. } = self.sources;
        let show = |path: &Path| path.display().to_string();
        let src = entry.parent().filter(|parent| *parent != Path::new(""));
        let module = entry.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        text.replace("{tools}", &show(&self.tools))
            .replace("{wit}", &show(&self.work.join("wit")))
            .replace("{world}", contract.world)
            .replace("{name}", name)
            .replace("{entry}", &show(entry))
            .replace("{src}", &src.map_or_else(|| ".".to_owned(), show))
            .replace("{module}", &module)
            .replace("{sdk}", &show(sdk))
            .replace("{work}", &show(&self.work))
            .replace("{out}", &show(&self.out))
    }
}

fn write(path: &Path, text: &str) -> Result<(), BuildError> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| BuildError::file(path, error))
}
