//! The decision whether to train again.
//!
//! Everything that the trigger hears comes from dataset versions, the model in place and what
//! components computed of them, so a decision can be replayed like any run.

use std::collections::BTreeSet;

use refrain_domain::model::ModelVersion;
use refrain_domain::plan::{EventTime, Op, OutputKind, Source};
use refrain_domain::{Fact, FactValue, Role};

use super::baseline::parse_address;
use super::{PlanError, Planner, TableInfo};
use crate::spec::RetrainSpec;

/// The step that holds the decision.
pub const DECISION: &str = "retrain.decision";

impl Planner<'_> {
    /// Plans drift, performance and decision; returns the deciding step.
    pub(super) fn retrain(&mut self) -> Result<String, PlanError> {
        let spec = self.spec;
        let Some(retrain) = &spec.retrain else {
            return Err(PlanError::NoRetrain { pipeline: spec.pipeline.clone() });
        };
        let watched = self.watched(retrain)?;
        let champion = self.champion(retrain)?;
        let mut inputs = Vec::new();
        if let Some(champion) = &champion {
            inputs = self.look_at_new_rows(retrain, &watched, champion)?;
        }
        let facts = self.known_facts(retrain, &watched, champion.as_ref())?;
        let plugin = self.resolve("retrain.trigger", &retrain.trigger, Role::Trigger)?;
        let looks_at = self.in_step("retrain.trigger", self.catalog.trigger(&plugin))?;
        let op = Op::Decide { plugin, looks_at, facts };
        self.add_step(DECISION, op, inputs, OutputKind::Decision);
        Ok(DECISION.to_owned())
    }

    fn watched(&self, retrain: &RetrainSpec) -> Result<EventTime, PlanError> {
        let input = self.inputs.get(&retrain.watch).ok_or_else(|| PlanError::UnknownReference {
            step: "retrain.watch".to_owned(),
            reference: retrain.watch.clone(),
            nearest: self.inputs.keys().next().cloned(),
        })?;
        input.event_time.clone().ok_or_else(|| PlanError::Input {
            input: retrain.watch.clone(),
            problem: "`retrain.watch` needs an input with rows and an `event_time`".to_owned(),
        })
    }

    fn champion(&self, retrain: &RetrainSpec) -> Result<Option<ModelVersion>, PlanError> {
        if let Some(address) = &retrain.against {
            let (model, alias) = parse_address(address)?;
            return self.catalog.alias(model, alias);
        }
        let register = self.spec.register.as_ref();
        let named = register.and_then(|r| Some((r.model.as_str(), r.alias.as_deref()?)));
        let Some((model, alias)) = named else {
            let problem = "say which model is in place: `against: models:/name@alias`";
            return Err(PlanError::step("retrain", problem));
        };
        self.catalog.alias(model, alias)
    }

    /// Windows before and after what the champion saw; drift and performance between them.
    fn look_at_new_rows(
        &mut self,
        retrain: &RetrainSpec,
        watched: &EventTime,
        champion: &ModelVersion,
    ) -> Result<Vec<Source>, PlanError> {
        let (table, info) = self.table("retrain.table", &retrain.table)?;
        let Some(seen) = trained_time(champion, &retrain.watch) else { return Ok(Vec::new()) };
        if seen.max_us >= watched.max_us {
            return Ok(Vec::new());
        }
        let after = seen.max_us.saturating_add(1);
        let from = Some(seen.min_us);
        let reference = self.time_window("retrain.reference", &table, &info, from, Some(after))?;
        let current = self.time_window("retrain.current", &table, &info, Some(after), None)?;
        let mut inputs = Vec::new();
        if let Some(drift) = &retrain.drift {
            let plugin = self.resolve("retrain.drift", drift, Role::Drift)?;
            let windows = [reference, current.clone()];
            inputs.push(self.add_drift("retrain.drift", plugin, windows, &info.schema)?);
        }
        if let Some(report) = &retrain.report {
            let report = self.report("retrain", Some(report))?;
            let (evaluator, _) = self.evaluation_of(&report)?;
            let name = "retrain.performance";
            self.evaluate_model(name, champion, evaluator, current, &info)?;
            inputs.push(self.source("retrain", name)?);
        }
        Ok(inputs)
    }

    fn time_window(
        &mut self,
        name: &str,
        table: &Source,
        info: &TableInfo,
        from_us: Option<i64>,
        to_us: Option<i64>,
    ) -> Result<Source, PlanError> {
        let Some(time) = &info.event_time else {
            let problem = "the table has lost the event time: keep that column up to there";
            return Err(PlanError::step("retrain.table", problem));
        };
        let op = Op::Window { column: time.column.clone(), from_us, to_us };
        Ok(self.add_table(name, op, vec![table.clone()], info.clone()))
    }

    /// What is known before any component runs.
    fn known_facts(
        &self,
        retrain: &RetrainSpec,
        watched: &EventTime,
        champion: Option<&ModelVersion>,
    ) -> Result<Vec<Fact>, PlanError> {
        let fact = |name: &str, value| Fact { name: name.to_owned(), value };
        let rows = self.inputs[&retrain.watch].rows;
        let mut facts = vec![
            fact("model.exists", FactValue::Boolean(champion.is_some())),
            fact("rows.total", FactValue::Integer(rows.cast_signed())),
            fact("time.latest", FactValue::TimestampUs(watched.max_us)),
        ];
        let Some(champion) = champion else { return Ok(facts) };
        if let Some(before) = champion.inputs.get(&retrain.watch) {
            let new_rows = rows.cast_signed() - before.rows.cast_signed();
            facts.push(fact("rows.since_training", FactValue::Integer(new_rows)));
        }
        if let Some(seen) = trained_time(champion, &retrain.watch) {
            let seconds = (watched.max_us - seen.max_us) as f64 / 1e6;
            facts.push(fact("time.since_training", FactValue::Seconds(seconds)));
        }
        let report = retrain.report.as_ref().and_then(|name| champion.metrics.get(name));
        if let Some(digest) = report {
            facts.extend(metric_facts("baseline", &self.catalog.metrics(digest)?));
        }
        Ok(facts)
    }

    /// Drops the steps that the decision does not read.
    pub(super) fn keep_only_what_leads_to(&mut self, step: &str) {
        let mut wanted: BTreeSet<String> = BTreeSet::from([step.to_owned()]);
        for step in self.steps.iter().rev() {
            if wanted.contains(&step.name) {
                wanted.extend(step.inputs.iter().filter_map(|source| match source {
                    Source::Step { step, .. } => Some(step.clone()),
                    _ => None,
                }));
            }
        }
        self.steps.retain(|step| wanted.contains(&step.name));
    }
}

fn trained_time<'m>(champion: &'m ModelVersion, watch: &str) -> Option<&'m EventTime> {
    champion.inputs.get(watch)?.event_time.as_ref()
}

/// Overall metrics as facts: `metric.roc_auc`.
pub(crate) fn metric_facts(prefix: &str, metrics: &[refrain_domain::Metric]) -> Vec<Fact> {
    metrics
        .iter()
        .filter(|metric| metric.slice.is_empty() && metric.part.is_empty())
        .filter_map(|metric| {
            let name = format!("{prefix}.{}", metric.name);
            metric.value.map(|value| Fact { name, value: FactValue::Number(value) })
        })
        .collect()
}
