//! The model registry: numbered versions and moving aliases over manifests.

use std::collections::BTreeMap;

use refrain_domain::gate::{Baseline, GateResult, Verdict, weigh};
use refrain_domain::model::{FittedTransform, MODEL_FORMAT, ModelVersion};
use refrain_domain::plan::{OUTPUT, Op, Plan, PlannedRegister, PlannedStep, Source};
use refrain_domain::run::{RegisteredModel, Run};
use refrain_domain::{Digest, Metric, Schema, Table, to_canonical};
use refrain_store::{EventAppend, Publication, RefChange};
use serde::{Deserialize, Serialize};

use crate::error::RunnerError;
use crate::{Runner, now_ms};

const REFS: &str = "models/";

/// A model version in the registry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSummary {
    /// The model's name.
    pub model: String,
    /// Counted from 1.
    pub version: u64,
    /// The manifest.
    pub digest: Digest,
    /// The aliases that name it.
    pub aliases: Vec<String>,
    /// What the gate found.
    pub verdict: Verdict,
}

/// A change in the registry; its stream is the model's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum ModelEvent {
    /// A version came in.
    Registered { version: u64, digest: Digest, run: String, at_ms: i64 },
    /// An alias moved.
    AliasMoved { alias: String, from: Option<Digest>, to: Option<Digest>, by: String, at_ms: i64 },
}

impl Runner {
    /// Weighs every gate rule of a finished run.
    pub(crate) fn weigh_gate(&self, plan: &Plan, run: &Run) -> Result<Vec<GateResult>, RunnerError> {
        let metrics = |step: &str| -> Result<Vec<Metric>, RunnerError> {
            match run.finished.get(step).and_then(|finished| finished.outputs.get(OUTPUT)) {
                Some(digest) => self.read_manifest("metrics", digest),
                None => Ok(Vec::new()),
            }
        };
        let mut results = Vec::with_capacity(plan.gate.len());
        for gate in &plan.gate {
            let report = metrics(&gate.report)?;
            let baseline = gate.baseline.as_deref().map(metrics).transpose()?;
            let baseline = baseline.as_deref().map_or(Baseline::None, Baseline::Metrics);
            results.push(weigh(&gate.rule, &report, baseline));
        }
        Ok(results)
    }

    /// What must be published for a finished run's model: version, alias, history.
    #[expect(clippy::too_many_arguments, reason = "one call site, each part of one event")]
    pub(crate) fn registration(
        &self,
        run_id: &str,
        plan: &Plan,
        run: &Run,
        register: &PlannedRegister,
        gate: &[GateResult],
        verdict: Option<Verdict>,
        passed: bool,
    ) -> Result<(RegisteredModel, Publication), RunnerError> {
        let manifest = self.model_version(plan, run, register, gate, verdict)?;
        let bytes = to_canonical(&manifest)
            .map_err(|error| RunnerError::corrupt("the model version", error))?;
        let digest = self.store.stage(&bytes)?;
        let name = &register.model;
        let versions = self.versions(name)?;
        let known = versions.iter().find(|(_, found)| *found == digest).map(|(n, _)| *n);
        let version = known.unwrap_or(versions.len() as u64 + 1);
        let mut publication = Publication::default();
        let mut events = Vec::new();
        if known.is_none() {
            let name = version_ref(name, version);
            publication.refs.push(RefChange { name, expected: None, new: Some(digest) });
            let run = run_id.to_owned();
            events.push(ModelEvent::Registered { version, digest, run, at_ms: now_ms() });
        }
        let alias = register.alias.clone().filter(|_| passed);
        if let Some(alias) = &alias {
            let by = format!("run {run_id}");
            self.alias_change(name, alias, Some(digest), by, &mut publication, &mut events)?;
        }
        publication.events.extend(append(name, &events));
        Ok((RegisteredModel { model: name.clone(), version, digest, alias }, publication))
    }

    fn alias_change(
        &self,
        model: &str,
        alias: &str,
        new: Option<Digest>,
        by: String,
        publication: &mut Publication,
        events: &mut Vec<ModelEvent>,
    ) -> Result<(), RunnerError> {
        let name = alias_ref(model, alias);
        let expected = self.store.get_ref(&name)?;
        if expected != new {
            publication.refs.push(RefChange { name, expected, new });
            let alias = alias.to_owned();
            let at_ms = now_ms();
            events.push(ModelEvent::AliasMoved { alias, from: expected, to: new, by, at_ms });
        }
        Ok(())
    }

