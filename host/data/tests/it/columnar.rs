//! Parquet and Arrow IPC: every type, every bound, and the same blocks as from text.

use std::sync::Arc;

use arrow_array::types::{Float32Type, Int8Type, Int32Type};
use arrow_array::*;
use arrow_schema::DataType;
use refrain_data::{IngestOptions, encode_column};
use refrain_domain::{Column, Digest, Kind, Values};

use crate::support::{
    Imported, declaring, floats, ints, quarantining, read, read_as, texts, times,
};

const CHUNK: usize = 32_768;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)))
        .expect("columns of one length")
}

pub fn parquet(batches: &[RecordBatch]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let schema = batches[0].schema();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, schema, None).expect("a writer");
    batches.iter().for_each(|batch| writer.write(batch).expect("writes"));
    writer.close().expect("closes");
    bytes
}

pub fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let schema = batches[0].schema();
    let mut writer =
        arrow_ipc::writer::StreamWriter::try_new(&mut bytes, &schema).expect("a writer");
    batches.iter().for_each(|batch| writer.write(batch).expect("writes"));
    writer.finish().expect("closes");
    drop(writer);
    bytes
}

pub fn file(batches: &[RecordBatch]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let schema = batches[0].schema();
    let options = arrow_ipc::writer::IpcWriteOptions::default()
        .try_with_compression(Some(arrow_ipc::CompressionType::LZ4_FRAME))
        .expect("as Feather does");
    let mut writer =
        arrow_ipc::writer::FileWriter::try_new_with_options(&mut bytes, &schema, options)
            .expect("a writer");
    batches.iter().for_each(|batch| writer.write(batch).expect("writes"));
    writer.finish().expect("closes");
    drop(writer);
    bytes
}

/// Reads the batch by way of all three formats, which must agree.
fn through(batch: &RecordBatch, options: &IngestOptions) -> Imported {
    let batches = std::slice::from_ref(batch);
    let found = read(&stream(batches), options).expect("reads the stream");
    let as_file = read(&file(batches), options).expect("reads the file");
    assert_eq!(as_file.kinds(), found.kinds());
    assert_eq!(as_file.chunks, found.chunks);
    if batch.schema().fields().iter().all(|f| !matches!(f.data_type(), DataType::Null)) {
        let as_parquet = read(&parquet(batches), options).expect("reads Parquet");
        assert_eq!(as_parquet.kinds(), found.kinds());
        assert_eq!(as_parquet.chunks, found.chunks);
    }
    found
}

fn one(array: impl Array + 'static, options: &IngestOptions) -> Imported {
    through(&batch(vec![("x", Arc::new(array))]), options)
}

fn column(array: impl Array + 'static) -> Column {
    one(array, &IngestOptions::default()).column("x").clone()
}

fn refused(array: impl Array + 'static, options: &IngestOptions) -> String {
    let batch = batch(vec![("x", Arc::new(array))]);
    read(&stream(&[batch]), options).map(|_| ()).expect_err("refused").to_string()
}

