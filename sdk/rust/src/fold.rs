//! The two shapes that carry every role: a fold and a map.

use crate::{Batch, Column, Error, Result};

/// Rows in, something out at the end.
///
/// The host runs a fold as one instance per group of rows, saves each, merges what was saved in
/// the order of the rows into a fresh fold, and finishes that. So `merge` into a fresh fold must
/// give the fold that was saved. A role that answers `mergeable: false` sees all rows in one
/// instance, and may leave `save` and `merge` as they are.
pub trait Fold {
    /// What it ends in.
    type Output;

    /// Takes in the next rows.
    ///
    /// # Errors
    /// Whatever is wrong with them.
    fn update(&mut self, rows: Batch) -> Result<()>;

    /// The fold so far, for [`Fold::merge`] in another instance. See [`state::encode`](crate::state::encode).
    ///
    /// # Errors
    /// For a fold that does not merge.
    fn save(&self) -> Result<Vec<u8>> {
        Err(Error::failed("this fold does not merge: its description says `mergeable: false`"))
    }

    /// Takes in what another instance saved.
    ///
    /// # Errors
    /// For a fold that does not merge, or bytes that are not of such a fold.
    fn merge(&mut self, _saved: &[u8]) -> Result<()> {
        Err(Error::failed("this fold does not merge: its description says `mergeable: false`"))
    }

    /// Ends the fold.
    ///
    /// # Errors
    /// Where the rows do not allow an end (no rows at all, say).
    fn finish(self) -> Result<Self::Output>;
}

/// Rows in, as many rows out, none depending on another.
pub trait Map {
    /// The columns of these rows, in the order of the description.
    ///
    /// # Errors
    /// Whatever is wrong with the rows.
    fn map(&self, rows: Batch) -> Result<Vec<Column>>;
}

/// The fit of a transform that has none: `type Fit = NoFit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFit {}

impl NoFit {
    /// What [`Transform::fit`](crate::transform::Transform::fit) answers.
    ///
    /// # Errors
    /// Always.
    pub fn refuse() -> Result<Self> {
        Err(Error::failed("this transform needs no fit"))
    }
}

impl Fold for NoFit {
    type Output = Vec<u8>;

    fn update(&mut self, _: Batch) -> Result<()> {
        match *self {}
    }

    fn finish(self) -> Result<Vec<u8>> {
        match self {}
    }
}

/// Runs a map and refuses columns that are not as long as the batch.
pub(crate) fn run_map(map: &impl Map, rows: Batch) -> Result<Batch> {
    let n_rows = rows.n_rows();
    let columns = map.map(rows)?;
    for (index, column) in columns.iter().enumerate() {
        // The width of a vector is known to the description only; the host checks it.
        if let crate::Values::Vector(_) = column.values {
            continue;
        }
        column
            .check(column.kind(), 0, n_rows)
            .map_err(|problem| Error::failed(format!("computed column {index} {problem}")))?;
    }
    Ok(Batch::new(n_rows, columns))
}

/// What an instance of a fold-and-map role is doing.
pub(crate) enum Stage<F, M> {
    Idle,
    Folding(F),
    Mapping(M),
}

impl<F: Fold, M: Map> Stage<F, M> {
    pub(crate) fn fold(&mut self, call: &str, before: &str) -> Result<&mut F> {
        match self {
            Self::Folding(fold) => Ok(fold),
            _ => Err(Error::out_of_order(call, before)),
        }
    }

    pub(crate) fn finish(&mut self, call: &str, before: &str) -> Result<F::Output> {
        match std::mem::replace(self, Self::Idle) {
            Self::Folding(fold) => fold.finish(),
            _ => Err(Error::out_of_order(call, before)),
        }
    }

    pub(crate) fn map(&self, rows: Batch, call: &str, before: &str) -> Result<Batch> {
        match self {
            Self::Mapping(map) => run_map(map, rows),
            _ => Err(Error::out_of_order(call, before)),
        }
    }
}
