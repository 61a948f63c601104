//! One window: what every column holds and how often.

use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::{Batch, Column, Error, Result, Schema, Values};

use crate::categories::Categories;
use crate::counts::{self, Counts};
use crate::params::is_number;

/// Every column of one window, in schema order.
#[derive(Debug, Clone)]
pub struct WindowState {
    /// As many as the schema has fields.
    pub columns: Vec<ColumnState>,
}

/// The values of a column and its rows without one.
#[derive(Debug, Clone)]
pub struct ColumnState {
    /// Rows with a value.
    pub n: u64,
    /// Rows without, or with NaN.
    pub n_null: u64,
    /// The values.
    pub values: Counted,
}

/// Values, counted.
#[derive(Debug, Clone)]
pub enum Counted {
    /// Of a float64 or int64 column.
    Numbers(Counts),
    /// Of a utf8 or boolean column.
    Texts(Categories),
}

/// [`WindowState`] as bytes.
pub type Saved = Vec<SavedColumn>;

/// [`ColumnState`] as bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct SavedColumn {
    n: u64,
    n_null: u64,
    values: SavedValues,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
enum SavedValues {
    Numbers(counts::Saved),
    Texts(Categories),
}

impl WindowState {
    /// A window without rows.
    pub fn new(input: &Schema) -> Self {
        let column = |kind| ColumnState {
            n: 0,
            n_null: 0,
            values: match is_number(kind) {
                true => Counted::Numbers(Counts::default()),
                false => Counted::Texts(Categories::default()),
            },
        };
        Self { columns: input.fields.iter().map(|field| column(field.kind)).collect() }
    }

    /// Takes in the next rows, which are of the schema.
    pub fn update(&mut self, rows: &Batch, input: &Schema) -> Result<()> {
        for ((state, column), field) in
            self.columns.iter_mut().zip(&rows.columns).zip(&input.fields)
        {
            state.update(column, rows.n_rows(), &field.name)?;
        }
        Ok(())
    }

    /// For [`WindowState::merge`].
    pub fn save(&self) -> Saved {
        let save = |column: &ColumnState| SavedColumn {
            n: column.n,
            n_null: column.n_null,
            values: match &column.values {
                Counted::Numbers(counts) => SavedValues::Numbers(counts.save()),
                Counted::Texts(texts) => SavedValues::Texts(texts.clone()),
            },
        };
        self.columns.iter().map(save).collect()
    }

    /// Takes in a saved window.
    pub fn merge(&mut self, saved: Saved) -> Result<()> {
        let broken = || Error::failed("the saved window is of other columns");
        if saved.len() != self.columns.len() {
            return Err(broken());
        }
        for (column, saved) in self.columns.iter_mut().zip(saved) {
            column.n += saved.n;
            column.n_null += saved.n_null;
            match (&mut column.values, saved.values) {
                (Counted::Numbers(here), SavedValues::Numbers(there)) => {
                    here.merge(&Counts::load(there)?);
                }
                (Counted::Texts(here), SavedValues::Texts(there)) => here.merge(there),
                _ => return Err(broken()),
            }
        }
        Ok(())
    }
}

impl ColumnState {
    /// All rows.
    pub fn n_rows(&self) -> u64 {
        self.n + self.n_null
    }

    fn update(&mut self, column: &Column, n_rows: usize, name: &str) -> Result<()> {
        let n = match &mut self.values {
            Counted::Numbers(counts) => {
                let mut numbers = column.valid_numbers()?;
                if numbers.iter().any(|number| number.is_infinite()) {
                    return Err(Error::input(format!(
                        "column `{name}` holds an infinity: replace it, or leave the column out of \
                         `columns`"
                    )));
                }
                if numbers.iter().any(|number| number.is_nan()) {
                    numbers.to_mut().retain(|number| !number.is_nan());
                }
                counts.add(&numbers);
                numbers.len()
            }
            Counted::Texts(texts) => {
                add_texts(texts, column)?;
                n_rows - column.null_count(n_rows)
            }
        };
        self.n += n as u64;
        self.n_null += (n_rows - n) as u64;
        Ok(())
    }
}

fn add_texts(texts: &mut Categories, column: &Column) -> Result<()> {
    if let Values::Boolean(_) = column.values {
        let mut n = [0, 0];
        column.bools()?.flatten().for_each(|value| n[usize::from(value)] += 1);
        for (text, n) in ["false", "true"].into_iter().zip(n) {
            if n > 0 {
                texts.add(text, n);
            }
        }
        return Ok(());
    }
    // Runs of one text, as sorted columns have, are looked up once.
    let mut run: Option<(&str, u64)> = None;
    for text in column.strs()?.flatten() {
        match &mut run {
            Some((same, n)) if *same == text => *n += 1,
            _ => {
                if let Some((text, n)) = run.replace((text, 1)) {
                    texts.add(text, n);
                }
            }
        }
    }
    if let Some((text, n)) = run {
        texts.add(text, n);
    }
    Ok(())
}
