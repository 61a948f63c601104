//! Quantities as people write them: `14d`, `1GiB`, `4e12`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is no such quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: write {example}")]
pub struct UnitError {
    text: String,
    what: &'static str,
    example: &'static str,
}

/// A span of time: a number and one of `s m h d w y` (a year has 365 days).
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct Span {
    /// Microseconds, not negative.
    pub us: i64,
}

impl Span {
    const UNITS: [(char, i64); 6] =
        [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800), ('y', 31_536_000)];
}

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || UnitError {
            text: text.to_owned(),
            what: "a span of time",
            example: "a whole number and one of s, m, h, d, w, y, such as `90d`",
        };
        let unit = text.chars().last().ok_or_else(error)?;
        let (_, seconds) = Self::UNITS.into_iter().find(|(c, _)| *c == unit).ok_or_else(error)?;
        let number: i64 = text[..text.len() - 1].trim().parse().map_err(|_| error())?;
        let us = number.checked_mul(seconds).and_then(|s| s.checked_mul(1_000_000));
        us.filter(|us| *us >= 0).map(|us| Self { us }).ok_or_else(error)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.us / 1_000_000;
        let (unit, size) = Self::UNITS
            .into_iter()
            .rev()
            .find(|(_, size)| seconds >= *size && seconds % size == 0)
            .unwrap_or(('s', 1));
        write!(f, "{}{unit}", seconds / size)
    }
}

/// A number of bytes: a whole number, or one with `KiB`, `MiB` or `GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct Bytes(pub u64);

impl FromStr for Bytes {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || UnitError {
            text: text.to_owned(),
            what: "a number of bytes",
            example: "a whole number with KiB, MiB or GiB, such as `1GiB`",
        };
        let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("", 0)];
        let (number, shift) = units
            .into_iter()
            .find_map(|(unit, shift)| text.strip_suffix(unit).map(|n| (n, shift)))
            .ok_or_else(error)?;
        let number: u64 = number.trim().parse().map_err(|_| error())?;
        number.checked_mul(1 << shift).map(Self).ok_or_else(error)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
            if self.0 >= 1 << shift && self.0.is_multiple_of(1 << shift) {
                return write!(f, "{}{unit}", self.0 >> shift);
            }
        }
        write!(f, "{}", self.0)
    }
}

/// A count up to 2^53, which may be written as `4e12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "f64")]
pub struct Count(pub u64);

impl FromStr for Count {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let number: Option<f64> = text.trim().parse().ok();
        number
            .filter(|n| n.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(n))
            .map(|n| Self(n as u64))
            .ok_or_else(|| UnitError {
                text: text.to_owned(),
                what: "a count",
                example: "a whole number up to 2^53, such as `4e12`",
            })
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Serde through text, taking bare numbers too.
macro_rules! serde_as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = deserializer.deserialize_any(TextOrNumber)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

serde_as_text!(Span);
serde_as_text!(Bytes);
serde_as_text!(Count);

struct TextOrNumber;

impl serde::de::Visitor<'_> for TextOrNumber {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E>(self, number: f64) -> Result<String, E> {
        Ok(format!("{number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        assert_eq!("90d".parse::<Span>().expect("parses").us, 90 * 86_400 * 1_000_000);
        assert_eq!("90d".parse::<Span>().expect("parses").to_string(), "90d");
        for bad in ["", "d", "1.5h", "-1d", "3x", "9999999999999y"] {
            assert!(bad.parse::<Span>().is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn bytes_and_counts() {
        assert_eq!("1GiB".parse::<Bytes>().expect("parses"), Bytes(1 << 30));
        assert_eq!("4e12".parse::<Count>().expect("parses"), Count(4_000_000_000_000));
        for bad in ["1GB", "-1", "99999999999GiB"] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad} was accepted");
        }
        for bad in ["1.5", "-1", "1e17", "nan"] {
            assert!(bad.parse::<Count>().is_err(), "{bad} was accepted");
        }
    }
}
