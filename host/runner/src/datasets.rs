//! Datasets: names over versions, and imports that recognise what they have seen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use refrain_data::{
    BlockError, Blocks, DatasetVersion, Expectation, IngestOptions, Malformed, Progress,
    Provenance, Request, Source,
};
use refrain_domain::canonical::digest_of;
use refrain_domain::{Digest, Kind, Table, to_canonical};
use refrain_store::{DynStore, EventAppend, Publication, RefChange, StoreError};
use serde::{Deserialize, Serialize};

use crate::error::RunnerError;
use crate::sources::SourceFile;
use crate::spec::{self, InputSpec, PipelineSpec};
use crate::{Runner, memo, now_ms};

const REFS: &str = "datasets/";
const IMPORT: u8 = b'i';
const IMPORTER: &str = concat!("refrain-data/", env!("CARGO_PKG_VERSION"));

/// A file to be made a dataset version.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// The dataset.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What it was called where it came from; none: as `path` says.
    pub file_name: Option<String>,
    /// How to read it, and what to expect of it.
    pub input: InputSpec,
    /// Whether the rows follow those of the latest version, or stand for themselves.
    pub append: bool,
}

/// A dataset and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetSummary {
    /// Its name.
    pub name: String,
    /// The latest version.
    pub version: Digest,
    /// Rows of it.
    pub rows: u64,
    /// Versions so far.
    pub n_versions: u64,
    /// When its rows happened, RFC 3339.
    pub event_time: Option<[String; 2]>,
}

/// A change of a dataset's head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct DatasetEvent {
    version: Digest,
    at_ms: i64,
}

/// The store as the data crate sees it.
pub(crate) struct StoreBlocks<'a>(pub(crate) &'a DynStore);

impl Blocks for StoreBlocks<'_> {
    fn put(&self, bytes: &[u8]) -> Result<Digest, BlockError> {
        self.0.stage(bytes).map_err(|error| BlockError { message: error.to_string() })
    }

    fn get(&self, digest: &Digest) -> Result<Arc<[u8]>, BlockError> {
        self.0.get(digest).map_err(|error| BlockError { message: error.to_string() })
    }
}

/// The store's blocks, and the store's own words for what went wrong: a full disk is not the
/// file's fault.
struct ImportBlocks<'a> {
    store: &'a DynStore,
    failed: OnceLock<StoreError>,
}

impl ImportBlocks<'_> {
    fn kept<T>(&self, result: Result<T, StoreError>) -> Result<T, BlockError> {
        result.map_err(|error| {
            let message = error.to_string();
            // The first one is the cause; others follow from it.
            drop(self.failed.set(error));
            BlockError { message }
        })
    }
}

impl Blocks for ImportBlocks<'_> {
    fn put(&self, bytes: &[u8]) -> Result<Digest, BlockError> {
        self.kept(self.store.stage(bytes))
    }

    fn get(&self, digest: &Digest) -> Result<Arc<[u8]>, BlockError> {
        self.kept(self.store.get(digest))
    }
}

impl Runner {
    /// Imports the files that a pipeline names, or recognises them; answers the version that each
    /// of those inputs stands for. `base` is the folder that relative paths start from.
    ///
    /// # Errors
    /// As [`Self::import`], with the input's name.
    pub fn import_inputs(
        &self,
        spec: &PipelineSpec,
        base: &Path,
        progress: &mut dyn FnMut(&str, Progress),
    ) -> Result<BTreeMap<String, Digest>, RunnerError> {
        let mut versions = BTreeMap::new();
        for (name, input) in &spec.inputs {
            let Some(path) = &input.path else { continue };
            let request = ImportRequest {
                name: input.dataset.clone(),
                path: base.join(path),
                file_name: None,
                input: input.clone(),
                append: false,
            };
            let (version, _) = self.import(&request, &mut |p| progress(name, p))?;
            versions.insert(name.clone(), version);
        }
        Ok(versions)
    }

