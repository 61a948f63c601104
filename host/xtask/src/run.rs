//! The chores that start other programs.

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, bail};
use refrain_toolchain::Recipe;
use xtask::workspace::{Workspace, cargo};
use xtask::{guests, hostile};

use crate::junit::Counts;
use crate::tools::{has_deny, need_component, need_docker_registry, need_nextest, succeeds};

/// Where the built plugins are: the CLI embeds them, tests and benches load them.
const PLUGINS_DIR: &str = "REFRAIN_PLUGINS_DIR";

/// The program of an OCI registry, which tests start.
const DOCKER_REGISTRY: &str = "REFRAIN_DOCKER_REGISTRY";

/// Where the tests of hostile components leave what became of each, a file a class.
const HOSTILE_LINES: &str = "REFRAIN_HOSTILE_LINES";

/// What those tests execute the components on.
const HOSTILE_BACKEND: &str = "REFRAIN_HOSTILE_BACKEND";

/// All chores need to know where things are.
pub struct Chores {
    pub workspace: Workspace,
}

impl Chores {
    /// Builds the plugins and the binary that carries them; returns the binary.
    pub fn build(&self) -> anyhow::Result<PathBuf> {
        let plugins = self.build_plugins()?;
        let build = ["build", "--release", "--package", "refrain-cli", "--bin", "refrain"];
        if !succeeds(self.cargo(&plugins).args(build))? {
            bail!("the refrain binary does not build");
        }
        let name = format!("refrain{}", std::env::consts::EXE_SUFFIX);
        Ok(self.workspace.target.join("release").join(name))
    }

    /// Builds, then runs the demo; its exit code is ours.
    pub fn demo(&self, arguments: &[String]) -> anyhow::Result<ExitCode> {
        let binary = self.build()?;
        let mut demo = Command::new(binary);
        passed_on(demo.arg("demo").args(arguments).current_dir(&self.workspace.root))
    }

    /// Runs nextest with these arguments.
    pub fn test_some(&self, arguments: &[String]) -> anyhow::Result<ExitCode> {
        let plugins = self.build_for_tests()?;
        passed_on(self.nextest_run(&plugins)?.args(arguments))
    }

