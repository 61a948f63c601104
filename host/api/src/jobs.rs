//! [`Jobs`]: runs under way in this process.
//!
//! Invariant: nothing here is state that a restart would miss. The event log says how a run
//! stands; a job only drives it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use refrain_domain::run::RunEvent;
use refrain_runner::{Control, Runner};
use tokio::sync::{Semaphore, watch};

use crate::metrics::Metrics;

/// How long a shutdown waits for runs to come to rest.
const REST_MAX: Duration = Duration::from_secs(20);

/// Runs under way.
pub(crate) struct Jobs {
    runner: Arc<Runner>,
    metrics: Arc<Metrics>,
    shared: Arc<Shared>,
    room: Arc<Semaphore>,
}

struct Shared {
    controls: Mutex<HashMap<String, Control>>,
    /// Counts events and endings of all runs; whoever waits looks again.
    bell: watch::Sender<u64>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Control>> {
        self.controls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        self.bell.send_modify(|count| *count += 1);
    }
}

impl Jobs {
    pub(crate) fn new(runner: Arc<Runner>, metrics: Arc<Metrics>, at_once: usize) -> Self {
        let shared = Shared { controls: Mutex::default(), bell: watch::Sender::new(0) };
        Self { runner, metrics, shared: Arc::new(shared), room: Arc::new(Semaphore::new(at_once)) }
    }

    /// Drives a run to its end in the background. A run that is under way already goes on alone.
    pub(crate) fn start(&self, id: &str, wall: Option<Duration>) {
        #[expect(clippy::disallowed_methods, reason = "a wall-clock budget aborts, never decides")]
        let deadline = wall.map(|wall| Instant::now() + wall);
        let control = Control::until(deadline);
        {
            let mut controls = self.shared.lock();
            if controls.contains_key(id) {
                return;
            }
            controls.insert(id.to_owned(), control.clone());
        }
        let (runner, shared, room) = (self.runner.clone(), self.shared.clone(), self.room.clone());
        let (metrics, id) = (self.metrics.clone(), id.to_owned());
        tokio::spawn(async move {
            let _seat = room.acquire_owned().await;
            let (name, of, bell) = (id.clone(), id.clone(), shared.clone());
            let watch = move |event: &RunEvent| {
                let step = if let RunEvent::StepFinished(done) = event { &done.step } else { "" };
                tracing::info!(run = %of, event = event.name(), step);
                metrics.happened(event);
                bell.ring();
            };
            let work = move || runner.drive(&name, &control, &watch);
            match tokio::task::spawn_blocking(work).await {
                Ok(Ok(run)) => tracing::info!(run = %id, status = %run.status, "run at rest"),
                Ok(Err(error)) => tracing::error!(run = %id, %error, "run left behind"),
                Err(error) => tracing::error!(run = %id, %error, "run left behind"),
            }
            shared.lock().remove(&id);
            shared.ring();
        });
    }

    /// Whether a run is under way here.
    pub(crate) fn is_under_way(&self, id: &str) -> bool {
        self.shared.lock().contains_key(id)
    }

    /// How many runs are under way here.
    pub(crate) fn n_under_way(&self) -> usize {
        self.shared.lock().len()
    }

    /// Asks a run to end; false if it is not under way here.
    pub(crate) fn cancel(&self, id: &str) -> bool {
        let controls = self.shared.lock();
        let control = controls.get(id);
        control.inspect(|control| control.cancel());
        control.is_some()
    }

    /// Changes with every event of every run.
    pub(crate) fn bell(&self) -> watch::Receiver<u64> {
        self.shared.bell.subscribe()
    }

    /// Interrupts all runs, which stay resumable, and waits until they rest.
    pub(crate) async fn shut_down(&self) {
        let mut bell = self.bell();
        for control in self.shared.lock().values() {
            control.interrupt();
        }
        let at_rest = async {
            while !self.shared.lock().is_empty() {
                if bell.changed().await.is_err() {
                    return;
                }
            }
        };
        if tokio::time::timeout(REST_MAX, at_rest).await.is_err() {
            tracing::warn!("runs are still under way; they can be resumed");
        }
    }
}
