//! A runner over memory, a pipeline that the host does alone, and stores that misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use refrain_domain::Digest;
use refrain_domain::run::{Run, RunEvent};
use refrain_runner::{
    Control, ImportRequest, PipelineSpec, Runner, RunnerError, RunnerOptions, StoreCatalog, plan,
};
use refrain_store::{
    Artifacts, Bytes, DynStore, EventAppend, Events, MemoryStore, Memos, Publication, Publish,
    Refs, StoreError,
};
use serde_json::{Value, json};

/// Ten rows: a time, a truth, a number that is once missing, a key.
pub const POINTS: &str = "\
at,ok,x,site
2024-03-01T00:00:00Z,true,0.5,north
2024-03-02T00:00:00Z,false,1.5,south
2024-03-03T00:00:00Z,true,2.5,north
2024-03-04T00:00:00Z,true,,south
2024-03-05T00:00:00Z,false,4.5,east
2024-03-06T00:00:00Z,true,5.5,north
2024-03-07T00:00:00Z,true,6.5,south
2024-03-08T00:00:00Z,false,7.5,east
2024-03-09T00:00:00Z,true,8.5,north
2024-03-10T00:00:00Z,true,9.5,south
";

/// Every operation that the host does by itself; the union makes two chunks of one.
pub const PIPELINE: &str = "\
pipeline: host
inputs: {points: {dataset: points}}
steps:
  doubled: {union: [points, points]}
  recent: {window: {input: doubled, from: \"2024-03-02T00:00:00Z\"}}
  kept: {filter: {input: recent, by: ok}}
  split: {split: {input: kept, by: [site], holdout: 0.5}}
  priced: {asof: {left: split.train, right: points, by: [site], on: at, columns: []}}
  narrow: {select: {input: kept, columns: [site, x]}}
";

pub fn memory() -> Arc<DynStore> {
    Arc::new(MemoryStore::new())
}

pub fn runner(store: &Arc<DynStore>) -> Runner {
    let options = RunnerOptions { threads: 2, ..RunnerOptions::default() };
    Runner::new(store.clone(), options).expect("a runner")
}

/// Makes a dataset version of this text.
pub fn import(runner: &Runner, name: &str, csv: &str) -> Digest {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(format!("{name}.csv"));
    std::fs::write(&path, csv).expect("a file");
    let input = serde_json::from_value(serde_json::json!({"dataset": name, "event_time": "at"}));
    let request = ImportRequest {
        name: name.to_owned(),
        path,
        file_name: None,
        input: input.expect("an input"),
        append: false,
    };
    runner.import(&request, &mut |_| ()).expect("it can be imported").0
}

/// Plans and submits.
pub fn submit(runner: &Runner, pipeline: &str) -> String {
    let spec = PipelineSpec::parse(pipeline).expect("a pipeline");
    let catalog = StoreCatalog::resolve(runner, &spec, &Default::default()).expect("its inputs");
    let plan = plan(&spec, &catalog).expect("it can be planned");
    runner.submit(&plan).expect("it can be submitted").0
}

pub fn drive(runner: &Runner, id: &str) -> Result<Run, RunnerError> {
    runner.drive(id, &Control::default(), &|_| ())
}

/// A run of [`PIPELINE`] on [`POINTS`], and its name.
pub fn finished(runner: &Runner) -> (String, Run) {
    import(runner, "points", POINTS);
    let id = submit(runner, PIPELINE);
    let run = drive(runner, &id).expect("it runs");
    (id, run)
}

/// Writes a stream of events as a runner would.
pub fn write_events(store: &DynStore, id: &str, events: &[RunEvent]) {
    let encode = |event| serde_json::to_vec(event).expect("an event has a JSON form");
    let append = EventAppend {
        stream: format!("runs/{id}"),
        expected_len: Some(0),
        events: events.iter().map(encode).collect(),
    };
    let publication = Publication { events: vec![append], ..Publication::default() };
    store.publish(&publication).expect("it can be published");
}

/// What a run came to: everything but times and what happened to be cached.
pub fn outcome(run: &Run) -> serde_json::Value {
    let steps = run.finished.values().map(|step| (&step.step, &step.outputs, step.record));
    serde_json::json!({
        "plan": run.plan,
        "status": run.status,
        "steps": steps.collect::<Vec<_>>(),
        "gate": run.gate,
        "verdict": run.verdict,
        "model": run.model_version.as_ref().map(|model| model.digest),
    })
}

/// Everything in a JSON value that is not a list or a map, by its path.
fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| leaves(value, format!("{path}/{key}"), found));
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| leaves(value, format!("{path}/{index}"), found)),
        _ => found.push(path),
    }
}

