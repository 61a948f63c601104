//! Splits and windows.

use refrain_domain::Kind;
use refrain_domain::plan::{EventTime, Op, OutputKind, PlannedOutput, PlannedStep, Source};

use super::sense::check_seed;
use super::table::TableInfo;
use super::{PlanError, Planner};
use crate::spec::{Holdout, SplitBy, SplitSpec, WindowSpec};

impl Planner<'_> {
    pub(super) fn plan_split(&mut self, name: &str, split: &SplitSpec) -> Result<(), PlanError> {
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
        let name = name.to_owned();
        self.push(PlannedStep { name: name.clone(), op, inputs: vec![source], outputs });
        for output in ["train", "holdout"] {
            let source = Source::Step { step: name.clone(), output: output.to_owned() };
            self.tables.insert(source.to_string(), info.clone());
            self.names.insert(format!("{name}.{output}"), source);
        }
        Ok(())
    }

    pub(super) fn plan_window(&mut self, name: &str, window: &WindowSpec) -> Result<(), PlanError> {
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
        if from_us.zip(to_us).is_some_and(|(from, to)| from >= to) {
            let problem = "no row can be in the window: `to` must be later than `from`";
            return Err(PlanError::step(name, problem));
        }
        self.add_table(name, Op::Window { column, from_us, to_us }, vec![source], info);
        Ok(())
    }
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

/// All keys, in millionths.
const PPM: u32 = 1_000_000;

fn split_by_hash(
    step: &str,
    split: &SplitSpec,
    info: &TableInfo,
    by: &[String],
) -> Result<Op, PlanError> {
    if by.is_empty() {
        let problem = "`by` names no column: a split needs `time`, or the columns of a key";
        return Err(PlanError::step(step, problem));
    }
    for column in by {
        info.need_column(step, column)?;
    }
    let Some(Holdout::Share(share)) = split.holdout else {
        let problem = "a split by hash needs `holdout` as a share such as `0.2`";
        return Err(PlanError::step(step, problem));
    };
    let holdout_ppm = (share * f64::from(PPM)).round() as u32;
    if !(1..PPM).contains(&holdout_ppm) {
        let problem = format!("`holdout` is {share}: give a share between 0 and 1, such as `0.2`");
        return Err(PlanError::step(step, problem));
    }
    check_seed(step, split.seed)?;
    Ok(Op::SplitHash { by: by.to_vec(), holdout_ppm, seed: split.seed })
}

fn time_column(step: &str, on: Option<&String>, info: &TableInfo) -> Result<String, PlanError> {
    let column = on.or(info.event_time.as_ref().map(|time| &time.column)).cloned();
    let Some(column) = column else {
        let problem = format!(
            "`{}` has no event time: name the column with `on`, or give the input an `event_time`",
            info.name
        );
        return Err(PlanError::step(step, problem));
    };
    info.need_kind(step, &column, Kind::TimestampUs)?;
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

/// The event time of a union.
pub(super) fn merge_times(a: Option<EventTime>, b: Option<EventTime>) -> Option<EventTime> {
    let (a, b) = (a?, b?);
    (a.column == b.column).then(|| EventTime {
        column: a.column,
        min_us: a.min_us.min(b.min_us),
        max_us: a.max_us.max(b.max_us),
    })
}
