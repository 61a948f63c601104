//! Whether a component may come in: what its contract asks, and who vouches for it.

use std::str::FromStr;

use refrain_admission::{
    Embedded, Provers, Report, Signature, SignatureMode, SignatureState, TrustedKeys, prove,
};
use refrain_domain::{Backend, Digest, PluginManifest};

use super::{PluginVersion, address};
use crate::error::RunnerError;
use crate::{Runner, sandbox};

/// What is done with a component that breaks a law of its contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AdmissionMode {
    /// It is not asked.
    Off,
    /// It is registered, and its record and the log say so.
    Warn,
    /// It is refused.
    #[default]
    Require,
}

impl FromStr for AdmissionMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "off" => Self::Off,
            "warn" => Self::Warn,
            "require" => Self::Require,
            _ => return Err(format!("`{text}` is no policy: write off, warn or require")),
        })
    }
}

/// Whose signatures count, and what is done without one.
#[derive(Debug, Clone, Default)]
pub struct SignaturePolicy {
    /// What is done without one.
    pub mode: SignatureMode,
    /// Whose count.
    pub keys: TrustedKeys,
}

impl Runner {
    /// What is known of a plugin version's signature, by the keys that are trusted now.
    pub fn signature_state(&self, plugin: &PluginVersion) -> SignatureState {
        let PluginVersion { signature, component, manifest, .. } = plugin;
        self.options.signatures.keys.judge(signature.as_ref(), component, manifest)
    }

    /// Refuses what the policy does not want unsigned.
    pub(super) fn check_signature(
        &self,
        manifest: &PluginManifest,
        signature: Option<&Signature>,
        component: &Digest,
    ) -> Result<(), RunnerError> {
        let SignaturePolicy { mode, keys } = &self.options.signatures;
        let (plugin, state) = (address(manifest), keys.judge(signature, component, manifest));
        let why = match &state {
            SignatureState::Verified { .. } => return Ok(()),
            SignatureState::Unsigned => "it is not signed: sign it with `refrain plugin sign`",
            SignatureState::Failed { reason } => reason,
        };
        match mode {
            SignatureMode::Off => {}
            SignatureMode::Warn => tracing::warn!(plugin, %state, why, "nobody trusted vouches"),
            SignatureMode::Require => {
                let message = format!("plugin `{plugin}`: signatures are required here, and {why}");
                return Err(RunnerError::Admission { message });
            }
        }
        Ok(())
    }

    /// Runs a component through the laws of its contract, and compares what it uses with the version
    /// before.
    pub(super) fn prove_plugin(
        &self,
        manifest: &PluginManifest,
        component: &[u8],
    ) -> Result<Option<Report>, RunnerError> {
        let plugin = address(manifest);
        let refuse =
            |why: String| RunnerError::Admission { message: format!("plugin `{plugin}`: {why}") };
        let embedded = Embedded::read(component).map_err(refuse)?;
        if self.options.admission == AdmissionMode::Off {
            return Ok(None);
        }
        let cases = embedded.map(|embedded| embedded.cases).unwrap_or_default();
        let mut report = prove(&self.provers()?, component, &manifest.grants, &cases);
        let broken: Vec<String> =
            report.failures().map(|check| format!("{}: {}", check.name, check.detail)).collect();
        if !broken.is_empty() {
            let laws = broken.join("; ");
            if self.options.admission == AdmissionMode::Require {
                let why = format!(
                    "it breaks its contract ({laws}); `refrain plugin test` makes the same checks"
                );
                return Err(refuse(why));
            }
            tracing::warn!(plugin, laws, "it breaks its contract");
        }
        report.compared = self.compare_with_before(manifest, &report)?;
        Ok(Some(report))
    }

    fn compare_with_before(
        &self,
        manifest: &PluginManifest,
        report: &Report,
    ) -> Result<Option<refrain_admission::Comparison>, RunnerError> {
        let Some(baseline) = &report.baseline else { return Ok(None) };
        let mut versions = self.plugins_of(&manifest.name)?;
        versions.retain(|known| known.manifest.version < manifest.version);
        let before = versions.last();
        Ok(before.and_then(|before| {
            let known = before.admission.as_ref()?.baseline.as_ref()?;
            Some(baseline.against(&before.manifest.version, known))
        }))
    }

    fn provers(&self) -> Result<Provers, RunnerError> {
        let on = |backend| match backend == self.options.backend {
            true => Ok(self.sandbox.clone()),
            false => sandbox(&self.options, backend),
        };
        Ok(Provers { cranelift: on(Backend::Cranelift)?, pulley: on(Backend::Pulley)? })
    }
}