    /// Moves an alias to a version, by hand.
    ///
    /// # Errors
    /// [`RunnerError::NotFound`] if there is no such version.
    pub fn promote(&self, model: &str, version: u64, alias: &str) -> Result<Digest, RunnerError> {
        crate::plugins::check_name(alias)?;
        let versions = self.versions(model)?;
        let found = versions.iter().find(|(number, _)| *number == version);
        let Some((_, digest)) = found else {
            let known: Vec<String> = versions.iter().map(|(n, _)| n.to_string()).collect();
            let name = format!("{model}/{version}");
            let hint = match known.as_slice() {
                [] => format!("; no version of `{model}` is registered"),
                known => format!("; versions: {}", known.join(", ")),
            };
            return Err(RunnerError::NotFound { what: "model version", name, hint });
        };
        let (mut publication, mut events) = (Publication::default(), Vec::new());
        let by = "promote".to_owned();
        self.alias_change(model, alias, Some(*digest), by, &mut publication, &mut events)?;
        publication.events.extend(append(model, &events));
        self.store.publish(&publication)?;
        Ok(*digest)
    }

    /// Moves an alias back to where it was before its last move.
    ///
    /// # Errors
    /// [`RunnerError::Invalid`] if it never pointed anywhere else.
    pub fn rollback(&self, model: &str, alias: &str) -> Result<Digest, RunnerError> {
        let nowhere = || RunnerError::Invalid {
            message: format!("alias `{alias}` of model `{model}` has no place to go back to"),
        };
        let now = self.model_alias(model, alias)?.ok_or_else(nowhere)?;
        let raw = self.store.read_events(&format!("{REFS}{model}"), 0)?;
        let mut back = None;
        for bytes in raw {
            let event: ModelEvent = serde_json::from_slice(&bytes)
                .map_err(|error| RunnerError::corrupt(format!("history of `{model}`"), error))?;
            if let ModelEvent::AliasMoved { alias: moved, from, to, .. } = event
                && moved == alias
                && to == Some(now)
            {
                back = from;
            }
        }
        let back = back.ok_or_else(nowhere)?;
        let (mut publication, mut events) = (Publication::default(), Vec::new());
        let by = "rollback".to_owned();
        self.alias_change(model, alias, Some(back), by, &mut publication, &mut events)?;
        publication.events.extend(append(model, &events));
        self.store.publish(&publication)?;
        Ok(back)
    }

    /// The manifest that an alias names.
    ///
    /// # Errors
    /// [`RunnerError::Store`].
    pub fn model_alias(&self, model: &str, alias: &str) -> Result<Option<Digest>, RunnerError> {
        Ok(self.store.get_ref(&alias_ref(model, alias))?)
    }

    /// All model versions, by name and number.
    ///
    /// # Errors
    /// [`RunnerError::Corrupt`] for a manifest that this version cannot read.
    pub fn models(&self) -> Result<Vec<ModelSummary>, RunnerError> {
        let refs = self.store.list_refs(REFS)?;
        let mut aliases: BTreeMap<(String, Digest), Vec<String>> = BTreeMap::new();
        for (name, digest) in &refs {
            if let Some((model, alias)) = name[REFS.len()..].split_once("/aliases/") {
                aliases.entry((model.to_owned(), *digest)).or_default().push(alias.to_owned());
            }
        }
        let mut summaries = Vec::new();
        for (name, digest) in &refs {
            let Some((model, number)) = name[REFS.len()..].split_once("/versions/") else { continue };
            let manifest: ModelVersion = self.read_manifest("model version", digest)?;
            summaries.push(ModelSummary {
                model: model.to_owned(),
                version: number.parse().unwrap_or(0),
                digest: *digest,
                aliases: aliases.get(&(model.to_owned(), *digest)).cloned().unwrap_or_default(),
                verdict: manifest.verdict,
            });
        }
        Ok(summaries)
    }

