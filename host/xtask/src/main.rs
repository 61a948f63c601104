//! `cargo xtask`: whatever a person does twice.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "chores talk to a person")]

mod junit;
mod run;
mod tools;

use std::process::ExitCode;

use anyhow::bail;
use xtask::workspace::Workspace;
use xtask::{floors, lengths, tidy, wit};

use run::Chores;

const HELP: &str = "\
Chores of the Refrain workspace. Everything is built in one profile, `release`, and once.

usage: cargo xtask <chore> [arguments]

  build           the reference plugins, and the `refrain` binary that carries them
  demo [ARGS]     build, then `refrain demo`: the year of flights from import to replay
  test [ARGS]     all tests: doc tests first, then nextest; with ARGS nextest alone, given ARGS
  bench [--quick] [ARGS]
                  criterion benches; ARGS go to criterion
  tidy            rustfmt, clippy without warnings, floors, frozen contracts, house rules, licences
  peers           the flights pipeline and a no-op run beside pandas + scikit-learn and DVC
  conformance     the same plugins in seven languages, on both backends; installs their toolchains
  hostile [--backend pulley]
                  components that mean harm: a line each with its outcome, time and peak of memory
  sdks            the SDKs' own tests, each in its language's runner; installs their toolchains
  freeze          writes the digest of every new wit/<package>/<version>/ into wit/FROZEN

environment:
  CARGO_TARGET_DIR   where everything is built (default: target)
  REFRAIN_PEERS_DIR  where the peers are installed (default: ~/.cache/refrain/peers)

needs: rustup's stable toolchain and gcc; `peers` needs python3 with venv. A tool that is missing is named, with
the command that installs it; cargo-nextest is installed when `test` first runs.
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let chore = arguments.next();
    let rest: Vec<String> = arguments.collect();
    match perform(chore.as_deref(), &rest) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(chore: Option<&str>, rest: &[String]) -> anyhow::Result<ExitCode> {
    if chore.is_none_or(|chore| ["help", "--help", "-h"].contains(&chore))
        || rest.iter().any(|argument| ["--help", "-h"].contains(&argument.as_str()))
    {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let chores = Chores { workspace: Workspace::load()? };
    match (chore.unwrap_or_default(), rest) {
        ("build", []) => chores.build().map(|binary| {
            println!("{}", binary.display());
            ExitCode::SUCCESS
        }),
        ("demo", _) => chores.demo(rest),
        ("test", []) => chores.test_all(),
        ("test", _) => chores.test_some(rest),
        ("bench", _) => chores.bench(rest),
        ("tidy", []) => tidy_up(&chores),
        ("peers", []) => chores.peers(),
        ("conformance", []) => chores.conformance(),
        ("hostile", []) => chores.hostile("cranelift"),
        ("hostile", [flag, backend]) if flag == "--backend" => chores.hostile(backend),
        ("sdks", []) => chores.sdks(),
        ("freeze", []) => freeze(&chores.workspace),
        ("build" | "tidy" | "peers" | "conformance" | "hostile" | "sdks" | "freeze", _) => {
            bail!("unexpected `{}`; see cargo xtask --help", rest[0])
        }
        (unknown, _) => bail!("no chore is called `{unknown}`; see cargo xtask --help"),
    }
}

/// Everything is checked, and all complaints are printed before the verdict.
fn tidy_up(chores: &Chores) -> anyhow::Result<ExitCode> {
    let workspace = &chores.workspace;
    let files = tidy::tracked(&workspace.root)?;
    let mut complaints: Vec<String> = files.iter().flat_map(tidy::file_violations).collect();
    complaints.extend(tidy::lint_violations(&workspace.root, &workspace.packages)?);
    complaints.extend(floors::violations(&workspace.packages));
    complaints.extend(wit::violations(&workspace.root)?);
    complaints.extend(chores.lint()?);
    print!("{}", lengths::report(&files));
    for complaint in &complaints {
        println!("{complaint}");
    }
    println!("{} complaints", complaints.len());
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn freeze(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    for contract in wit::freeze(&workspace.root)? {
        println!("froze wit/{contract}");
    }
    Ok(ExitCode::SUCCESS)
}
