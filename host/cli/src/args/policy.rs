//! What may be registered in a store of this machine.

use std::path::PathBuf;

use refrain_admission::SignatureMode;
use refrain_runner::AdmissionMode;

/// What the store's operator asks of a plugin.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Registering plugins")]
pub(crate) struct PolicyArgs {
    /// What to do with a component that breaks a law of its contract: off, warn or require
    #[arg(
        long,
        global = true,
        env = "REFRAIN_ADMISSION",
        default_value = "require",
        value_name = "POLICY"
    )]
    pub admission: AdmissionMode,
    /// What to do with a component that nobody trusted has signed: off, warn or require
    #[arg(
        long,
        global = true,
        env = "REFRAIN_SIGNATURES",
        default_value = "off",
        value_name = "POLICY"
    )]
    pub signatures: SignatureMode,
    /// Whose signatures count: lines of `NAMESPACE ed25519:…`
    #[arg(long, global = true, env = "REFRAIN_TRUSTED_KEYS", value_name = "FILE")]
    pub trusted_keys: Option<PathBuf>,
}