#[test]
fn whole_numbers_of_every_width() {
    assert_eq!(column(Int8Array::from(vec![Some(-128), None])), ints(&[Some(-128), None]));
    assert_eq!(column(Int16Array::from(vec![-5_i16])), ints(&[Some(-5)]));
    assert_eq!(column(Int32Array::from(vec![i32::MIN])), ints(&[Some(i64::from(i32::MIN))]));
    assert_eq!(column(Int64Array::from(vec![i64::MIN])), ints(&[Some(i64::MIN)]));
    assert_eq!(column(UInt8Array::from(vec![255_u8])), ints(&[Some(255)]));
    assert_eq!(column(UInt16Array::from(vec![65_535_u16])), ints(&[Some(65_535)]));
    assert_eq!(column(UInt32Array::from(vec![u32::MAX])), ints(&[Some(i64::from(u32::MAX))]));
    assert_eq!(column(UInt64Array::from(vec![i64::MAX as u64])), ints(&[Some(i64::MAX)]));
    let beyond = || UInt64Array::from(vec![1, i64::MAX as u64 + 1]);
    assert_eq!(
        refused(beyond(), &IngestOptions::default()),
        "row 2, column `x`: `9223372036854775808` is no int64; declare `schema: {x: utf8}`, or set `malformed: quarantine`"
    );
    let as_text = one(beyond(), &declaring(&[("x", Kind::Utf8)]));
    assert_eq!(as_text.column("x"), &texts(&[Some("1"), Some("9223372036854775808")]));
    let left = one(beyond(), &quarantining());
    assert_eq!(left.column("x"), &ints(&[Some(1)]));
    assert_eq!((left.quarantined[0].line, &left.quarantined[0].fields[0][..4]), (2, "9223"));
}

#[test]
fn floats_and_booleans() {
    assert_eq!(column(Float32Array::from(vec![0.1_f32])), floats(&[Some(f64::from(0.1_f32))]));
    let nan = column(Float64Array::from(vec![Some(-0.0), None, Some(f64::INFINITY)]));
    assert_eq!(nan, floats(&[Some(-0.0), None, Some(f64::INFINITY)]));
    let expected = Column { values: Values::Boolean(vec![1, 0, 0]), validity: vec![0b101] };
    assert_eq!(column(BooleanArray::from(vec![Some(true), None, Some(false)])), expected);
}

#[test]
fn texts_and_bytes_in_every_layout() {
    let rows = vec![Some("a"), None, Some("é, and longer than twelve bytes")];
    let expected = texts(&rows);
    assert_eq!(column(StringArray::from(rows.clone())), expected);
    assert_eq!(column(LargeStringArray::from(rows.clone())), expected);
    assert_eq!(column(StringViewArray::from(rows.clone())), expected);
    let keys = Int8Array::from(vec![Some(1), None, Some(0)]);
    let values = Arc::new(StringArray::from(vec!["é, and longer than twelve bytes", "a"]));
    assert_eq!(column(DictionaryArray::<Int8Type>::new(keys, values)), expected);
    assert_eq!(column(StringArray::from(vec![None::<&str>; 2])), texts(&[None, None]));
    let empty = DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![None, None]),
        Arc::new(StringArray::from(Vec::<&str>::new())),
    );
    assert_eq!(column(empty), texts(&[None, None]));
    let Values::Utf8(bytes) = expected.values else { panic!("texts") };
    let expected = Column { values: Values::Binary(bytes), validity: expected.validity };
    let rows: Vec<Option<&[u8]>> = rows.iter().map(|row| row.map(str::as_bytes)).collect();
    assert_eq!(column(BinaryArray::from(rows.clone())), expected);
    assert_eq!(column(LargeBinaryArray::from(rows.clone())), expected);
    assert_eq!(column(BinaryViewArray::from(rows)), expected);
    let fixed = FixedSizeBinaryArray::try_from_iter([[1_u8, 0xff]].into_iter()).expect("two bytes");
    let expected = Values::Binary(crate::support::variable([&[1_u8, 0xff][..]].into_iter()));
    assert_eq!(column(fixed), Column::new(expected));
    assert_eq!(column(NullArray::new(2)), texts(&[None, None]));
}

