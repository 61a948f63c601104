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
    pub file: PathBuf,
    pub component: Vec<u8>,
    pub manifest: PluginManifest,
}

impl Subject {
    /// What the operator says counts; for the rest the component speaks for itself.
    pub(super) fn of(said: ManifestArgs) -> anyhow::Result<Self> {
        let file = match said.file {
            Some(file) => file,
            None => Project::open(Path::new("."))?.component(),
        };
        let component = read(&file)?;
        let embedded =
            Embedded::read(&component).map_err(|error| anyhow!("{}: {error}", file.display()))?;
        let missing = |flag: &str, example: &str| {
            let file = file.display();
            anyhow!(
                "{file} does not say its {flag}: build it with `refrain plugin build`, or add `{example}`"
            )
        };
        let name = said.name.or_else(|| Some(embedded.as_ref()?.name.clone()));
        let version = match said.version {
            Some(text) => Some(
                text.parse()
                    .with_context(|| format!("`{text}` is no version: write one such as 0.1.0"))?,
            ),
            None => embedded.as_ref().map(|embedded| embedded.version.clone()),
        };
        let grants = match said.grants.as_slice() {
            [] => embedded.map(|embedded| embedded.grants).unwrap_or_default(),
            asked => asked.iter().map(|text| grant(text)).collect::<anyhow::Result<_>>()?,
        };
        let manifest = PluginManifest {
            name: name.ok_or_else(|| missing("name", "--name NAME"))?,
            version: version.ok_or_else(|| missing("version", "--as 0.1.0"))?,
            grants,
            licence: said.licence,
        };
        Ok(Self { file, component, manifest })
    }
}

fn grant(text: &str) -> anyhow::Result<Grant> {
    match text {
        "wasi" => Ok(Grant::Wasi),
        other => bail!("`{other}` is no grant: the only one is `wasi`"),
    }
}

/// Grants as they are written.
pub(super) fn grants(manifest: &PluginManifest) -> Vec<&'static str> {
    manifest.grants.iter().map(|Grant::Wasi| "wasi").collect()
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
fn signature_file(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}
