//! Steps that make tables, chunk by chunk.

use refrain_domain::plan::{OUTPUT, Op, OutputKind, PluginUse};
use refrain_domain::{Chunk, Digest, OutputColumn, Schema, Table, TransformDescription};

use super::{Outputs, StepError, StepRun, project};
use crate::unit::{Component, JoinSide, Predicate, UnitOutput, Work};

impl StepRun<'_> {
    pub(super) fn host_step(&self) -> Result<Outputs, StepError> {
        match &self.step.op {
            Op::Select { columns } => self.select(columns),
            Op::Union => self.union(),
            Op::Asof { by, left_on, right_on, tolerance_us, columns } => {
                let side = JoinSide {
                    table: Digest::of(b""),
                    by: by.clone(),
                    on: Some(right_on.clone()),
                    tolerance_us: *tolerance_us,
                    columns: columns.clone(),
                };
                let keys: Vec<&String> = by.iter().chain([left_on]).collect();
                self.join(side, &keys)
            }
            Op::Lookup { by, columns } => {
                let side = JoinSide {
                    table: Digest::of(b""),
                    by: by.clone(),
                    on: None,
                    tolerance_us: None,
                    columns: columns.clone(),
                };
                let keys: Vec<&String> = by.iter().collect();
                self.join(side, &keys)
            }
            _ => self.keep_steps(),
        }
    }

    /// Window, filter and split: one table for each predicate.
    fn keep_steps(&self) -> Result<Outputs, StepError> {
        let table = self.table(0)?;
        let index = |column: &str| self.column(&table.schema, column);
        let predicates = match &self.step.op {
            Op::Filter { by } => vec![(OUTPUT, Predicate::IsTrue(index(by)?))],
            Op::Window { column, from_us, to_us } => {
                let index = index(column)?;
                vec![(OUTPUT, Predicate::InTime { index, from_us: *from_us, to_us: *to_us })]
            }
            Op::SplitTime { column, at_us } => {
                let (index, at) = (index(column)?, Some(*at_us));
                vec![
                    ("train", Predicate::InTime { index, from_us: None, to_us: at }),
                    ("holdout", Predicate::InTime { index, from_us: at, to_us: None }),
                ]
            }
            Op::SplitHash { by, holdout_ppm, seed } => {
                let by: Vec<usize> = by.iter().map(|name| index(name)).collect::<Result<_, _>>()?;
                let side = |holdout| Predicate::InHash {
                    by: by.clone(),
                    holdout_ppm: *holdout_ppm,
                    seed: *seed,
                    holdout,
                };
                vec![("train", side(false)), ("holdout", side(true))]
            }
            other => return Err(self.broken(format!("{} keeps no rows", other.name()))),
        };
        let mut outputs = Outputs::new();
        for (name, predicate) in predicates {
            let kept = self.keep(&table, name, &predicate)?;
            outputs.insert(name.to_owned(), self.stage_table(&kept)?);
        }
        Ok(outputs)
    }

    fn keep(&self, table: &Table, name: &str, predicate: &Predicate) -> Result<Table, StepError> {
        let work = |chunk: &Chunk| Work::Keep {
            predicate: predicate.clone(),
            schema: table.schema.clone(),
            chunk: chunk.clone(),
        };
        let made = self.units(name, table.chunks.iter().map(work).collect())?;
        let chunks = made.into_iter().filter(|made| made.rows > 0).map(into_chunk).collect();
        Ok(Table { schema: table.schema.clone(), chunks })
    }

    fn select(&self, columns: &[String]) -> Result<Outputs, StepError> {
        let table = self.table(0)?;
        let indices: Vec<usize> = columns
            .iter()
            .map(|name| self.column(&table.schema, name))
            .collect::<Result<_, _>>()?;
        self.single(&select(&table, &indices))
    }

    fn union(&self) -> Result<Outputs, StepError> {
        let mut table = self.table(0)?;
        for index in 1..self.step.inputs.len() {
            table.chunks.extend(self.table(index)?.chunks);
        }
        self.single(&table)
    }

    fn join(&self, mut side: JoinSide, keys: &[&String]) -> Result<Outputs, StepError> {
        let (left, right) = (self.table(0)?, self.table(1)?);
        // The key of a join names only the columns of the right that it looks at.
        let names: Vec<&String> = side.by.iter().chain(&side.on).chain(&side.columns).collect();
        let mut indices = Vec::with_capacity(names.len());
        for name in names {
            let index = self.column(&right.schema, name)?;
            if !indices.contains(&index) {
                indices.push(index);
            }
        }
        side.table = self.stage_table(&select(&right, &indices))?;
        let reads: Vec<usize> =
            keys.iter().map(|name| self.column(&left.schema, name)).collect::<Result<_, _>>()?;
        let schema = left.schema.project(&reads);
        let work = |chunk: &Chunk| Work::Join {
            right: side.clone(),
            schema: schema.clone(),
            chunk: project(chunk, &reads),
        };
        let made = self.units("join", left.chunks.iter().map(work).collect())?;
        self.append(&left, made)
    }

    pub(super) fn apply_step(
        &self,
        plugin: &PluginUse,
        description: &TransformDescription,
    ) -> Result<Outputs, StepError> {
        let table = self.table(0)?;
        let state = if self.step.inputs.len() > 1 { Some(self.input(1)?) } else { None };
        let computed = description.computed();
        let schema = description.output(&table.schema);
        let chunks = if computed.fields.is_empty() {
            table.chunks.iter().map(|chunk| assemble(description, chunk, &[])).collect()
        } else {
            let input = table.schema.project(&description.reads);
            let work = |chunk: &Chunk| Work::Apply {
                component: Component::from(plugin),
                input: input.clone(),
                chunk: project(chunk, &description.reads),
                computed: computed.clone(),
                state,
            };
            let made = self.units("apply", table.chunks.iter().map(work).collect())?;
            let pairs = table.chunks.iter().zip(made);
            pairs.map(|(chunk, made)| assemble(description, chunk, &made.outputs)).collect()
        };
        self.single(&Table { schema, chunks })
    }

    pub(super) fn predict_step(
        &self,
        plugin: &PluginUse,
        reads: &[usize],
        prediction: &Schema,
    ) -> Result<Outputs, StepError> {
        let table = self.table(0)?;
        let model = self.input(1)?;
        let input = table.schema.project(reads);
        let work = |chunk: &Chunk| Work::Predict {
            component: Component::from(plugin),
            input: input.clone(),
            chunk: project(chunk, reads),
            prediction: prediction.clone(),
            model,
        };
        let made = self.units("predict", table.chunks.iter().map(work).collect())?;
        self.append(&table, made)
    }

    /// The table with the columns that units made for each of its chunks.
    fn append(&self, table: &Table, made: Vec<UnitOutput>) -> Result<Outputs, StepError> {
        let chunks = table.chunks.iter().zip(made).map(|(chunk, made)| {
            let columns = chunk.columns.iter().copied().chain(made.outputs).collect();
            Chunk { rows: chunk.rows, columns }
        });
        let chunks = chunks.collect();
        match self.step.outputs.first().map(|output| &output.kind) {
            Some(OutputKind::Table(schema)) => {
                self.single(&Table { schema: schema.clone(), chunks })
            }
            _ => Err(self.broken("the plan promises no table".to_owned())),
        }
    }

    fn single(&self, table: &Table) -> Result<Outputs, StepError> {
        Ok(Outputs::from([(OUTPUT.to_owned(), self.stage_table(table)?)]))
    }

    pub(super) fn column(&self, schema: &Schema, name: &str) -> Result<usize, StepError> {
        schema
            .index_of(name)
            .ok_or_else(|| self.broken(format!("column `{name}` is not in its table")))
    }
}

fn into_chunk(made: UnitOutput) -> Chunk {
    Chunk { rows: made.rows, columns: made.outputs }
}

fn select(table: &Table, indices: &[usize]) -> Table {
    let chunks = table.chunks.iter().map(|chunk| project(chunk, indices)).collect();
    Table { schema: table.schema.project(indices), chunks }
}

/// Kept columns by reference, computed ones from the unit.
fn assemble(description: &TransformDescription, chunk: &Chunk, computed: &[Digest]) -> Chunk {
    let mut computed = computed.iter();
    let columns = description.outputs.iter().map(|output| match output {
        OutputColumn::Kept(index) => chunk.columns[*index],
        OutputColumn::Computed(_) => *computed.next().expect("BUG: fewer columns than promised"),
    });
    Chunk { rows: chunk.rows, columns: columns.collect() }
}
