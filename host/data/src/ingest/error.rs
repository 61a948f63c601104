//! Why a file cannot be imported: always with the place in the file and what to do.

use std::fmt;

/// Where in a file: text has lines, the other formats have rows. Both are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A line of text; where a quoted field spans several, the first.
    Line(u64),
    /// A row.
    Row(u64),
}

impl Place {
    /// The number alone.
    pub const fn number(self) -> u64 {
        match self {
            Self::Line(number) | Self::Row(number) => number,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Row(number) => write!(f, "row {number}"),
        }
    }
}

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file cannot be read.
    #[error("reading failed after {rows} rows: {source}")]
    Read {
        /// Rows read before.
        rows: u64,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not of the format that it should be, or damaged.
    #[error("the file is no readable {format}: {detail}")]
    Format {
        /// The format, or what the file's name promises.
        format: String,
        /// What is wrong, and what to do.
        detail: String,
    },
    /// The file has no header, or one that cannot be a schema.
    #[error("the header is no schema: {detail}")]
    Header {
        /// Why not.
        detail: String,
    },
    /// A row that cannot be taken apart.
    #[error("{place}: {reason}; mend the file, or import it with `malformed: quarantine`")]
    Row {
        /// Where.
        place: Place,
        /// What is wrong.
        reason: String,
    },
    /// A field that is not of its column's kind.
    #[error("{place}, column `{column}`: `{text}` is no {expected}; {remedy}")]
    Value {
        /// Where.
        place: Place,
        /// The column.
        column: String,
        /// The field.
        text: String,
        /// The kind that it should be.
        expected: String,
        /// What to do.
        remedy: String,
    },
    /// A column that no kind of ours can hold.
    #[error("column `{column}` is {found}: {remedy}")]
    Unsupported {
        /// The column.
        column: String,
        /// What it is, in the words of its format.
        found: String,
        /// What to do.
        remedy: String,
    },
    /// A declared column that the file does not have.
    #[error("the schema declares column `{column}`, which the file does not have; it has {found}")]
    NoSuchColumn {
        /// The column.
        column: String,
        /// The header.
        found: String,
    },
    /// More than this crate is made for.
    #[error("{place}: {what}, more than the limit of {limit}; {remedy}")]
    TooLarge {
        /// Where.
        place: Place,
        /// What is too large.
        what: String,
        /// With its unit.
        limit: String,
        /// What to do.
        remedy: String,
    },
    /// So many malformed rows that they are hardly an exception.
    #[error(
        "{rows} rows up to {place} are malformed, which fills the quarantine of {limit}; the last: {reason}; mend the file or declare its `schema`"
    )]
    QuarantineFull {
        /// Rows in quarantine.
        rows: usize,
        /// The last of them.
        place: Place,
        /// With its unit.
        limit: String,
        /// Why the last is there.
        reason: String,
    },
    /// Whoever takes the batches failed.
    #[error("{0}")]
    Sink(String),
}
