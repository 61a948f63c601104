//! The parameters: which parts of which timestamps.

use refrain_sdk::serde::Deserialize;
use refrain_sdk::{Error, Kind, Result, Schema};

use crate::offset::Offset;

/// See `params.schema.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    /// Timestamp columns.
    pub columns: Vec<String>,
    /// Integers, and whether it is a weekend.
    #[serde(default = "default_parts")]
    pub parts: Vec<Part>,
    /// Pairs of sine and cosine.
    #[serde(default = "default_cycles")]
    pub cycles: Vec<Cycle>,
    /// What civil time is ahead of UTC, `+HH:MM` or `-HH:MM`.
    #[serde(default)]
    pub utc_offset: Offset,
    /// Whether the timestamps stay, too.
    #[serde(default = "yes")]
    pub keep_original: bool,
}

/// A part of a date or a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum Part {
    /// The year.
    Year,
    /// 1 to 12.
    Month,
    /// Of the month, from 1.
    Day,
    /// Monday is 1, Sunday 7.
    DayOfWeek,
    /// 1 to 366.
    DayOfYear,
    /// 0 to 23.
    Hour,
    /// 0 to 59.
    Minute,
    /// Saturday or Sunday.
    IsWeekend,
}

/// What comes round again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum Cycle {
    /// The hour in the day.
    Hour,
    /// The day in the week.
    DayOfWeek,
    /// The day in the year.
    DayOfYear,
    /// The month in the year.
    Month,
}

fn default_parts() -> Vec<Part> {
    vec![Part::IsWeekend]
}

fn default_cycles() -> Vec<Cycle> {
    vec![Cycle::Hour, Cycle::DayOfWeek, Cycle::DayOfYear]
}

fn yes() -> bool {
    true
}

impl Part {
    /// What follows the column's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::DayOfWeek => "day_of_week",
            Self::DayOfYear => "day_of_year",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::IsWeekend => "is_weekend",
        }
    }

    /// What its column holds.
    pub fn kind(self) -> Kind {
        if self == Self::IsWeekend { Kind::Boolean } else { Kind::Int64 }
    }
}

impl Cycle {
    /// What follows the column's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::DayOfWeek => "day_of_week",
            Self::DayOfYear => "day_of_year",
            Self::Month => "month",
        }
    }
}

impl Params {
    /// Where the timestamps stand, all parameters being right for `input`.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] that names the parameter.
    pub fn check(&self, input: &Schema) -> Result<Vec<u32>> {
        if self.columns.is_empty() {
            return Err(Error::params(
                "parameter `columns` is empty: name the timestamps to take apart",
            ));
        }
        if self.parts.is_empty() && self.cycles.is_empty() {
            return Err(Error::params(
                "parameters `parts` and `cycles` are both empty: there is nothing to compute",
            ));
        }
        let twice = self.parts.iter().enumerate().find(|(i, part)| self.parts[..*i].contains(part));
        if let Some((_, part)) = twice {
            return Err(Error::params(format!("parameter `parts` names `{}` twice", part.name())));
        }
        let twice = self.cycles.iter().enumerate().find(|(i, c)| self.cycles[..*i].contains(c));
        if let Some((_, cycle)) = twice {
            return Err(Error::params(format!(
                "parameter `cycles` names `{}` twice",
                cycle.name()
            )));
        }
        input
            .indices_of_kind(&self.columns, &[Kind::TimestampUs])
            .map_err(|error| error.context("parameter `columns`"))
    }
}
