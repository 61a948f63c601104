//! Export: whatever goes out comes back with the same digests.

use std::sync::Arc;

use proptest::prelude::*;
use refrain_data::{
    ExportError, Format, IngestOptions, MemoryBlocks, canonicalize, export, write_chunk,
};
use refrain_domain::{Batch, Column, Field, Kind, Schema, Table, Values};

use crate::support::{any_column, any_kind, floats, ints, read_as, table, texts, times, variable};

const CHUNK: usize = 32_768;

const ALL: [Format; 5] =
    [Format::Csv, Format::NdJson, Format::Parquet, Format::ArrowFile, Format::ArrowStream];

fn stored(schema: &Schema, batches: &[Batch], blocks: &MemoryBlocks) -> Table {
    let chunk = |batch| write_chunk(batch, schema, blocks).expect("keeps");
    Table { schema: schema.clone(), chunks: batches.iter().map(chunk).collect() }
}

fn exported(table: &Table, blocks: &MemoryBlocks, format: Format) -> Result<Vec<u8>, ExportError> {
    let mut bytes = Vec::new();
    let rows = export(table, blocks, format, &mut bytes)?;
    assert_eq!(rows, table.rows());
    Ok(bytes)
}

/// Out as a file of this format and back in: as text with the kinds declared.
fn back(table: &Table, blocks: &MemoryBlocks, format: Format) -> Table {
    let bytes = exported(table, blocks, format).expect("exports");
    let kinds = table.schema.fields.iter().filter(|field| field.kind != Kind::Vector);
    let options = IngestOptions {
        schema: kinds.map(|field| (field.name.clone(), field.kind)).collect(),
        null_values: vec![String::new()],
        ..IngestOptions::default()
    };
    let name = if format == Format::NdJson { "rows.ndjson" } else { "rows" };
    let found = read_as(name, &bytes, &options).expect("reads what was written");
    stored(&found.schema, &found.chunks, blocks)
}

fn field(kind: Kind, index: usize) -> Field {
    let width = if kind == Kind::Vector { 2 } else { 0 };
    Field { width, ..Field::new(format!("column \"{index}\", of {kind}"), kind, true) }
}

