//! Dataset versions: immutable manifests over shared chunks.

use std::collections::BTreeMap;

use rayon::prelude::*;
use refrain_domain::plan::EventTime;
use refrain_domain::{Batch, Chunk, Digest, Kind, Schema, Table, Values, to_canonical};
use serde::{Deserialize, Serialize};

use crate::blocks::{BlockError, Blocks, put_manifest, read_columns, write_chunk};
use crate::diff::difference;
use crate::ingest::{IngestError, IngestOptions, Progress, Quarantined, Report, Source, ingest};
use crate::quality::{Expectation, ExpectationResult, Observed, check};
use crate::stats::{ColumnFold, ColumnStatistics};
use crate::unique::Uniqueness;

/// The `format` of the dataset versions that this version writes and reads.
pub const DATASET_FORMAT: &str = "refrain.dataset-version/1";

/// A manifest: rows, where they came from, and what they are like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetVersion {
    /// [`DATASET_FORMAT`].
    pub format: String,
    /// The dataset's name.
    pub name: String,
    /// The version that this one was appended to.
    pub parent: Option<Digest>,
    /// The [`Table`].
    pub table: Digest,
    /// Its rows.
    pub rows: u64,
    /// Every source so far, in order.
    pub provenance: Vec<Provenance>,
    /// When the rows happened, if a column says so.
    pub event_time: Option<EventTime>,
    /// By column.
    pub statistics: BTreeMap<String, ColumnStatistics>,
    /// The folds behind the statistics.
    pub folds: Digest,
    /// What should hold, and whether it does.
    pub quality: Vec<ExpectationResult>,
    /// Rows that were left out, with reasons.
    pub quarantine: Option<Quarantine>,
}

/// Where rows came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// BLAKE3 of the file as it lay.
    pub source: Digest,
    /// Its name, without folders.
    pub file: String,
    /// Crate and version.
    pub importer: String,
    /// How it was read.
    pub parameters: serde_json::Value,
    /// Rows that came of it.
    pub rows: u64,
}

/// Rows that were left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// How many.
    pub rows: u64,
    /// NDJSON of [`Quarantined`].
    pub artifact: Digest,
}

/// Why there is no new version.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The store.
    #[error(transparent)]
    Blocks(#[from] BlockError),
    /// No row at all.
    #[error("the file has no rows: there is nothing to train on")]
    Empty,
    /// Rows, but none that could be read.
    #[error("all {rows} rows are malformed, the first on line {line}: {reason}")]
    Malformed {
        /// All rows of the file.
        rows: usize,
        /// Of the first, counted from 1.
        line: u64,
        /// What is wrong with the first.
        reason: String,
    },
    /// The column of event times is not there, or no time.
    #[error("`event_time: {column}`: {detail}")]
    EventTime {
        /// The column.
        column: String,
        /// What is wrong.
        detail: String,
    },
    /// A file of another schema than the dataset's.
    #[error(
        "the file does not fit the dataset: {detail}; import it as a dataset of its own, or declare its `schema`"
    )]
    Schema {
        /// The first difference.
        detail: String,
    },
    /// A manifest of the version before is broken.
    #[error("the version before is broken: {0}")]
    Parent(String),
}

/// Everything about an import but the bytes.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The dataset's name.
    pub name: &'a str,
    /// The column of event times.
    pub event_time: Option<&'a str>,
    /// How to read the file.
    pub options: &'a IngestOptions,
    /// What should hold.
    pub expectations: &'a [Expectation],
    /// Where the rows came from; `rows` is filled in.
    pub provenance: Provenance,
}

/// Imports a file as the first version of a dataset.
///
/// # Errors
/// [`ImportError`].
pub fn import(
    source: Source,
    request: &Request<'_>,
    blocks: &dyn Blocks,
    progress: &mut dyn FnMut(Progress),
) -> Result<DatasetVersion, ImportError> {
    build(source, request, None, blocks, progress)
}

/// Appends a file: a new version that shares every chunk of the one before.
///
/// # Errors
/// [`ImportError`].
pub fn append(
    source: Source,
    request: &Request<'_>,
    parent: (Digest, &DatasetVersion),
    blocks: &dyn Blocks,
    progress: &mut dyn FnMut(Progress),
) -> Result<DatasetVersion, ImportError> {
    build(source, request, Some(parent), blocks, progress)
}

