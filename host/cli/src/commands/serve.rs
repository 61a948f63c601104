//! `serve` and `token`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use refrain_api::{Access, AppOptions, ServeOptions, serve as run_server};
use refrain_domain::Digest;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::{Global, ServeArgs, TokenVerb};
use crate::failure::Hinted;
use crate::output;
use crate::output::{errln, outln};
use crate::session::{Missing, open, store_path};

/// How long work that nobody waits for any more may take to notice.
const LEFT_BEHIND_MAX: Duration = Duration::from_secs(1);

pub(super) fn serve(global: &Global, args: &ServeArgs) -> anyhow::Result<ExitCode> {
    if global.server.is_some() {
        return Err(Hinted {
            message: "a server serves a store of its own machine".to_owned(),
            hint: "leave `--server` (and REFRAIN_SERVER) out".to_owned(),
        }
        .into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("the operating system gives no threads")?;
    let served = runtime.block_on(listen_and_serve(global, args));
    // What is still being read or replayed then is nobody's: it ends with the process.
    runtime.shutdown_timeout(LEFT_BEHIND_MAX);
    served.map(|()| ExitCode::SUCCESS)
}

async fn listen_and_serve(global: &Global, args: &ServeArgs) -> anyhow::Result<()> {
    // From here on, whoever asks the process to end is heard.
    let signals = Signals::listen()?;
    let access = match &args.token_file {
        Some(path) => Access::from_file(path)?,
        None => Access::open(),
    };
    // Before the store is opened: what cannot be served need not be locked.
    let listener = refrain_api::serve::listen(args.listen, &access).await?;
    let spool_dir = store_path(global).join("incoming");
    let options = AppOptions {
        spool_dir: Some(spool_dir.clone()),
        body_timeout: seconds(args.body_timeout),
        access,
        ..AppOptions::default()
    };
    let app = open(global, Missing::Make, options)?;
    // What a crash left here was never acknowledged.
    drop(std::fs::remove_dir_all(&spool_dir));
    std::fs::create_dir_all(&spool_dir).with_context(|| spool_dir.display().to_string())?;
    for run in app.resume_all()? {
        errln!("resuming {run}");
    }
    let address = listener.local_addr()?;
    errln!("listening on http://{address}, store {}", store_path(global).display());
    let router = refrain_api::router(app.clone());
    let limits = ServeOptions {
        connections_max: args.connections_max as usize,
        head_timeout: seconds(args.head_timeout),
        write_timeout: seconds(args.write_timeout),
        ..ServeOptions::default()
    };
    run_server(listener, app, router, limits, signals.stop()).await;
    Ok(())
}

fn seconds(n: u32) -> Duration {
    Duration::from_secs(n.into())
}

/// Ctrl-C, and what a service manager sends.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("the operating system gives no signals");
        let interrupt = listen(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Waits for the first. A second one ends the process without waiting for anything.
    async fn stop(mut self) {
        self.next().await;
        errln!("stopping: runs under way go on at the next start");
        tokio::spawn(async move {
            self.next().await;
            errln!("stopped at once: nothing that was acknowledged is lost");
            std::process::exit(1);
        });
    }
}

pub(super) fn token(global: &Global, verb: &TokenVerb) -> anyhow::Result<ExitCode> {
    let TokenVerb::New { name, role } = verb;
    if name.is_empty() || name.contains(char::is_whitespace) {
        anyhow::bail!("`{name}` is no name: write one word");
    }
    let token = format!("refrain_{}", Digest::from_bytes(random_bytes()?).to_hex());
    let line = format!("{name} {role} {}", Digest::of(token.as_bytes()));
    if global.json {
        output::json(&serde_json::json!({"token": token, "line": line}))?;
        return Ok(ExitCode::SUCCESS);
    }
    outln!("{token}");
    errln!("shown once; add this line to the server's token file:");
    errln!("{line}");
    Ok(ExitCode::SUCCESS)
}

/// Randomness of the operating system, good enough for secrets.
pub(super) fn random_bytes() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes))
        .context("the operating system gives no randomness")?;
    Ok(bytes)
}
