//! Steps that a plugin does.

use refrain_domain::plan::{Op, OutputKind, PluginUse, Source};
use refrain_domain::{Role, Schema};

use super::sense::{check_seed, inexact};
use super::table::{TableInfo, need_same_schema};
use super::{PlanError, Planner, ResolvedPlugin};
use crate::spec::{PluginSpec, StepSpec};

impl Planner<'_> {
    pub(super) fn plan_plugin(
        &mut self,
        name: &str,
        requirement: &str,
        step: &StepSpec,
    ) -> Result<(), PlanError> {
        let plugin = self.asked(name, self.catalog.plugin(requirement))?;
        let role = plugin.world.role;
        let used = plugin_use(name, plugin, step.params.as_ref(), step.seed)?;
        match role {
            Role::Transform => self.plan_transform(name, used, step),
            Role::Trainer => self.plan_trainer(name, used, step),
            Role::Evaluator => self.plan_evaluator(name, used, step),
            Role::Drift => self.plan_drift(name, used, step),
            Role::Predictor => self.plan_predictor(name, used, step),
            Role::Trigger => Err(PlanError::step(
                name,
                format!("`{}` is a trigger: it belongs under `retrain`", used.name),
            )),
        }
    }

    fn plan_transform(
        &mut self,
        name: &str,
        plugin: PluginUse,
        step: &StepSpec,
    ) -> Result<(), PlanError> {
        allow_keys(name, "a transform", step, &["input", "fit", "apply", "params", "seed"])?;
        let (fit, targets) = match (&step.input, &step.fit, &step.apply) {
            (Some(input), None, None) => (input, None),
            (None, Some(fit), Some(apply)) => (fit, Some(apply)),
            _ => {
                let problem = "a transform needs either `input`, or `fit` and `apply`";
                return Err(PlanError::step(name, problem));
            }
        };
        let (fit_source, fit_info) = self.table(name, fit)?;
        let description = self.asked(name, self.catalog.transform(&plugin, &fit_info.schema))?;
        let state = description.needs_fit.then(|| {
            let op = Op::Fit { plugin: plugin.clone(), description: description.clone() };
            self.add_step(&format!("{name}.fit"), op, vec![fit_source.clone()], OutputKind::State)
        });
        let targets = match targets {
            None => vec![(name.to_owned(), fit.clone())],
            Some(targets) => targets.iter().map(|t| (applied_name(name, t), t.clone())).collect(),
        };
        for (output, reference) in targets {
            if self.names.contains_key(&output) {
                let problem = format!("`apply` would make two tables named `{output}`");
                return Err(PlanError::step(name, problem));
            }
            let (source, info) = self.table(name, &reference)?;
            need_same_schema(name, &fit_info, &info)?;
            let info = info.with_schema(name, description.output(&info.schema))?;
            let op = Op::Apply { plugin: plugin.clone(), description: description.clone() };
            let inputs = std::iter::once(source).chain(state.clone()).collect();
            self.add_table(&output, op, inputs, info);
        }
        Ok(())
    }

    fn plan_trainer(
        &mut self,
        name: &str,
        plugin: PluginUse,
        step: &StepSpec,
    ) -> Result<(), PlanError> {
        allow_keys(name, "a trainer", step, &["input", "params", "seed"])?;
        let (source, info) = self.table(name, need_input(name, step)?)?;
        let description = self.asked(name, self.catalog.trainer(&plugin, &info.schema))?;
        let op = Op::Train { plugin, description };
        self.add_step(name, op, vec![source], OutputKind::Model);
        Ok(())
    }

    fn plan_evaluator(
        &mut self,
        name: &str,
        plugin: PluginUse,
        step: &StepSpec,
    ) -> Result<(), PlanError> {
        allow_keys(name, "an evaluator", step, &["input", "model", "params", "seed"])?;
        let (mut source, mut info) = self.table(name, need_input(name, step)?)?;
        if let Some(model) = &step.model {
            let predict = format!("{name}.predict");
            (source, info) = self.plan_prediction(name, &predict, model, source, &info)?;
        }
        self.add_evaluation(name, plugin, source, &info)
    }

    pub(super) fn add_evaluation(
        &mut self,
        name: &str,
        plugin: PluginUse,
        source: Source,
        info: &TableInfo,
    ) -> Result<(), PlanError> {
        let description = self.asked(name, self.catalog.fold(&plugin, &info.schema))?;
        let op = Op::Evaluate { plugin, description };
        self.add_step(name, op, vec![source], OutputKind::Metrics);
        Ok(())
    }

    fn plan_drift(
        &mut self,
        name: &str,
        plugin: PluginUse,
        step: &StepSpec,
    ) -> Result<(), PlanError> {
        allow_keys(name, "a drift detector", step, &["reference", "current", "params", "seed"])?;
        let (Some(reference), Some(current)) = (&step.reference, &step.current) else {
            let problem = "a drift detector needs `reference` and `current`";
            return Err(PlanError::step(name, problem));
        };
        let (reference_source, reference_info) = self.table(name, reference)?;
        let (current_source, current_info) = self.table(name, current)?;
        need_same_schema(name, &reference_info, &current_info)?;
        self.add_drift(name, plugin, [reference_source, current_source], &current_info.schema)?;
        Ok(())
    }

    pub(super) fn add_drift(
        &mut self,
        name: &str,
        plugin: PluginUse,
        windows: [Source; 2],
        schema: &Schema,
    ) -> Result<Source, PlanError> {
        let description = self.asked(name, self.catalog.fold(&plugin, schema))?;
        let op = Op::Drift { plugin, description };
        Ok(self.add_step(name, op, windows.to_vec(), OutputKind::Drift))
    }

    /// A predictor brings its model along as an artifact: `model: blake3:…`.
    fn plan_predictor(
        &mut self,
        name: &str,
        plugin: PluginUse,
        step: &StepSpec,
    ) -> Result<(), PlanError> {
        allow_keys(name, "a predictor", step, &["input", "model", "params", "seed"])?;
        let (source, info) = self.table(name, need_input(name, step)?)?;
        let model = step.model.as_deref().and_then(|text| text.parse().ok()).ok_or_else(|| {
            PlanError::step(name, "a predictor needs `model: blake3:…`, the digest of its model")
        })?;
        let described = self.catalog.predictor(&plugin, &info.schema, &model);
        let description = self.asked(name, described)?;
        let info = info.with_prediction(name, &description.prediction)?;
        let op = Op::PredictForeign { plugin, description };
        self.add_table(name, op, vec![source, Source::Artifact(model)], info);
        Ok(())
    }

    /// Appends the predictions of a training step's model. `asker` is the step in the spec, `name`
    /// the one in the plan.
    pub(super) fn plan_prediction(
        &mut self,
        asker: &str,
        name: &str,
        model: &str,
        source: Source,
        info: &TableInfo,
    ) -> Result<(Source, TableInfo), PlanError> {
        let Some(Op::Train { plugin, .. }) = self.step(model).map(|step| &step.op) else {
            return Err(PlanError::WhichStep {
                place: format!("step `{asker}`"),
                key: "model",
                what: "training",
                given: Some(model.to_owned()),
                candidates: self.training_steps(),
            });
        };
        let (plugin, model_source) = (plugin.clone(), self.source(asker, model)?);
        self.add_prediction(name, plugin, model_source, source, info)
    }

    pub(super) fn add_prediction(
        &mut self,
        name: &str,
        plugin: PluginUse,
        model: Source,
        source: Source,
        info: &TableInfo,
    ) -> Result<(Source, TableInfo), PlanError> {
        let description = self.asked(name, self.catalog.trainer(&plugin, &info.schema))?;
        let info = info.with_prediction(name, &description.prediction)?;
        let op = Op::Predict { plugin, description };
        let source = self.add_table(name, op, vec![source, model], info.clone());
        Ok((source, info))
    }

    /// What the catalog answered, with the step's name in its complaint.
    pub(super) fn asked<T>(
        &self,
        name: &str,
        answer: Result<T, PlanError>,
    ) -> Result<T, PlanError> {
        answer.map_err(|error| error.in_step(name))
    }

    pub(super) fn resolve(
        &self,
        name: &str,
        spec: &PluginSpec,
        role: Role,
    ) -> Result<PluginUse, PlanError> {
        let plugin = self.asked(name, self.catalog.plugin(&spec.plugin))?;
        if plugin.world.role != role {
            return Err(PlanError::wrong_role(name, &plugin, role));
        }
        plugin_use(name, plugin, spec.params.as_ref(), None)
    }
}

