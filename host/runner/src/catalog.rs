//! [`StoreCatalog`]: what a plan needs to know, from the store and the components.
//!
//! A description is a pure function of component, parameters and schema, so it is remembered like
//! a unit's output: planning the same pipeline again runs no component.

use std::collections::BTreeMap;

use refrain_data::DatasetVersion;
use refrain_domain::canonical::digest_of;
use refrain_domain::model::ModelVersion;
use refrain_domain::plan::{PlannedInput, PluginUse};
use refrain_domain::{
    Digest, Failure, FoldDescription, Limits, Metric, PredictorDescription, Role, Schema, Table,
    TrainerDescription, TransformDescription, to_canonical,
};
use refrain_sandbox::{Plugin, Sandbox, UnitContext};
use refrain_store::Publication;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::RunnerError;
use crate::plan::{Catalog, PlanError, ResolvedInput, ResolvedPlugin, profile_digest};
use crate::spec::{InputSpec, PipelineSpec};
use crate::unit::Component;
use crate::{Runner, local, memo};

const DESCRIPTION: u8 = b'd';

/// What a store knows, for one pipeline.
pub struct StoreCatalog<'a> {
    runner: &'a Runner,
    inputs: BTreeMap<String, ResolvedInput>,
}

impl<'a> StoreCatalog<'a> {
    /// Resolves the pipeline's inputs: to the version given for them, or else to the dataset's
    /// latest.
    ///
    /// # Errors
    /// [`PlanError::Input`], naming the input.
    pub fn resolve(
        runner: &'a Runner,
        spec: &PipelineSpec,
        versions: &BTreeMap<String, Digest>,
    ) -> Result<Self, PlanError> {
        if let Some(name) = versions.keys().find(|name| !spec.inputs.contains_key(*name)) {
            let problem = "a version is given for it, but the pipeline has no such input";
            return Err(PlanError::Input { input: name.clone(), problem: problem.to_owned() });
        }
        let mut inputs = BTreeMap::new();
        for (name, input) in &spec.inputs {
            let resolved = resolve_input(runner, input, versions.get(name));
            let resolved = resolved.map_err(|error| PlanError::Input {
                input: name.clone(),
                problem: problem(&error),
            })?;
            inputs.insert(name.clone(), resolved);
        }
        Ok(Self { runner, inputs })
    }

    /// Asks a component once, and remembers what it said.
    fn describe<T: Serialize + DeserializeOwned>(
        &self,
        plugin: &PluginUse,
        question: &impl Serialize,
        ask: impl FnOnce(&Plugin, &UnitContext, &str) -> Result<T, Failure>,
    ) -> Result<T, PlanError> {
        let component = Component::from(plugin);
        let profile = profile_digest(&Sandbox::profile());
        let key = digest_of(&(&component, question, profile)).map_err(|error| host(&error))?;
        let store = &**self.runner.store();
        if let Some(known) = memo::find(store, DESCRIPTION, &key).map_err(|e| host(&e))? {
            return Ok(known);
        }
        let loaded = local::load_plugin(self.runner.sandbox(), store, &component);
        let loaded = loaded.map_err(|error| host(&error))?;
        let context = UnitContext { limits: Limits::default(), ..UnitContext::default() };
        let params = to_canonical(&component.params).map_err(|error| host(&error))?;
        let params = String::from_utf8_lossy(&params);
        let said = ask(&loaded, &context, &params).map_err(|failure| PlanError::Refused {
            step: String::new(),
            plugin: plugin.name.clone(),
            failure,
        })?;
        let memos = vec![memo::entry(DESCRIPTION, &key, &said)];
        let publication = Publication { memos, ..Publication::default() };
        store.publish(&publication).map_err(|error| host(&error))?;
        Ok(said)
    }
}

