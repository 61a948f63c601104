//! Steps that the host does itself.

use refrain_domain::plan::{EventTime, Op, OutputKind, PlannedOutput, PlannedStep, Source};
use refrain_domain::{Kind, Schema};

use super::{PlanError, Planner, TableInfo};
use crate::spec::{
    AsofSpec, Holdout, LookupSpec, SplitBy, SplitSpec, StepSpec, WindowSpec, nearest,
};

impl Planner<'_> {
    pub(super) fn plan_step(&mut self, name: &str, step: &StepSpec) -> Result<(), PlanError> {
        check_kind(name, step)?;
        if let Some(asof) = &step.asof {
            return self.plan_asof(name, asof);
        }
        if let Some(lookup) = &step.lookup {
            return self.plan_lookup(name, lookup);
        }
        if let Some(inputs) = &step.union {
            return self.plan_union(name, inputs);
        }
        if let Some(filter) = &step.filter {
            let (source, info) = self.table(name, &filter.input)?;
            need_kind(name, &info.schema, &filter.by, Kind::Boolean)?;
            self.add_table(name, Op::Filter { by: filter.by.clone() }, vec![source], info);
            return Ok(());
        }
        if let Some(select) = &step.select {
            let (source, info) = self.table(name, &select.input)?;
            let op = Op::Select { columns: select.columns.clone() };
            let info = info.select(name, &select.columns)?;
            self.add_table(name, op, vec![source], info);
            return Ok(());
        }
        if let Some(split) = &step.split {
            return self.plan_split(name, split);
        }
        if let Some(window) = &step.window {
            return self.plan_window(name, window);
        }
        if let Some(predict) = &step.predict {
            let (source, info) = self.table(name, &predict.input)?;
            self.plan_prediction(name, &predict.model, source, &info)?;
            return Ok(());
        }
        let requirement = step.plugin.as_deref().unwrap_or_default();
        self.plan_plugin(name, requirement, step)
    }

    fn plan_asof(&mut self, name: &str, asof: &AsofSpec) -> Result<(), PlanError> {
        let (left_source, left) = self.table(name, &asof.left)?;
        let (right_source, right) = self.table(name, &asof.right)?;
        let right_on = asof.right_on.as_ref().unwrap_or(&asof.on);
        need_kind(name, &left.schema, &asof.on, Kind::TimestampUs)?;
        need_kind(name, &right.schema, right_on, Kind::TimestampUs)?;
        need_equal_keys(name, &left.schema, &right.schema, &asof.by)?;
        let wanted = asof.columns.as_deref();
        let columns = added_columns(name, &left.schema, &right.schema, wanted, Some(right_on))?;
        let info = left.with_added(name, &right.schema, &columns)?;
        let op = Op::Asof {
            by: asof.by.clone(),
            left_on: asof.on.clone(),
            right_on: right_on.clone(),
            tolerance_us: asof.tolerance.map(|span| span.us),
            columns,
        };
        self.add_table(name, op, vec![left_source, right_source], info);
        Ok(())
    }

    fn plan_lookup(&mut self, name: &str, lookup: &LookupSpec) -> Result<(), PlanError> {
        let (left_source, left) = self.table(name, &lookup.left)?;
        let (right_source, right) = self.table(name, &lookup.right)?;
        need_equal_keys(name, &left.schema, &right.schema, &lookup.by)?;
        let wanted = lookup.columns.as_deref();
        let columns = added_columns(name, &left.schema, &right.schema, wanted, None)?;
        let info = left.with_added(name, &right.schema, &columns)?;
        let op = Op::Lookup { by: lookup.by.clone(), columns };
        self.add_table(name, op, vec![left_source, right_source], info);
        Ok(())
    }

    fn plan_union(&mut self, name: &str, inputs: &[String]) -> Result<(), PlanError> {
        let Some((first, rest)) = inputs.split_first() else {
            return Err(PlanError::step(name, "`union` needs at least one table"));
        };
        let (source, mut info) = self.table(name, first)?;
        let mut sources = vec![source];
        for reference in rest {
            let (source, other) = self.table(name, reference)?;
            if let Some(difference) = schema_difference(&info.schema, &other.schema) {
                let problem = format!("`{first}` and `{reference}` differ: {difference}");
                return Err(PlanError::step(name, problem));
            }
            info.event_time = merge_times(info.event_time, other.event_time);
            sources.push(source);
        }
        self.add_table(name, Op::Union, sources, info);
        Ok(())
    }

    fn plan_split(&mut self, name: &str, split: &SplitSpec) -> Result<(), PlanError> {
        let (source, info) = self.table(name, &split.input)?;
        let op = match &split.by {
            SplitBy::Word(word) if word == "time" => split_by_time(name, split, &info)?,
            SplitBy::Word(column) => {
                split_by_hash(name, split, &info, std::slice::from_ref(column))?
            }
            SplitBy::Columns(columns) => split_by_hash(name, split, &info, columns)?,
        };
        let output = |name: &str| PlannedOutput {
            name: name.to_owned(),
            kind: OutputKind::Table(info.schema.clone()),
        };
        let outputs = vec![output("train"), output("holdout")];
        let step = PlannedStep { name: name.to_owned(), op, inputs: vec![source], outputs };
        self.steps.push(step);
        for output in ["train", "holdout"] {
            let source = Source::Step { step: name.to_owned(), output: output.to_owned() };
            self.tables.insert(source.to_string(), info.clone());
            self.names.insert(format!("{name}.{output}"), source);
        }
        Ok(())
    }

    fn plan_window(&mut self, name: &str, window: &WindowSpec) -> Result<(), PlanError> {
        let (source, info) = self.table(name, &window.input)?;
        let column = time_column(name, window.on.as_ref(), &info)?;
        let moment = |text: &Option<String>| text.as_ref().map(|t| parse_time(name, t)).transpose();
        let (mut from_us, to_us) = (moment(&window.from)?, moment(&window.to)?);
        if let Some(last) = window.last {
            if from_us.is_some() || to_us.is_some() {
                return Err(PlanError::step(name, "give either `last`, or `from` and `to`"));
            }
            let max_us = known_time(name, &column, &info)?.max_us;
            from_us = Some(max_us.saturating_sub(last.us).saturating_add(1));
        }
        self.add_table(name, Op::Window { column, from_us, to_us }, vec![source], info);
        Ok(())
    }
}

