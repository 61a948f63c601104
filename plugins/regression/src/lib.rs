//! Measures predictions of a number, overall and by slice.
//!
//! The fold keeps label and prediction of every row, sixteen bytes and one for each slicing column,
//! because a median does not merge. See `README.md` for the parameters and the formulas.
//!
//! Invariant: the metrics depend on the rows in their order, never on how they were parted.

mod report;

use refrain_sdk::evaluator::{Description, Evaluator, Metric};
use refrain_sdk::serde::Deserialize;
use refrain_sdk::slices::{SliceBy, Slices};
use refrain_sdk::{Batch, Error, Fold, Kind, Result, Schema, slices, state};

refrain_sdk::export!(evaluator, Regression);

/// The plugin.
#[derive(Debug)]
pub struct Regression;

/// See `params.schema.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    /// A float64, int64 or boolean column.
    pub label: String,
    /// The column of predictions: what `linear-regression` calls it.
    #[serde(default = "prediction")]
    pub prediction: String,
    /// The quantiles that the pinball loss is of; none: it is not reported.
    #[serde(default)]
    pub alphas: Vec<f64>,
    /// Columns, periods and combinations to slice by.
    #[serde(default)]
    pub slices: Vec<SliceBy>,
    /// Slices of fewer rows are not reported.
    #[serde(default = "one")]
    pub min_slice_rows: usize,
    /// The most slices of one entry of `slices`.
    #[serde(default = "thousand")]
    pub max_slices: usize,
}

fn prediction() -> String {
    "prediction".to_owned()
}

fn one() -> usize {
    1
}

fn thousand() -> usize {
    1000
}

impl Params {
    fn check(&self) -> Result<()> {
        if self.label == self.prediction {
            return Err(Error::params("`label` and `prediction` are the same column"));
        }
        for (index, alpha) in self.alphas.iter().enumerate() {
            if !(*alpha > 0.0 && *alpha < 1.0) || self.alphas[..index].contains(alpha) {
                return Err(Error::params(format!(
                    "parameter `alphas[{index}]` is {alpha}, and must be between 0 and 1, and \
                     stand once"
                )));
            }
        }
        Ok(())
    }
}

/// The rows so far.
#[derive(Debug)]
pub struct Evaluation {
    params: Params,
    label: usize,
    prediction: usize,
    rows: Rows,
    slices: Slices,
}

/// Label and prediction of every row, all finite.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// What was.
    pub labels: Vec<f64>,
    /// What was said.
    pub predictions: Vec<f64>,
}

impl Evaluator for Regression {
    type Params = Params;
    type Fold = Evaluation;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        let fold = Self::start(params, input)?;
        let mut reads = vec![fold.label as u32, fold.prediction as u32];
        for column in slices::columns(&params.slices) {
            reads.push(input.index_of(column)? as u32);
        }
        reads.sort_unstable();
        reads.dedup();
        Ok(Description { reads, mergeable: true })
    }

    fn start(params: &Params, input: &Schema) -> Result<Evaluation> {
        params.check()?;
        let label = input
            .index_of_kind(&params.label, Kind::NUMERIC)
            .map_err(|error| error.context("parameter `label`"))?;
        let prediction = input
            .index_of_kind(&params.prediction, Kind::NUMERIC)
            .map_err(|error| error.context("parameter `prediction`"))?;
        let slices = Slices::new(&params.slices, params.max_slices, input)?;
        let rows = Rows::default();
        Ok(Evaluation { params: params.clone(), label, prediction, rows, slices })
    }
}

impl Fold for Evaluation {
    type Output = Vec<Metric>;

    fn update(&mut self, rows: Batch) -> Result<()> {
        let first_row = self.rows.labels.len();
        let Params { label, prediction, .. } = &self.params;
        let what = format!("label `{label}`");
        append(&rows, self.label, &what, first_row, &mut self.rows.labels)?;
        let what = format!("prediction `{prediction}`");
        append(&rows, self.prediction, &what, first_row, &mut self.rows.predictions)?;
        self.slices.update(&rows)
    }

    fn save(&self) -> Result<Vec<u8>> {
        let Rows { labels, predictions } = &self.rows;
        state::encode(&(labels, predictions, self.slices.save()))
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        let (labels, predictions, slices): (Vec<f64>, Vec<f64>, slices::Saved) =
            state::decode(saved)?;
        if labels.len() != predictions.len() {
            return Err(Error::failed("the saved labels are not as many as the predictions"));
        }
        let n_rows = labels.len();
        self.rows.labels.extend(labels);
        self.rows.predictions.extend(predictions);
        self.slices.merge(slices, n_rows)
    }

    fn finish(self) -> Result<Vec<Metric>> {
        let groupings = self.slices.groupings(self.rows.labels.len())?;
        Ok(report::report(&self.params, &self.rows, &groupings))
    }
}

/// Appends a column, refusing what is no finite number by row.
fn append(
    rows: &Batch,
    index: usize,
    what: &str,
    first_row: usize,
    numbers: &mut Vec<f64>,
) -> Result<()> {
    let column = &rows.columns[index];
    let values = column.numbers()?;
    let wrong = |row: &usize| !column.is_valid(*row) || !values[*row].is_finite();
    if let Some(row) = (0..values.len()).find(wrong) {
        let place = first_row + row;
        return Err(Error::input(match column.is_valid(row) {
            false => format!(
                "{what} in row {place} of its chunk has no value: filter such rows out before \
                 they are evaluated"
            ),
            true => format!(
                "{what} in row {place} of its chunk is {}, and must be a finite number",
                values[row]
            ),
        }));
    }
    numbers.extend_from_slice(&values);
    Ok(())
}

#[cfg(test)]
mod tests;
