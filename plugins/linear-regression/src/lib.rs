//! Linear regression with an L2 penalty, in one pass.

pub mod design;
