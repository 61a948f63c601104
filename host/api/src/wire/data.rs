//! Datasets on the wire.

use std::collections::BTreeMap;

use refrain_data::DatasetVersion;
use refrain_domain::{Digest, Schema};
use refrain_runner::DatasetSummary;
use refrain_runner::spec::{InputSpec, Malformed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a source is to be read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImportOptions {
    /// Whether the rows follow those of the latest version.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub append: bool,
    /// The column that says when a row happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_time: Option<String>,
    /// Column to kind, where inference should not decide.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub schema: BTreeMap<String, String>,
    /// The texts that mean a missing value, in CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub null_values: Option<Vec<String>>,
    /// Whether malformed rows are kept apart, with reasons, instead of ending the import.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub quarantine: bool,
    /// Quality expectations; their results become part of the version.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub expect: Vec<serde_json::Value>,
}

/// A file of this machine, for a caller in the same process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportPath {
    /// Absolute.
    pub path: String,
    /// How it is to be read.
    #[serde(default)]
    pub options: ImportOptions,
}

/// A source that may have been imported before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportSource {
    /// The digest of its bytes.
    pub source: String,
    /// What the file is called.
    pub file: String,
    /// How it is to be read.
    #[serde(default)]
    pub options: ImportOptions,
}

impl ImportOptions {
    /// As a pipeline would say it.
    pub fn of_input(input: &InputSpec) -> Self {
        Self {
            append: false,
            event_time: input.event_time.clone(),
            schema: input.schema.clone(),
            null_values: input.null_values.clone(),
            quarantine: input.malformed == Malformed::Quarantine,
            expect: input.expect.clone(),
        }
    }

    pub(crate) fn into_input(self, dataset: &str) -> InputSpec {
        InputSpec {
            dataset: dataset.to_owned(),
            path: None,
            event_time: self.event_time,
            window: None,
            schema: self.schema,
            null_values: self.null_values,
            malformed: if self.quarantine { Malformed::Quarantine } else { Malformed::Fail },
            expect: self.expect,
        }
    }
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    /// The dataset.
    pub dataset: String,
    /// The version.
    pub version: String,
    /// Its rows, with those of the versions before it.
    pub rows: u64,
    /// Rows left out, with reasons, in the version's quarantine.
    pub rows_quarantined: u64,
    /// Expectations that do not hold.
    pub expectations_failed: u64,
}

impl Imported {
    pub(crate) fn new(digest: &Digest, version: &DatasetVersion) -> Self {
        let failed = version.quality.iter();
        let failed = failed.filter(|result| result.verdict == refrain_domain::gate::Verdict::Fail);
        Self {
            dataset: version.name.clone(),
            version: digest.to_string(),
            rows: version.rows,
            rows_quarantined: version.quarantine.as_ref().map_or(0, |quarantine| quarantine.rows),
            expectations_failed: failed.count() as u64,
        }
    }
}

/// A dataset and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatasetView {
    /// Its name.
    pub dataset: String,
    /// The latest version.
    pub version: String,
    /// Rows of it.
    pub rows: u64,
    /// Versions so far.
    pub versions: u64,
    /// The first and the last moment of its rows.
    pub event_time: Option<[String; 2]>,
}

/// Datasets, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Datasets {
    /// By name.
    pub datasets: Vec<DatasetView>,
}

/// A version in a dataset's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionView {
    /// Its manifest.
    pub version: String,
}

/// A dataset version, with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DatasetVersionView {
    /// Its digest.
    pub version: String,
    /// The versions that the dataset has had, oldest first.
    pub history: Vec<VersionView>,
    /// Names and kinds of columns.
    #[schema(value_type = Object)]
    pub schema: Schema,
    /// The manifest itself: provenance, statistics, quality, event times.
    #[schema(value_type = Object)]
    pub manifest: DatasetVersion,
}

impl From<DatasetSummary> for DatasetView {
    fn from(dataset: DatasetSummary) -> Self {
        Self {
            dataset: dataset.name,
            version: dataset.version.to_string(),
            rows: dataset.rows,
            versions: dataset.n_versions,
            event_time: dataset.event_time,
        }
    }
}
