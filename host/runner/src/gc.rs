//! What is live: everything that a ref or a run leads to.

use std::collections::HashSet;

use refrain_domain::plan::Source;
use refrain_domain::{Digest, Table};

use crate::Runner;
use crate::error::RunnerError;

impl Runner {
    /// Every artifact that a dataset, plugin, model or run leads to. The store sweeps the rest.
    ///
    /// # Errors
    /// [`RunnerError`] if something live cannot be read: then nothing may be swept.
    pub fn live(&self) -> Result<HashSet<Digest>, RunnerError> {
        let mut live = HashSet::new();
        for plugin in self.plugins()? {
            live.insert(plugin.component);
        }
        for (_, digest) in self.store.list_refs("")? {
            live.insert(digest);
        }
        for dataset in self.datasets()? {
            for version in self.dataset_history(&dataset.name)? {
                self.mark_dataset(version, &mut live)?;
            }
        }
        for model in self.models()? {
            let version: refrain_domain::model::ModelVersion =
                self.read_manifest("model version", &model.digest)?;
            live.extend([version.plan, version.state, version.trainer.component]);
            live.extend(version.metrics.values());
            for transform in version.transforms {
                live.insert(transform.plugin.component);
                live.extend(transform.state);
            }
        }
        for id in self.run_ids()? {
            self.mark_run(&id, &mut live)?;
        }
        Ok(live)
    }

    fn mark_run(&self, id: &str, live: &mut HashSet<Digest>) -> Result<(), RunnerError> {
        let (run, _) = self.run(id)?;
        let plan = self.plan_of(&run)?;
        live.insert(run.plan);
        for input in plan.inputs.values() {
            self.mark_dataset(input.version, live)?;
        }
        for step in &plan.steps {
            live.extend(step.op.plugin().map(|plugin| plugin.component));
            live.extend(step.inputs.iter().filter_map(|source| match source {
                Source::Artifact(digest) => Some(*digest),
                _ => None,
            }));
            let Some(finished) = run.finished.get(&step.name) else { continue };
            live.insert(finished.record);
            for output in &step.outputs {
                let Some(digest) = finished.outputs.get(&output.name) else { continue };
                match output.kind {
                    refrain_domain::plan::OutputKind::Table(_) => self.mark_table(*digest, live)?,
                    _ => {
                        live.insert(*digest);
                    }
                }
            }
        }
        Ok(())
    }

    fn mark_dataset(&self, version: Digest, live: &mut HashSet<Digest>) -> Result<(), RunnerError> {
        if !live.insert(version) && self.store.size(&version)?.is_none() {
            return Ok(());
        }
        let manifest: refrain_data::DatasetVersion =
            self.read_manifest("dataset version", &version)?;
        live.insert(manifest.folds);
        live.extend(manifest.quarantine.map(|quarantine| quarantine.artifact));
        self.mark_table(manifest.table, live)
    }

    fn mark_table(&self, digest: Digest, live: &mut HashSet<Digest>) -> Result<(), RunnerError> {
        live.insert(digest);
        let table: Table = self.read_manifest("table", &digest)?;
        live.extend(table.chunks.into_iter().flat_map(|chunk| chunk.columns));
        Ok(())
    }
}