/// Whether text can hold the column without loss.
fn is_text_safe(column: &Column, rows: usize, format: Format) -> bool {
    let valid = || (0..rows).filter(|row| column.is_valid(*row));
    match &column.values {
        Values::Utf8(v) => format == Format::NdJson || valid().all(|row| !v.get(row).is_empty()),
        Values::Binary(v) if format == Format::Csv => valid().all(|row| !v.get(row).is_empty()),
        Values::Binary(v) => valid().all(|row| std::str::from_utf8(v.get(row)).is_ok()),
        Values::TimestampUs(v) => {
            valid().all(|row| (i64::MIN / 40..i64::MAX / 40).contains(&v[row]))
        }
        Values::Vector(v) => {
            format == Format::NdJson
                && valid().next().is_some()
                && v.iter().all(|number| number.is_finite())
        }
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn what_goes_out_comes_back(
        (rows, columns) in (1_usize..20, prop::collection::vec(any_kind(), 1..5)).prop_flat_map(
            |(rows, kinds)| {
                let columns: Vec<_> = kinds.into_iter().map(|kind| any_column(kind, 2, rows)).collect();
                (Just(rows), columns)
            }
        )
    ) {
        for format in ALL {
            let is_text = matches!(format, Format::Csv | Format::NdJson);
            let columns: Vec<Arc<Column>> = columns
                .iter()
                .map(|column| Arc::new(canonicalize(column.clone(), rows)))
                .filter(|column| !is_text || is_text_safe(column, rows, format))
                .collect();
            if columns.is_empty() {
                continue;
            }
            let fields = columns.iter().enumerate();
            let fields = fields.map(|(index, column)| field(column.values.kind(), index)).collect();
            let schema = Schema::new(fields).expect("a schema");
            let blocks = MemoryBlocks::default();
            let table = stored(&schema, &[Batch { rows, columns }], &blocks);
            prop_assert_eq!(back(&table, &blocks, format), table, "{}", format);
        }
    }
}

#[test]
fn tables_of_several_chunks_come_back_in_the_same_chunks() {
    let blocks = MemoryBlocks::default();
    let part = |from: usize, rows: usize| {
        let numbers: Vec<Option<i64>> =
            (from..from + rows).map(|i| (i % 3 > 0).then_some(i as i64)).collect();
        let words: Vec<String> = (from..from + rows).map(|i| format!("w{}", i % 11)).collect();
        let words: Vec<Option<&str>> = words.iter().map(|word| Some(word.as_str())).collect();
        table(vec![("n", ints(&numbers)), ("w", texts(&words))])
    };
    let ((schema, first), (_, second)) = (part(0, CHUNK), part(CHUNK, 9));
    let table = stored(&schema, &[first, second], &blocks);
    for format in ALL {
        assert_eq!(back(&table, &blocks, format), table, "{format}");
    }
}

/// Without a declared kind too, where the text shows it.
#[test]
fn text_is_written_so_that_inference_finds_the_kinds() {
    let blocks = MemoryBlocks::default();
    let (schema, batch) = table(vec![
        ("i", ints(&[Some(-1), None])),
        ("f", floats(&[Some(1.0), Some(1e300)])),
        ("t", times(&[Some(1_357_016_400_000_000), Some(1)])),
        ("b", Column::new(Values::Boolean(vec![1, 0]))),
        ("s", texts(&[Some("a,\"b\"\r\n"), Some("é")])),
    ]);
    let table = stored(&schema, &[batch], &blocks);
    for format in [Format::Csv, Format::NdJson] {
        let bytes = exported(&table, &blocks, format).expect("exports");
        let found = read_as("rows", &bytes, &IngestOptions::default()).expect("reads");
        assert_eq!(found.schema, table.schema, "{format}");
        assert_eq!(stored(&found.schema, &found.chunks, &blocks), table, "{format}");
    }
    let csv = exported(&table, &blocks, Format::Csv).expect("exports");
    insta::assert_snapshot!(String::from_utf8_lossy(&csv).replace('\r', "␍"), @r#"
    i,f,t,b,s
    -1,1.0,2013-01-01T05:00:00Z,true,"a,""b""␍
    "
    ,1e300,1970-01-01T00:00:00.000001Z,false,é
    "#);
    let ndjson = exported(&table, &blocks, Format::NdJson).expect("exports");
    insta::assert_snapshot!(String::from_utf8_lossy(&ndjson), @r#"
    {"i":-1,"f":1.0,"t":"2013-01-01T05:00:00Z","b":true,"s":"a,\"b\"\r\n"}
    {"i":null,"f":1e300,"t":"1970-01-01T00:00:00.000001Z","b":false,"s":"é"}
    "#);
}

#[test]
fn what_a_format_cannot_hold_is_named() {
    let blocks = MemoryBlocks::default();
    let fails = |name: &str, column: Column, format: Format| {
        let (schema, batch) = table(vec![("id", ints(&[Some(1)])), (name, column)]);
        let table = stored(&schema, &[batch], &blocks);
        exported(&table, &blocks, format).expect_err("refused").to_string()
    };
    let vector = || Column::new(Values::Vector(vec![1.0, f32::NAN]));
    assert_eq!(
        fails("v", vector(), Format::Csv),
        "CSV cannot hold column `v` of kind vector: select other columns, or export Parquet, Arrow IPC or NDJSON"
    );
    let message = fails("v", vector(), Format::NdJson);
    assert!(
        message.starts_with("NDJSON cannot hold the value of column `v` in row 1: "),
        "{message}"
    );
    let bytes = Column::new(Values::Binary(variable([&b"\xff"[..]].into_iter())));
    let message = fails("raw", bytes, Format::NdJson);
    assert!(message.starts_with("NDJSON cannot hold the value of column `raw`"), "{message}");
}

struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_of_writing() {
    let blocks = MemoryBlocks::default();
    let (schema, batch) = table(vec![("id", ints(&[Some(1)]))]);
    let table = stored(&schema, &[batch], &blocks);
    for format in ALL {
        let error = export(&table, &blocks, format, &mut Full).expect_err("no room");
        assert!(error.to_string().contains("no storage space"), "{format}: {error}");
    }
    let lost = stored(&schema, &[], &MemoryBlocks::default());
    for format in ALL {
        assert!(exported(&lost, &blocks, format).is_ok(), "{format}: no rows are no error");
    }
}
