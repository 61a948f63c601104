//! One slicing column: its values in a dictionary, its rows as codes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{NULL, Period, SliceKey, too_many};
use crate::evaluator::Tag;
use crate::{Column, Error, Field, Kind, Result, Schema, Values};

/// A value of a slicing column. The order is that of the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Value {
    Null,
    /// An integer, a boolean, or the number of a period.
    Whole(i64),
    Text(String),
}

/// How the values of a slicing column are read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Boolean,
    Whole,
    Text,
    Period(Period),
}

/// One slicing column: a dictionary and a code a row.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub name: String,
    pub index: usize,
    pub kind: KeyKind,
    pub values: Vec<Value>,
    pub codes: Vec<u16>,
    null: Option<u16>,
    whole: BTreeMap<i64, u16>,
    text: BTreeMap<String, u16>,
}

impl Key {
    pub fn new(key: &SliceKey, input: &Schema) -> Result<Self> {
        let index = input.index_of(&key.column)?;
        let Field { name, kind, .. } = &input.fields[index];
        let kind = match (kind, key.period) {
            (Kind::TimestampUs, Some(period)) => KeyKind::Period(period),
            (Kind::TimestampUs, None) => {
                return Err(Error::params(format!(
                    "`{name}` is a time: say by which period, {{column: {name}, period: month}}"
                )));
            }
            (_, Some(_)) => {
                return Err(Error::params(format!(
                    "`{name}` is {}, and only a timestamp-us column has a `period`",
                    kind.name()
                )));
            }
            (Kind::Boolean, None) => KeyKind::Boolean,
            (Kind::Int64, None) => KeyKind::Whole,
            (Kind::Utf8, None) => KeyKind::Text,
            (kind, None) => {
                return Err(Error::params(format!(
                    "column `{name}` is {}; slices go by utf8, boolean, int64, or a timestamp-us \
                     with a `period`: derive such a column first",
                    kind.name()
                )));
            }
        };
        Ok(Self {
            name: name.clone(),
            index,
            kind,
            values: Vec::new(),
            codes: Vec::new(),
            null: None,
            whole: BTreeMap::new(),
            text: BTreeMap::new(),
        })
    }

    pub fn update(&mut self, column: &Column, n_rows: usize, max: usize) -> Result<()> {
        self.codes.reserve(n_rows);
        match (&column.values, self.kind) {
            (Values::Utf8(_), KeyKind::Text) => {
                let mut last: Option<(&str, u16)> = None;
                for text in column.strs()? {
                    let code = match (text, last) {
                        (Some(text), Some((same, code))) if text == same => code,
                        (Some(text), _) => self.text_code(text, max)?,
                        (None, _) => self.code(Value::Null, max)?,
                    };
                    last = text.map(|text| (text, code));
                    self.codes.push(code);
                }
                Ok(())
            }
            (Values::Boolean(values), KeyKind::Boolean) => {
                self.push_whole(values.iter().map(|v| i64::from(*v)), column, max)
            }
            (Values::Int64(values), KeyKind::Whole) => {
                self.push_whole(values.iter().copied(), column, max)
            }
            (Values::TimestampUs(values), KeyKind::Period(period)) => {
                self.push_whole(values.iter().map(|us| period.number(*us)), column, max)
            }
            _ => Err(Error::input(format!("column `{}` is not of its schema", self.name))),
        }
    }

    fn push_whole(
        &mut self,
        numbers: impl Iterator<Item = i64>,
        column: &Column,
        max: usize,
    ) -> Result<()> {
        let mut last = None;
        for (row, number) in numbers.enumerate() {
            if !column.is_valid(row) {
                let code = self.code(Value::Null, max)?;
                self.codes.push(code);
                continue;
            }
            let code = match last {
                Some((same, code)) if same == number => code,
                _ => self.code(Value::Whole(number), max)?,
            };
            last = Some((number, code));
            self.codes.push(code);
        }
        Ok(())
    }

    fn text_code(&mut self, text: &str, max: usize) -> Result<u16> {
        match self.text.get(text) {
            Some(&code) => Ok(code),
            None => self.code(Value::Text(text.to_owned()), max),
        }
    }

    /// The code of a value, a new one if need be.
    pub fn code(&mut self, value: Value, max: usize) -> Result<u16> {
        let known = match &value {
            Value::Null => self.null,
            Value::Whole(number) => self.whole.get(number).copied(),
            Value::Text(text) => self.text.get(text).copied(),
        };
        if let Some(code) = known {
            return Ok(code);
        }
        if self.values.len() >= max {
            return Err(too_many(&format!("`{}`", self.name), max));
        }
        let code = self.values.len() as u16;
        match &value {
            Value::Null => self.null = Some(code),
            Value::Whole(number) => drop(self.whole.insert(*number, code)),
            Value::Text(text) => drop(self.text.insert(text.clone(), code)),
        }
        self.values.push(value);
        Ok(code)
    }

    /// For each code where its value stands in order.
    pub fn ranks(&self) -> Vec<u16> {
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        order.sort_by_key(|&code| &self.values[code]);
        let mut ranks = vec![0; order.len()];
        for (rank, code) in (0_u16..).zip(order) {
            ranks[code] = rank;
        }
        ranks
    }

    /// The value of a row.
    pub fn tag(&self, row: usize) -> Tag {
        let value = match &self.values[usize::from(self.codes[row])] {
            Value::Null => NULL.to_owned(),
            Value::Text(text) => text.clone(),
            Value::Whole(number) => match self.kind {
                KeyKind::Boolean => (*number != 0).to_string(),
                KeyKind::Period(period) => period.text(*number),
                KeyKind::Whole | KeyKind::Text => number.to_string(),
            },
        };
        Tag::new(&self.name, value)
    }
}
