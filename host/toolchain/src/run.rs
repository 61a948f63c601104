//! Other people's tools, started one by one.

use std::process::Command;

use crate::BuildError;

/// Runs a tool to its end. What it says goes to standard error: standard output is for answers.
pub(crate) fn run(command: &mut Command) -> Result<(), BuildError> {
    let tool = name(command);
    let status = command
        .stdout(std::io::stderr())
        .status()
        .map_err(|source| BuildError::Start { tool: tool.clone(), source })?;
    if status.success() {
        return Ok(());
    }
    Err(BuildError::Tool { tool })
}

/// Whether a tool did what it was asked.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(std::io::stderr()).status().is_ok_and(|status| status.success())
}

/// What a tool answered, if it succeeded.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn name(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program()).to_string_lossy();
    let first = command.get_args().next().map(|arg| format!(" {}", arg.to_string_lossy()));
    format!("{program}{}", first.unwrap_or_default())
}
