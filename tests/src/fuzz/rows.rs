//! Rows: from guests, from stores, from files.

use std::fs::File;
use std::io::{Seek, Write};

use refrain_data::{
    Blocks, IngestOptions, Malformed, MemoryBlocks, Provenance, Request, Source, canonicalize,
    decode_column, encode_column, import, read_batch,
};
use refrain_domain::{Digest, Field, Table};

use super::batches;

/// A batch as a guest returned it, against the schema that the guest was to keep.
pub fn columns(bytes: &[u8]) {
    // Bytes that are missing are zeros, so that every text is some batch.
    let Ok((schema, batch)) = batches::returned(bytes) else { return };
    if schema.check().is_err() || batch.check(&schema).is_err() {
        return;
    }
    for (column, field) in batch.columns.iter().zip(&schema.fields) {
        let block = encode_column(column, field, batch.rows);
        let kept = decode_column(&block).expect("what was checked can be kept");
        let canonical = canonicalize(column.as_ref().clone(), batch.rows);
        assert_eq!(block, encode_column(&canonical, field, batch.rows), "it has one form");
        assert_eq!(kept.null_count(batch.rows), column.null_count(batch.rows), "nulls stay");
    }
}

/// A column block as it is read from a store or a bundle.
pub fn blocks(bytes: &[u8]) {
    let Ok(column) = decode_column(bytes) else { return };
    let len = bytes[8..16].try_into().map(u64::from_le_bytes).expect("eight bytes") as usize;
    let header: serde_json::Value =
        serde_json::from_slice(&bytes[16..16 + len]).expect("the header was read");
    let number = |key: &str| header[key].as_u64().expect("a number");
    let (rows, width) = (number("rows") as usize, number("width") as u32);
    let field = Field { width, ..Field::new("column", column.values.kind(), true) };
    assert_eq!(encode_column(&column, &field, rows), bytes, "a column has one block");
}

/// A CSV file, plain or gzipped.
pub fn csv(bytes: &[u8]) {
    imported("rows.csv", bytes);
}

/// An NDJSON file, plain or gzipped.
pub fn ndjson(bytes: &[u8]) {
    imported("rows.ndjson", bytes);
}

/// Imports a file; where it has bad rows, once more without them.
fn imported(name: &str, bytes: &[u8]) {
    if !imports(name, bytes, Malformed::Fail) {
        imports(name, bytes, Malformed::Quarantine);
    }
}

fn imports(name: &str, bytes: &[u8], malformed: Malformed) -> bool {
    let options = IngestOptions { malformed, ..IngestOptions::default() };
    let provenance = Provenance {
        source: Digest::of(bytes),
        file: name.to_owned(),
        importer: "fuzz".to_owned(),
        parameters: serde_json::Value::Null,
        rows: 0,
    };
    let request = Request {
        name: "rows",
        event_time: None,
        options: &options,
        expectations: &[],
        provenance,
    };
    let blocks = MemoryBlocks::default();
    let source = Source::new(name, file(bytes));
    let Ok(version) = import(source, &request, &blocks, &mut |_| {}) else { return false };
    assert!(version.quarantine.is_none() || malformed == Malformed::Quarantine, "all or nothing");
    let manifest = blocks.get(&version.table).expect("the table was put");
    let table: Table = serde_json::from_slice(&manifest).expect("as a table");
    table.check().expect("it hangs together");
    assert_eq!(table.rows(), version.rows);
    for chunk in &table.chunks {
        let batch = read_batch(chunk, &table.schema, &blocks).expect("the chunk was put");
        batch.check(&table.schema).expect("rows of the table's schema");
    }
    true
}

/// A file at its start, gone when it is closed.
fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(bytes).and_then(|()| file.rewind()).expect("room for a few bytes");
    file
}