    fn versions(&self, model: &str) -> Result<Vec<(u64, Digest)>, RunnerError> {
        let prefix = format!("{REFS}{model}/versions/");
        let refs = self.store.list_refs(&prefix)?;
        let parse = |(name, digest): (String, Digest)| Some((name[prefix.len()..].parse().ok()?, digest));
        Ok(refs.into_iter().filter_map(parse).collect())
    }
}

fn version_ref(model: &str, version: u64) -> String {
    // Zero-padded, so that the order of names is the order of numbers.
    format!("{REFS}{model}/versions/{version:08}")
}

fn alias_ref(model: &str, alias: &str) -> String {
    format!("{REFS}{model}/aliases/{alias}")
}

fn append(model: &str, events: &[ModelEvent]) -> Option<EventAppend> {
    let encode = |event| serde_json::to_vec(event).expect("BUG: an event without a JSON form");
    let events: Vec<_> = events.iter().map(encode).collect();
    let stream = format!("{REFS}{model}");
    (!events.is_empty()).then_some(EventAppend { stream, expected_len: None, events })
}

impl Runner {
    /// The manifest of the model that a run made.
    fn model_version(
        &self,
        plan: &Plan,
        run: &Run,
        register: &PlannedRegister,
        gate: &[GateResult],
        verdict: Option<Verdict>,
    ) -> Result<ModelVersion, RunnerError> {
        let broken = |detail: &str| RunnerError::corrupt(format!("plan {}", run.plan), detail);
        let step = plan.step(&register.step).ok_or_else(|| broken("no training step"))?;
        let Op::Train { plugin, .. } = &step.op else { return Err(broken("no training step")) };
        let metrics = plan.steps.iter().filter(|step| matches!(step.op, Op::Evaluate { .. }));
        Ok(ModelVersion {
            format: MODEL_FORMAT.to_owned(),
            model: register.model.clone(),
            plan: run.plan,
            inputs: plan.inputs.clone(),
            trainer: plugin.clone(),
            input: self.table_schema(plan, run, &step.inputs[0])?,
            state: output(run, &step.name, OUTPUT).ok_or_else(|| broken("no model"))?,
            transforms: self.transforms_before(plan, run, step)?,
            metrics: metrics
                .filter_map(|step| Some((step.name.clone(), output(run, &step.name, OUTPUT)?)))
                .collect(),
            gate: gate.to_vec(),
            verdict: verdict.unwrap_or(Verdict::Inconclusive),
        })
    }

    /// The schema of a table that a step reads.
    fn table_schema(&self, plan: &Plan, run: &Run, source: &Source) -> Result<Schema, RunnerError> {
        let digest = match source {
            Source::Input(name) => plan.inputs.get(name).map(|input| input.table),
            Source::Step { step, output: name } => output(run, step, name),
            Source::Artifact(digest) => Some(*digest),
        };
        let missing = || RunnerError::corrupt(format!("plan {}", run.plan), "a table is missing");
        let table: Table = self.read_manifest("table", &digest.ok_or_else(missing)?)?;
        Ok(table.schema)
    }

    /// The fitted transforms between the last host operator and the trainer.
    fn transforms_before(
        &self,
        plan: &Plan,
        run: &Run,
        trainer: &PlannedStep,
    ) -> Result<Vec<FittedTransform>, RunnerError> {
        let mut transforms = Vec::new();
        let mut source = &trainer.inputs[0];
        while let Source::Step { step, .. } = source
            && let Some(step) = plan.step(step)
            && let Op::Apply { plugin, description } = &step.op
        {
            let state = match step.inputs.get(1) {
                Some(Source::Artifact(digest)) => Some(*digest),
                Some(Source::Step { step, output: name }) => output(run, step, name),
                _ => None,
            };
            transforms.push(FittedTransform {
                plugin: plugin.clone(),
                description: description.clone(),
                input: self.table_schema(plan, run, &step.inputs[0])?,
                state,
            });
            source = &step.inputs[0];
        }
        transforms.reverse();
        Ok(transforms)
    }
}

/// What a finished step made.
fn output(run: &Run, step: &str, output: &str) -> Option<Digest> {
    run.finished.get(step)?.outputs.get(output).copied()
}