fn build(
    source: Source,
    request: &Request<'_>,
    parent: Option<(Digest, &DatasetVersion)>,
    blocks: &dyn Blocks,
    progress: &mut dyn FnMut(Progress),
) -> Result<DatasetVersion, ImportError> {
    let mut rows = Accumulator::new(request.expectations);
    let mut options = request.options.clone();
    let event_time = event_time(request, parent.map(|(_, version)| version))?;
    if let Some((_, version)) = &parent {
        rows.follow(version, blocks)?;
        // What the dataset is decides what the new rows are.
        for field in &rows.table.schema.fields {
            options.schema.entry(field.name.clone()).or_insert(field.kind);
        }
    }
    let mut failure = None;
    let mut sink = |schema: &Schema, batch: Batch| {
        rows.push(schema, &batch, event_time, blocks).map_err(|error| {
            let message = error.to_string();
            failure = Some(error);
            message
        })
    };
    let report = match ingest(source, &options, &mut sink, progress) {
        Ok(report) => report,
        Err(error) => return Err(failure.map_or(ImportError::Ingest(error), |failure| failure)),
    };
    if report.rows == 0 {
        return Err(match report.quarantined.first() {
            None => ImportError::Empty,
            Some(first) => ImportError::Malformed {
                rows: report.quarantined.len(),
                line: first.line,
                reason: first.reason.clone(),
            },
        });
    }
    rows.finish(request, parent, &report, blocks)
}

/// The column of event times: a dataset keeps the one that it began with.
fn event_time<'a>(
    request: &Request<'a>,
    parent: Option<&'a DatasetVersion>,
) -> Result<Option<&'a str>, ImportError> {
    let Some(parent) = parent else { return Ok(request.event_time) };
    let before = parent.event_time.as_ref().map(|time| time.column.as_str());
    match request.event_time {
        Some(column) if before != Some(column) => Err(ImportError::EventTime {
            column: column.to_owned(),
            detail: match before {
                Some(before) => format!("the versions before have `{before}`; leave it out"),
                None => "the versions before have none; leave it out, or import them anew".into(),
            },
        }),
        _ => Ok(before),
    }
}

/// A version under way.
#[derive(Default)]
struct Accumulator {
    table: Table,
    folds: Vec<ColumnFold>,
    event_time: Option<EventTime>,
    unique: Vec<Uniqueness>,
}

impl Accumulator {
    fn new(expectations: &[Expectation]) -> Self {
        let unique = expectations.iter().filter_map(|expectation| match expectation {
            Expectation::Unique { columns } => Some(Uniqueness::of(columns)),
            _ => None,
        });
        Self { unique: unique.collect(), ..Self::default() }
    }

    /// Goes on from a version. Of its rows only keys that must be unique are read.
    fn follow(&mut self, version: &DatasetVersion, blocks: &dyn Blocks) -> Result<(), ImportError> {
        let broken = |error: serde_json::Error| ImportError::Parent(error.to_string());
        self.table = serde_json::from_slice(&blocks.get(&version.table)?).map_err(broken)?;
        self.folds = serde_json::from_slice(&blocks.get(&version.folds)?).map_err(broken)?;
        self.event_time.clone_from(&version.event_time);
        let schema = &self.table.schema;
        for unique in &mut self.unique {
            let columns = unique.columns().iter().filter_map(|name| schema.index_of(name));
            let columns: Vec<usize> = columns.collect();
            for chunk in &self.table.chunks {
                let batch = read_columns(chunk, schema, &columns, blocks)?;
                unique.push(&schema.project(&columns), &batch);
            }
        }
        Ok(())
    }

