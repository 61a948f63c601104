//! Compilation, bounded in time and in memory.
//!
//! Memory: one component is compiled at a time, on as many threads as there are cores, each with
//! one function of bounded length and complexity. Measured with the worst that came to mind,
//! Cranelift took 630 MB for 1 MiB of calls, and 200 MB for the highest complexity allowed.
//!
//! Time: who waits gives up after the timeout. Cranelift cannot be interrupted, so an abandoned
//! compilation runs on to its end, which the limits on size bound, and is thrown away; while
//! [`ABANDONED_MAX`] of them run, no other is begun. It has a thread pool of its own and holds up
//! nobody else's work, but for the cores it uses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::admit::AdmissionError;

/// The most compilations that may still run though nobody waits for them.
const ABANDONED_MAX: usize = 2;

/// Enough for Cranelift on the deepest nesting that fits a function of bounded size.
const STACK_BYTES: usize = 16 << 20;

/// Compiles, one at a time.
#[derive(Default)]
pub(crate) struct Compiler {
    turn: Mutex<()>,
    abandoned: Arc<AtomicUsize>,
}

impl Compiler {
    /// Compiles, unless `found` finds it done once it is our turn: who waits for a component that
    /// another caller compiles wants that one.
    pub(crate) fn compile<T>(
        &self,
        engine: &Engine,
        bytes: Arc<[u8]>,
        timeout: Duration,
        found: impl FnOnce() -> Option<T>,
        done: impl FnOnce(Component) -> Result<T, AdmissionError>,
    ) -> Result<T, AdmissionError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = found() {
            return Ok(found);
        }
        if self.abandoned.load(Ordering::Acquire) >= ABANDONED_MAX {
            let message = "compilations that took too long still run; try again later";
            return Err(AdmissionError::Host(message.to_owned()));
        }
        self.wait(engine.clone(), bytes, timeout).and_then(done)
    }

    fn wait(
        &self,
        engine: Engine,
        bytes: Arc<[u8]>,
        timeout: Duration,
    ) -> Result<Component, AdmissionError> {
        let host = |error: &dyn std::fmt::Display| AdmissionError::Host(error.to_string());
        let (sender, receiver) = mpsc::channel();
        let abandoned = self.abandoned.clone();
        abandoned.fetch_add(1, Ordering::AcqRel);
        let compile = move || {
            let compiled = compile(&engine, &bytes);
            // Before the result: who has it may begin the next.
            abandoned.fetch_sub(1, Ordering::AcqRel);
            drop(sender.send(compiled));
        };
        let name = "refrain-compile".to_owned();
        let spawned = std::thread::Builder::new().name(name).stack_size(STACK_BYTES).spawn(compile);
        if let Err(error) = spawned {
            self.abandoned.fetch_sub(1, Ordering::AcqRel);
            return Err(host(&error));
        }
        match receiver.recv_timeout(timeout) {
            Ok(result) => result,
            Err(_) => Err(AdmissionError::CompileTimeout { seconds: timeout.as_secs() }),
        }
    }
}

/// On a pool of its own, so that an abandoned compilation holds up nobody else's work.
fn compile(engine: &Engine, bytes: &[u8]) -> Result<Component, AdmissionError> {
    let compile = || -> Result<Component, AdmissionError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .thread_name(|i| format!("refrain-compile-{i}"))
            .stack_size(STACK_BYTES)
            .build()
            .map_err(|error| AdmissionError::Host(error.to_string()))?;
        pool.install(|| Component::new(engine, bytes))
            .map_err(|error| AdmissionError::Invalid { detail: format!("{error:#}") })
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(compile))
        .unwrap_or_else(|_| Err(AdmissionError::Host("the compiler panicked".to_owned())))
}
