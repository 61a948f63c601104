//! Bundles: a run with everything it takes to execute it again, in one tar file.
//!
//! A bundle holds `bundle-<digest>.json` and one file for each artifact under `artifacts/`, named
//! by its digest. Whoever verifies trusts nothing but digests: the index against its name, every
//! artifact against its own, and then every step by executing it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::sync::Arc;

use refrain_domain::plan::{OutputKind, Plan, Source};
use refrain_domain::run::{Run, RunEvent, Status};
use refrain_domain::{Digest, Table, from_canonical, to_canonical};
use refrain_store::{DynStore, MemoryStore};
use serde::{Deserialize, Serialize};

use crate::error::RunnerError;
use crate::executor::Control;
use crate::replay::{ReplayOptions, ReplayReport, replay};
use crate::{Runner, RunnerOptions};

const FORMAT: &str = "refrain.bundle/1";
const ARTIFACTS: &str = "artifacts/";

/// A file that proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// No tar file, or one that ends too early.
    #[error("the bundle cannot be read: {detail}")]
    Unreadable {
        /// Why.
        detail: String,
    },
    /// The index is missing, damaged, or of another version.
    #[error("the bundle's index {name} is damaged: {detail}")]
    Index {
        /// Its name.
        name: String,
        /// What is wrong.
        detail: String,
    },
    /// An artifact is not what its name says.
    #[error("artifact {name} of the bundle is damaged: its bytes have the digest {found}")]
    Artifact {
        /// Its name.
        name: String,
        /// What its bytes amount to.
        found: Digest,
    },
    /// An artifact is not there.
    #[error("artifact {name} is missing from the bundle")]
    Missing {
        /// Its name.
        name: String,
    },
}

/// What a bundle says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: String,
    run: String,
    plan: Digest,
    events: Vec<RunEvent>,
    artifacts: BTreeSet<Digest>,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// Whether every artifact is what its name says, and every step gives its outputs again.
    pub valid: bool,
    /// The run.
    pub run: Option<String>,
    /// Artifacts whose digests were verified.
    pub artifacts: u64,
    /// The model version that the run made.
    pub model_version: Option<Digest>,
    /// The execution of every step.
    pub replay: Option<ReplayReport>,
    /// The artifact at fault.
    pub artifact: Option<String>,
    /// What is wrong.
    pub problem: Option<String>,
}

impl Runner {
    /// Whether a run can be bundled.
    ///
    /// # Errors
    /// [`RunnerError::Invalid`] for a run that has not succeeded, [`RunnerError::NotFound`].
    pub fn check_bundle(&self, id: &str) -> Result<(), RunnerError> {
        let (run, _) = self.run(id)?;
        if run.status == Status::Succeeded {
            return Ok(());
        }
        let status = run.status;
        let message = format!("run `{id}` has {status}: only a run that succeeded can be bundled");
        Err(RunnerError::Invalid { message })
    }

    /// Writes a run as a bundle; answers how many artifacts went in.
    ///
    /// # Errors
    /// [`RunnerError::Invalid`] for a run that has not succeeded; [`RunnerError::Host`] if writing
    /// fails.
    pub fn bundle(&self, id: &str, to: &mut dyn Write) -> Result<u64, RunnerError> {
        self.check_bundle(id)?;
        let (run, events) = self.run(id)?;
        let plan = self.plan_of(&run)?;
        let artifacts = self.needed(&plan, &run)?;
        let n_artifacts = artifacts.len() as u64;
        let index = Index {
            format: FORMAT.to_owned(),
            run: id.to_owned(),
            plan: run.plan,
            events,
            artifacts,
        };
        let bytes =
            to_canonical(&index).map_err(|error| RunnerError::corrupt("the bundle", error))?;
        let written = |error: std::io::Error| RunnerError::Host {
            message: format!("the bundle cannot be written: {error}"),
        };
        let mut tar = tar::Builder::new(to);
        append(&mut tar, &format!("bundle-{}.json", Digest::of(&bytes).to_hex()), &bytes)
            .map_err(written)?;
        for digest in &index.artifacts {
            let name = format!("{ARTIFACTS}{}", digest.to_hex());
            append(&mut tar, &name, &self.store.get(digest)?).map_err(written)?;
        }
        tar.finish().map_err(written)?;
        Ok(n_artifacts)
    }

    /// Plan, components, input tables, and everything that the steps made.
    fn needed(&self, plan: &Plan, run: &Run) -> Result<BTreeSet<Digest>, RunnerError> {
        let mut needed = BTreeSet::from([run.plan]);
        for input in plan.inputs.values() {
            needed.extend([input.version, input.table]);
            let table: Table = self.read_manifest("table", &input.table)?;
            needed.extend(table.chunks.into_iter().flat_map(|chunk| chunk.columns));
        }
        for step in &plan.steps {
            needed.extend(step.op.plugin().map(|plugin| plugin.component));
            needed.extend(step.inputs.iter().filter_map(|source| match source {
                Source::Artifact(digest) => Some(*digest),
                _ => None,
            }));
            let Some(finished) = run.finished.get(&step.name) else { continue };
            needed.insert(finished.record);
            needed.extend(finished.outputs.values());
            if step.outputs.iter().any(|output| matches!(output.kind, OutputKind::Table(_))) {
                needed.extend(self.reread_columns(finished.outputs.values())?);
            }
        }
        if let Some(model) = &run.model_version {
            needed.insert(model.digest);
        }
        Ok(needed)
    }

