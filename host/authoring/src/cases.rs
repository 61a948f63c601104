//! Golden cases: what a plugin is given and what should come of it, in `cases/*.json`.

use std::path::Path;

use refrain_admission::{Case, Grouping, exercise, first_difference};
use refrain_domain::Failure;
use refrain_sandbox::{Plugin, UnitContext};

use crate::AuthoringError;

/// How far numbers may be from what is expected where a case does not say.
const TOLERANCE: f64 = 1e-9;

/// How a case went.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseOutcome {
    /// The file's name without `.json`.
    pub name: String,
    /// What is wrong; none: nothing is.
    pub fault: Option<String>,
    /// Fuel over all instances.
    pub fuel: u64,
    /// The most linear memory of one instance.
    pub memory_bytes_peak: u64,
}

/// Reads every `*.json` of a folder, by name. A folder that is not there holds none.
///
/// # Errors
/// [`AuthoringError::File`], naming the file and the place in it.
pub fn read_cases(folder: &Path) -> Result<Vec<(String, Case)>, AuthoringError> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.map_err(|error| AuthoringError::file(folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut cases = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = std::fs::read(&path).map_err(|error| AuthoringError::file(&path, error))?;
        let case =
            serde_json::from_slice(&bytes).map_err(|error| AuthoringError::file(&path, error))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        cases.push((name, case));
    }
    Ok(cases)
}

/// Runs a case and compares what comes of it with what is expected.
pub fn run_case(plugin: &Plugin, context: &UnitContext, name: &str, case: &Case) -> CaseOutcome {
    let outcome = |fault: Option<String>, fuel, memory_bytes_peak| CaseOutcome {
        name: name.to_owned(),
        fault,
        fuel,
        memory_bytes_peak,
    };
    let input = match case.input(plugin.world().role) {
        Ok(input) => input,
        Err(error) => return outcome(Some(format!("the case itself: {error}")), 0, 0),
    };
    match exercise(plugin, context, case, &input, Grouping::Whole) {
        Ok(effect) => {
            let fault = fault_of_output(case, &effect.output);
            outcome(fault, effect.fuel, effect.memory_bytes_peak)
        }
        Err(failure) => outcome(fault_of_failure(case, &failure), 0, 0),
    }
}

fn fault_of_output(case: &Case, output: &serde_json::Value) -> Option<String> {
    let expect = case.expect.as_ref()?;
    if let Some(text) = &expect.error {
        return Some(format!("it succeeded, expected an error that says `{text}`"));
    }
    let (name, expected) = expect.output()?;
    let tolerance = expect.tolerance.unwrap_or(TOLERANCE);
    first_difference(expected, output, tolerance).map(|difference| {
        let dot = if difference.starts_with('[') { "" } else { " " };
        format!("{name}{dot}{difference}")
    })
}

fn fault_of_failure(case: &Case, failure: &Failure) -> Option<String> {
    let expected = case.expect.as_ref().and_then(|expect| expect.error.as_deref());
    match (expected, failure) {
        (Some(text), Failure::Error { .. }) if failure.to_string().contains(text) => None,
        (Some(text), _) => Some(format!("expected an error that says `{text}`, got `{failure}`")),
        (None, _) => Some(failure.to_string()),
    }
}