    /// Runs every test. The last line says how many passed and how many failed.
    pub fn test_all(&self) -> anyhow::Result<ExitCode> {
        let plugins = self.build_for_tests()?;
        let counts = self.doc_tests(&plugins)?.plus(self.nextest(&plugins)?);
        println!("{} passed, {} failed", counts.passed, counts.failed);
        Ok(if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The same plugins in every language, each with its own toolchain: one digest.
    pub(crate) fn conformance(&self) -> anyhow::Result<ExitCode> {
        let plugins = self.build_for_tests()?;
        let mut tests = self.nextest_run(&plugins)?;
        // Of the whole workspace, as `test` does: another selection would build everything anew.
        tests.args(["--workspace", "--no-capture", "--run-ignored", "only"]);
        passed_on(tests.args(["-E", "test(conformance)"]))
    }

    /// Components that mean harm, each in a process of its own.
    pub(crate) fn hostile(&self, backend: &str) -> anyhow::Result<ExitCode> {
        anyhow::ensure!(
            ["cranelift", "pulley"].contains(&backend),
            "no backend is called `{backend}`: it is cranelift or pulley"
        );
        let plugins = self.build_plugins()?;
        let folder = self.workspace.target.join("hostile");
        // Lines of an earlier run must not stand in for those of this one.
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        let mut tests = self.nextest_run(&plugins)?;
        // Of the whole workspace, as `test` does: another selection would build everything anew.
        tests.args(["--workspace", "--no-fail-fast"]);
        tests.args(["--test", "hostile"]);
        let has_passed = succeeds(tests.env(HOSTILE_LINES, &folder).env(HOSTILE_BACKEND, backend))?;
        let mut lines = String::new();
        for entry in std::fs::read_dir(&folder)? {
            lines += &std::fs::read_to_string(entry?.path())?;
        }
        let (report, is_contained) = hostile::report(&lines);
        print!("{report}");
        Ok(if has_passed && is_contained { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The SDKs' own tests, each in its language's runner; Rust's are part of `test`.
    pub(crate) fn sdks(&self) -> anyhow::Result<ExitCode> {
        let mut failed = 0;
        for entry in std::fs::read_dir(self.workspace.root.join("sdk"))? {
            let sdk = entry?.path();
            let language = sdk.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Ok(text) = std::fs::read_to_string(sdk.join("sdk.toml")) else { continue };
            let recipe: Recipe = toml::from_str(&text).with_context(|| language.clone())?;
            match recipe.self_test(&sdk, &self.workspace.target.join("sdks").join(&language)) {
                Ok(0) => println!("{language}: part of `cargo xtask test`"),
                Ok(n) => println!("{language}: passed, {n} commands"),
                Err(error) => {
                    println!("{language}: FAILED: {error}");
                    failed += 1;
                }
            }
        }
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// End-to-end tests run the binary; answers where the plugins are.
    fn build_for_tests(&self) -> anyhow::Result<PathBuf> {
        self.build()?;
        self.build_guests("tests/guests", self.workspace.target.join("guests-of-tests"))?;
        self.build_guests("sdk/rust/examples", self.workspace.target.join("examples-of-rust"))?;
        Ok(self.plugins_dir())
    }

    fn plugins_dir(&self) -> PathBuf {
        self.workspace.target.join("plugins")
    }

    fn doc_tests(&self, plugins: &Path) -> anyhow::Result<Counts> {
        let mut tests = self.cargo(plugins);
        tests.args(["test", "--doc", "--release", "--workspace", "--no-fail-fast"]);
        let mut child = tests.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut counts = Counts::default();
        for line in BufReader::new(child.stdout.take().context("BUG: no pipe")?).lines() {
            let line = line?;
            counts = counts.plus(Counts::of_line(&line).unwrap_or_default());
            println!("{line}");
        }
        Ok(at_least_one_failure_if(!child.wait()?.success(), counts))
    }

    fn nextest(&self, plugins: &Path) -> anyhow::Result<Counts> {
        // nextest keeps its reports beside the workspace, whatever CARGO_TARGET_DIR says.
        let report = self.workspace.root.join("target/nextest/default/junit.xml");
        // An old report must not stand in for tests that did not even build.
        match std::fs::remove_file(&report) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut tests = self.nextest_run(plugins)?;
        tests.args(["--workspace", "--no-fail-fast"]);
        let has_failed = !succeeds(tests.stdin(Stdio::null()))?;
        let counts = std::fs::read_to_string(&report).ok().as_deref().and_then(Counts::of_report);
        Ok(at_least_one_failure_if(has_failed || counts.is_none(), counts.unwrap_or_default()))
    }

    /// nextest with all that tests need besides what is built.
    fn nextest_run(&self, plugins: &Path) -> anyhow::Result<Command> {
        need_nextest(&self.workspace.target)?;
        let registry = need_docker_registry()?;
        let mut tests = self.cargo(plugins);
        tests.args(["nextest", "run", "--release"]).env(DOCKER_REGISTRY, registry);
        Ok(tests)
    }

    /// Runs the criterion benches.
    pub fn bench(&self, arguments: &[String]) -> anyhow::Result<ExitCode> {
        let plugins = self.build_plugins()?;
        // By name, for the libraries' own harnesses do not know criterion's flags. Of the whole workspace,
        // as `test` does: another selection would build everything anew.
        let benches = ["bench", "--workspace", "--bench", "*", "--"];
        passed_on(self.cargo(&plugins).args(benches).args(arguments))
    }

    /// Runs ours and the peers side by side.
    pub fn peers(&self) -> anyhow::Result<ExitCode> {
        let binary = self.build()?;
        passed_on(
            Command::new("bash").arg(self.workspace.root.join("benches/peers/run.sh")).arg(binary),
        )
    }

    /// rustfmt, clippy and cargo-deny; returns what failed.
    pub fn lint(&self) -> anyhow::Result<Vec<String>> {
        need_component("fmt", "rustfmt")?;
        need_component("clippy", "clippy")?;
        let plugins = self.build_plugins()?;
        let mut checks: Vec<&[&str]> = vec![
            &["fmt", "--all", "--check"],
            &["clippy", "--workspace", "--all-targets", "--release", "--", "--deny", "warnings"],
        ];
        if has_deny() {
            checks.push(&["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]);
        }
        let mut failed = Vec::new();
        for check in checks {
            if !succeeds(self.cargo(&plugins).args(check))? {
                failed.push(format!("cargo {} failed", check[0]));
            }
        }
        Ok(failed)
    }

    fn build_plugins(&self) -> anyhow::Result<PathBuf> {
        self.build_guests("plugins", self.plugins_dir())
    }

    /// Builds the guests in a folder of the sources, and leaves nothing else where they go.
    fn build_guests(&self, folder: &str, dir: PathBuf) -> anyhow::Result<PathBuf> {
        let built = guests::build_guests(folder, &dir);
        let plugins = built.with_context(|| format!("the guests in {folder}/ do not build"))?;
        // A plugin that is gone from the sources must not stay in the binary.
        for entry in std::fs::read_dir(&dir)? {
            let path = entry?.path();
            if plugins.iter().all(|(_, built)| *built != path) {
                std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
        }
        eprintln!("{} components in {}", plugins.len(), dir.display());
        Ok(dir)
    }

    /// Cargo with the same environment for every chore, so that none undoes another's build.
    fn cargo(&self, plugins: &Path) -> Command {
        let mut cargo = cargo();
        cargo.current_dir(&self.workspace.root).env(PLUGINS_DIR, plugins);
        cargo
    }
}

fn at_least_one_failure_if(has_failed: bool, counts: Counts) -> Counts {
    if has_failed { Counts { failed: counts.failed.max(1), ..counts } } else { counts }
}

fn passed_on(command: &mut Command) -> anyhow::Result<ExitCode> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{name} does not start"))?;
    // None: a signal ended it.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