    /// The column blocks of tables between steps. Steps are verified one by one on their recorded
    /// inputs, so that a difference is found where it begins; for that the inputs must be there.
    fn reread_columns<'d>(
        &self,
        tables: impl Iterator<Item = &'d Digest>,
    ) -> Result<Vec<Digest>, RunnerError> {
        let mut columns = Vec::new();
        for digest in tables {
            let table: Table = self.read_manifest("table", digest)?;
            columns.extend(table.chunks.into_iter().flat_map(|chunk| chunk.columns));
        }
        Ok(columns)
    }
}

fn append<W: Write>(tar: &mut tar::Builder<W>, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    // No time and no owner: bundles of one run are equal bytes.
    header.set_mtime(0);
    tar.append_data(&mut header, name, bytes)
}

/// Verifies a bundle on a machine that has nothing else.
///
/// # Errors
/// [`RunnerError::Host`] if this machine fails; a bad bundle is a report, not an error.
pub fn verify(
    from: &mut dyn Read,
    options: ReplayOptions,
    control: &Control,
    watch: &mut dyn FnMut(&str),
) -> Result<VerifyReport, RunnerError> {
    let mut report = VerifyReport {
        valid: false,
        run: None,
        artifacts: 0,
        model_version: None,
        replay: None,
        artifact: None,
        problem: None,
    };
    let (index, store) = match unpack(from) {
        Ok(unpacked) => unpacked,
        Err(error) => {
            report.problem = Some(error.to_string());
            report.artifact = match error {
                BundleError::Artifact { name, .. } | BundleError::Missing { name } => Some(name),
                BundleError::Index { name, .. } => Some(name),
                BundleError::Unreadable { .. } => None,
            };
            return Ok(report);
        }
    };
    report.run = Some(index.run.clone());
    report.artifacts = index.artifacts.len() as u64;
    let run = match Run::fold(&index.events) {
        Ok(run) if run.plan == index.plan => run,
        _ => {
            report.problem = Some("its events make no run of its plan".to_owned());
            return Ok(report);
        }
    };
    report.model_version = run.model_version.as_ref().map(|model| model.digest);
    let store: Arc<DynStore> = Arc::new(store);
    let plan: Plan = match store.get(&index.plan).map(|bytes| from_canonical(&bytes)) {
        Ok(Ok(plan)) => plan,
        _ => {
            report.problem = Some("its plan cannot be read".to_owned());
            return Ok(report);
        }
    };
    let is_whole = plan.steps.iter().all(|step| run.finished.contains_key(&step.name));
    if !is_whole {
        report.problem = Some("its events do not finish every step of the plan".to_owned());
        return Ok(report);
    }
    let runner = RunnerOptions::default();
    let replayed = replay(&store, &runner, &plan, &run, options, control, watch)?;
    report.valid = replayed.identical;
    report.problem = replayed.difference.as_ref().map(ToString::to_string);
    report.replay = Some(replayed);
    Ok(report)
}

fn unpack(from: &mut dyn Read) -> Result<(Index, MemoryStore), BundleError> {
    use refrain_store::Artifacts;
    let unreadable = |error: std::io::Error| BundleError::Unreadable { detail: error.to_string() };
    let mut index: Option<Index> = None;
    let store = MemoryStore::new();
    let mut found = BTreeSet::new();
    let mut tar = tar::Archive::new(from);
    for entry in tar.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let name = entry.path().map_err(unreadable)?.to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(unreadable)?;
        let digest = Digest::of(&bytes);
        if let Some(expected) = name.strip_prefix(ARTIFACTS) {
            if digest.to_hex() != expected {
                return Err(BundleError::Artifact {
                    name: format!("blake3:{expected}"),
                    found: digest,
                });
            }
            store.stage(&bytes).map_err(|e| BundleError::Unreadable { detail: e.to_string() })?;
            found.insert(digest);
        } else {
            index = Some(read_index(&name, &bytes, digest)?);
        }
    }
    let none = || BundleError::Unreadable { detail: "it has no index".to_owned() };
    let index = index.ok_or_else(none)?;
    if let Some(missing) = index.artifacts.difference(&found).next() {
        return Err(BundleError::Missing { name: missing.to_string() });
    }
    Ok((index, store))
}

fn read_index(name: &str, bytes: &[u8], digest: Digest) -> Result<Index, BundleError> {
    let damaged = |detail: String| BundleError::Index { name: name.to_owned(), detail };
    if name != format!("bundle-{}.json", digest.to_hex()) {
        return Err(damaged(format!("its bytes have the digest {digest}")));
    }
    let index: Index = from_canonical(bytes).map_err(|error| damaged(error.to_string()))?;
    if index.format != FORMAT {
        return Err(damaged(format!(
            "its format is {}, this version reads {FORMAT}",
            index.format
        )));
    }
    Ok(index)
}
