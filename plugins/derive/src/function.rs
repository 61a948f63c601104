//! The functions that are not syntax, with what they take and give.

use std::ops::RangeInclusive;

use refrain_sdk::civil::Civil;
use refrain_sdk::{Column, Result, StrBuilder, Values, libm};

use crate::check::Type;
use crate::value::{Value, map_float, map_text, overflow};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Abs,
    Ceil,
    Concat,
    Contains,
    Day,
    DayOfWeek,
    DayOfYear,
    EndsWith,
    Exp,
    Floor,
    Hour,
    Length,
    Ln,
    Log1p,
    Lower,
    Max,
    Min,
    Minute,
    Month,
    Pow,
    Round,
    /// The difference of two timestamps.
    Seconds,
    Sqrt,
    StartsWith,
    Upper,
    Year,
}

/// What people write; `Seconds` is written `-`.
pub const NAMES: &[(&str, Function)] = &[
    ("abs", Function::Abs),
    ("ceil", Function::Ceil),
    ("concat", Function::Concat),
    ("contains", Function::Contains),
    ("day", Function::Day),
    ("day_of_week", Function::DayOfWeek),
    ("day_of_year", Function::DayOfYear),
    ("ends_with", Function::EndsWith),
    ("exp", Function::Exp),
    ("floor", Function::Floor),
    ("hour", Function::Hour),
    ("length", Function::Length),
    ("ln", Function::Ln),
    ("log1p", Function::Log1p),
    ("lower", Function::Lower),
    ("max", Function::Max),
    ("min", Function::Min),
    ("minute", Function::Minute),
    ("month", Function::Month),
    ("pow", Function::Pow),
    ("round", Function::Round),
    ("sqrt", Function::Sqrt),
    ("starts_with", Function::StartsWith),
    ("upper", Function::Upper),
    ("year", Function::Year),
];

const ARGUMENTS_MAX: usize = 64;

/// What a function takes and gives; `Null` stands for numbers, and for their own type.
pub struct Signature {
    pub n_arguments: RangeInclusive<usize>,
    pub takes: Type,
    pub gives: Type,
}

impl Signature {
    pub fn arity(&self) -> String {
        match (self.n_arguments.start(), self.n_arguments.end()) {
            (min, max) if min == max => format!("{min}"),
            (min, max) => format!("{min} to {max}"),
        }
    }
}

impl Function {
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    pub fn signature(self) -> Signature {
        use Type::{Boolean, Float, Int, Null, Text, Timestamp};
        let (n_arguments, takes, gives) = match self {
            Self::Abs => (1..=1, Null, Null),
            Self::Min | Self::Max => (2..=ARGUMENTS_MAX, Null, Null),
            Self::Ceil | Self::Floor | Self::Round => (1..=1, Float, Float),
            Self::Exp | Self::Ln | Self::Log1p | Self::Sqrt => (1..=1, Float, Float),
            Self::Pow => (2..=2, Float, Float),
            Self::Length => (1..=1, Text, Int),
            Self::Lower | Self::Upper => (1..=1, Text, Text),
            Self::Contains | Self::StartsWith | Self::EndsWith => (2..=2, Text, Boolean),
            Self::Concat => (1..=ARGUMENTS_MAX, Text, Text),
            Self::Seconds => (2..=2, Timestamp, Float),
            Self::Day | Self::DayOfWeek | Self::DayOfYear | Self::Hour => (1..=1, Timestamp, Int),
            Self::Minute | Self::Month | Self::Year => (1..=1, Timestamp, Int),
        };
        Signature { n_arguments, takes, gives }
    }

    /// Whether it gives null for some values: where the number is not defined.
    pub fn is_partial(self) -> bool {
        matches!(self, Self::Ln | Self::Log1p | Self::Sqrt | Self::Pow)
    }

