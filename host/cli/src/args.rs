//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use refrain_authoring::Language;

/// Retraining you can replay.
#[derive(Debug, Parser)]
#[command(name = "refrain", version, about, max_term_width = 100, propagate_version = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

/// What every verb understands.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Global {
    /// The store's folder [default: .refrain under the current folder]
    #[arg(long, global = true, env = "REFRAIN_STORE", value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// A running server, such as http://127.0.0.1:7878, instead of a store of this machine
    #[arg(
        long,
        global = true,
        env = "REFRAIN_SERVER",
        value_name = "URL",
        conflicts_with = "store"
    )]
    pub server: Option<String>,
    /// The token that the server asks for
    #[arg(
        long,
        global = true,
        env = "REFRAIN_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// Show no progress
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Tell more on stderr; twice: still more
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Threads that execute components; 0: one for each core
    #[arg(long, global = true, default_value_t = 0, value_name = "N")]
    pub threads: usize,
    /// How components are executed
    #[arg(long, global = true, value_enum, default_value_t, value_name = "BACKEND")]
    pub backend: BackendArg,
}

/// How components are executed. Both give the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum BackendArg {
    /// Compiled to machine code
    #[default]
    Cranelift,
    /// Interpreted, about sixteen times slower
    Pulley,
}

impl From<BackendArg> for refrain_domain::Backend {
    fn from(backend: BackendArg) -> Self {
        match backend {
            BackendArg::Cranelift => Self::Cranelift,
            BackendArg::Pulley => Self::Pulley,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make an empty store
    Init,
    /// Run a pipeline: import, plan, train, evaluate, gate, register
    Run(PipelineArgs),
    /// Ask whether there is reason to train again, and if so, train
    Retrain(PipelineArgs),
    /// Show what a pipeline would do, without doing it
    Plan(PipelineArgs),
    /// List runs
    Runs {
        /// Only those of this pipeline
        #[arg(long)]
        pipeline: Option<String>,
        /// Only those in this state
        #[arg(long)]
        status: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Show a run: steps, metrics, gate, decision
    Show {
        /// The run
        run: String,
    },
    /// End a run for good
    Cancel {
        /// The run
        run: String,
    },
    /// Take up a run that was aborted, or that a crash left behind
    Resume {
        /// The run
        run: String,
    },
    /// Execute a run again, without the cache, and compare every output
    Replay {
        /// The run
        run: String,
    },
    /// Say how two runs differ, and the first cause
    Diff {
        /// One run
        a: String,
        /// The other
        b: String,
    },
    /// Write a run with everything that it takes to execute it again into one file
    Bundle {
        /// The run
        run: String,
        /// The file to write
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
    /// Execute a bundle again, on this machine, trusting nothing but digests; needs no store
    Verify {
        /// The bundle
        bundle: PathBuf,
    },
    /// Datasets: import, list, show, compare
    #[command(subcommand)]
    Data(DataVerb),
    /// Plugins: list, show, inspect, push
    #[command(subcommand)]
    Plugin(PluginVerb),
    /// List models and their versions
    Models {
        /// Only this one
        model: Option<String>,
    },
    /// Move an alias to a model version
    Promote {
        /// The model
        model: String,
        /// The version, counted from 1
        version: u64,
        /// The alias to move
        #[arg(long, default_value = "champion")]
        alias: String,
    },
    /// Move an alias back to where it was before
    Rollback {
        /// The model
        model: String,
        /// The alias to move
        #[arg(long, default_value = "champion")]
        alias: String,
    },
    /// Print an artifact, verified
    Artifact {
        /// `blake3:` and 64 hex digits
        digest: String,
        /// A file to write instead of printing
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Serve the API
    Serve(ServeArgs),
    /// Tokens for a server
    #[command(subcommand)]
    Token(TokenVerb),
    /// Sweep everything that no dataset, plugin, model or run leads to
    Gc {
        /// Only look
        #[arg(long)]
        dry_run: bool,
    },
    /// Read and verify everything in the store
    Fsck,
    /// Copy the store, as it is now, to an empty folder
    Backup {
        /// The folder
        to: PathBuf,
    },
    /// Make a store of a backup
    Restore {
        /// The backup
        from: PathBuf,
    },
    /// Make the store's index anew from its packs, after damage
    RebuildIndex,
    /// Print the JSON Schema of pipeline files
    Schema,
    /// A year of flights, month by month: drift, decisions, challengers, a replay, a flipped byte
    Demo {
        /// The example's folder
        #[arg(long, default_value = "examples/flights", value_name = "DIR")]
        example: PathBuf,
    },
}

/// A pipeline, and what it reads.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PipelineArgs {
    /// The pipeline's file, YAML or JSON
    pub pipeline: PathBuf,
    /// Read a fixed dataset version: `flights=blake3:…`
    #[arg(long = "input", value_name = "INPUT=VERSION", value_parser = pair)]
    pub inputs: Vec<(String, String)>,
}

/// Where to listen, to whom, and for how long.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ServeArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:7878", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Who may do what; needed to listen off loopback
    #[arg(long, env = "REFRAIN_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Connections at once; the next ones wait
    #[arg(long, default_value_t = 1024, value_name = "N", value_parser = at_least_one)]
    pub connections_max: u32,
    /// A request's head must be here within this time
    #[arg(long, default_value_t = 15, value_name = "SECONDS", value_parser = at_least_one)]
    pub head_timeout: u32,
    /// A body that brings nothing for so long is given up
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = at_least_one)]
    pub body_timeout: u32,
    /// A reader who takes nothing for so long is hung up on
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = at_least_one)]
    pub write_timeout: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataVerb {
    /// Make a dataset version of a file: CSV (also gzipped), Parquet, NDJSON or Arrow IPC
    Import {
        /// The dataset
        dataset: String,
        /// The file
        file: PathBuf,
        /// Its rows follow those of the latest version
        #[arg(long)]
        append: bool,
        /// The column that says when a row happened
        #[arg(long, value_name = "COLUMN")]
        event_time: Option<String>,
        /// A column's kind, where inference should not decide: `tailnum=utf8`
        #[arg(long = "kind", value_name = "COLUMN=KIND", value_parser = pair)]
        kinds: Vec<(String, String)>,
        /// A text that means a missing value, in CSV [default: empty and NA]
        #[arg(long = "null", value_name = "TEXT")]
        nulls: Vec<String>,
        /// Keep malformed rows apart, with reasons, instead of failing
        #[arg(long)]
        quarantine: bool,
    },
    /// List datasets
    List,
    /// Show a dataset version: provenance, columns, statistics, quality
    Show {
        /// `flights`, or `flights@blake3:…`
        dataset: String,
    },
    /// Write the rows of a dataset version to a file
    Export {
        /// `flights`, or `flights@blake3:…`
        dataset: String,
        /// The file to write
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
        /// csv, ndjson, parquet, arrow or arrow-stream [default: by the file's name]
        #[arg(long)]
        format: Option<String>,
    },
    /// Say how two versions of a dataset differ
    Diff {
        /// The dataset
        dataset: String,
        /// One version
        from: String,
        /// The other
        #[arg(default_value = "latest")]
        to: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginVerb {
    /// List registered plugins
    List,
    /// Show the versions of a plugin
    Show {
        /// Its name
        plugin: String,
    },
    /// Say what a component is: world, imports, exports, size
    Inspect {
        /// The component
        file: PathBuf,
    },
    /// Make a project that builds, in a folder of its name
    New {
        /// Lower-case letters, digits and dashes
        name: String,
        /// transform, trainer, predictor, evaluator, drift or trigger
        #[arg(long)]
        world: refrain_domain::Role,
        /// rust, c, zig, assemblyscript, go, js or python
        #[arg(long = "lang", value_name = "LANGUAGE")]
        language: Language,
        /// Where the folder goes
        #[arg(long, default_value = ".", value_name = "FOLDER")]
        into: PathBuf,
    },
    /// Build a project's component
    Build {
        /// The project's folder
        #[arg(default_value = ".")]
        project: PathBuf,
    },
    /// Run a project's golden cases, and hold its component against the laws of its contract
    Test {
        /// The project's folder
        #[arg(default_value = ".")]
        project: PathBuf,
        /// Another component than the one that `build` made
        #[arg(long, value_name = "FILE")]
        component: Option<PathBuf>,
    },
    /// Register a component
    Push(PushArgs),
}

/// A component, and what its author or its operator says of it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PushArgs {
    /// The component; none: the one of the project in this folder
    pub file: Option<PathBuf>,
    /// The plugin's name; none: the one that the component says
    #[arg(long)]
    pub name: Option<String>,
    /// Its version, immutable once registered; none: the one that the component says
    #[arg(long = "as", value_name = "VERSION")]
    pub version: Option<String>,
    /// What it may have beyond computing: `wasi`
    #[arg(long = "grant", value_name = "GRANT")]
    pub grants: Vec<String>,
    /// An SPDX expression
    #[arg(long)]
    pub licence: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// Make a token: prints it once, and the line for the token file
    New {
        /// Whose it is
        #[arg(long)]
        name: String,
        /// viewer, author, operator or admin
        #[arg(long)]
        role: refrain_api::Role,
    },
}

fn at_least_one(text: &str) -> Result<u32, String> {
    let number: Option<u32> = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "write a whole number of at least 1".to_owned())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
