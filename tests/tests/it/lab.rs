//! A runner over memory with the reference plugins: for what the binary does not show.

use std::collections::BTreeMap;
use std::sync::Arc;

use refrain_domain::run::{Run, RunEvent, StepRecord};
use refrain_domain::{Backend, Digest, PluginManifest};
use refrain_runner::{
    Control, ImportRequest, PipelineSpec, Runner, RunnerOptions, StoreCatalog, plan, plan_decision,
};
use refrain_store::{DynStore, EventAppend, MemoryStore, Publication};

/// The reference plugins that these tests use.
const PLUGINS: [&str; 9] = [
    "classification",
    "derive",
    "distribution",
    "gradient-boosting",
    "impute",
    "logistic-regression",
    "one-hot",
    "rules",
    "standardize",
];

/// A runner, its store, and names for what it has.
pub struct Lab {
    pub runner: Runner,
}

impl Default for Lab {
    fn default() -> Self {
        Self::new(2, Backend::Cranelift)
    }
}

impl Lab {
    pub fn new(threads: usize, backend: Backend) -> Self {
        Self::over(Arc::new(MemoryStore::new()), threads, backend)
    }

    pub fn over(store: Arc<DynStore>, threads: usize, backend: Backend) -> Self {
        let cache_dir = refrain_testkit::plugins_dir().with_file_name("compiled");
        let options = RunnerOptions {
            threads,
            cache_dir: Some(cache_dir),
            backend,
            ..RunnerOptions::default()
        };
        let runner = Runner::new(store, options).expect("a runner");
        let plugins: Vec<(PluginManifest, Vec<u8>)> = PLUGINS
            .iter()
            .map(|name| (manifest(name, "0.1.0"), refrain_testkit::plugin(name)))
            .collect();
        let lent: Vec<(PluginManifest, &[u8])> =
            plugins.iter().map(|(manifest, bytes)| (manifest.clone(), bytes.as_slice())).collect();
        runner.register_bundled(&lent).expect("they can be registered");
        Self { runner }
    }

    /// Makes a dataset version of a text in CSV with a time column `at`.
    pub fn import(&self, name: &str, csv: &str) -> Digest {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(format!("{name}.csv"));
        std::fs::write(&path, csv).expect("a file");
        let input = serde_json::json!({"dataset": name, "event_time": "at"});
        let request = ImportRequest {
            name: name.to_owned(),
            path,
            file_name: None,
            input: serde_json::from_value(input).expect("an input"),
            append: false,
        };
        self.runner.import(&request, &mut |_| ()).expect("it can be imported").0
    }

    /// Plans, submits, and drives to the end.
    pub fn run(&self, pipeline: &str) -> (String, Run) {
        let id = self.submit(pipeline, false);
        let run = self.drive(&id);
        (id, run)
    }

    /// Asks the pipeline's trigger.
    pub fn decide(&self, pipeline: &str) -> (String, Run) {
        let id = self.submit(pipeline, true);
        let run = self.drive(&id);
        (id, run)
    }

    fn submit(&self, pipeline: &str, decide: bool) -> String {
        let spec = PipelineSpec::parse(pipeline).expect("a pipeline");
        let catalog = StoreCatalog::resolve(&self.runner, &spec, &BTreeMap::new());
        let catalog = catalog.expect("its inputs are there");
        let plan = if decide { plan_decision(&spec, &catalog) } else { plan(&spec, &catalog) };
        self.runner.submit(&plan.expect("it can be planned")).expect("it can be submitted").0
    }

    pub fn drive(&self, id: &str) -> Run {
        self.runner.drive(id, &Control::default(), &|_| ()).expect("it comes to an end")
    }

    /// Writes a stream of events as a runner would have.
    pub fn write_events(&self, id: &str, events: &[RunEvent]) {
        let encode = |event| serde_json::to_vec(event).expect("an event has a JSON form");
        let events = events.iter().map(encode).collect();
        let stream = format!("runs/{id}");
        let append = EventAppend { stream, expected_len: Some(0), events };
        let publication = Publication { events: vec![append], ..Publication::default() };
        self.runner.store().publish(&publication).expect("it can be published");
    }

    /// Every unit of a run by its step key: what it made, and the fuel that it took.
    pub fn units(&self, run: &Run) -> BTreeMap<Digest, (Vec<Digest>, u64)> {
        let mut units = BTreeMap::new();
        for finished in run.finished.values() {
            let record: StepRecord =
                self.runner.read_manifest("step record", &finished.record).expect("a record");
            for unit in record.units {
                units.insert(unit.key, (unit.outputs, unit.fuel));
            }
        }
        units
    }
}

pub fn manifest(name: &str, version: &str) -> PluginManifest {
    let version = version.parse().expect("a version");
    PluginManifest { name: name.to_owned(), version, grants: vec![], licence: None }
}

/// The same component with other bytes: a custom section that no engine reads.
pub fn rebuilt(component: &[u8]) -> Vec<u8> {
    // Section 0, 6 bytes: a name of length 4, and one byte of content.
    [component, b"\x00\x06\x04note!"].concat()
}
