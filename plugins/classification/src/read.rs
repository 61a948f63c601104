//! Labels and scores out of columns, refusing what cannot be evaluated by column and row.

use refrain_sdk::{Batch, Column, Error, Result, Values};

/// Appends the labels of a batch.
pub fn labels(
    rows: &Batch,
    index: usize,
    name: &str,
    first_row: usize,
    labels: &mut Vec<bool>,
) -> Result<()> {
    let column = &rows.columns[index];
    let place = |row: usize| format!("label `{name}` in row {} of its chunk", first_row + row);
    refuse_null(column, rows.n_rows(), &place)?;
    let mut wrong = None;
    let mut push = |row: usize, is_zero: bool, is_one: bool| {
        if !is_zero && !is_one && wrong.is_none() {
            wrong = Some(row);
        }
        labels.push(is_one);
    };
    match &column.values {
        Values::Boolean(values) => labels.extend(values.iter().map(|v| *v != 0)),
        Values::Int64(values) => {
            values.iter().enumerate().for_each(|(row, v)| push(row, *v == 0, *v == 1));
        }
        Values::Float64(values) => {
            values.iter().enumerate().for_each(|(row, v)| push(row, *v == 0.0, *v == 1.0));
        }
        other => return Err(Error::input(format!("label `{name}` is {}", other.kind().name()))),
    }
    match wrong {
        None => Ok(()),
        Some(row) => {
            let value = column.numbers()?[row];
            Err(Error::input(format!("{} is {value}, and must be 0 or 1", place(row))))
        }
    }
}

/// Appends the scores of a batch.
pub fn scores(
    rows: &Batch,
    index: usize,
    name: &str,
    first_row: usize,
    scores: &mut Vec<f64>,
) -> Result<()> {
    let column = &rows.columns[index];
    let place = |row: usize| format!("score `{name}` in row {} of its chunk", first_row + row);
    refuse_null(column, rows.n_rows(), &place)?;
    let values = column.as_f64()?;
    if let Some(row) = values.iter().position(|score| !score.is_finite()) {
        return Err(Error::input(format!(
            "{} is {}, and must be a finite number: look at the model that gave it",
            place(row),
            values[row]
        )));
    }
    // -0 is 0, in the order of scores as well.
    scores.extend(values.iter().map(|score| score + 0.0));
    Ok(())
}

fn refuse_null(column: &Column, n_rows: usize, place: &dyn Fn(usize) -> String) -> Result<()> {
    match (0..n_rows).find(|row| !column.is_valid(*row)) {
        None => Ok(()),
        Some(row) => Err(Error::input(format!(
            "{} has no value: filter such rows out before they are evaluated",
            place(row)
        ))),
    }
}
