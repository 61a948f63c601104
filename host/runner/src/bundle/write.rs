//! Writes bundles.

use std::collections::BTreeSet;
use std::io::Write;

use refrain_domain::plan::{OutputKind, Plan, Source};
use refrain_domain::run::{Run, Status};
use refrain_domain::{Digest, Table};
use refrain_store::DynStore;

use super::archive::pack;
use super::{FORMAT, Index};
use crate::Runner;
use crate::conclude::read_manifest;
use crate::error::RunnerError;

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
        let artifacts = needed(&*self.store, &plan, &run)?;
        let n_artifacts = artifacts.len() as u64;
        let index = Index {
            format: FORMAT.to_owned(),
            run: id.to_owned(),
            plan: run.plan,
            events,
            artifacts,
        };
        pack(&index, &*self.store, to)?;
        Ok(n_artifacts)
    }
}

/// Plan, components, input tables, and everything that the steps made.
///
/// The column blocks of tables between steps are among it: steps are verified one by one on their
/// recorded inputs, so that a difference is found where it begins.
pub(super) fn needed(
    store: &DynStore,
    plan: &Plan,
    run: &Run,
) -> Result<BTreeSet<Digest>, RunnerError> {
    let mut needed = BTreeSet::from([run.plan]);
    for input in plan.inputs.values() {
        needed.insert(input.version);
        add_table(store, input.table, &mut needed)?;
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
        for output in &step.outputs {
            let Some(digest) = finished.outputs.get(&output.name) else { continue };
            if matches!(output.kind, OutputKind::Table(_)) {
                add_table(store, *digest, &mut needed)?;
            }
        }
    }
    needed.extend(run.model_version.as_ref().map(|model| model.digest));
    Ok(needed)
}

fn add_table(
    store: &DynStore,
    digest: Digest,
    needed: &mut BTreeSet<Digest>,
) -> Result<(), RunnerError> {
    needed.insert(digest);
    let table: Table = read_manifest(store, "table", &digest)?;
    needed.extend(table.chunks.into_iter().flat_map(|chunk| chunk.columns));
    Ok(())
}
