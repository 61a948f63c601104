//! [`App`]: what every route shares.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use refrain_runner::Runner;
use refrain_store::SledStore;

use crate::auth::Access;
use crate::jobs::Jobs;
use crate::metrics::Metrics;

/// Runs under way at once; the others wait.
const RUNS_AT_ONCE: usize = 4;

/// How an app is set up.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// Whether requests may name files of this machine. Only for a caller in the same process,
    /// who could read them anyway.
    pub has_local_files: bool,
    /// Whether failures of ours are told in full. Over a socket they go to the log alone.
    pub tells_internals: bool,
    /// Where uploads are kept while they come in; none: the system's folder for such things.
    pub spool_dir: Option<PathBuf>,
    /// A body that brings nothing for so long is given up.
    pub body_timeout: Duration,
    /// Who may do what.
    pub access: Access,
}

impl Default for AppOptions {
    /// Whoever reaches us may do everything, but read no file of ours; bodies wait for 30 s.
    fn default() -> Self {
        Self {
            has_local_files: false,
            tells_internals: false,
            spool_dir: None,
            body_timeout: Duration::from_secs(30),
            access: Access::open(),
        }
    }
}

/// A runner, its store, and the runs under way. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    runner: Arc<Runner>,
    /// For sweeping, checking and copying, where the store is of that kind.
    store: Option<Arc<SledStore>>,
    jobs: Jobs,
    metrics: Arc<Metrics>,
    options: AppOptions,
    /// Idempotency keys whose first request is under way.
    turns: Mutex<HashSet<String>>,
    /// Held by whoever moves an alias from where it was seen.
    aliases: Mutex<()>,
}

/// An app that may have gone, with its store.
#[derive(Clone)]
pub struct WeakApp {
    inner: Weak<Inner>,
}

impl WeakApp {
    /// The app, while someone else has it.
    pub fn upgrade(&self) -> Option<App> {
        self.inner.upgrade().map(|inner| App { inner })
    }
}

/// The right to answer a key, given back when dropped.
pub(crate) struct Turn {
    app: App,
    key: String,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.app.turns().remove(&self.key);
    }
}

impl App {
    /// An app over a runner. `store` is the runner's own, for the routes under `/v1/store`.
    pub fn new(runner: Arc<Runner>, store: Option<Arc<SledStore>>, options: AppOptions) -> Self {
        let metrics = Arc::new(Metrics::new());
        let jobs = Jobs::new(runner.clone(), metrics.clone(), RUNS_AT_ONCE);
        Self {
            inner: Arc::new(Inner {
                runner,
                store,
                jobs,
                metrics,
                options,
                turns: Mutex::default(),
                aliases: Mutex::default(),
            }),
        }
    }

    /// The app, without keeping it and its store.
    pub fn downgrade(&self) -> WeakApp {
        WeakApp { inner: Arc::downgrade(&self.inner) }
    }

    pub(crate) fn runner(&self) -> &Arc<Runner> {
        &self.inner.runner
    }

    pub(crate) fn store(&self) -> Option<&Arc<SledStore>> {
        self.inner.store.as_ref()
    }

    pub(crate) fn jobs(&self) -> &Jobs {
        &self.inner.jobs
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    pub(crate) fn options(&self) -> &AppOptions {
        &self.inner.options
    }

    /// One at a time: what is asked of an alias still holds when it moves.
    pub(crate) fn moving_aliases(&self) -> MutexGuard<'_, ()> {
        self.inner.aliases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the turn of a key; none while another request has it.
    pub(crate) fn take_turn(&self, key: &str) -> Option<Turn> {
        let is_free = self.turns().insert(key.to_owned());
        is_free.then(|| Turn { app: self.clone(), key: key.to_owned() })
    }

    fn turns(&self) -> MutexGuard<'_, HashSet<String>> {
        self.inner.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up every run that a crash or a shutdown left behind; answers their names.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn resume_all(&self) -> Result<Vec<String>, refrain_runner::RunnerError> {
        let mut resumed = Vec::new();
        for id in self.runner().run_ids()? {
            let (run, _) = self.runner().run(&id)?;
            if !run.status.is_terminal() {
                self.jobs().start(&id, None);
                resumed.push(id);
            }
        }
        Ok(resumed)
    }

    /// Ends what is under way, so that it can be taken up again later.
    pub async fn shut_down(&self) {
        self.jobs().shut_down().await;
    }
}
