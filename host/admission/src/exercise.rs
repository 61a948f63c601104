//! Runs a plugin through its whole role on some batches, as the runner would.

use refrain_domain::{Batch, Failure, Metric, Role, Schema, to_canonical};
use refrain_sandbox::{
    DriftInstance, EvaluatorInstance, Plugin, TrainerInstance, TransformInstance, UnitContext,
    Usage,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::case::{Case, Input};
use crate::rows::rows_of;

/// Training that is not done after so many passes is not pursued.
const PASSES_MAX: usize = 200;

/// How a fold's rows are spread over instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// All batches in one instance.
    Whole,
    /// All batches in one instance, saved, and merged into a fresh one.
    Restored,
    /// An instance a batch, merged in order; all in one where `describe` says that folds cannot be
    /// merged, as the runner has it.
    Parts,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Effect {
    /// What `describe` said.
    pub description: Value,
    /// Every state and model that came up, in order.
    pub states: Vec<Vec<u8>>,
    /// Rows, metrics, scores or a decision.
    pub output: Value,
    /// Over all instances.
    pub fuel: u64,
    /// The most linear memory of one instance.
    pub memory_bytes_peak: u64,
    /// Whether folds can be merged.
    pub mergeable: bool,
}

type Result<T> = std::result::Result<T, Failure>;

/// Runs a plugin on a case's rows: describes, folds in the given grouping, and maps batch by batch,
/// each in a fresh instance.
///
/// # Errors
/// [`Failure`], as the component fails.
pub fn exercise(
    plugin: &Plugin,
    context: &UnitContext,
    case: &Case,
    input: &Input,
    grouping: Grouping,
) -> Result<Effect> {
    let params = to_canonical(&case.params).map_err(|error| invalid(error.to_string()))?;
    let params = String::from_utf8(params).map_err(|error| invalid(error.to_string()))?;
    let context = UnitContext { seed: case.seed, ..context.clone() };
    let mut run = Exercise { plugin, context, params, input, grouping, effect: Effect::default() };
    match plugin.world().role {
        Role::Transform => run.transform(),
        Role::Trainer => run.train(),
        Role::Predictor => run.predict(),
        Role::Evaluator => run.evaluate(),
        Role::Drift => run.detect(),
        Role::Trigger => run.decide(),
    }?;
    Ok(run.effect)
}

fn invalid(message: String) -> Failure {
    Failure::Error { kind: "invalid-params".to_owned(), message }
}

struct Exercise<'a> {
    plugin: &'a Plugin,
    context: UnitContext,
    params: String,
    input: &'a Input,
    grouping: Grouping,
    effect: Effect,
}

/// Runs a fold in the grouping asked for; answers the instance to be finished.
macro_rules! fold {
    ($self:ident, $batches:expr, $start:expr, $update:expr, $save:ident, $merge:ident) => {{
        let mut instance = $start?;
        match $self.grouping {
            Grouping::Restored => {
                let mut first = $start?;
                for batch in $batches {
                    $update(&mut first, batch)?;
                }
                instance.$merge(&first.$save()?)?;
                note(&mut $self.effect, &first.usage());
            }
            Grouping::Parts if $self.effect.mergeable => {
                for batch in $batches {
                    let mut part = $start?;
                    $update(&mut part, batch)?;
                    instance.$merge(&part.$save()?)?;
                    note(&mut $self.effect, &part.usage());
                }
            }
            Grouping::Whole | Grouping::Parts => {
                for batch in $batches {
                    $update(&mut instance, batch)?;
                }
            }
        }
        instance
    }};
}