    fn push(
        &mut self,
        schema: &Schema,
        batch: &Batch,
        event_time: Option<&str>,
        blocks: &dyn Blocks,
    ) -> Result<(), ImportError> {
        if self.table.schema.fields.is_empty() {
            self.table.schema = schema.clone();
            self.folds = vec![ColumnFold::default(); schema.fields.len()];
        } else if let Some(detail) = difference(&self.table.schema, schema) {
            return Err(ImportError::Schema { detail });
        }
        if let Some(column) = event_time {
            self.event_time = Some(widen(self.event_time.take(), column, schema, batch)?);
        }
        self.unique.iter_mut().for_each(|unique| unique.push(schema, batch));
        let columns: Vec<(Chunk, ColumnFold)> = (0..batch.columns.len())
            .into_par_iter()
            .map(|index| {
                let one = Schema { fields: vec![schema.fields[index].clone()] };
                let chunk = write_chunk(&batch.project(&[index]), &one, blocks)?;
                Ok((chunk, ColumnFold::of(&batch.columns[index], batch.rows)))
            })
            .collect::<Result<_, BlockError>>()?;
        let rows = u32::try_from(batch.rows).expect("BUG: a chunk of more than 2^32 rows");
        let digests = columns.iter().map(|(chunk, _)| chunk.columns[0]).collect();
        self.table.chunks.push(Chunk { rows, columns: digests });
        for (fold, (_, after)) in self.folds.iter_mut().zip(&columns) {
            fold.merge(after);
        }
        Ok(())
    }

    fn finish(
        self,
        request: &Request<'_>,
        parent: Option<(Digest, &DatasetVersion)>,
        report: &Report,
        blocks: &dyn Blocks,
    ) -> Result<DatasetVersion, ImportError> {
        let fields = &self.table.schema.fields;
        let statistics: BTreeMap<String, ColumnStatistics> = fields
            .par_iter()
            .zip(&self.folds)
            .map(|(field, fold)| (field.name.clone(), fold.finish(field)))
            .collect();
        let rows = self.table.rows();
        let (schema, statistics_of) = (&self.table.schema, &statistics);
        let observed = Observed { rows, schema, statistics: statistics_of, unique: &self.unique };
        let quality = request.expectations.iter().map(|e| check(e, &observed)).collect();
        let mut provenance =
            parent.map_or_else(Vec::new, |(_, version)| version.provenance.clone());
        provenance.push(Provenance { rows: report.rows, ..request.provenance.clone() });
        Ok(DatasetVersion {
            format: DATASET_FORMAT.to_owned(),
            name: request.name.to_owned(),
            parent: parent.map(|(digest, _)| digest),
            table: put_manifest(blocks, &self.table)?,
            rows,
            provenance,
            event_time: self.event_time,
            folds: put_manifest(blocks, &self.folds)?,
            statistics,
            quality,
            quarantine: quarantine(&report.quarantined, blocks)?,
        })
    }
}

fn quarantine(
    rows: &[Quarantined],
    blocks: &dyn Blocks,
) -> Result<Option<Quarantine>, ImportError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mut lines = Vec::new();
    for row in rows {
        lines.extend(to_canonical(row).map_err(|e| BlockError { message: e.to_string() })?);
        lines.push(b'\n');
    }
    Ok(Some(Quarantine { rows: rows.len() as u64, artifact: blocks.put(&lines)? }))
}

/// Widens a range of event times by a batch.
fn widen(
    range: Option<EventTime>,
    column: &str,
    schema: &Schema,
    batch: &Batch,
) -> Result<EventTime, ImportError> {
    let fail = |detail: String| ImportError::EventTime { column: column.to_owned(), detail };
    let index =
        schema.index_of(column).ok_or_else(|| fail("the file has no such column".to_owned()))?;
    let Values::TimestampUs(times) = &batch.columns[index].values else {
        let kind = schema.fields[index].kind;
        return Err(fail(format!("the column is {kind}, not {}", Kind::TimestampUs)));
    };
    let known = (0..batch.rows).filter(|row| batch.columns[index].is_valid(*row));
    let range = known.map(|row| times[row]).fold(range, |range, time| {
        Some(match range {
            Some(range) => EventTime {
                min_us: range.min_us.min(time),
                max_us: range.max_us.max(time),
                ..range
            },
            None => EventTime { column: column.to_owned(), min_us: time, max_us: time },
        })
    });
    range.ok_or_else(|| fail("every value is missing".to_owned()))
}
