//! [`Metrics`]: what the process has done since it started, for Prometheus.
//!
//! Invariant: labels take few values: routes, not paths; no name that a user chose.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use refrain_domain::run::{RunEvent, Status};
use refrain_store::{SledStore, StoreError, Usage};

/// Upper ends of the buckets of durations, in seconds.
const SECONDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Counting the store takes time in proportion to its artifacts, so it is not done for every scrape.
const USAGE_AGE_MAX: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// Counters and gauges of one process.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    runs: Family<Ended, Counter>,
    runs_under_way: Gauge,
    units: Family<Outcome, Counter>,
    fuel: Counter<u64, AtomicU64>,
    store: StoreGauges,
    counted: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct StoreGauges {
    artifacts: Gauge,
    artifact_bytes: Gauge,
    pack_bytes: Gauge,
    index_bytes: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("refrain"),
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            runs: Family::default(),
            runs_under_way: Gauge::default(),
            units: Family::default(),
            fuel: Counter::default(),
            store: StoreGauges::default(),
            counted: Mutex::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let to = &mut self.registry;
        to.register("http_requests", "Requests answered", self.requests.clone());
        let help = "Time from a request's head to its answer's head";
        let seconds = self.seconds.clone();
        to.register_with_unit("http_request_duration", help, Unit::Seconds, seconds);
        to.register("runs", "Runs that came to rest, by how", self.runs.clone());
        let help = "Runs that are being driven, or wait for it";
        to.register("runs_under_way", help, self.runs_under_way.clone());
        to.register("units", "Units of runs, executed or reused", self.units.clone());
        to.register("fuel", "Fuel of steps that were finished", self.fuel.clone());
        let StoreGauges { artifacts, artifact_bytes, pack_bytes, index_bytes } = &self.store;
        to.register("store_artifacts", "Artifacts in the store", artifacts.clone());
        let bytes = [
            ("store_artifact", "Artifacts in the store, as they were put", artifact_bytes),
            ("store_pack", "Packs on the disk", pack_bytes),
            ("store_index", "Index on the disk", index_bytes),
        ];
        for (name, help, gauge) in bytes {
            to.register_with_unit(name, help, Unit::Bytes, gauge.clone());
        }
        // From the first scrape on, so that a rate can be taken of the first of each.
        for status in [Status::Succeeded, Status::Failed, Status::Aborted, Status::Cancelled] {
            drop(self.runs.get_or_create(&Ended { status: status.to_string() }));
        }
        for outcome in ["executed", "reused"] {
            drop(self.units.get_or_create(&Outcome { outcome }));
        }
        self
    }

    /// A request has been answered. `route` is as the router writes it.
    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let (method, route) = (method.to_owned(), route.to_owned());
        let seconds = Route { method: method.clone(), route: route.clone() };
        self.seconds.get_or_create(&seconds).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { method, route, status }).inc();
    }

    /// Something happened to a run.
    pub(crate) fn happened(&self, event: &RunEvent) {
        let ended = |status: Status| {
            self.runs.get_or_create(&Ended { status: status.to_string() }).inc();
        };
        match event {
            RunEvent::StepFinished(step) => {
                let units = |outcome| self.units.get_or_create(&Outcome { outcome });
                units("executed").inc_by(step.units_executed);
                units("reused").inc_by(step.units_reused);
                self.fuel.inc_by(step.fuel);
            }
            RunEvent::Finished { .. } => ended(Status::Succeeded),
            RunEvent::Failed { .. } => ended(Status::Failed),
            RunEvent::Aborted { .. } => ended(Status::Aborted),
            RunEvent::Cancelled { .. } => ended(Status::Cancelled),
            RunEvent::Submitted { .. } | RunEvent::Started { .. } | RunEvent::StepFailed { .. } => {
            }
        }
    }

    /// In OpenMetrics' text format, which Prometheus reads.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the store cannot be counted.
    pub(crate) fn text(
        &self,
        n_under_way: usize,
        store: Option<&SledStore>,
    ) -> Result<String, StoreError> {
        self.runs_under_way.set(signed(n_under_way as u64));
        if let Some(store) = store.filter(|_| self.is_time_to_count()) {
            self.count(&store.usage()?);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("BUG: a String takes it");
        Ok(text)
    }

    fn is_time_to_count(&self) -> bool {
        #[expect(clippy::disallowed_methods, reason = "how old a figure is; decides no result")]
        let now = Instant::now();
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = counted.is_none_or(|at| now.duration_since(at) > USAGE_AGE_MAX);
        if is_time {
            *counted = Some(now);
        }
        is_time
    }

    fn count(&self, usage: &Usage) {
        self.store.artifacts.set(signed(usage.n_artifacts));
        self.store.artifact_bytes.set(signed(usage.artifact_bytes));
        self.store.pack_bytes.set(signed(usage.pack_bytes));
        self.store.index_bytes.set(signed(usage.index_bytes));
    }
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
