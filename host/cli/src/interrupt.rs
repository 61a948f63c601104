//! Ctrl-C: runs come to rest, and whoever pressed it is told how to go on.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use refrain_api::{App, WeakApp};
use tokio::signal::unix::{SignalKind, signal};

use crate::output::errln;

/// As shells have it: 128 and the number of the signal.
const EXIT_CODE: i32 = 130;

/// How long a command may take to notice.
const PATIENCE: Duration = Duration::from_secs(1);

/// Someone pressed Ctrl-C.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted;

static IS_PENDING: AtomicBool = AtomicBool::new(false);
static STATE: Mutex<State> = Mutex::new(State { advice: None, folders: Vec::new() });

struct State {
    advice: Option<String>,
    folders: Vec<PathBuf>,
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What to say if Ctrl-C comes now.
pub(crate) fn advise(advice: Option<String>) {
    state().advice = advice;
}

/// A folder that is of no use to anyone after an interruption.
pub(crate) fn forget(folder: PathBuf) {
    state().folders.push(folder);
}

/// From now on, Ctrl-C lets the runs of `app` come to rest before the process ends.
pub(crate) fn listen(app: Option<&App>) {
    let app = app.map(App::downgrade);
    // Without a thread or a signal, Ctrl-C ends the process as it always does: nothing is lost.
    let listen = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(interrupted(app));
        }
    };
    drop(std::thread::Builder::new().name("interrupt".to_owned()).spawn(listen));
}

async fn interrupted(app: Option<WeakApp>) {
    let listen = || {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok::<_, std::io::Error>((interrupt, signal(SignalKind::terminate())?))
    };
    let Ok((mut interrupt, mut terminate)) = listen() else { return };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    IS_PENDING.store(true, Ordering::SeqCst);
    let rest = async {
        if let Some(app) = app.and_then(|app| app.upgrade()) {
            app.shut_down().await;
        }
        // The command ends by itself now, unless it is about something else than a run.
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        () = rest => {}
        // Pressed again: at once, then.
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    leave();
}

/// Whether the command has to end.
pub(crate) fn check() -> Result<(), Interrupted> {
    if IS_PENDING.load(Ordering::SeqCst) { Err(Interrupted) } else { Ok(()) }
}

/// Ends the process with the last word, if it has been interrupted.
pub(crate) fn leave_if_pending() {
    if IS_PENDING.load(Ordering::SeqCst) {
        leave();
    }
}

/// Held to the end, so that whoever comes second says nothing.
fn leave() -> ! {
    // A spinner may stand on this line.
    let clear = if std::io::stderr().is_terminal() { "\r\u{1b}[2K" } else { "" };
    let state = state();
    let advice = state.advice.as_deref();
    errln!("{clear}interrupted{}", advice.unwrap_or(": nothing that was acknowledged is lost"));
    for folder in &state.folders {
        drop(std::fs::remove_dir_all(folder));
    }
    std::process::exit(EXIT_CODE)
}
