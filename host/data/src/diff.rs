//! What changed from one dataset version to another.

use std::collections::BTreeMap;

use refrain_domain::{Chunk, Field, Schema, Table};
use serde::{Deserialize, Serialize};

use crate::stats::ColumnStatistics;
use crate::version::DatasetVersion;

/// How two versions differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionDiff {
    /// The first difference of the schemas, in words.
    pub schema: Option<String>,
    /// Rows of the first and the second version.
    pub rows: [u64; 2],
    /// Chunks that both have, that only the first has, that only the second has.
    pub chunks_shared: u64,
    /// Only in the first.
    pub chunks_removed: u64,
    /// Only in the second.
    pub chunks_added: u64,
    /// Columns whose statistics differ: of the first and the second version.
    pub statistics: BTreeMap<String, [Option<ColumnStatistics>; 2]>,
}

/// Compares two versions, given their tables.
pub fn diff(
    (a, a_table): (&DatasetVersion, &Table),
    (b, b_table): (&DatasetVersion, &Table),
) -> VersionDiff {
    let count = |chunks: &[Chunk], others: &[Chunk]| {
        chunks.iter().filter(|chunk| !others.contains(chunk)).count() as u64
    };
    let removed = count(&a_table.chunks, &b_table.chunks);
    let names: std::collections::BTreeSet<&String> =
        a.statistics.keys().chain(b.statistics.keys()).collect();
    let pair = |name: &String| [a.statistics.get(name).cloned(), b.statistics.get(name).cloned()];
    VersionDiff {
        schema: difference(&a_table.schema, &b_table.schema),
        rows: [a.rows, b.rows],
        chunks_shared: a_table.chunks.len() as u64 - removed,
        chunks_removed: removed,
        chunks_added: count(&b_table.chunks, &a_table.chunks),
        statistics: names
            .into_iter()
            .map(|name| (name.clone(), pair(name)))
            .filter(|(_, [a, b])| a != b)
            .collect(),
    }
}

/// The first difference of two schemas, in words.
pub(crate) fn difference(a: &Schema, b: &Schema) -> Option<String> {
    if a.fields.len() != b.fields.len() {
        return Some(format!("{} columns before, {} now", a.fields.len(), b.fields.len()));
    }
    let show = |field: &Field| match field.width {
        0 => format!("`{}` ({})", field.name, field.kind),
        width => format!("`{}` ({} of {width})", field.name, field.kind),
    };
    let (a, b) = a.fields.iter().zip(&b.fields).find(|(a, b)| a != b)?;
    Some(format!("column {} before, {} now", show(a), show(b)))
}
