//! Whether a component keeps its contract: what types cannot say, found out by running it.
//!
//! A registration and `refrain plugin test` make the same checks, so an author reads at home what
//! a server would say. Every check is three-valued: passed, failed, or skipped with the reason, so
//! that nothing counts as shown which was not.
//!
//! What no run can show, who made it, is told by a [`Signature`] and the keys that are trusted.
//!
//! Absent on purpose: nothing here knows a store, a registry or a file.

mod case;
mod embedded;
mod exercise;
mod generate;
mod laws;
mod report;
mod rows;
mod signature;
mod trust;
mod value;

pub use case::{Case, CaseError, Expectation, Input, Table};
pub use embedded::{Embedded, SECTION};
pub use exercise::{Effect, Grouping, exercise};
pub use laws::{Provers, prove};
pub use report::{Baseline, Check, Comparison, Report, Verdict};
pub use rows::{RowError, batch_of, rows_of};
pub use signature::{KeyError, PublicKey, SecretKey, Signature};
pub use trust::{SignatureMode, SignatureState, TrustError, TrustedKeys};
pub use value::first_difference;