    /// Computes it. Arguments are of the types in the signature, numbers of one type.
    pub fn evaluate(self, arguments: &[Value<'_>]) -> Result<Column> {
        let first = &arguments[0];
        match self {
            Self::Abs => match &first.column.values {
                Values::Int64(ints) if ints.contains(&i64::MIN) => Err(overflow()),
                Values::Int64(ints) => {
                    Ok(Column::int64(ints.iter().map(|int| int.abs()).collect()))
                }
                _ => map_float(first, f64::abs),
            },
            Self::Ceil => map_float(first, libm::ceil),
            Self::Floor => map_float(first, libm::floor),
            Self::Round => map_float(first, libm::round),
            Self::Exp => map_float(first, libm::exp),
            Self::Ln => partial(first, |x| x > 0.0, libm::log),
            Self::Log1p => partial(first, |x| x > -1.0, libm::log1p),
            Self::Sqrt => partial(first, |x| x >= 0.0, libm::sqrt),
            Self::Length => text(first, |text| text.chars().count() as i64),
            Self::Lower => map_text(first, |text| text.to_lowercase()),
            Self::Upper => map_text(first, |text| text.to_uppercase()),
            Self::Contains => texts(arguments, |text, part| text.contains(part)),
            Self::StartsWith => texts(arguments, |text, part| text.starts_with(part)),
            Self::EndsWith => texts(arguments, |text, part| text.ends_with(part)),
            Self::Concat => concat(arguments),
            Self::Pow => pow(arguments),
            Self::Min | Self::Max => extreme(self, arguments),
            Self::Seconds => {
                let (left, right) = (&arguments[0], &arguments[1]);
                left.zip(right, Column::as_timestamp_us, |left, right| {
                    // The difference first: a float cannot hold every moment to the microsecond.
                    let us = left.checked_sub(right).map(|us| us as f64);
                    us.unwrap_or(left as f64 - right as f64) / 1e6
                })
                .map(Column::float64)
            }
            Self::Day => date(first, |civil| i64::from(civil.day)),
            Self::DayOfWeek => date(first, |civil| i64::from(civil.day_of_week)),
            Self::DayOfYear => date(first, |civil| i64::from(civil.day_of_year)),
            Self::Hour => date(first, |civil| i64::from(civil.hour)),
            Self::Minute => date(first, |civil| i64::from(civil.minute)),
            Self::Month => date(first, |civil| i64::from(civil.month)),
            Self::Year => date(first, |civil| civil.year),
        }
    }
}

/// A function that is not defined everywhere: null elsewhere.
fn partial(
    value: &Value<'_>,
    domain: impl Fn(f64) -> bool,
    function: impl Fn(f64) -> f64,
) -> Result<Column> {
    let numbers = value.column.f64s()?;
    Ok(Column::float64_opt(numbers.map(|x| x.filter(|x| domain(*x)).map(&function))))
}

fn pow(arguments: &[Value<'_>]) -> Result<Column> {
    let powers = arguments[0].zip(&arguments[1], Column::as_f64, libm::pow)?;
    Ok(Column::float64_opt(powers.into_iter().map(|x| Some(x).filter(|x| x.is_finite()))))
}

fn extreme(function: Function, arguments: &[Value<'_>]) -> Result<Column> {
    let is_min = function == Function::Min;
    let mut arguments = arguments.iter();
    let Some(first) = arguments.next() else { return Ok(Column::float64(Vec::new())) };
    let mut extreme = first.clone();
    for argument in arguments {
        let column = match &argument.column.values {
            Values::Int64(_) => {
                Column::int64(extreme.zip(argument, Column::as_i64, |x, y| {
                    if is_min { x.min(y) } else { x.max(y) }
                })?)
            }
            _ => Column::float64(extreme.zip(argument, Column::as_f64, |x, y| {
                match x.partial_cmp(&y) {
                    Some(order) => {
                        if order.is_le() == is_min {
                            x
                        } else {
                            y
                        }
                    }
                    None => f64::NAN,
                }
            })?),
        };
        extreme = Value::of(column, &[&extreme, argument]);
    }
    Ok(extreme.column.into_owned())
}

fn date(value: &Value<'_>, part: impl Fn(Civil) -> i64) -> Result<Column> {
    let days = value.column.as_timestamp_us()?;
    Ok(Column::int64(days.iter().map(|&us| part(Civil::from_us(us))).collect()))
}

fn text(value: &Value<'_>, function: impl Fn(&str) -> i64) -> Result<Column> {
    Ok(Column::int64(value.column.strs()?.map(|text| text.map_or(0, &function)).collect()))
}

fn texts(arguments: &[Value<'_>], test: impl Fn(&str, &str) -> bool) -> Result<Column> {
    let (left, right) = (arguments[0].texts()?, arguments[1].texts()?);
    let n_rows = arguments[0].len().max(arguments[1].len());
    let n_rows = if arguments[0].is_empty() || arguments[1].is_empty() { 0 } else { n_rows };
    Ok(Column::boolean((0..n_rows).map(|row| test(left.get(row), right.get(row)))))
}

fn concat(arguments: &[Value<'_>]) -> Result<Column> {
    let texts: Vec<_> = arguments.iter().map(Value::texts).collect::<Result<_>>()?;
    let varying = arguments.iter().filter(|argument| !argument.is_constant);
    let n_rows = varying.map(Value::len).max().unwrap_or(1);
    let mut builder = StrBuilder::default();
    let mut joined = String::new();
    for row in 0..n_rows {
        joined.clear();
        texts.iter().for_each(|texts| joined.push_str(texts.get(row)));
        builder.push(Some(&joined));
    }
    Ok(builder.finish())
}