#[test]
fn moments_of_every_unit_are_microseconds() {
    let second = 1_357_016_400_i64;
    let expected = times(&[Some(second * 1_000_000)]);
    assert_eq!(column(TimestampSecondArray::from(vec![second])), expected);
    assert_eq!(column(TimestampMillisecondArray::from(vec![second * 1_000])), expected);
    assert_eq!(column(TimestampMicrosecondArray::from(vec![second * 1_000_000])), expected);
    let zoned = TimestampNanosecondArray::from(vec![second * 1_000_000_000 + 999]);
    assert_eq!(column(zoned.with_timezone("America/New_York")), expected, "cut, and UTC inside");
    let before = TimestampNanosecondArray::from(vec![-1_i64]);
    assert_eq!(column(before), times(&[Some(-1)]), "cut towards the past");
    let days = times(&[Some(-86_400_000_000)]);
    assert_eq!(column(Date32Array::from(vec![-1])), days);
    assert_eq!(column(Date64Array::from(vec![-86_400_000_i64])), days);
    let far = refused(TimestampSecondArray::from(vec![i64::MAX]), &IngestOptions::default());
    assert!(
        far.starts_with("row 1, column `x`: `9223372036854775807000000 µs` is no timestamp-us")
    );
}

#[test]
fn lists_of_floats_are_vectors() {
    let rows = vec![Some(vec![Some(1.0_f32), Some(2.5)]), None, Some(vec![Some(0.5), Some(-1.0)])];
    let expected = Column {
        values: Values::Vector(vec![1.0, 2.5, 0.0, 0.0, 0.5, -1.0]),
        validity: vec![0b101],
    };
    let list = ListArray::from_iter_primitive::<Float32Type, _, _>(rows.clone());
    assert_eq!(column(list), expected);
    let large = LargeListArray::from_iter_primitive::<Float32Type, _, _>(rows.clone());
    assert_eq!(column(large), expected);
    let fixed = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(rows, 2);
    assert_eq!(column(fixed), expected);
    let ragged = ListArray::from_iter_primitive::<Float32Type, _, _>(vec![
        Some(vec![Some(1.0)]),
        Some(vec![Some(1.0), Some(2.0)]),
        Some(vec![None]),
    ]);
    assert_eq!(
        refused(ragged.clone(), &IngestOptions::default()),
        "row 2, column `x`: `a list of 2` is no vector of 1; give every row the same number of numbers, or set `malformed: quarantine`"
    );
    let left = one(ragged, &quarantining());
    assert_eq!(left.column("x").values, Values::Vector(vec![1.0]));
    assert_eq!(left.quarantined.len(), 2);
    let none = ListArray::from_iter_primitive::<Float32Type, _, _>(vec![None::<Vec<Option<f32>>>]);
    assert!(refused(none, &IngestOptions::default()).contains("write it as a fixed-size list"));
}

#[test]
fn declared_kinds_convert() {
    let to = |array: ArrayRef, kind| {
        let found = through(&batch(vec![("x", array)]), &declaring(&[("x", kind)]));
        found.column("x").clone()
    };
    let numbers = || -> ArrayRef { Arc::new(Int32Array::from(vec![Some(1), None])) };
    assert_eq!(to(numbers(), Kind::Float64), floats(&[Some(1.0), None]));
    assert_eq!(to(numbers(), Kind::Utf8), texts(&[Some("1"), None]));
    let halves = || -> ArrayRef { Arc::new(Float64Array::from(vec![Some(2.0), None])) };
    assert_eq!(to(halves(), Kind::Int64), ints(&[Some(2), None]));
    assert_eq!(to(halves(), Kind::Utf8), texts(&[Some("2.0"), None]));
    let words = |word: &'static str| -> ArrayRef { Arc::new(StringArray::from(vec![word])) };
    assert_eq!(to(words("12"), Kind::Int64), ints(&[Some(12)]));
    assert_eq!(to(words("2013-01-01"), Kind::TimestampUs), times(&[Some(1_356_998_400_000_000)]));
    assert_eq!(to(words("true"), Kind::Boolean), Column::new(Values::Boolean(vec![1])));
    let moment = || -> ArrayRef { Arc::new(TimestampSecondArray::from(vec![0])) };
    assert_eq!(to(moment(), Kind::Utf8), texts(&[Some("1970-01-01T00:00:00Z")]));
    let money = || -> ArrayRef {
        let cents = Decimal128Array::from(vec![Some(1_250), None]);
        Arc::new(cents.with_precision_and_scale(10, 2).expect("fits"))
    };
    assert_eq!(to(money(), Kind::Float64), floats(&[Some(12.5), None]));
    assert_eq!(to(money(), Kind::Utf8), texts(&[Some("12.50"), None]));
}