impl Exercise<'_> {
    fn transform(&mut self) -> Result<()> {
        let mut instance = self.plugin.transform(&self.context)?;
        let described = instance.describe(&self.params, &self.input.schema)?;
        note(&mut self.effect, &instance.usage());
        self.describe(&described, described.mergeable);
        let (schema, rows) = self.read(&self.input.rows, &described.reads);
        let mut state = Vec::new();
        if described.needs_fit {
            let start = || -> Result<TransformInstance> {
                let mut instance = self.plugin.transform(&self.context)?;
                instance.fit_start(&self.params, &schema, self.context.seed)?;
                Ok(instance)
            };
            let update = |instance: &mut TransformInstance, batch| instance.fit_update(batch);
            let mut instance = fold!(self, &rows, start(), update, fit_save, fit_merge);
            state = instance.fit_finish()?;
            note(&mut self.effect, &instance.usage());
            self.effect.states.push(state.clone());
        }
        let (computed, output) = (described.computed(), described.output(&self.input.schema));
        let mut made = Vec::new();
        for (batch, read) in self.input.rows.iter().zip(&rows) {
            let mut instance = self.plugin.transform(&self.context)?;
            instance.apply_start(&self.params, &schema, &state)?;
            let mut columns = instance.apply(read, &computed)?.columns.into_iter();
            note(&mut self.effect, &instance.usage());
            let whole = described.outputs.iter().map(|column| match column {
                refrain_domain::OutputColumn::Kept(index) => batch.columns[*index].clone(),
                refrain_domain::OutputColumn::Computed(_) => {
                    columns.next().expect("BUG: the sandbox counts columns")
                }
            });
            let whole = Batch { rows: batch.rows, columns: whole.collect() };
            made.extend(rows_of(&output, &whole));
        }
        self.effect.output = json!(made);
        Ok(())
    }

    fn train(&mut self) -> Result<()> {
        let mut instance = self.plugin.trainer(&self.context)?;
        let described = instance.describe(&self.params, &self.input.schema)?;
        note(&mut self.effect, &instance.usage());
        self.describe(&described, described.mergeable);
        let (schema, rows) = self.read(&self.input.rows, &described.training_reads);
        let mut state = Vec::new();
        for pass in 0.. {
            if pass == PASSES_MAX {
                let message = format!("training is not done after {PASSES_MAX} passes");
                return Err(Failure::Error { kind: "failed".to_owned(), message });
            }
            let start = || -> Result<TrainerInstance> {
                let mut instance = self.plugin.trainer(&self.context)?;
                instance.pass_start(&self.params, &schema, self.context.seed, &state)?;
                Ok(instance)
            };
            let update = |instance: &mut TrainerInstance, batch| instance.pass_update(batch);
            let mut instance = fold!(self, &rows, start(), update, pass_save, pass_merge);
            let end = instance.pass_finish()?;
            note(&mut self.effect, &instance.usage());
            state = end.state;
            self.effect.states.push(state.clone());
            if end.done {
                break;
            }
        }
        let mut instance = self.plugin.trainer(&self.context)?;
        let model = instance.finish(&self.params, &schema, &state)?;
        note(&mut self.effect, &instance.usage());
        let (schema, rows) = self.read(&self.input.predict, &described.prediction_reads);
        let mut made = Vec::new();
        for batch in &rows {
            let mut instance = self.plugin.trainer(&self.context)?;
            instance.predict_start(&schema, &model)?;
            let predicted = instance.predict(batch, &described.prediction)?;
            note(&mut self.effect, &instance.usage());
            made.extend(rows_of(&described.prediction, &predicted));
        }
        self.effect.states.push(model);
        self.effect.output = json!(made);
        Ok(())
    }

    fn predict(&mut self) -> Result<()> {
        let mut instance = self.plugin.predictor(&self.context)?;
        let (params, model) = (&self.params, &self.input.model);
        let described = instance.describe(params, &self.input.schema, model)?;
        self.describe(&described, false);
        let (schema, rows) = self.read(&self.input.rows, &described.reads);
        let mut made = Vec::new();
        for batch in &rows {
            let mut instance = self.plugin.predictor(&self.context)?;
            instance.predict_start(&self.params, &schema, &self.input.model)?;
            let predicted = instance.predict(batch, &described.prediction)?;
            note(&mut self.effect, &instance.usage());
            made.extend(rows_of(&described.prediction, &predicted));
        }
        self.effect.output = json!(made);
        Ok(())
    }

    fn evaluate(&mut self) -> Result<()> {
        let mut instance = self.plugin.evaluator(&self.context)?;
        let described = instance.describe(&self.params, &self.input.schema)?;
        note(&mut self.effect, &instance.usage());
        self.describe(&described, described.mergeable);
        let (schema, rows) = self.read(&self.input.rows, &described.reads);
        let start = || -> Result<EvaluatorInstance> {
            let mut instance = self.plugin.evaluator(&self.context)?;
            instance.start(&self.params, &schema)?;
            Ok(instance)
        };
        let update = |instance: &mut EvaluatorInstance, batch| instance.update(batch);
        let mut instance = fold!(self, &rows, start(), update, save, merge);
        let metrics: Vec<Metric> = instance.finish()?;
        note(&mut self.effect, &instance.usage());
        self.effect.output = json!(metrics);
        Ok(())
    }

    fn detect(&mut self) -> Result<()> {
        let mut instance = self.plugin.drift(&self.context)?;
        let described = instance.describe(&self.params, &self.input.schema)?;
        note(&mut self.effect, &instance.usage());
        self.describe(&described, described.mergeable);
        let (schema, reference) = self.read(&self.input.reference, &described.reads);
        let (_, current) = self.read(&self.input.rows, &described.reads);
        let windows: Vec<(bool, &Batch)> = reference
            .iter()
            .map(|batch| (false, batch))
            .chain(current.iter().map(|batch| (true, batch)))
            .collect();
        let start = || -> Result<DriftInstance> {
            let mut instance = self.plugin.drift(&self.context)?;
            instance.start(&self.params, &schema)?;
            Ok(instance)
        };
        let update = |instance: &mut DriftInstance, (is_current, batch): &(bool, &Batch)| {
            instance.update(*is_current, batch)
        };
        let mut instance = fold!(self, &windows, start(), update, save, merge);
        let scores = instance.finish()?;
        note(&mut self.effect, &instance.usage());
        self.effect.output = json!(scores);
        Ok(())
    }

    fn decide(&mut self) -> Result<()> {
        let mut instance = self.plugin.trigger(&self.context)?;
        let facts = instance.describe(&self.params)?;
        self.describe(&facts, false);
        let mut instance = self.plugin.trigger(&self.context)?;
        let decision = instance.decide(&self.params, &self.input.facts)?;
        note(&mut self.effect, &instance.usage());
        self.effect.output = json!(decision);
        Ok(())
    }

    fn describe<T: Serialize>(&mut self, description: &T, mergeable: bool) {
        self.effect.description = json!(description);
        self.effect.mergeable = mergeable;
    }

    fn read(&self, batches: &[Batch], reads: &[usize]) -> (Schema, Vec<Batch>) {
        let rows = batches.iter().map(|batch| batch.project(reads)).collect();
        (self.input.schema.project(reads), rows)
    }
}

fn note(effect: &mut Effect, usage: &Usage) {
    effect.fuel += usage.fuel_used;
    effect.memory_bytes_peak = effect.memory_bytes_peak.max(usage.memory_bytes_peak);
}
