//! What happens in the process of one case: a component is admitted and called, and a neighbour
//! works beside it all the while.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, mpsc};
use std::time::Instant;

use refrain_domain::{Batch, Column, Digest, Failure, Field, Kind, Limits, Schema, Values};
use refrain_sandbox::{Plugin, Sandbox, SandboxOptions, UnitContext};
use refrain_testkit::guest::Guest;
use serde::{Deserialize, Serialize};

use crate::case::{Case, MEMORY_MIB_MAX, Outcome, TEXT_BYTES_MAX, backend};

/// What was seen of a case.
#[derive(Debug, Serialize, Deserialize)]
pub struct Seen {
    pub outcome: Outcome,
    pub text: String,
    pub text_bytes: usize,
    pub admission: Used,
    pub call: Used,
    /// What the neighbour has done, or what was wrong with it.
    pub neighbour: Result<u64, String>,
}

/// Time and memory.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Used {
    pub time_ms: u64,
    /// More than there was before the component came.
    pub memory_mib: u64,
}

/// Runs the case whose component lies in a file.
pub fn run(case: &Case, component: &Path) -> Seen {
    let component = fs::read(component).unwrap();
    let compile_timeout = case.compile_timeout;
    let options =
        SandboxOptions { compile_timeout, backend: backend(), ..SandboxOptions::default() };
    let sandbox = Sandbox::new(options).unwrap();
    let neighbour = Neighbour::start(&sandbox);
    let before_kib = reset_peak_kib();
    let (admitted, admission) = measured(before_kib, || sandbox.admit(&component, case.grants));
    let mut call = Used::default();
    let (outcome, text) = match admitted {
        Err(error) => (Outcome::Refused, error.to_string()),
        Ok(_) => {
            let bytes = || Ok(Arc::from(component.as_slice()));
            let plugin = sandbox.load(Digest::of(&component), &bytes, case.grants).unwrap();
            reset_peak_kib();
            let context = context(case);
            let (ended, used) = measured(before_kib, || (case.act)(&plugin, &context));
            call = used;
            match ended {
                Ok(text) => (Outcome::Answered, text),
                Err(failure) => (Outcome::of(&failure), failure.to_string()),
            }
        }
    };
    let text_bytes = text.len();
    let text = text.chars().take(2 * TEXT_BYTES_MAX).collect();
    Seen { outcome, text, text_bytes, admission, call, neighbour: neighbour.stop() }
}

fn context(case: &Case) -> UnitContext {
    let limits = Limits {
        fuel: case.fuel,
        memory_bytes_max: MEMORY_MIB_MAX << 20,
        table_elements_max: 10_000,
        output_bytes_max: 1_000,
    };
    let deadline = Some(Instant::now() + case.deadline);
    UnitContext { limits, deadline, ..UnitContext::default() }
}

/// `before_kib` stays the same over a case: what an earlier part of it still holds counts too.
fn measured<T>(before_kib: u64, work: impl FnOnce() -> T) -> (T, Used) {
    let begin = Instant::now();
    let result = work();
    let time_ms = begin.elapsed().as_millis() as u64;
    let memory_mib = status_kib("VmHWM:").saturating_sub(before_kib) >> 10;
    (result, Used { time_ms, memory_mib })
}

/// Forgets the peak of before, if the kernel lets us; answers what there is now.
fn reset_peak_kib() -> u64 {
    // Where it does not, the peak of before counts against the component.
    drop(fs::write("/proc/self/clear_refs", "5"));
    status_kib("VmRSS:")
}

fn status_kib(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse().unwrap()
}

/// A good component at work in the same sandbox, over and over.
struct Neighbour {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Result<u64, String>>,
}

impl Neighbour {
    /// Answers once its first piece of work is done.
    fn start(sandbox: &Sandbox) -> Self {
        let component = adder();
        let bytes = || Ok(Arc::from(component.as_slice()));
        let plugin = sandbox.load(Digest::of(&component), &bytes, &[]).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let is_stopped = stop.clone();
        let (started, has_started) = mpsc::channel();
        let thread = std::thread::spawn(move || work(&plugin, &is_stopped, &started));
        has_started.recv().expect("the neighbour works");
        Self { stop, thread }
    }

    fn stop(self) -> Result<u64, String> {
        self.stop.store(true, Ordering::Release);
        self.thread.join().unwrap_or_else(|_| Err("it panicked".to_owned()))
    }
}

/// Answers how often it worked as it should: once more after it was stopped.
fn work(plugin: &Plugin, stop: &AtomicBool, started: &Sender<()>) -> Result<u64, String> {
    let column = Column::new(Values::Int64((0..1_000).collect()));
    let rows = Batch { rows: 1_000, columns: vec![Arc::new(column)] };
    let schema = Schema { fields: vec![Field::new("x", Kind::Int64, false)] };
    let once = || -> Result<(Vec<u8>, Batch), Failure> {
        let mut fit = plugin.transform(&UnitContext::default())?;
        fit.fit_update(&rows)?;
        fit.fit_update(&rows)?;
        let state = fit.fit_finish()?;
        Ok((state, plugin.transform(&UnitContext::default())?.apply(&rows, &schema)?))
    };
    for n in 1.. {
        let is_last = stop.load(Ordering::Acquire);
        let (state, made) = once().map_err(|failure| failure.to_string())?;
        if state != 999_000_i64.to_le_bytes() || made != rows {
            return Err(format!("in round {n} it answered {state:?} and {made:?}"));
        }
        // Nobody listens but for the first time.
        started.send(()).ok();
        if is_last {
            return Ok(n);
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Ok(0)
}

/// Adds up a column of integers; gives rows back as they came.
fn adder() -> Vec<u8> {
    let add = "(local $at i32) (local $end i32)
        (local.set $at (i32.load offset=4 (local.get 1)))
        (local.set $end (i32.add (local.get $at)
            (i32.mul (i32.load offset=8 (local.get 1)) (i32.const 8))))
        (loop $again
            (i64.store (i32.const 2048)
                (i64.add (i64.load (i32.const 2048)) (i64.load (local.get $at))))
            (br_if $again (i32.lt_u
                (local.tee $at (i32.add (local.get $at) (i32.const 8)))
                (local.get $end))))
        (i32.const 1024)";
    let sum = "(local.set $bytes (i32.const 2048)) (local.set $len (i32.const 8))";
    Guest::new().body("fit-update", add).finish(sum).apply("").build()
}