    /// Imports a file, or recognises it by its digest and how it is to be read.
    ///
    /// # Errors
    /// [`RunnerError::Import`], naming file, line, column and remedy; [`RunnerError::Store`].
    pub fn import(
        &self,
        request: &ImportRequest,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Digest, DatasetVersion), RunnerError> {
        crate::plugins::check_name(&request.name)?;
        let file_name = request.file_name.clone().unwrap_or_else(|| {
            request.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
        });
        let source = SourceFile::open(&*self.store, &request.path)?;
        let options = ingest_options(&request.name, &request.input)?;
        let expectations = expectations(&request.name, &request.input)?;
        let head = self.dataset_head(&request.name)?;
        let parent = if request.append { head } else { None };
        let parameters = serde_json::json!({
            "schema": request.input.schema,
            "null_values": options.null_values,
            "malformed": request.input.malformed,
            "event_time": request.input.event_time,
            "expect": request.input.expect,
            "named": refrain_data::Format::of_name(&file_name).map(refrain_data::Format::name),
        });
        let key = digest_of(&(IMPORTER, &request.name, source.digest, &parameters, parent))
            .map_err(|error| RunnerError::corrupt("the import's parameters", error))?;
        if let Some(known) = memo::find::<Digest>(&*self.store, IMPORT, &key)?
            && self.store.size(&known)?.is_some()
        {
            // What was imported once stays in the history; a head that has moved on stays too.
            let memos = source.memo.into_iter().collect();
            self.move_head(&request.name, head, head.unwrap_or(known), memos)?;
            return Ok((known, self.read_manifest("dataset version", &known)?));
        }
        let importer = IMPORTER.to_owned();
        let provenance = Provenance {
            source: source.digest,
            file: file_name.clone(),
            importer,
            parameters,
            rows: 0,
        };
        let request_data = Request {
            name: &request.name,
            event_time: request.input.event_time.as_deref(),
            options: &options,
            expectations: &expectations,
            provenance,
        };
        let source_file = Source::new(&file_name, source.reader()?);
        let blocks = ImportBlocks { store: &*self.store, failed: OnceLock::new() };
        let version = match parent {
            None => refrain_data::import(source_file, &request_data, &blocks, progress),
            Some(digest) => {
                let before: DatasetVersion = self.read_manifest("dataset version", &digest)?;
                let parent = (digest, &before);
                refrain_data::append(source_file, &request_data, parent, &blocks, progress)
            }
        };
        let version = version.map_err(|error| match blocks.failed.into_inner() {
            Some(store) => RunnerError::Store(store),
            None => RunnerError::Import { message: format!("{file_name}: {error}") },
        })?;
        source.check_unchanged()?;
        let bytes = to_canonical(&version)
            .map_err(|error| RunnerError::corrupt("the dataset version", error))?;
        let digest = self.store.stage(&bytes)?;
        let memos = [memo::entry(IMPORT, &key, &digest)].into_iter().chain(source.memo).collect();
        self.move_head(&request.name, head, digest, memos)?;
        Ok((digest, version))
    }

    /// Writes the rows of a table.
    ///
    /// # Errors
    /// [`RunnerError::Invalid`] for rows that the format cannot hold, [`RunnerError::Corrupt`] for
    /// blocks that are not there, [`RunnerError::Host`] if writing fails.
    pub fn export(
        &self,
        table: &Table,
        format: refrain_data::Format,
        to: &mut (dyn std::io::Write + Send),
    ) -> Result<(), RunnerError> {
        refrain_data::export(table, &StoreBlocks(&*self.store), format, to)
            .map(drop)
            .map_err(|error| RunnerError::Invalid { message: error.to_string() })
    }

    /// Moves the head, unless it is there already, and remembers.
    fn move_head(
        &self,
        name: &str,
        expected: Option<Digest>,
        version: Digest,
        memos: Vec<(Vec<u8>, Vec<u8>)>,
    ) -> Result<(), RunnerError> {
        let mut publication = Publication { memos, ..Publication::default() };
        if expected != Some(version) {
            let event = DatasetEvent { version, at_ms: now_ms() };
            let event = serde_json::to_vec(&event)
                .map_err(|error| RunnerError::corrupt("the dataset event", error))?;
            let stream = format!("{REFS}{name}");
            let change = RefChange { name: stream.clone(), expected, new: Some(version) };
            publication.refs.push(change);
            publication.events.push(EventAppend {
                stream,
                expected_len: None,
                events: vec![event],
            });
        } else if publication.memos.is_empty() {
            return Ok(());
        }
        Ok(self.store.publish(&publication)?)
    }

    /// The latest version of a dataset.
    ///
    /// # Errors
    /// [`RunnerError::Store`].
    pub fn dataset_head(&self, name: &str) -> Result<Option<Digest>, RunnerError> {
        Ok(self.store.get_ref(&format!("{REFS}{name}"))?)
    }