fn resolve_input(
    runner: &Runner,
    input: &InputSpec,
    version: Option<&Digest>,
) -> Result<ResolvedInput, RunnerError> {
    let (version, manifest) = match (version, &input.path) {
        (Some(version), _) => {
            (*version, runner.read_manifest::<DatasetVersion>("dataset version", version)?)
        }
        (None, Some(path)) => {
            let message = format!(
                "`{path}` has not been imported: `refrain run` does that, and so does `refrain data import`; over HTTP give its version under `inputs`"
            );
            return Err(RunnerError::Invalid { message });
        }
        (None, None) => runner.dataset(&input.dataset)?,
    };
    let table: Table = runner.read_manifest("table", &manifest.table)?;
    let planned = PlannedInput {
        dataset: manifest.name,
        version,
        table: manifest.table,
        event_time: manifest.event_time,
        rows: manifest.rows,
    };
    Ok(ResolvedInput { planned, schema: table.schema })
}

fn problem(error: &RunnerError) -> String {
    match error {
        RunnerError::NotFound { what: "dataset", hint, .. } if hint.is_empty() => {
            format!("{error}: import it with `refrain data import`, or give the input a `path`")
        }
        other => other.to_string(),
    }
}

fn host(error: &dyn std::fmt::Display) -> PlanError {
    PlanError::Host { message: error.to_string() }
}

impl Catalog for StoreCatalog<'_> {
    fn input(&self, name: &str) -> Result<ResolvedInput, PlanError> {
        self.inputs.get(name).cloned().ok_or_else(|| PlanError::Input {
            input: name.to_owned(),
            problem: "it was not resolved".to_owned(),
        })
    }

    fn plugin(&self, requirement: &str) -> Result<ResolvedPlugin, PlanError> {
        let found = self.runner.find_plugin(requirement).map_err(|error| match error {
            RunnerError::NotFound { hint, .. } => PlanError::UnknownPlugin {
                step: String::new(),
                requirement: requirement.to_owned(),
                hint,
            },
            RunnerError::Invalid { message } => {
                PlanError::Requirement { step: String::new(), problem: message }
            }
            other => host(&other),
        })?;
        Ok(ResolvedPlugin {
            name: found.manifest.name,
            version: found.manifest.version,
            component: found.component,
            world: found.world,
            grants: found.manifest.grants,
        })
    }

    fn alias(&self, model: &str, alias: &str) -> Result<Option<ModelVersion>, PlanError> {
        let found = self.runner.model_alias(model, alias).map_err(|error| host(&error))?;
        let Some(digest) = found else { return Ok(None) };
        self.runner.read_manifest("model version", &digest).map(Some).map_err(|e| host(&e))
    }

    fn metrics(&self, digest: &Digest) -> Result<Vec<Metric>, PlanError> {
        self.runner.read_manifest("metrics", digest).map_err(|error| host(&error))
    }

    fn transform(&self, p: &PluginUse, s: &Schema) -> Result<TransformDescription, PlanError> {
        self.describe(p, s, |plugin, context, params| {
            plugin.transform(context)?.describe(params, s)
        })
    }

    fn trainer(&self, p: &PluginUse, s: &Schema) -> Result<TrainerDescription, PlanError> {
        self.describe(p, s, |plugin, context, params| plugin.trainer(context)?.describe(params, s))
    }

    fn predictor(
        &self,
        p: &PluginUse,
        s: &Schema,
        model: &Digest,
    ) -> Result<PredictorDescription, PlanError> {
        let bytes = self.runner.store().get(model).map_err(|error| host(&error))?;
        self.describe(p, &(s, model), |plugin, context, params| {
            plugin.predictor(context)?.describe(params, s, &bytes)
        })
    }

    fn fold(&self, p: &PluginUse, s: &Schema) -> Result<FoldDescription, PlanError> {
        self.describe(p, s, |plugin, context, params| {
            if plugin.world().role == Role::Drift {
                return plugin.drift(context)?.describe(params, s);
            }
            plugin.evaluator(context)?.describe(params, s)
        })
    }

    fn trigger(&self, p: &PluginUse) -> Result<Vec<String>, PlanError> {
        self.describe(p, &"facts", |plugin, context, params| {
            plugin.trigger(context)?.describe(params)
        })
    }
}