impl TableInfo {
    pub(super) fn select(&self, step: &str, columns: &[String]) -> Result<Self, PlanError> {
        let mut indices = Vec::with_capacity(columns.len());
        for column in columns {
            indices.push(need_column(step, &self.schema, column)?);
        }
        self.with_schema(step, self.schema.project(&indices))
    }

    pub(super) fn with_schema(&self, step: &str, schema: Schema) -> Result<Self, PlanError> {
        schema.check().map_err(|source| PlanError::Schema { step: step.to_owned(), source })?;
        let event_time = self.event_time.clone().filter(|time| {
            schema.field(&time.column).is_some_and(|field| field.kind == Kind::TimestampUs)
        });
        Ok(Self { schema, event_time })
    }

    fn with_added(
        &self,
        step: &str,
        right: &Schema,
        columns: &[String],
    ) -> Result<Self, PlanError> {
        let mut schema = self.schema.clone();
        for column in columns {
            let mut field = right.fields[need_column(step, right, column)?].clone();
            field.nullable = true;
            schema.fields.push(field);
        }
        self.with_schema(step, schema)
    }
}

fn check_kind(name: &str, step: &StepSpec) -> Result<(), PlanError> {
    let given = [
        ("asof", step.asof.is_some()),
        ("lookup", step.lookup.is_some()),
        ("union", step.union.is_some()),
        ("filter", step.filter.is_some()),
        ("select", step.select.is_some()),
        ("split", step.split.is_some()),
        ("window", step.window.is_some()),
        ("predict", step.predict.is_some()),
        ("plugin", step.plugin.is_some()),
    ];
    let given: Vec<_> = given.into_iter().filter(|(_, is)| *is).map(|(key, _)| key).collect();
    let problem = match given.as_slice() {
        [] => "has no operation".to_owned(),
        ["plugin"] => return Ok(()),
        [_] => return check_no_plugin_keys(name, given[0], step),
        several => format!("has several operations ({})", several.join(", ")),
    };
    Err(PlanError::StepKind { step: name.to_owned(), problem })
}

fn check_no_plugin_keys(name: &str, kind: &str, step: &StepSpec) -> Result<(), PlanError> {
    let stray = [
        ("input", step.input.is_some()),
        ("fit", step.fit.is_some()),
        ("apply", step.apply.is_some()),
        ("model", step.model.is_some()),
        ("reference", step.reference.is_some()),
        ("current", step.current.is_some()),
        ("params", step.params.is_some()),
        ("seed", step.seed.is_some()),
    ];
    match stray.into_iter().find(|(_, is)| *is) {
        Some((key, _)) => Err(PlanError::step(
            name,
            format!(
                "`{key}` stands beside `{kind}`; it belongs to plugin steps, or inside `{kind}`"
            ),
        )),
        None => Ok(()),
    }
}

pub(super) fn need_column(step: &str, schema: &Schema, column: &str) -> Result<usize, PlanError> {
    schema.index_of(column).ok_or_else(|| {
        let names = schema.fields.iter().map(|field| field.name.as_str());
        PlanError::MissingColumn {
            step: step.to_owned(),
            column: column.to_owned(),
            table: "its table".to_owned(),
            nearest: nearest(column, names).map(str::to_owned),
        }
    })
}

pub(super) fn need_kind(
    step: &str,
    schema: &Schema,
    column: &str,
    kind: Kind,
) -> Result<(), PlanError> {
    let found = schema.fields[need_column(step, schema, column)?].kind;
    if found == kind {
        return Ok(());
    }
    Err(PlanError::ColumnKind {
        step: step.to_owned(),
        column: column.to_owned(),
        expected: kind.to_string(),
        found: found.to_string(),
    })
}

