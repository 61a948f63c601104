//! What can be typed.

mod data;
mod plugin;
mod policy;
mod serve;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use data::DataVerb;
pub(crate) use plugin::{ManifestArgs, PluginVerb, PullArgs, PushArgs, RegistryArgs};
pub(crate) use policy::PolicyArgs;
pub(crate) use serve::{ServeArgs, TokenVerb};

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
    #[command(flatten)]
    pub policy: PolicyArgs,
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

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
