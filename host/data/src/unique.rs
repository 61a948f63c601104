//! Whether the values of some columns stand twice: exact, up to a bound.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use refrain_domain::{Batch, Schema};

use crate::ops::{push_key, show};

/// So many keys are remembered, at about 40 bytes each.
const KEYS_MAX: usize = 1_000_000;

/// So much of a value is shown.
const VALUE_CHARS_MAX: usize = 100;

/// The keys so far. Of a key its hash is kept: two of a million being equal by chance has a
/// probability below 2^-88.
pub(crate) struct Uniqueness {
    columns: Vec<String>,
    /// Hash to row, counted from 0.
    seen: HashMap<u128, u64>,
    rows: u64,
    is_over: bool,
    twice: Option<String>,
}

/// What is known in the end.
pub(crate) enum Told {
    /// No key stands twice.
    Unique(u64),
    /// This one does, in words.
    Twice(String),
    /// Nothing, in words.
    Unknown(String),
}

impl Uniqueness {
    pub(crate) fn of(columns: &[String]) -> Self {
        let columns = columns.to_vec();
        Self { columns, seen: HashMap::new(), rows: 0, is_over: false, twice: None }
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Takes rows that have all of the schema's columns. Rows with a null in the key are no match
    /// for any other, as in SQL.
    pub(crate) fn push(&mut self, schema: &Schema, batch: &Batch) {
        let indices: Option<Vec<usize>> =
            self.columns.iter().map(|name| schema.index_of(name)).collect();
        let before = self.rows;
        self.rows += batch.rows as u64;
        let Some(indices) = indices.filter(|_| self.twice.is_none() && !self.is_over) else {
            return;
        };
        let mut key = Vec::new();
        for row in 0..batch.rows {
            key.clear();
            let columns = indices.iter().map(|index| &batch.columns[*index]);
            if !columns.clone().all(|column| push_key(column, row, batch.rows, &mut key)) {
                continue;
            }
            if self.seen.len() == KEYS_MAX {
                self.is_over = true;
                self.seen = HashMap::new();
                return;
            }
            let hash = blake3::hash(&key);
            let hash: [u8; 16] = hash.as_bytes()[..16].try_into().expect("BUG: 16 of 32");
            let at = before + row as u64;
            match self.seen.entry(u128::from_le_bytes(hash)) {
                Entry::Vacant(entry) => {
                    entry.insert(at);
                }
                Entry::Occupied(entry) => {
                    let values: Vec<String> = columns.map(|column| show(column, row)).collect();
                    let (first, second) = (entry.get() + 1, at + 1);
                    let value: String = values.join(", ").chars().take(VALUE_CHARS_MAX).collect();
                    self.twice = Some(format!("`{value}` stands in rows {first} and {second}"));
                    return;
                }
            }
        }
    }

    pub(crate) fn tell(&self, schema: &Schema) -> Told {
        if let Some(missing) = self.columns.iter().find(|name| schema.index_of(name).is_none()) {
            return Told::Unknown(format!("no rows of a column `{missing}`"));
        }
        match &self.twice {
            Some(twice) => Told::Twice(twice.clone()),
            None if self.is_over => {
                Told::Unknown(format!("none of the first {KEYS_MAX} stands twice"))
            }
            None => Told::Unique(self.seen.len() as u64),
        }
    }
}
