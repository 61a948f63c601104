//! Kinds of text columns, inferred from what stands in the first records.

use rayon::prelude::*;
use refrain_domain::{Field, Kind, Schema};

use super::IngestOptions;
use super::error::IngestError;
use super::records::{Records, Tag};
use super::scalar::{looks_like_float, parse_boolean, parse_int, parse_time};
use super::text::{Nulls, list_width};

/// What a column could still be.
#[derive(Debug, Clone, Copy)]
struct Candidates {
    int: bool,
    float: bool,
    boolean: bool,
    time: bool,
    list: bool,
    seen: bool,
    /// Of the first list.
    width: u32,
}

const ALL: Candidates = Candidates {
    int: true,
    float: true,
    boolean: true,
    time: true,
    list: true,
    seen: false,
    width: 0,
};

impl Candidates {
    fn narrow(&mut self, tag: Tag, field: &[u8]) {
        self.seen = true;
        let is_bare = tag == Tag::Bare;
        self.int = self.int && is_bare && parse_int(field).is_some();
        // Every integer is a float too, so this is asked only after the first that is none.
        self.float = self.float && is_bare && (self.int || looks_like_float(field));
        self.boolean = self.boolean && is_bare && parse_boolean(field).is_some();
        self.time = self.time && tag != Tag::List && parse_time(field).is_some();
        self.list = self.list && tag == Tag::List;
        if self.list && self.width == 0 {
            self.width = list_width(field);
        }
    }

    const fn is_settled(&self) -> bool {
        !(self.int || self.float || self.boolean || self.time || self.list)
    }

    const fn kind(&self) -> Kind {
        match self {
            Self { seen: false, .. } => Kind::Utf8,
            Self { int: true, .. } => Kind::Int64,
            Self { float: true, .. } => Kind::Float64,
            Self { boolean: true, .. } => Kind::Boolean,
            Self { time: true, .. } => Kind::TimestampUs,
            Self { list: true, .. } => Kind::Vector,
            _ => Kind::Utf8,
        }
    }
}

/// Kinds under way.
#[derive(Default)]
pub(super) struct Inference {
    columns: Vec<Candidates>,
}

impl Inference {
    /// Rules out what the fields are not.
    pub(super) fn look_at(&mut self, records: &Records, nulls: &Nulls) {
        self.columns.resize(records.header.len(), ALL);
        self.columns.par_iter_mut().enumerate().for_each(|(column, candidates)| {
            for row in 0..records.rows() {
                let (tag, field) = records.field(row, column);
                if !nulls.is_null(tag, field) {
                    candidates.narrow(tag, field);
                }
                if candidates.is_settled() {
                    break;
                }
            }
        });
    }

    /// The schema: as declared, else as inferred.
    pub(super) fn settle(
        &self,
        header: &[String],
        options: &IngestOptions,
    ) -> Result<Schema, IngestError> {
        if header.is_empty() {
            // NDJSON without a row: what is declared is neither there nor missing.
            return Ok(Schema::default());
        }
        if let Some(column) = options.schema.keys().find(|column| !header.contains(column)) {
            let (column, found) = (column.clone(), header.join(", "));
            return Err(IngestError::NoSuchColumn { column, found });
        }
        let field = |(name, candidates): (&String, &Candidates)| {
            let kind = options.schema.get(name).copied().unwrap_or_else(|| candidates.kind());
            let width = if kind == Kind::Vector { candidates.width } else { 0 };
            if kind == Kind::Vector && width == 0 {
                return Err(IngestError::Unsupported {
                    column: name.clone(),
                    found: "a vector without a number in its first value".to_owned(),
                    remedy: "give every row of it the same number of numbers, or null".to_owned(),
                });
            }
            Ok(Field { width, ..Field::new(name, kind, true) })
        };
        let fields = header.iter().zip(&self.columns).map(field).collect::<Result<_, _>>()?;
        Schema::new(fields).map_err(|error| IngestError::Header { detail: error.to_string() })
    }
}
