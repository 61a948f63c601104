//! From the columns of a batch to sums over a design matrix, for the linear trainers.
//!
//! A design matrix has a column for every number that a feature holds in a row: one for a scalar,
//! `width` for a vector, and a last one of ones where there is an intercept. It is never built as
//! a whole: [`Block`] holds a few rows, [`Gram`] sums their products, [`factor`] solves.
//! Absent on purpose: any loss, any model, any state between batches.
//!
//! `logistic-regression` and `gradient-boosting` compile these sources too: a plugin imports the
//! SDK and no other plugin.

mod block;
mod cholesky;
mod features;
mod gram;
mod linear;
mod numbers;

pub use block::{BLOCK_ROWS, Block, Lane, Layout};
pub use cholesky::{Cholesky, dot, factor};
pub use features::{
    Feature, Roles, check_features, feature_width, label_values, numbers_of, target_values,
    weight_values,
};
pub use gram::{Gram, packed, packed_len};
pub use linear::raw_scores;
pub use numbers::Numbers;
