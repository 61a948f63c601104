//! Names what stopped a call: a trap, a limit, a broken contract, or the host itself.
//!
//! Invariant: what depends on the machine or on the hour is a host abort, and nothing else is. In
//! doubt, while an instance is being made, it is one too: a result that was never recorded can
//! still be computed, a wrong one that was recorded cannot be taken back.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use refrain_domain::{Failure, Limit, Limits};
use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::limits::{HANDLES_MAX, LimitReached};

/// The host gave up: travels through wasmtime as the error of the call.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct HostAbort(pub String);

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Memories, tables, start functions.
    Start,
    /// A call of an export.
    Call,
}

/// Texts of wasmtime's errors that have no type to ask for. Tests run into each of them.
mod texts {
    pub const TRANSFER: &str = "fuel allocated for hostcalls has been exhausted";
    pub const HANDLES: &str = "cannot allocate another handle";
    pub const LENT_HANDLES: &str = "store handle limit exceeded";
    pub const COUNT: &str = "resource limit exceeded: ";
}

/// A broken contract.
pub(crate) fn contract(message: impl Into<String>) -> Failure {
    let message = clipped(&message.into()).into_owned();
    Failure::Error { kind: "contract".to_owned(), message }
}

/// The most bytes of a text of a guest's in a message: people read it, and events keep it.
const WORDS_BYTES_MAX: usize = 4 << 10;

/// A text, cut short if it is longer than anyone reads.
pub(crate) fn clipped(text: &str) -> Cow<'_, str> {
    if text.len() <= WORDS_BYTES_MAX {
        return Cow::Borrowed(text);
    }
    let kept = &text[..text.floor_char_boundary(WORDS_BYTES_MAX)];
    Cow::Owned(format!("{kept}… ({} bytes)", text.len()))
}

fn limit(limit: Limit, message: impl Into<String>) -> Failure {
    Failure::Limit { limit, message: message.into() }
}

fn abort(message: impl Into<String>) -> Failure {
    Failure::HostAbort { message: message.into() }
}

/// Runs a call into the engine. A panic in it is ours, and ends the unit, not the process.
pub(crate) fn guarded<T>(
    limits: &Limits,
    phase: Phase,
    run: impl FnOnce() -> wasmtime::Result<T>,
) -> Result<T, Failure> {
    // Unwind safe: the store is never used again after a failure.
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|error| name_failure(&error, limits, phase)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panic");
            Err(abort(format!("the engine panicked: {text}")))
        }
    }
}

fn name_failure(error: &wasmtime::Error, limits: &Limits, phase: Phase) -> Failure {
    if let Some(reached) = error.downcast_ref::<LimitReached>() {
        return limit(reached.limit, reached.message.clone());
    }
    if let Some(given_up) = error.downcast_ref::<HostAbort>() {
        return abort(given_up.0.clone());
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return name_trap(*trap, error, limits);
    }
    if let Some(I32Exit(status)) = error.downcast_ref() {
        return Failure::Trap { message: format!("the guest exited with status {status}") };
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return limit(Limit::Handles, format!("{HANDLES_MAX} handles allowed"));
    }
    name_by_text(error, limits, phase)
}

fn name_trap(trap: Trap, error: &wasmtime::Error, limits: &Limits) -> Failure {
    match trap {
        Trap::OutOfFuel => limit(Limit::Fuel, format!("{} fuel a call", limits.fuel)),
        Trap::StackOverflow => limit(Limit::Stack, "the stack is full"),
        // wasmtime names an interrupt so, and only the host interrupts.
        Trap::Interrupt => abort("interrupted"),
        trap => Failure::Trap { message: format!("{trap}{}", innermost(error)) },
    }
}

fn name_by_text(error: &wasmtime::Error, limits: &Limits, phase: Phase) -> Failure {
    let message = chain(error);
    if message.contains(texts::TRANSFER) {
        let max = transfer_bytes_max(limits);
        return limit(Limit::Transfer, format!("{max} bytes a call allowed"));
    }
    if message.contains(texts::HANDLES) || message.contains(texts::LENT_HANDLES) {
        return limit(Limit::Handles, format!("{HANDLES_MAX} handles allowed"));
    }
    if let Some(counted) = message.split(texts::COUNT).nth(1) {
        let kind = if counted.starts_with("table") { Limit::Table } else { Limit::Memory };
        return limit(kind, counted.to_owned());
    }
    let is_of_the_host = error.is::<wasmtime::error::OutOfMemory>() || error.is::<std::io::Error>();
    if phase == Phase::Start || is_of_the_host {
        return abort(message);
    }
    // Whatever else stops a call is the guest's doing: a pointer out of bounds, invalid UTF-8, an
    // unknown discriminant.
    contract(message)
}

/// An error and its causes, without the backtrace of addresses, which says nothing to anyone.
fn chain(error: &wasmtime::Error) -> String {
    let causes = error.chain().map(ToString::to_string);
    let causes: Vec<String> = causes.filter(|text| !text.starts_with("error while exec")).collect();
    causes.join(": ")
}

/// Where a trap happened, as far as the component's names tell.
fn innermost(error: &wasmtime::Error) -> String {
    let name = error
        .downcast_ref::<WasmBacktrace>()
        .and_then(|trace| trace.frames().first()?.func_name().map(str::to_owned));
    name.map_or_else(String::new, |name| format!(" in `{}`", clipped(&name)))
}

/// The most bytes that one call may hand from guest to host, counted as the host holds them.
///
/// A third of what the guest may have memory: a list can name the same memory many times over, so
/// this is what bounds the host's side, and small texts take the allocator more than twice of what
/// is counted. Deterministic, since it follows from the limits.
pub(crate) fn transfer_bytes_max(limits: &Limits) -> usize {
    usize::try_from(limits.memory_bytes_max / 3).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fails(phase: Phase, run: impl FnOnce() -> wasmtime::Result<()>) -> String {
        guarded(&Limits::default(), phase, run).unwrap_err().to_string()
    }

    #[test]
    fn a_panic_of_the_engine_is_a_host_abort() {
        let panicked = fails(Phase::Call, || panic!("index out of bounds"));
        assert_eq!(panicked, "host abort: the engine panicked: index out of bounds");
    }

    #[test]
    fn what_the_machine_lacks_is_a_host_abort() {
        let io = || std::io::Error::from(std::io::ErrorKind::OutOfMemory);
        assert!(fails(Phase::Call, || Err(io().into())).starts_with("host abort: "));
        let unknown = || Err(wasmtime::format_err!("mmap failed"));
        assert_eq!(fails(Phase::Start, unknown), "host abort: mmap failed");
        assert_eq!(fails(Phase::Call, unknown), "contract: mmap failed");
    }
}
