//! `plugin push --to` and `plugin pull`: components between files, registries, stores and servers.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use refrain_admission::Signature;
use refrain_api::wire::PluginView;
use refrain_distribution::{Credentials, OciReference, OciRegistry, Package, Surface};
use refrain_domain::{Digest, GrantError, PluginManifest};
use refrain_sandbox::{Sandbox, SandboxOptions};
use serde_json::json;

use super::signing::{self, Subject};
use crate::args::{Global, ManifestArgs, PullArgs, RegistryArgs};
use crate::client::escape;
use crate::output::{self, bytes, outln};
use crate::session::{Missing, connect};

pub(super) fn push(
    global: &Global,
    plugin: ManifestArgs,
    to: &str,
    registry: &RegistryArgs,
) -> anyhow::Result<ExitCode> {
    let to: OciReference = to.parse()?;
    let (subject, signature) = subject(plugin, registry)?;
    let Subject { file, component, manifest } = subject;
    let info = Sandbox::inspect(&component).with_context(|| file.display().to_string())?;
    let digest = Digest::of(&component);
    let PluginManifest { name, version, .. } = manifest.clone();
    let to = to.or_tagged(&version);
    let package = Package {
        component,
        manifest: Some(manifest),
        signature: signature.map(|made| made.to_string()),
    };
    let surface = Surface { imports: &info.imports, exports: &info.exports };
    let pushed = client(registry)?.push(&to, package, surface)?;
    if global.json {
        output::json(&json!({
            "name": name, "version": version, "digest": digest,
            "tag": to.to_string(), "reference": pushed.reference.to_string(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    outln!("{name}@{version}: {digest}");
    outln!("{}", pushed.reference);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn pull(global: &Global, pull: PullArgs) -> anyhow::Result<ExitCode> {
    let PullArgs { source, output, registry } = pull;
    let package = match OciReference::is_meant(&source) {
        true => client(&registry)?.pull(&source.parse()?)?,
        false => from_server(global, &source)?,
    };
    let file = output.or_else(|| {
        let manifest = package.manifest.as_ref();
        manifest.map(|manifest| PathBuf::from(format!("{}.wasm", manifest.name)))
    });
    let file = file.ok_or_else(|| {
        anyhow!("{source} does not say the plugin's name: say where it goes, with `-o FILE`")
    })?;
    write(&file, &package)?;
    tell(global, &file, &package)
}

/// The component first: a signature without one would be found beside the next.
fn write(file: &Path, package: &Package) -> anyhow::Result<()> {
    std::fs::write(file, &package.component)
        .with_context(|| format!("the component {} cannot be written", file.display()))?;
    let beside = signing::signature_file(file);
    match &package.signature {
        Some(signature) => std::fs::write(&beside, format!("{signature}\n")),
        None => std::fs::remove_file(&beside).or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        }),
    }
    .with_context(|| beside.display().to_string())
}

fn tell(global: &Global, file: &Path, package: &Package) -> anyhow::Result<ExitCode> {
    let digest = Digest::of(&package.component);
    if global.json {
        output::json(&json!({
            "file": file, "digest": digest, "size_bytes": package.component.len(),
            "manifest": package.manifest, "signature": package.signature,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    outln!("{}: {}, {digest}", file.display(), bytes(package.component.len() as u64));
    let Some(manifest) = &package.manifest else { return Ok(ExitCode::SUCCESS) };
    outln!("{}@{}", manifest.name, manifest.version);
    if let Some(licence) = &manifest.licence {
        outln!("licence: {licence}");
    }
    let signed = if package.signature.is_some() { "there; `push` has it checked" } else { "none" };
    outln!("signature: {signed}");
    Ok(ExitCode::SUCCESS)
}

fn from_server(global: &Global, source: &str) -> anyhow::Result<Package> {
    let (name, version) = source.split_once('@').unwrap_or((source, "*"));
    let client = connect(global, Missing::Refuse)?;
    let path = format!("/v1/plugins/{}/{}", escape(name), escape(version));
    let plugin: PluginView = client.get(&path)?;
    let mut component = Vec::new();
    let path = format!("/v1/artifacts/{}", escape(&plugin.digest));
    client.download(&path)?.read_to_end(&mut component).context("the answer was cut short")?;
    let found = Digest::of(&component).to_string();
    if found != plugin.digest {
        bail!("{source} is {}, but what came is {found}: do not use it", plugin.digest);
    }
    let grants = plugin.grants.iter().map(|text| text.parse());
    let manifest = PluginManifest {
        grants: grants.collect::<Result<_, GrantError>>()?,
        version: plugin.version.parse().context("the server names a version that is none")?,
        name: plugin.name,
        licence: plugin.licence,
    };
    Ok(Package { component, manifest: Some(manifest), signature: plugin.signature.text })
}

/// What is pushed: a file, or what lies in a registry already; with the signature that came with it.
pub(super) fn subject(
    plugin: ManifestArgs,
    registry: &RegistryArgs,
) -> anyhow::Result<(Subject, Option<Signature>)> {
    let named = plugin.file.as_ref().and_then(|file| file.to_str());
    let (subject, signature) = match named.filter(|text| OciReference::is_meant(text)) {
        Some(text) => {
            let Package { component, manifest, signature } =
                client(registry)?.pull(&text.parse()?)?;
            let signature = signature.map(|text| text.parse::<Signature>()).transpose();
            let signature = signature.with_context(|| text.to_owned())?;
            (Subject::new(text.into(), component, manifest, plugin)?, signature)
        }
        None => {
            let subject = Subject::of(plugin)?;
            let signature = signing::beside(&subject.file)?;
            (subject, signature)
        }
    };
    let signature = subject.check(signature)?;
    Ok((subject, signature))
}

fn client(args: &RegistryArgs) -> anyhow::Result<OciRegistry> {
    let credentials = args.oci_user.clone().zip(args.oci_password.clone());
    let credentials = credentials.map(|(user, password)| Credentials { user, password });
    let max = SandboxOptions::default().component_bytes_max as u64;
    OciRegistry::new(credentials, args.plain_http, max).context("no event loop")
}
