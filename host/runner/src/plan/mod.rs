//! Turns a [`PipelineSpec`] into a [`Plan`].
//!
//! Invariant: a plan holds digests only, and depends on nothing but the spec and what the
//! [`Catalog`] answers, so equal questions give equal bytes.
//!
//! Absent on purpose: nothing here reads a store, a file or a clock, or runs a component; the
//! catalog does.

mod baseline;
mod check;
mod error;
mod host_op;
mod order;
mod plugin_op;
mod retrain;
mod sense;
mod table;
mod time_op;

use std::collections::{BTreeMap, HashMap};

use refrain_domain::model::ModelVersion;
use refrain_domain::plan::{
    OUTPUT, Op, OutputKind, PLAN_FORMAT, Plan, PlannedGate, PlannedInput, PlannedOutput,
    PlannedRegister, PlannedStep, PluginUse, Purpose, Source,
};
use refrain_domain::{
    Digest, FoldDescription, Grant, Limits, Metric, PredictorDescription, Profile, Schema,
    TrainerDescription, TransformDescription, World,
};

use crate::spec::{PipelineSpec, nearest};
pub use check::check;
pub use error::PlanError;
pub use retrain::DECISION;
pub(crate) use retrain::metric_facts;
use table::TableInfo;

/// A dataset version, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedInput {
    /// What goes into the plan.
    pub planned: PlannedInput,
    /// Of its table.
    pub schema: Schema,
}

/// A plugin version, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedPlugin {
    /// Its name.
    pub name: String,
    /// The version chosen.
    pub version: semver::Version,
    /// The component.
    pub component: Digest,
    /// What it implements.
    pub world: World,
    /// What its operator lets it have.
    pub grants: Vec<Grant>,
}

/// What a plan needs to know, and may not find out for itself.
pub trait Catalog {
    /// The dataset version that an input of the pipeline stands for.
    fn input(&self, name: &str) -> Result<ResolvedInput, PlanError>;
    /// The best version of a plugin that a requirement such as `standardize@^0.1` allows.
    fn plugin(&self, requirement: &str) -> Result<ResolvedPlugin, PlanError>;
    /// The model version that an alias names now.
    fn alias(&self, model: &str, alias: &str) -> Result<Option<ModelVersion>, PlanError>;
    /// Metrics that an earlier run made.
    fn metrics(&self, digest: &Digest) -> Result<Vec<Metric>, PlanError>;
    /// What a transform says of this schema.
    fn transform(&self, p: &PluginUse, s: &Schema) -> Result<TransformDescription, PlanError>;
    /// What a trainer says of this schema.
    fn trainer(&self, p: &PluginUse, s: &Schema) -> Result<TrainerDescription, PlanError>;
    /// What a predictor says of this schema and model.
    fn predictor(
        &self,
        p: &PluginUse,
        s: &Schema,
        model: &Digest,
    ) -> Result<PredictorDescription, PlanError>;
    /// What an evaluator or drift detector says of this schema.
    fn fold(&self, p: &PluginUse, s: &Schema) -> Result<FoldDescription, PlanError>;
    /// The facts that a trigger looks at.
    fn trigger(&self, p: &PluginUse) -> Result<Vec<String>, PlanError>;
}

/// Plans the pipeline itself: train, evaluate, gate, register.
///
/// # Errors
/// [`PlanError`], naming the step, what is wrong with it, and what to write instead.
pub fn plan(spec: &PipelineSpec, catalog: &dyn Catalog) -> Result<Plan, PlanError> {
    let mut planner = Planner::new(spec, catalog)?;
    planner.plan_steps()?;
    let register = planner.register()?;
    let gate = planner.gates()?;
    if let Some(retrain) = &spec.retrain {
        // A mistake there should not wait for the day on which the trigger is asked.
        planner.watch(retrain)?;
    }
    Ok(planner.finish(Purpose::Train, gate, register))
}

