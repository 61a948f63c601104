//! Whether a plan from elsewhere hangs together: every step reads what is there, in the number, of
//! the kinds and with the columns that its operation needs, and promises what it will make.
//!
//! Invariant: no step of a plan that passes can run into a column, an input or an output that is
//! not there. Whatever [`super::plan`] makes passes.

use std::collections::{BTreeMap, HashMap};

use refrain_domain::plan::{
    OUTPUT, Op, OutputKind, PLAN_FORMAT, Plan, PlannedOutput, PlannedStep, Source,
};
use refrain_domain::{Kind, Schema, TransformDescription};

/// Checks a plan against the schemas of its inputs.
///
/// # Errors
/// The first thing that does not fit, with the step.
pub fn check(plan: &Plan, inputs: &BTreeMap<String, Schema>) -> Result<(), String> {
    if plan.format != PLAN_FORMAT {
        return Err(format!("its format is {}, this version reads {PLAN_FORMAT}", plan.format));
    }
    let mut made: Made = HashMap::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let checked = Step { step, made: &made, inputs }.check();
        checked.map_err(|problem| format!("step `{}`: {problem}", step.name))?;
        let outputs = step.outputs.iter().map(|output| (output.name.as_str(), &output.kind));
        if made.insert(&step.name, outputs.collect()).is_some() {
            return Err(format!("two steps are named `{}`", step.name));
        }
    }
    check_ends(plan)
}

/// Gates read reports, and what is registered was trained.
fn check_ends(plan: &Plan) -> Result<(), String> {
    let is = |name: &str, kind: &str| plan.step(name).is_some_and(|step| step.op.name() == kind);
    for gate in &plan.gate {
        if let Some(name) = gate.baseline.iter().chain([&gate.report]).find(|n| !is(n, "evaluate"))
        {
            return Err(format!("a gate reads `{name}`, which evaluates nothing"));
        }
    }
    match &plan.register {
        Some(register) if !is(&register.step, "train") => {
            Err(format!("`{}` is registered, and trains nothing", register.step))
        }
        _ => Ok(()),
    }
}

/// By step and output.
type Made<'p> = HashMap<&'p str, BTreeMap<&'p str, &'p OutputKind>>;

type Checked<T = ()> = Result<T, String>;

/// A step, and all that comes before it.
struct Step<'a, 'p> {
    step: &'p PlannedStep,
    made: &'a Made<'p>,
    inputs: &'a BTreeMap<String, Schema>,
}

impl Step<'_, '_> {
    fn check(&self) -> Checked {
        match &self.step.op {
            Op::Window { column, .. } => self.keeps(column, Kind::TimestampUs, &[OUTPUT]),
            Op::SplitTime { column, .. } => {
                self.keeps(column, Kind::TimestampUs, &["train", "holdout"])
            }
            Op::Filter { by } => self.keeps(by, Kind::Boolean, &[OUTPUT]),
            Op::SplitHash { by, .. } => {
                let table = self.only_table()?;
                by.iter().try_for_each(|name| column(table, name).map(drop))?;
                self.makes_tables(table, &["train", "holdout"])
            }
            Op::Select { columns } => {
                let table = self.only_table()?;
                let indices: Checked<Vec<usize>> =
                    columns.iter().map(|name| column(table, name)).collect();
                self.makes_tables(&table.project(&indices?), &[OUTPUT])
            }
            Op::Union => {
                let first = self.table(0)?;
                for index in 1..self.step.inputs.len() {
                    need(self.table(index)? == first, "its tables differ in their columns")?;
                }
                self.makes_tables(first, &[OUTPUT])
            }
            Op::Asof { by, left_on, right_on, columns, .. } => {
                let (left, right) = (self.table(0)?, self.table(1)?);
                kind(left, left_on, Kind::TimestampUs)?;
                kind(right, right_on, Kind::TimestampUs)?;
                self.joins(by, columns)
            }
            Op::Lookup { by, columns } => self.joins(by, columns),
            Op::Fit { description, .. } => {
                reads(self.only_table()?, &description.reads)?;
                self.makes(&OutputKind::State)
            }
            Op::Apply { description, .. } => self.applies(description),
            Op::Train { description, .. } => {
                let table = self.only_table()?;
                reads(table, &description.training_reads)?;
                self.makes(&OutputKind::Model)
            }
            Op::Predict { description, .. } => {
                self.predicts(&description.prediction_reads, &description.prediction)
            }
            Op::PredictForeign { description, .. } => {
                self.predicts(&description.reads, &description.prediction)
            }
            Op::Evaluate { description, .. } => {
                reads(self.only_table()?, &description.reads)?;
                self.makes(&OutputKind::Metrics)
            }
            Op::Drift { description, .. } => {
                self.arity(2)?;
                reads(self.table(0)?, &description.reads)?;
                reads(self.table(1)?, &description.reads)?;
                self.makes(&OutputKind::Drift)
            }
            Op::Decide { .. } => self.decides(),
        }
    }

    fn arity(&self, n: usize) -> Checked {
        let found = self.step.inputs.len();
        need(found == n, format!("it has {found} inputs, and needs {n}"))
    }

