//! Verifies a bundle on a machine that has nothing else.

use std::io::Read;
use std::sync::Arc;

use refrain_domain::plan::Plan;
use refrain_domain::run::Run;
use refrain_store::{DynStore, StoreError};

use super::claims::{check_artifacts, check_steps, plan_of, run_of};
use super::unpack::unpack;
use super::{BundleError, Index, VerifyReport};
use crate::RunnerOptions;
use crate::error::RunnerError;
use crate::executor::Control;
use crate::replay::{ReplayOptions, replay};

/// Verifies a bundle: every digest, everything that it claims, and every step by executing it.
///
/// # Errors
/// [`RunnerError::Host`] if this machine fails, [`RunnerError::Invalid`] if only another version
/// can execute it; a bad bundle is a report, not an error.
pub fn verify(
    from: &mut dyn Read,
    options: ReplayOptions,
    control: &Control,
    watch: &mut dyn FnMut(&str),
) -> Result<VerifyReport, RunnerError> {
    let mut report = VerifyReport {
        valid: false,
        run: None,
        artifacts: 0,
        model_version: None,
        replay: None,
        artifact: None,
        problem: None,
    };
    let (store, plan, run) = match believed(from, &mut report) {
        Ok(believed) => believed,
        Err(error) => return Ok(not_valid(report, &error)),
    };
    let runner = RunnerOptions::default();
    let replayed = match replay(&store, &runner, &plan, &run, options, control, watch) {
        Ok(replayed) => replayed,
        Err(error) => return blame(report, error),
    };
    report.valid = replayed.identical;
    report.problem = replayed.difference.as_ref().map(ToString::to_string);
    report.replay = Some(replayed);
    Ok(report)
}

/// Everything that can be verified without executing.
fn believed(
    from: &mut dyn Read,
    report: &mut VerifyReport,
) -> Result<(Arc<DynStore>, Plan, Run), BundleError> {
    let (index, store) = unpack::<Index>(from)?;
    report.run = Some(index.run.clone());
    report.artifacts = index.artifacts.len() as u64;
    let run = run_of(&index)?;
    report.model_version = run.model_version.as_ref().map(|model| model.digest);
    let plan = plan_of(&store, &run)?;
    check_steps(&store, &plan, &run)?;
    check_artifacts(&store, &index, &plan, &run)?;
    Ok((Arc::new(store), plan, run))
}

fn not_valid(mut report: VerifyReport, error: &BundleError) -> VerifyReport {
    report.artifact = error.at_fault().map(str::to_owned);
    report.problem = Some(error.to_string());
    report
}

/// What replaying ran into: the bundle's fault, or this machine's.
fn blame(report: VerifyReport, error: RunnerError) -> Result<VerifyReport, RunnerError> {
    match error {
        RunnerError::Store(StoreError::Missing { digest }) => {
            Ok(not_valid(report, &BundleError::Missing { name: digest.to_string() }))
        }
        RunnerError::Corrupt { .. } => {
            Ok(not_valid(report, &BundleError::Claim { name: None, detail: error.to_string() }))
        }
        other => Err(other),
    }
}
