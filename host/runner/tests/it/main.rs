//! The runner on pipelines that need no component: plans, schedules, logs, bundles, differences.
#![allow(missing_docs, reason = "tests")]

mod bundles;
mod claims;
mod crashes;
mod diffs;
mod drives;
mod folds;
mod gates;
mod plans;
mod schedules;
mod support;
