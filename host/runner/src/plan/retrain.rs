//! The decision whether to train again.
//!
//! Everything that the trigger hears comes from dataset versions, the model in place and what
//! components computed of them, so a decision can be replayed like any run.

use std::collections::BTreeSet;

use refrain_domain::model::ModelVersion;
use refrain_domain::plan::{EventTime, Op, OutputKind, PluginUse, Source};
use refrain_domain::{Fact, FactValue, Role};

use super::baseline::parse_address;
use super::error::hint;
use super::table::TableInfo;
use super::{PlanError, Planner};
use crate::spec::{RetrainSpec, nearest};

/// The step that holds the decision.
pub const DECISION: &str = "retrain.decision";

/// What the section asks for, resolved. Nothing in it depends on which model is in place.
pub(super) struct Watch {
    input: EventTime,
    table: Source,
    info: TableInfo,
    drift: Option<PluginUse>,
    report: Option<String>,
    trigger: PluginUse,
    looks_at: Vec<String>,
    /// Model and alias.
    against: (String, String),
}

impl Planner<'_> {
    /// Plans drift, performance and decision; returns the deciding step.
    pub(super) fn retrain(&mut self) -> Result<String, PlanError> {
        let spec = self.spec;
        let Some(retrain) = &spec.retrain else {
            return Err(PlanError::NoRetrain { pipeline: spec.pipeline.clone() });
        };
        let watch = self.watch(retrain)?;
        let (model, alias) = &watch.against;
        let champion = self.catalog.alias(model, alias)?;
        let facts = self.known_facts(retrain, &watch.input, champion.as_ref())?;
        let mut inputs = Vec::new();
        if let Some(champion) = &champion {
            inputs = self.look_at_new_rows(retrain, &watch, champion)?;
        }
        let op = Op::Decide { plugin: watch.trigger, looks_at: watch.looks_at, facts };
        self.add_step(DECISION, op, inputs, OutputKind::Decision);
        Ok(DECISION.to_owned())
    }

    /// Resolves the section, and finds what is wrong with it; plans nothing.
    pub(super) fn watch(&self, retrain: &RetrainSpec) -> Result<Watch, PlanError> {
        let input = self.watched(retrain)?;
        let (table, info) = self.table("retrain.table", &retrain.table)?;
        let against = self.against(retrain)?;
        let drift = retrain.drift.as_ref();
        let drift = drift.map(|d| self.resolve("retrain.drift", d, Role::Drift)).transpose()?;
        if let Some(drift) = &drift {
            self.asked("retrain.drift", self.catalog.fold(drift, &info.schema))?;
        }
        let report = retrain.report.as_ref();
        let report = report.map(|r| self.report("retrain", Some(r))).transpose()?;
        let trigger = self.resolve("retrain.trigger", &retrain.trigger, Role::Trigger)?;
        let looks_at = self.asked("retrain.trigger", self.catalog.trigger(&trigger))?;
        Ok(Watch { input, table, info, drift, report, trigger, looks_at, against })
    }

    fn watched(&self, retrain: &RetrainSpec) -> Result<EventTime, PlanError> {
        let input = self.inputs.get(&retrain.watch).ok_or_else(|| {
            let known: Vec<String> = self.inputs.keys().cloned().collect();
            let nearest = nearest(&retrain.watch, known.iter().map(String::as_str));
            let hint = hint(nearest, &known);
            PlanError::place(
                "retrain.watch",
                format!("there is no input `{}`{hint}", retrain.watch),
            )
        })?;
        input.event_time.clone().ok_or_else(|| PlanError::Input {
            input: retrain.watch.clone(),
            problem: "`retrain.watch` needs an input with rows and an `event_time`".to_owned(),
        })
    }

    fn against(&self, retrain: &RetrainSpec) -> Result<(String, String), PlanError> {
        let owned = |(model, alias): (&str, &str)| (model.to_owned(), alias.to_owned());
        if let Some(address) = &retrain.against {
            return parse_address("retrain.against", address).map(owned);
        }
        let register = self.spec.register.as_ref();
        let named = register.and_then(|r| Some((r.model.as_str(), r.alias.as_deref()?)));
        named.map(owned).ok_or_else(|| {
            let problem = "say which model is in place: `against: models:/name@alias`";
            PlanError::place("retrain", problem)
        })
    }

    /// Windows before and after what the champion saw; drift and performance between them.
    fn look_at_new_rows(
        &mut self,
        retrain: &RetrainSpec,
        watch: &Watch,
        champion: &ModelVersion,
    ) -> Result<Vec<Source>, PlanError> {
        let (table, info) = (&watch.table, &watch.info);
        let Some(seen) = trained_time(champion, &retrain.watch) else { return Ok(Vec::new()) };
        if seen.max_us >= watch.input.max_us {
            return Ok(Vec::new());
        }
        let after = seen.max_us.saturating_add(1);
        let from = Some(seen.min_us);
        let reference = self.time_window("retrain.reference", table, info, from, Some(after))?;
        let current = self.time_window("retrain.current", table, info, Some(after), None)?;
        let mut inputs = Vec::new();
        if let Some(plugin) = watch.drift.clone() {
            let windows = [reference, current.clone()];
            inputs.push(self.add_drift("retrain.drift", plugin, windows, &info.schema)?);
        }
        if let Some(report) = &watch.report {
            let (evaluator, _) = self.evaluation_of(report)?;
            let name = "retrain.performance";
            self.evaluate_model(name, champion, evaluator, current, info)?;
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
            return Err(PlanError::place("retrain.table", problem));
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