/// Few and small changes: whoever changes much is found out early.
pub fn changes() -> impl Strategy<Value = Vec<(Index, Value)>> {
    prop::collection::vec((any::<Index>(), value()), 1..4)
}

/// Puts a value in the place of another.
pub fn change_leaf(json: &mut Value, pick: &Index, value: Value) {
    let mut places = Vec::new();
    leaves(json, String::new(), &mut places);
    if let Some(place) = json.pointer_mut(&places[pick.index(places.len())]) {
        *place = value;
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|b| json!(b)),
        prop::sample::select(vec![0, 1, 2, 7, 1_000_000, (1_u64 << 53) - 1]).prop_map(|n| json!(n)),
        prop::sample::select(vec![
            "", "at", "x", "ok", "site", "out", "train", "points", "kept", "split", "narrow",
            "utf8", "vector", "boolean", "union", "filter",
        ])
        .prop_map(|text| json!(text)),
        Just(json!([])),
        Just(json!({})),
    ]
}

/// A store that remembers no answers, takes its time, and stops after so many publications.
pub struct Odd {
    inner: Arc<DynStore>,
    publications_left: AtomicUsize,
    stage_takes: Duration,
}

impl Odd {
    pub fn forgetful(inner: &Arc<DynStore>) -> Arc<DynStore> {
        Self::stopping_after(usize::MAX, inner)
    }

    pub fn stopping_after(publications: usize, inner: &Arc<DynStore>) -> Arc<DynStore> {
        Self::slowly_stopping_after(publications, Duration::ZERO, inner)
    }

    pub fn slowly_stopping_after(
        publications: usize,
        stage_takes: Duration,
        inner: &Arc<DynStore>,
    ) -> Arc<DynStore> {
        let publications_left = AtomicUsize::new(publications);
        Arc::new(Self { inner: inner.clone(), publications_left, stage_takes })
    }
}

type Stored<T> = std::result::Result<T, StoreError>;

impl Artifacts for Odd {
    fn stage(&self, bytes: &[u8]) -> Stored<Digest> {
        std::thread::sleep(self.stage_takes);
        self.inner.stage(bytes)
    }

    fn sync(&self) -> Stored<()> {
        self.inner.sync()
    }

    fn get(&self, digest: &Digest) -> Stored<Bytes> {
        self.inner.get(digest)
    }

    fn size(&self, digest: &Digest) -> Stored<Option<u64>> {
        self.inner.size(digest)
    }
}

impl Refs for Odd {
    fn get_ref(&self, name: &str) -> Stored<Option<Digest>> {
        self.inner.get_ref(name)
    }

    fn list_refs(&self, prefix: &str) -> Stored<Vec<(String, Digest)>> {
        self.inner.list_refs(prefix)
    }
}

impl Events for Odd {
    fn read_events(&self, stream: &str, from: u64) -> Stored<Vec<Vec<u8>>> {
        self.inner.read_events(stream, from)
    }

    fn list_streams(&self, prefix: &str) -> Stored<Vec<(String, u64)>> {
        self.inner.list_streams(prefix)
    }
}

impl Memos for Odd {
    fn get_memo(&self, _: &[u8]) -> Stored<Option<Vec<u8>>> {
        Ok(None)
    }
}

impl Publish for Odd {
    fn publish(&self, publication: &Publication) -> Stored<()> {
        let left = &self.publications_left;
        let take = |left: usize| left.checked_sub(1);
        if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            return Err(StoreError::Stopped { detail: "as this test wants it".to_owned() });
        }
        self.inner.publish(publication)
    }
}
