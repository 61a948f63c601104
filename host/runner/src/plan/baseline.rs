//! Gates, and the baselines that they compare with.
//!
//! A baseline is not a number from long ago: the model in place is evaluated again, by the same
//! evaluator, on the same rows as the challenger.

use refrain_domain::model::ModelVersion;
use refrain_domain::plan::{Op, PlannedGate, PluginUse, Source};

use super::table::TableInfo;
use super::{PlanError, Planner, sense};

impl Planner<'_> {
    pub(super) fn gates(&mut self) -> Result<Vec<PlannedGate>, PlanError> {
        let spec = self.spec;
        let mut gates = Vec::with_capacity(spec.gate.len());
        for (index, gate) in spec.gate.iter().enumerate() {
            let place = sense::gate_place(index, gate);
            let report = self.report(&place, gate.report.as_ref())?;
            let baseline = match &gate.against {
                Some(address) => self.baseline(&place, &report, address)?,
                None => None,
            };
            gates.push(PlannedGate { rule: gate.rule(), report, baseline });
        }
        Ok(gates)
    }

    /// The evaluating step that a place in the spec means.
    pub(super) fn report(&self, place: &str, given: Option<&String>) -> Result<String, PlanError> {
        let evaluating = |step: &&refrain_domain::plan::PlannedStep| {
            matches!(step.op, Op::Evaluate { .. }) && self.spec.steps.contains_key(&step.name)
        };
        let names: Vec<_> =
            self.steps.iter().filter(evaluating).map(|step| step.name.clone()).collect();
        match (given, names.as_slice()) {
            (Some(step), _) if names.contains(step) => Ok(step.clone()),
            (None, [only]) => Ok(only.clone()),
            (given, _) => Err(PlanError::WhichStep {
                place: place.to_owned(),
                key: "report",
                what: "evaluating",
                given: given.cloned(),
                candidates: names,
            }),
        }
    }

    /// Plans the evaluation of the model in place on the report's rows.
    fn baseline(
        &mut self,
        place: &str,
        report: &str,
        address: &str,
    ) -> Result<Option<String>, PlanError> {
        let (model, alias) = parse_address(place, address)?;
        let name = format!("{report}.baseline-{alias}");
        if self.names.contains_key(&name) {
            return Ok(Some(name));
        }
        let Some(version) = self.catalog.alias(model, alias)? else { return Ok(None) };
        let (evaluator, rows) = self.evaluation_of(report)?;
        let info = self.tables[&rows.to_string()].clone();
        self.evaluate_model(&name, &version, evaluator, rows, &info)?;
        Ok(Some(name))
    }

    /// The evaluator of a report, and the rows under it before any fitted transform or prediction.
    pub(super) fn evaluation_of(&self, report: &str) -> Result<(PluginUse, Source), PlanError> {
        let Some((Op::Evaluate { plugin, .. }, input)) =
            self.step(report).map(|step| (&step.op, step.inputs[0].clone()))
        else {
            return Err(PlanError::step(report, "is no evaluating step"));
        };
        let plugin = plugin.clone();
        Ok((plugin, self.before_transforms(input)))
    }

    /// Walks back over predictions and transforms to the host operator (or input) before them.
    pub(super) fn before_transforms(&self, mut source: Source) -> Source {
        loop {
            let Source::Step { step, .. } = &source else { return source };
            match self.step(step) {
                Some(planned) if matches!(planned.op, Op::Apply { .. } | Op::Predict { .. }) => {
                    source = planned.inputs[0].clone();
                }
                _ => return source,
            }
        }
    }

    /// Applies a model version's own fitted transforms to these rows, predicts and evaluates.
    pub(super) fn evaluate_model(
        &mut self,
        name: &str,
        version: &ModelVersion,
        evaluator: PluginUse,
        rows: Source,
        info: &TableInfo,
    ) -> Result<(), PlanError> {
        let (mut source, mut info) = (rows, info.clone());
        for (index, fitted) in version.transforms.iter().enumerate() {
            let step = format!("{name}.{}-{index}", fitted.plugin.name);
            let described = self.catalog.transform(&fitted.plugin, &info.schema);
            let description = self.asked(&step, described)?;
            info = info.with_schema(&step, description.output(&info.schema))?;
            let op = Op::Apply { plugin: fitted.plugin.clone(), description };
            let state = fitted.state.map(Source::Artifact);
            let inputs = std::iter::once(source).chain(state).collect();
            source = self.add_table(&step, op, inputs, info.clone());
        }
        let step = format!("{name}.predict");
        let model = Source::Artifact(version.state);
        let (source, info) =
            self.add_prediction(&step, version.trainer.clone(), model, source, &info)?;
        self.add_evaluation(name, evaluator, source, &info)
    }
}

/// Splits `models:/name@alias`.
pub(super) fn parse_address<'t>(
    place: &str,
    text: &'t str,
) -> Result<(&'t str, &'t str), PlanError> {
    text.strip_prefix("models:/")
        .and_then(|rest| rest.split_once('@'))
        .filter(|(model, alias)| !model.is_empty() && !alias.is_empty())
        .ok_or_else(|| PlanError::ModelAddress { place: place.to_owned(), text: text.to_owned() })
}