fn plugin_use(
    step: &str,
    plugin: ResolvedPlugin,
    params: Option<&serde_json::Value>,
    seed: Option<u64>,
) -> Result<PluginUse, PlanError> {
    let seed = seed.unwrap_or(0);
    check_seed(step, seed)?;
    if params.is_some_and(|params| !params.is_object()) {
        let problem = "`params` must be a map from names to values, such as `{columns: [a, b]}`";
        return Err(PlanError::step(step, problem));
    }
    if let Some(number) = params.and_then(inexact) {
        let problem = format!(
            "`params` holds {number}, which JSON rounds: take one of at most 2^53, or write it as a text"
        );
        return Err(PlanError::step(step, problem));
    }
    Ok(PluginUse {
        name: plugin.name,
        version: plugin.version,
        component: plugin.component,
        world: plugin.world,
        grants: plugin.grants,
        params: params.cloned().unwrap_or_else(|| serde_json::json!({})),
        seed,
    })
}

/// `split.train` applied by `filled` becomes `filled.train`.
fn applied_name(step: &str, reference: &str) -> String {
    let last = reference.rsplit('.').next().unwrap_or(reference);
    format!("{step}.{last}")
}

fn need_input<'s>(name: &str, step: &'s StepSpec) -> Result<&'s str, PlanError> {
    let missing = || PlanError::step(name, "`input` is missing: name the table that it reads");
    step.input.as_deref().ok_or_else(missing)
}

fn allow_keys(name: &str, what: &str, step: &StepSpec, allowed: &[&str]) -> Result<(), PlanError> {
    let given = [
        ("input", step.input.is_some()),
        ("fit", step.fit.is_some()),
        ("apply", step.apply.is_some()),
        ("model", step.model.is_some()),
        ("reference", step.reference.is_some()),
        ("current", step.current.is_some()),
        ("params", step.params.is_some()),
        ("seed", step.seed.is_some()),
    ];
    match given.into_iter().find(|(key, is)| *is && !allowed.contains(key)) {
        Some((key, _)) => {
            let problem =
                format!("`{key}` does not go with {what}, which takes {}", allowed.join(", "));
            Err(PlanError::step(name, problem))
        }
        None => Ok(()),
    }
}