/// Plans the pipeline's `retrain` section: is there reason to train?
///
/// # Errors
/// As [`plan`], and [`PlanError::NoRetrain`] for a pipeline without that section.
pub fn plan_decision(spec: &PipelineSpec, catalog: &dyn Catalog) -> Result<Plan, PlanError> {
    let mut planner = Planner::new(spec, catalog)?;
    planner.plan_steps()?;
    let decision = planner.retrain()?;
    planner.keep_only_what_leads_to(&decision);
    Ok(planner.finish(Purpose::Decide, Vec::new(), None))
}

struct Planner<'a> {
    spec: &'a PipelineSpec,
    catalog: &'a dyn Catalog,
    inputs: BTreeMap<String, PlannedInput>,
    steps: Vec<PlannedStep>,
    /// Where each step stands.
    positions: HashMap<String, usize>,
    /// What a reference in the spec stands for.
    names: BTreeMap<String, Source>,
    tables: BTreeMap<String, TableInfo>,
    logical_time_us: i64,
}

impl<'a> Planner<'a> {
    fn new(spec: &'a PipelineSpec, catalog: &'a dyn Catalog) -> Result<Self, PlanError> {
        sense::check(spec)?;
        let mut planner = Self {
            spec,
            catalog,
            inputs: BTreeMap::new(),
            steps: Vec::new(),
            positions: HashMap::new(),
            names: BTreeMap::new(),
            tables: BTreeMap::new(),
            logical_time_us: 0,
        };
        for (name, input) in &spec.inputs {
            if spec.steps.contains_key(name) {
                return Err(PlanError::NameTaken { name: name.clone() });
            }
            let resolved = catalog.input(name)?;
            planner.add_input(name, input.window, resolved)?;
        }
        Ok(planner)
    }

    /// Takes in a dataset version, behind a window if the spec asks for one.
    fn add_input(
        &mut self,
        name: &str,
        window: Option<crate::units::Span>,
        input: ResolvedInput,
    ) -> Result<(), PlanError> {
        let event_time = input.planned.event_time.clone();
        if let Some(time) = &event_time {
            self.logical_time_us = self.logical_time_us.max(time.max_us);
        }
        let info = TableInfo {
            name: name.to_owned(),
            schema: input.schema,
            event_time: event_time.clone(),
        };
        self.inputs.insert(name.to_owned(), input.planned);
        let source = Source::Input(name.to_owned());
        self.tables.insert(source.to_string(), info.clone());
        self.names.insert(name.to_owned(), source.clone());
        let Some(window) = window else { return Ok(()) };
        let time = event_time.ok_or_else(|| PlanError::Input {
            input: name.to_owned(),
            problem: format!(
                "`window: {window}` needs an event time: name the column, and one with values, with `event_time`"
            ),
        })?;
        let op = Op::Window {
            column: time.column,
            from_us: Some(time.max_us.saturating_sub(window.us).saturating_add(1)),
            to_us: None,
        };
        let windowed = self.add_table(&format!("{name}.window"), op, vec![source], info);
        self.names.insert(name.to_owned(), windowed);
        Ok(())
    }

    fn plan_steps(&mut self) -> Result<(), PlanError> {
        for name in order::topological(self.spec)? {
            self.plan_step(&name, &self.spec.steps[&name])?;
        }
        Ok(())
    }

    /// Adds a step with one table, and returns that table.
    fn add_table(&mut self, step: &str, op: Op, inputs: Vec<Source>, info: TableInfo) -> Source {
        let kind = OutputKind::Table(info.schema.clone());
        let source = self.add_step(step, op, inputs, kind);
        self.tables.insert(source.to_string(), info);
        source
    }

    /// Adds a step with one output, and returns that output.
    fn add_step(&mut self, step: &str, op: Op, inputs: Vec<Source>, kind: OutputKind) -> Source {
        let outputs = vec![PlannedOutput { name: OUTPUT.to_owned(), kind }];
        self.push(PlannedStep { name: step.to_owned(), op, inputs, outputs });
        let source = Source::Step { step: step.to_owned(), output: OUTPUT.to_owned() };
        self.names.insert(step.to_owned(), source.clone());
        source
    }

    fn push(&mut self, step: PlannedStep) {
        self.positions.insert(step.name.clone(), self.steps.len());
        self.steps.push(step);
    }