fn need_equal_keys(
    step: &str,
    left: &Schema,
    right: &Schema,
    by: &[String],
) -> Result<(), PlanError> {
    for key in by {
        let kind = left.fields[need_column(step, left, key)?].kind;
        need_kind(step, right, key, kind)?;
    }
    Ok(())
}

/// The right's columns to add: those asked for, or all that the left lacks but the time.
fn added_columns(
    step: &str,
    left: &Schema,
    right: &Schema,
    wanted: Option<&[String]>,
    time: Option<&String>,
) -> Result<Vec<String>, PlanError> {
    if let Some(wanted) = wanted {
        if let Some(taken) = wanted.iter().find(|name| left.field(name).is_some()) {
            let problem = format!(
                "column `{taken}` is on both sides: rename it, or leave it out of `columns`"
            );
            return Err(PlanError::step(step, problem));
        }
        return Ok(wanted.to_vec());
    }
    let names = right.fields.iter().map(|field| &field.name);
    Ok(names.filter(|name| left.field(name).is_none() && Some(*name) != time).cloned().collect())
}

fn split_by_time(step: &str, split: &SplitSpec, info: &TableInfo) -> Result<Op, PlanError> {
    let column = time_column(step, split.on.as_ref(), info)?;
    let at_us = match (&split.at, &split.holdout) {
        (Some(at), None) => parse_time(step, at)?,
        (None, Some(Holdout::Span(span))) => {
            let max_us = known_time(step, &column, info)?.max_us;
            max_us.saturating_sub(span.us).saturating_add(1)
        }
        _ => {
            let problem = "a split by time needs either `at`, or `holdout` as a span such as `14d`";
            return Err(PlanError::step(step, problem));
        }
    };
    Ok(Op::SplitTime { column, at_us })
}

fn split_by_hash(
    step: &str,
    split: &SplitSpec,
    info: &TableInfo,
    by: &[String],
) -> Result<Op, PlanError> {
    for column in by {
        need_column(step, &info.schema, column)?;
    }
    let Some(Holdout::Share(share)) = split.holdout else {
        let problem = "a split by hash needs `holdout` as a share such as `0.2`";
        return Err(PlanError::step(step, problem));
    };
    if !(share > 0.0 && share < 1.0) {
        return Err(PlanError::step(step, format!("`holdout` is {share}, not between 0 and 1")));
    }
    let holdout_ppm = (share * 1_000_000.0).round() as u32;
    Ok(Op::SplitHash { by: by.to_vec(), holdout_ppm, seed: split.seed })
}

fn time_column(step: &str, on: Option<&String>, info: &TableInfo) -> Result<String, PlanError> {
    let column = on.or(info.event_time.as_ref().map(|time| &time.column)).cloned();
    let Some(column) = column else {
        let problem = "its table has no event time: name the column with `on`, or give the input an `event_time`";
        return Err(PlanError::step(step, problem));
    };
    need_kind(step, &info.schema, &column, Kind::TimestampUs)?;
    Ok(column)
}

fn known_time<'a>(
    step: &str,
    column: &str,
    info: &'a TableInfo,
) -> Result<&'a EventTime, PlanError> {
    info.event_time.as_ref().filter(|time| time.column == column).ok_or_else(|| {
        let problem = format!(
            "where `{column}` ends is not known, because it is not the input's `event_time`: give a moment instead of a span"
        );
        PlanError::step(step, problem)
    })
}

fn parse_time(step: &str, text: &str) -> Result<i64, PlanError> {
    refrain_data::parse_timestamp_us(text).ok_or_else(|| {
        PlanError::step(
            step,
            format!("`{text}` is no moment: write RFC 3339, such as `2013-11-01T00:00:00Z`"),
        )
    })
}

fn merge_times(a: Option<EventTime>, b: Option<EventTime>) -> Option<EventTime> {
    let (a, b) = (a?, b?);
    (a.column == b.column).then(|| EventTime {
        column: a.column,
        min_us: a.min_us.min(b.min_us),
        max_us: a.max_us.max(b.max_us),
    })
}

/// The first difference of two schemas, in words.
pub(super) fn schema_difference(a: &Schema, b: &Schema) -> Option<String> {
    for (index, (x, y)) in a.fields.iter().zip(&b.fields).enumerate() {
        if x.name != y.name {
            return Some(format!("column {index} is `{}` there and `{}` here", x.name, y.name));
        }
        if (x.kind, x.width, x.nullable) != (y.kind, y.width, y.nullable) {
            let show = |f: &refrain_domain::Field| {
                format!("{}{}", f.kind, if f.nullable { ", nullable" } else { "" })
            };
            return Some(format!("column `{}` is {} there and {} here", x.name, show(x), show(y)));
        }
    }
    (a.fields.len() != b.fields.len())
        .then(|| format!("one has {} columns, the other {}", a.fields.len(), b.fields.len()))
}
