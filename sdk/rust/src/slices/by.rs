//! The parameter `slices`: a column, a period of a time, or a list of both.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::civil::Civil;

const US_PER_HOUR: i64 = 3_600_000_000;
const US_PER_DAY: i64 = 24 * US_PER_HOUR;

/// One entry of `slices`: `carrier`, `{column: time_hour, period: month}` or a list of such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceBy(pub Vec<SliceKey>);

/// One column to slice by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceKey {
    /// Its name.
    pub column: String,
    /// For a timestamp, and for nothing else.
    pub period: Option<Period>,
}

/// A period of time, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// `2013`.
    Year,
    /// `2013-11`.
    Month,
    /// `2013-11-03`.
    Day,
    /// `2013-11-03T17`.
    Hour,
}

impl Period {
    /// The number of the period that a time is in.
    pub(super) fn number(self, us: i64) -> i64 {
        match self {
            Self::Year => Civil::from_us(us).year,
            Self::Month => {
                let civil = Civil::from_us(us);
                civil.year * 12 + i64::from(civil.month) - 1
            }
            Self::Day => us.div_euclid(US_PER_DAY),
            Self::Hour => us.div_euclid(US_PER_HOUR),
        }
    }

    pub(super) fn text(self, number: i64) -> String {
        match self {
            Self::Year => format!("{number:04}"),
            Self::Month => {
                format!("{:04}-{:02}", number.div_euclid(12), number.rem_euclid(12) + 1)
            }
            Self::Day => day(&Civil::from_us(number.saturating_mul(US_PER_DAY))),
            Self::Hour => {
                let civil = Civil::from_us(number.saturating_mul(US_PER_HOUR));
                format!("{}T{:02}", day(&civil), civil.hour)
            }
        }
    }
}

fn day(civil: &Civil) -> String {
    format!("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFields {
    column: String,
    period: Option<Period>,
}

impl From<KeyFields> for SliceKey {
    fn from(fields: KeyFields) -> Self {
        Self { column: fields.column, period: fields.period }
    }
}

impl<'de> Deserialize<'de> for SliceKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let one = |mut by: SliceBy| by.0.swap_remove(0);
        deserializer.deserialize_any(ByVisitor { lists: false }).map(one)
    }
}

impl<'de> Deserialize<'de> for SliceBy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ByVisitor { lists: true })
    }
}

/// By hand, because an untagged enum would not say what is wrong.
struct ByVisitor {
    lists: bool,
}

impl<'de> Visitor<'de> for ByVisitor {
    type Value = SliceBy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column, {column: …, period: …}")?;
        if self.lists { f.write_str(" or a list of both") } else { Ok(()) }
    }

    fn visit_str<E: serde::de::Error>(self, column: &str) -> Result<SliceBy, E> {
        Ok(SliceBy(vec![SliceKey { column: column.to_owned(), period: None }]))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SliceBy, A::Error> {
        let fields = KeyFields::deserialize(MapAccessDeserializer::new(map))?;
        Ok(SliceBy(vec![fields.into()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<SliceBy, A::Error> {
        if !self.lists {
            return Err(serde::de::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        let mut keys = Vec::new();
        while let Some(key) = entries.next_element()? {
            keys.push(key);
        }
        Ok(SliceBy(keys))
    }
}
