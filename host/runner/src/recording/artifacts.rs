//! The artifacts that a unit reads: columns of rows, and private bytes of its own plugin.

use refrain_domain::{Chunk, Digest};

use crate::unit::Work;

/// The column blocks of every chunk that the work reads.
pub(super) fn columns(work: &Work) -> Vec<Digest> {
    let of = |chunks: &[Chunk]| chunks.iter().flat_map(|chunk| chunk.columns.clone()).collect();
    match work {
        Work::Keep { chunk, .. }
        | Work::Join { chunk, .. }
        | Work::Apply { chunk, .. }
        | Work::Predict { chunk, .. } => chunk.columns.clone(),
        Work::FitPart { rows, .. }
        | Work::FitWhole { rows, .. }
        | Work::PassPart { rows, .. }
        | Work::PassWhole { rows, .. }
        | Work::FoldPart { rows, .. } => of(&rows.chunks),
        Work::FoldWhole { reference, rows, .. } => of(&[&reference[..], &rows.chunks[..]].concat()),
        Work::FitMerge { .. }
        | Work::PassMerge { .. }
        | Work::Finish { .. }
        | Work::FoldMerge { .. }
        | Work::Decide { .. } => Vec::new(),
    }
}

/// States, models and saved folds: what only the plugin that made it can read.
pub(super) fn private(work: &mut Work) -> Vec<&mut Digest> {
    match work {
        Work::Apply { state, .. }
        | Work::PassPart { state, .. }
        | Work::PassWhole { state, .. } => state.iter_mut().collect(),
        Work::FitMerge { saved, .. } | Work::FoldMerge { saved, .. } => saved.iter_mut().collect(),
        Work::PassMerge { state, saved, .. } => state.iter_mut().chain(saved).collect(),
        Work::Finish { state, .. } => vec![state],
        Work::Predict { model, .. } => vec![model],
        Work::Keep { .. }
        | Work::Join { .. }
        | Work::FitPart { .. }
        | Work::FitWhole { .. }
        | Work::FoldPart { .. }
        | Work::FoldWhole { .. }
        | Work::Decide { .. } => Vec::new(),
    }
}
