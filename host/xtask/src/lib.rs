//! What the chores know about the workspace, apart from running anything.
//!
//! Invariant: every check here is a pure function from what was read to a list of complaints, so
//! that a test can hand it a workspace that breaks the rule.
//!
//! Absent on purpose: no crate of ours. Chores build in seconds, and before anything else does.

pub mod floors;
pub mod guests;
pub mod hostile;
pub mod lengths;
pub mod tidy;
pub mod wit;
pub mod workspace;