    /// A step that is planned already.
    fn step(&self, name: &str) -> Option<&PlannedStep> {
        self.positions.get(name).map(|&position| &self.steps[position])
    }

    /// What a reference stands for.
    fn source(&self, step: &str, reference: &str) -> Result<Source, PlanError> {
        self.names.get(reference).cloned().ok_or_else(|| self.no_source(step, reference))
    }

    fn no_source(&self, step: &str, reference: &str) -> PlanError {
        let (step, reference) = (step.to_owned(), reference.to_owned());
        let below = format!("{reference}.");
        let names = || self.names.keys().filter(|name| self.is_own(name)).cloned();
        let outputs: Vec<String> = names().filter(|name| name.starts_with(&below)).collect();
        if !outputs.is_empty() {
            return PlanError::WhichOutput { step, reference, outputs };
        }
        let known: Vec<String> = names().collect();
        let nearest = nearest(&reference, known.iter().map(String::as_str));
        let hint = error::hint(nearest, &known);
        PlanError::UnknownReference { step, reference, hint }
    }

    /// Whether a name can be written in the spec with that meaning in mind: fits, windows and
    /// predictions of the planner's own are not meant.
    fn is_own(&self, name: &str) -> bool {
        let last = name.rsplit_once('.').map(|(_, last)| last);
        !matches!(last, Some("fit" | "window" | "predict"))
    }

    /// A reference that must be a table.
    fn table(&self, step: &str, reference: &str) -> Result<(Source, TableInfo), PlanError> {
        let source = self.source(step, reference)?;
        let Some(info) = self.tables.get(&source.to_string()) else {
            let is_table = |(name, source): &(&String, &Source)| {
                self.is_own(name) && self.tables.contains_key(&source.to_string())
            };
            let tables = self.names.iter().filter(is_table).map(|(name, _)| name.clone());
            return Err(PlanError::NotATable {
                step: step.to_owned(),
                reference: reference.to_owned(),
                tables: tables.collect(),
            });
        };
        Ok((source, TableInfo { name: reference.to_owned(), ..info.clone() }))
    }

    fn training_steps(&self) -> Vec<String> {
        let trainers = self.steps.iter().filter(|step| matches!(step.op, Op::Train { .. }));
        trainers.map(|step| step.name.clone()).collect()
    }

    fn register(&self) -> Result<Option<PlannedRegister>, PlanError> {
        let Some(register) = &self.spec.register else { return Ok(None) };
        let names = self.training_steps();
        let step = match (&register.step, names.as_slice()) {
            (Some(step), _) if names.contains(step) => step.clone(),
            (None, [only]) => only.clone(),
            (given, _) => {
                return Err(PlanError::WhichStep {
                    place: "register".to_owned(),
                    key: "step",
                    what: "training",
                    given: given.clone(),
                    candidates: names,
                });
            }
        };
        let (model, alias) = (register.model.clone(), register.alias.clone());
        Ok(Some(PlannedRegister { model, step, alias }))
    }

    fn finish(
        self,
        purpose: Purpose,
        gate: Vec<PlannedGate>,
        register: Option<PlannedRegister>,
    ) -> Plan {
        let budget = &self.spec.budget;
        let default = Limits::default();
        let limits = Limits {
            fuel: budget.fuel_per_call.map_or(default.fuel, |fuel| fuel.0),
            memory_bytes_max: budget.memory_bytes_max.map_or(default.memory_bytes_max, |b| b.0),
            ..default
        };
        Plan {
            format: PLAN_FORMAT.to_owned(),
            pipeline: self.spec.pipeline.clone(),
            purpose,
            profile: profile_digest(&refrain_sandbox::Sandbox::profile()),
            limits,
            logical_time_us: self.logical_time_us,
            inputs: self.inputs,
            steps: self.steps,
            gate,
            register,
            fuel_max: budget.fuel.map_or(0, |fuel| fuel.0),
        }
    }
}

/// The digest of a profile's canonical form.
pub fn profile_digest(profile: &Profile) -> Digest {
    refrain_domain::canonical::digest_of(profile).expect("BUG: a profile has no NaN")
}
