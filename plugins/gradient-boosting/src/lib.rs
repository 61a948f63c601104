//! Gradient boosting over histograms.

pub mod bins;
pub mod histogram;
