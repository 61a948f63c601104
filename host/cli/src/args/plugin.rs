//! `plugin`: what can be typed of components.

use std::path::PathBuf;

use clap::Subcommand;
use refrain_authoring::Language;

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
        /// Run it on what `record` took from production instead, and print the differences
        #[arg(long, value_name = "RECORDING")]
        replay: Option<PathBuf>,
    },
    /// Take what a step's plugin was given, and what it made of it, out of a run
    Record {
        /// The run
        run: String,
        /// Its step
        step: String,
        /// The file to write
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
    /// Register a component, or with `--to` hand it to an OCI registry
    Push(PushArgs),
    /// Fetch a component, and its signature if it has one
    Pull(PullArgs),
    /// Have new plans pass a version over; what ran with it runs on, and replays
    Yank {
        /// Its name
        plugin: String,
        /// The version
        version: semver::Version,
        /// Take it back
        #[arg(long)]
        undo: bool,
    },
    /// Make a key to sign with: writes the secret, prints the public one
    Keygen {
        /// Where the secret goes
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
    /// Sign a component under its manifest; `push` finds the signature beside it
    Sign {
        /// The secret key's file
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        #[command(flatten)]
        plugin: ManifestArgs,
    },
}

/// A component on its way to a registry.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PushArgs {
    #[command(flatten)]
    pub plugin: ManifestArgs,
    /// `oci://HOST/REPOSITORY[:TAG]`; no tag: the version
    #[arg(long, value_name = "REFERENCE")]
    pub to: Option<String>,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// A component that is somewhere else.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PullArgs {
    /// `oci://HOST/REPOSITORY:TAG`, or of the store or the server `NAME` or `NAME@VERSION`
    pub source: String,
    /// The file to write; none: `NAME.wasm`
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// How an OCI registry is spoken to.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RegistryArgs {
    /// Who asks the OCI registry; none: anyone
    #[arg(long, env = "REFRAIN_OCI_USER", value_name = "NAME", requires = "oci_password")]
    pub oci_user: Option<String>,
    /// Their password or token; better said by the variable than here
    #[arg(long, env = "REFRAIN_OCI_PASSWORD", value_name = "TEXT", hide_env_values = true)]
    pub oci_password: Option<String>,
    /// Speak to the OCI registry without TLS, as is always done on this machine
    #[arg(long)]
    pub plain_http: bool,
}

/// A component, and what its author or its operator says of it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ManifestArgs {
    /// The component, or where in an OCI registry it is; none: the one of the project in this folder
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