#[test]
fn what_no_column_can_hold_is_named_with_a_remedy() {
    let options = IngestOptions::default();
    let money = Decimal128Array::from(vec![1_250]).with_precision_and_scale(10, 2).expect("fits");
    assert_eq!(
        refused(money, &options),
        "column `x` is of type Decimal128(10, 2): declare `schema: {x: float64}` to have it rounded, or utf8 to keep its digits"
    );
    let inner: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let field = Arc::new(arrow_schema::Field::new("a", DataType::Int32, true));
    let nested = refused(StructArray::from(vec![(field, inner)]), &options);
    assert!(nested.ends_with(": flatten it into columns of its own, or leave it out"), "{nested}");
    let rows = vec![Some(vec![Some(1_i32)])];
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(rows);
    let list = refused(list, &options);
    assert!(list.contains("cast its values to float32"), "{list}");
    let time = refused(Time64MicrosecondArray::from(vec![1]), &options);
    assert!(time.ends_with("cast it to int64, or leave it out"), "{time}");
    let moment = TimestampSecondArray::from(vec![0]);
    let number = refused(moment, &declaring(&[("x", Kind::Int64)]));
    assert!(number.contains("which cannot be read as int64; declare another kind"), "{number}");
    let text = StringArray::from(vec!["a"]);
    let vector = refused(text, &declaring(&[("x", Kind::Vector)]));
    assert!(vector.contains("cannot be read as vector"), "{vector}");
    let missing = refused(Int8Array::from(vec![1]), &declaring(&[("y", Kind::Int64)]));
    assert!(missing.starts_with("the schema declares column `y`"), "{missing}");
    let twice = arrow_schema::Schema::new(vec![
        arrow_schema::Field::new("a", DataType::Int8, true),
        arrow_schema::Field::new("a", DataType::Int8, true),
    ]);
    let column: ArrayRef = Arc::new(Int8Array::from(vec![1]));
    let twice = RecordBatch::try_new(Arc::new(twice), vec![column.clone(), column]).expect("Arrow");
    let twice = read(&stream(&[twice]), &options).map(|_| ()).expect_err("twice").to_string();
    assert_eq!(twice, "the header is no schema: two columns are named `a`");
}

/// However the writer grouped the rows, they lie in the same chunks.
#[test]
fn batches_of_any_size_make_the_same_chunks() {
    // One short of a chunk, a chunk, one more, and enough for a third chunk.
    for rows in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 7] {
        let numbers: ArrayRef =
            Arc::new(Int64Array::from_iter((0..rows).map(|i| (i % 5 > 0).then_some(i as i64))));
        let words: ArrayRef =
            Arc::new(StringArray::from_iter_values((0..rows).map(|i| "abcde"[..i % 6].to_owned())));
        let whole = batch(vec![("n", numbers), ("w", words)]);
        let parts: Vec<RecordBatch> = (0..rows)
            .step_by(10_007)
            .map(|from| whole.slice(from, 10_007.min(rows - from)))
            .chain([whole.slice(0, 0)])
            .collect();
        let expected = through(&whole, &IngestOptions::default());
        let sizes: Vec<usize> =
            (0..rows).step_by(CHUNK).map(|from| CHUNK.min(rows - from)).collect();
        assert_eq!(expected.rows(), sizes, "{rows} rows");
        for bytes in [stream(&parts), file(&parts), parquet(&parts)] {
            let found = read(&bytes, &IngestOptions::default()).expect("reads");
            assert!(found.chunks == expected.chunks, "{rows} rows");
        }
    }
}