    /// What an input stands for; none for an artifact, of which nothing is known.
    fn input(&self, index: usize) -> Checked<Option<Input<'_>>> {
        let source = self.step.inputs.get(index);
        let source = source.ok_or_else(|| format!("it has no input {index}"))?;
        let missing = || format!("it reads `{source}`, which is not there before it");
        match source {
            Source::Artifact(_) => Ok(None),
            Source::Input(name) => {
                self.inputs.get(name).map(|s| Some(Input::Table(s))).ok_or_else(missing)
            }
            Source::Step { step, output } => {
                let outputs = self.made.get(step.as_str()).ok_or_else(missing)?;
                match outputs.get(output.as_str()).ok_or_else(missing)? {
                    OutputKind::Table(schema) => Ok(Some(Input::Table(schema))),
                    other => Ok(Some(Input::Other(other))),
                }
            }
        }
    }

    fn table(&self, index: usize) -> Checked<&Schema> {
        match self.input(index)? {
            Some(Input::Table(schema)) => Ok(schema),
            _ => Err(format!("it reads `{}` as a table", self.step.inputs[index])),
        }
    }

    fn only_table(&self) -> Checked<&Schema> {
        self.arity(1)?;
        self.table(0)
    }

    /// An input that is of this kind, or an artifact.
    fn other(&self, index: usize, kind: &OutputKind) -> Checked {
        let fits = match self.input(index)? {
            None => true,
            Some(Input::Other(found)) => found == kind,
            Some(Input::Table(_)) => false,
        };
        need(fits, format!("its input {index} is of another kind"))
    }

    fn makes(&self, kind: &OutputKind) -> Checked {
        let promised = [PlannedOutput { name: OUTPUT.to_owned(), kind: kind.clone() }];
        need(self.step.outputs == promised, "it promises other outputs than it makes")
    }

    fn makes_tables(&self, schema: &Schema, names: &[&str]) -> Checked {
        schema.check().map_err(|error| error.to_string())?;
        let fits = self.step.outputs.len() == names.len()
            && self.step.outputs.iter().zip(names).all(|(output, name)| {
                let OutputKind::Table(promised) = &output.kind else { return false };
                output.name == *name && promised == schema
            });
        need(fits, "it promises other tables than it makes")
    }

    fn keeps(&self, column: &str, of: Kind, names: &[&str]) -> Checked {
        let table = self.only_table()?;
        kind(table, column, of)?;
        self.makes_tables(table, names)
    }

    fn joins(&self, by: &[String], columns: &[String]) -> Checked {
        self.arity(2)?;
        let (left, right) = (self.table(0)?, self.table(1)?);
        for key in by {
            kind(right, key, left.fields[column(left, key)?].kind)?;
        }
        let mut made = left.clone();
        for name in columns {
            let mut field = right.fields[column(right, name)?].clone();
            field.nullable = true;
            made.fields.push(field);
        }
        self.makes_tables(&made, &[OUTPUT])
    }

    fn applies(&self, description: &TransformDescription) -> Checked {
        let table = self.table(0)?;
        reads(table, &description.reads)?;
        let kept = description.outputs.iter().filter_map(|output| match output {
            refrain_domain::OutputColumn::Kept(index) => Some(*index),
            refrain_domain::OutputColumn::Computed(_) => None,
        });
        reads(table, &kept.collect::<Vec<_>>())?;
        if description.needs_fit {
            self.arity(2)?;
            self.other(1, &OutputKind::State)?;
        } else {
            self.arity(1)?;
        }
        self.makes_tables(&description.output(table), &[OUTPUT])
    }

    fn predicts(&self, columns: &[usize], prediction: &Schema) -> Checked {
        self.arity(2)?;
        let table = self.table(0)?;
        reads(table, columns)?;
        self.other(1, &OutputKind::Model)?;
        let mut made = table.clone();
        made.fields.extend(prediction.fields.iter().cloned());
        self.makes_tables(&made, &[OUTPUT])
    }

    fn decides(&self) -> Checked {
        for index in 0..self.step.inputs.len() {
            let reports = matches!(
                self.input(index)?,
                Some(Input::Other(OutputKind::Metrics | OutputKind::Drift))
            );
            need(reports, format!("its input {index} reports nothing"))?;
        }
        self.makes(&OutputKind::Decision)
    }
}

enum Input<'a> {
    Table(&'a Schema),
    Other(&'a OutputKind),
}

fn need(holds: bool, problem: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err(problem.into()) }
}

fn column(table: &Schema, name: &str) -> Checked<usize> {
    table.index_of(name).ok_or_else(|| format!("column `{name}` is not in its table"))
}

fn kind(table: &Schema, name: &str, kind: Kind) -> Checked {
    let found = table.fields[column(table, name)?].kind;
    need(found == kind, format!("column `{name}` is {found}, and must be {kind}"))
}

fn reads(table: &Schema, indices: &[usize]) -> Checked {
    match indices.iter().find(|index| **index >= table.fields.len()) {
        Some(index) => Err(format!("it reads column {index} of {}", table.fields.len())),
        None => Ok(()),
    }
}