    /// A dataset version: the latest of `name`, or the one that `name@blake3:…` says.
    ///
    /// # Errors
    /// [`RunnerError::NotFound`], naming the nearest dataset there is.
    pub fn dataset(&self, address: &str) -> Result<(Digest, DatasetVersion), RunnerError> {
        let (name, fixed) = address.split_once('@').unwrap_or((address, ""));
        let digest = match fixed {
            "" => self.dataset_head(name)?,
            text => Some(text.parse().map_err(|error: refrain_domain::DigestError| {
                RunnerError::Invalid { message: format!("dataset `{address}`: {error}") }
            })?),
        };
        let Some(digest) = digest else {
            let known: Vec<String> = self.datasets()?.into_iter().map(|d| d.name).collect();
            return Err(RunnerError::not_found("dataset", name, &known));
        };
        Ok((digest, self.read_manifest("dataset version", &digest)?))
    }

    /// All datasets.
    ///
    /// # Errors
    /// [`RunnerError::Corrupt`] for a manifest that this version cannot read.
    pub fn datasets(&self) -> Result<Vec<DatasetSummary>, RunnerError> {
        let mut summaries = Vec::new();
        for (name, version) in self.store.list_refs(REFS)? {
            let manifest: DatasetVersion = self.read_manifest("dataset version", &version)?;
            let n_versions = self.store.read_events(&name, 0)?.len() as u64;
            let text = refrain_data::format_timestamp_us;
            summaries.push(DatasetSummary {
                name: name[REFS.len()..].to_owned(),
                version,
                rows: manifest.rows,
                n_versions,
                event_time: manifest.event_time.map(|t| [text(t.min_us), text(t.max_us)]),
            });
        }
        Ok(summaries)
    }

    /// The versions that a dataset has had, oldest first.
    ///
    /// # Errors
    /// [`RunnerError::Corrupt`] for an event that this version cannot read.
    pub fn dataset_history(&self, name: &str) -> Result<Vec<Digest>, RunnerError> {
        let raw = self.store.read_events(&format!("{REFS}{name}"), 0)?;
        let parse =
            |bytes: &Vec<u8>| serde_json::from_slice(bytes).map(|e: DatasetEvent| e.version);
        raw.iter()
            .map(parse)
            .collect::<Result<_, _>>()
            .map_err(|error| RunnerError::corrupt(format!("an event of dataset `{name}`"), error))
    }

    /// How two dataset versions differ.
    ///
    /// # Errors
    /// As [`Self::dataset`].
    pub fn diff_datasets(
        &self,
        a: &str,
        b: &str,
    ) -> Result<refrain_data::VersionDiff, RunnerError> {
        let ((_, a), (_, b)) = (self.dataset(a)?, self.dataset(b)?);
        let a_table: Table = self.read_manifest("table", &a.table)?;
        let b_table: Table = self.read_manifest("table", &b.table)?;
        Ok(refrain_data::diff((&a, &a_table), (&b, &b_table)))
    }
}

fn ingest_options(dataset: &str, input: &InputSpec) -> Result<IngestOptions, RunnerError> {
    let mut options = IngestOptions::default();
    if let Some(null_values) = &input.null_values {
        options.null_values.clone_from(null_values);
    }
    if input.malformed == spec::Malformed::Quarantine {
        options.malformed = Malformed::Quarantine;
    }
    for (column, kind) in &input.schema {
        let parsed: Result<Kind, _> =
            serde_json::from_value(serde_json::Value::String(kind.clone()));
        let kind = parsed.ok().filter(|kind| !matches!(kind, Kind::Vector)).ok_or_else(|| {
            let message = format!(
                "dataset `{dataset}`, schema: column `{column}` cannot be `{kind}`: use boolean, int64, float64, timestamp-us, utf8 or binary"
            );
            RunnerError::Invalid { message }
        })?;
        options.schema.insert(column.clone(), kind);
    }
    Ok(options)
}

fn expectations(dataset: &str, input: &InputSpec) -> Result<Vec<Expectation>, RunnerError> {
    let parse = |(index, value): (usize, &serde_json::Value)| {
        serde_json::from_value(value.clone()).map_err(|error| {
            let problem = error.to_string().replace("unknown variant", "unknown expectation");
            let problem = spec::suggest(&problem);
            let message = format!("dataset `{dataset}`, expectation {}: {problem}", index + 1);
            RunnerError::Invalid { message }
        })
    };
    input.expect.iter().enumerate().map(parse).collect()
}