fn digests(found: &Imported) -> Vec<Digest> {
    let mut digests = Vec::new();
    for chunk in &found.chunks {
        for (column, field) in chunk.columns.iter().zip(&found.schema.fields) {
            digests.push(Digest::of(&encode_column(column, field, chunk.rows)));
        }
    }
    digests
}

#[test]
fn the_same_rows_have_the_same_blocks_whatever_the_format() {
    let csv = "i,f,b,t,s\n1,0.1,true,2013-01-01T05:00:00Z,a\n,2.5,,,é\n-3,,false,2013-01-01,\n";
    let ndjson = r#"{"i":1,"f":0.1,"b":true,"t":"2013-01-01T05:00:00Z","s":"a"}
{"i":null,"f":2.5,"b":null,"t":null,"s":"é"}
{"i":-3,"b":false,"t":"2013-01-01"}
"#;
    let moments = vec![Some(1_357_016_400_000), None, Some(1_356_998_400_000)];
    let rows = batch(vec![
        ("i", Arc::new(Int32Array::from(vec![Some(1), None, Some(-3)]))),
        ("f", Arc::new(Float64Array::from(vec![Some(0.1), Some(2.5), None]))),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("t", Arc::new(TimestampMillisecondArray::from(moments))),
        ("s", Arc::new(StringViewArray::from(vec![Some("a"), Some("é"), None]))),
    ]);
    let expected = read(csv.as_bytes(), &IngestOptions::default()).expect("reads CSV");
    let files = [
        ndjson.as_bytes().to_vec(),
        parquet(std::slice::from_ref(&rows)),
        file(std::slice::from_ref(&rows)),
        stream(&[rows]),
    ];
    for bytes in files {
        let found = read(&bytes, &IngestOptions::default()).expect("reads");
        assert_eq!(found.schema, expected.schema);
        assert_eq!(digests(&found), digests(&expected));
    }
}

#[test]
fn files_cut_short_or_misnamed_say_so() {
    let rows = batch(vec![("n", Arc::new(Int64Array::from_iter_values(0..5_000)))]);
    let whole =
        [parquet(std::slice::from_ref(&rows)), file(std::slice::from_ref(&rows)), stream(&[rows])];
    for bytes in &whole {
        for cut in [bytes.len() - 1, bytes.len() / 2, 9] {
            let found = read(&bytes[..cut], &IngestOptions::default()).map(|_| ());
            let message = found.expect_err("cut").to_string();
            assert!(message.contains("cut short"), "{cut}: {message}");
        }
    }
    let fails = |name: &str, bytes: &[u8]| {
        read_as(name, bytes, &IngestOptions::default()).map(|_| ()).expect_err("fails").to_string()
    };
    assert_eq!(
        fails("a.parquet", b"a,b\n1,2\n"),
        "the file is no readable Parquet: it does not begin like one; if `a.parquet` is text, name it .csv or .ndjson"
    );
    assert!(fails("a.arrow", b"").contains("it is empty"));
    let squeezed = fails("a", &crate::support::gzip(&whole[0]));
    assert_eq!(squeezed, "the file is no readable Parquet: it is gzipped: inflate it first");
    // A name that promises text does not hide what the content shows.
    assert!(read_as("a.csv", &whole[0], &IngestOptions::default()).is_ok());
}

/// Damage anywhere is an error or other rows, never a panic and never an endless read.
#[test]
fn flipped_bytes_never_panic() {
    let rows = batch(vec![
        ("n", Arc::new(Int64Array::from_iter_values(0..50))),
        ("s", Arc::new(StringArray::from_iter_values((0..50).map(|i| format!("text {i}"))))),
    ]);
    for bytes in
        [parquet(std::slice::from_ref(&rows)), file(std::slice::from_ref(&rows)), stream(&[rows])]
    {
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            let _ = read(&damaged, &IngestOptions::default());
        }
    }
}
