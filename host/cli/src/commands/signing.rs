//! `plugin keygen|sign`, and what a component is to be registered as. None of it needs a store.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use refrain_admission::{Embedded, SecretKey, Signature};
use refrain_authoring::Project;
use refrain_domain::{Digest, Grant, PluginManifest};
use serde_json::json;

use super::plugin::read;
use super::serve::random_bytes;
use crate::args::{Global, ManifestArgs};
use crate::output::{self, errln, outln};

/// A component, and what it is to be registered as.
pub(super) struct Subject {
    /// Where it comes from.
    pub file: PathBuf,
    pub component: Vec<u8>,
    pub manifest: PluginManifest,
}

impl Subject {
    /// Of a file. What the operator says counts; for the rest the component speaks for itself.
    pub(super) fn of(said: ManifestArgs) -> anyhow::Result<Self> {
        let file = match &said.file {
            Some(file) => file.clone(),
            None => Project::open(Path::new("."))?.component(),
        };
        let component = read(&file)?;
        let embedded =
            Embedded::read(&component).map_err(|error| anyhow!("{}: {error}", file.display()))?;
        let embedded = embedded.map(|embedded| PluginManifest {
            name: embedded.name,
            version: embedded.version,
            grants: embedded.grants,
            licence: None,
        });
        Self::new(file, component, embedded, said)
    }

    /// Of anything that comes with a manifest, or with none.
    pub(super) fn new(
        file: PathBuf,
        component: Vec<u8>,
        manifest: Option<PluginManifest>,
        said: ManifestArgs,
    ) -> anyhow::Result<Self> {
        let missing = |flag: &str, example: &str| {
            let file = file.display();
            anyhow!(
                "{file} does not say its {flag}: build it with `refrain plugin build`, or add `{example}`"
            )
        };
        let version = said.version.map(|text| {
            let parsed = text.parse::<semver::Version>();
            parsed.with_context(|| format!("`{text}` is no version: write one such as 0.1.0"))
        });
        let grants: Vec<Grant> =
            said.grants.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        let (mut name, mut from_it, mut asked, mut licence) = (None, None, Vec::new(), None);
        if let Some(manifest) = manifest {
            (name, from_it) = (Some(manifest.name), Some(manifest.version));
            (asked, licence) = (manifest.grants, manifest.licence);
        }
        let manifest = PluginManifest {
            name: said.name.or(name).ok_or_else(|| missing("name", "--name NAME"))?,
            version: version
                .transpose()?
                .or(from_it)
                .ok_or_else(|| missing("version", "--as 0.1.0"))?,
            grants: if grants.is_empty() { asked } else { grants },
            licence: said.licence.or(licence),
        };
        Ok(Self { file, component, manifest })
    }

    /// A signature, if it was made of this; one of anything else would be refused elsewhere, later.
    pub(super) fn check(&self, signature: Option<Signature>) -> anyhow::Result<Option<Signature>> {
        let digest = Digest::of(&self.component);
        if signature.is_some_and(|signature| !signature.fits(&digest, &self.manifest)) {
            bail!(
                "the signature of {} was made of another component or manifest: sign it anew, or delete it",
                self.file.display()
            );
        }
        Ok(signature)
    }
}

/// Grants as they are written.
pub(super) fn grants(grants: &[Grant]) -> Vec<&'static str> {
    grants.iter().map(|grant| grant.name()).collect()
}

pub(super) fn keygen(global: &Global, to: &Path) -> anyhow::Result<ExitCode> {
    let key = SecretKey::from_bytes(&random_bytes()?);
    // Nobody else reads it, and no other key is written over.
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let written = file.and_then(|mut file| writeln!(file, "{}", key.reveal()));
    written.with_context(|| format!("the secret key {} cannot be written", to.display()))?;
    let public = key.public().to_string();
    if global.json {
        output::json(&json!({"secret": to, "public": public}))?;
        return Ok(ExitCode::SUCCESS);
    }
    outln!("{public}");
    errln!("keep {} to yourself; whoever trusts you adds a line such as", to.display());
    errln!("acme-* {public}");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn sign(global: &Global, key: &Path, plugin: ManifestArgs) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(key)
        .with_context(|| format!("the secret key {} cannot be read", key.display()))?;
    let secret: SecretKey = text.parse().with_context(|| key.display().to_string())?;
    let Subject { file, component, manifest } = Subject::of(plugin)?;
    let digest = Digest::of(&component);
    let signature = secret.sign(&digest, &manifest);
    let to = signature_file(&file);
    std::fs::write(&to, format!("{signature}\n"))
        .with_context(|| format!("the signature {} cannot be written", to.display()))?;
    if global.json {
        output::json(&json!({
            "file": to, "signature": signature, "component": digest, "manifest": manifest,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let PluginManifest { name, version, .. } = &manifest;
    outln!("{}: {name}@{version}, {digest}, by {}", to.display(), secret.public());
    Ok(ExitCode::SUCCESS)
}

/// The signature that lies beside a component; none: there is none.
pub(super) fn beside(component: &Path) -> anyhow::Result<Option<Signature>> {
    let file = signature_file(component);
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Some(text.parse().with_context(|| file.display().to_string())?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| file.display().to_string()),
    }
}

/// `zscore.wasm.sig` for `zscore.wasm`.
pub(super) fn signature_file(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}
