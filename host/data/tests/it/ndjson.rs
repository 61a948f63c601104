//! NDJSON: what is read, what is refused, and in which words.

use refrain_data::IngestOptions;
use refrain_domain::{Column, Kind, Values};

use crate::support::{declaring, floats, gzip, ints, quarantining, read, read_as, texts, times};

const CHUNK: usize = 32_768;

fn refused(text: &str) -> String {
    refused_with(text, &IngestOptions::default())
}

fn refused_with(text: &str, options: &IngestOptions) -> String {
    read_as("rows.ndjson", text.as_bytes(), options).map(|_| ()).expect_err("refused").to_string()
}

#[test]
fn kinds_follow_the_values() {
    let file = r#"{"i":1,"f":1,"b":true,"t":"2013-01-01T05:00:00Z","s":"a","n":"12","v":[1,2.5],"o":null}
{"i":-2,"f":2.5,"b":false,"t":null,"s":"NA","n":"3","v":null}

 { "f" : 3e0 , "i" : null, "b" : null, "late" : "x\u00e9\n" }
"#;
    let found = read(file.as_bytes(), &IngestOptions::default()).expect("reads");
    assert_eq!(
        found.kinds(),
        "i:int64 f:float64 b:boolean t:timestamp-us s:utf8 n:utf8 v:vector o:utf8 late:utf8"
    );
    assert_eq!(found.column("i"), &ints(&[Some(1), Some(-2), None]));
    assert_eq!(found.column("f"), &floats(&[Some(1.0), Some(2.5), Some(3.0)]));
    assert_eq!(found.column("t"), &times(&[Some(1_357_016_400_000_000), None, None]));
    // In JSON a missing value is null or absent, and "NA" is a text.
    assert_eq!(found.column("s"), &texts(&[Some("a"), Some("NA"), None]));
    assert_eq!(found.column("late"), &texts(&[None, None, Some("xé\n")]));
    let vector = Column {
        values: Values::Vector(vec![1.0, 2.5, 0.0, 0.0, 0.0, 0.0]),
        validity: vec![0b001],
    };
    assert_eq!(found.column("v"), &vector);
    let squeezed = read(&gzip(file.as_bytes()), &IngestOptions::default()).expect("reads");
    assert_eq!(squeezed.chunks, found.chunks, "gzip");
    let marked = read(format!("\u{feff}{file}").as_bytes(), &IngestOptions::default());
    assert_eq!(marked.expect("reads").chunks, found.chunks, "byte order mark");
}

#[test]
fn a_declared_kind_reads_texts_as_numbers_and_numbers_as_texts() {
    let options = declaring(&[("id", Kind::Utf8), ("n", Kind::Int64), ("x", Kind::Float64)]);
    let file = "{\"id\":1.50,\"n\":\"12\",\"x\":\"NaN\"}\n{\"id\":true,\"n\":3,\"x\":2}\n";
    let found = read(file.as_bytes(), &options).expect("reads");
    assert_eq!(found.column("id"), &texts(&[Some("1.50"), Some("true")]));
    assert_eq!(found.column("n"), &ints(&[Some(12), Some(3)]));
    assert!(
        matches!(&found.column("x").values, Values::Float64(v) if v[0].is_nan() && v[1] == 2.0)
    );
    assert_eq!(
        refused_with("{\"id\":1}\n", &options),
        "the schema declares column `n`, which the file does not have; it has id"
    );
}

#[test]
fn bad_values_are_named_by_line_and_column() {
    let options = declaring(&[("n", Kind::Int64)]);
    assert_eq!(
        refused_with("{\"n\":1}\n\n{\"n\":1.5}\n", &options),
        "line 3, column `n`: `1.5` is no int64; declare `schema: {n: utf8}`, write null, or set `malformed: quarantine`"
    );
    let vector = "{\"v\":[1,2]}\n{\"v\":[1]}\n";
    assert_eq!(
        refused(vector),
        "line 2, column `v`: `1` is no vector of 2; write null, or set `malformed: quarantine`"
    );
    assert!(refused("{\"v\":[]}\n").starts_with("column `v` is a vector without a number"));
}

#[test]
fn bad_lines_are_named() {
    let remedy = "mend the file, or import it with `malformed: quarantine`";
    assert_eq!(
        refused("{\"a\":1}\n{\"a\":}\n"),
        format!("line 2: no JSON object: byte 6 should be a value; {remedy}")
    );
    assert_eq!(
        refused("{\"a\":1}\n{\"a\":{\"b\":1}}\n"),
        format!(
            "line 2: column `a` holds an object or a list of other things than numbers: flatten it into columns of its own; {remedy}"
        )
    );
    assert_eq!(
        refused("{\"a\":1,\"a\":2}\n"),
        format!("line 1: column `a` stands twice; {remedy}")
    );
    assert_eq!(refused("{}\n"), format!("line 1: the object is empty; {remedy}"));
    assert_eq!(refused("{\"\":1}\n"), format!("line 1: a value has no name; {remedy}"));
    assert_eq!(
        refused("{\"a\":1}\n{\"a\":\"cut"),
        format!(
            "line 2: no JSON object: byte 10 should be `\"` at the end of a string; the file ends here without a newline: is it cut short?; {remedy}"
        )
    );
    assert_eq!(
        refused(" [{\"a\":1}]"),
        "the file is no readable NDJSON: it begins with `[`: write one object a line, as `jq -c '.[]'` does"
    );
    let latin = read(b"{\"a\":\"caf\xe9\"}\n", &IngestOptions::default()).map(|_| ());
    assert!(latin.expect_err("latin-1").to_string().contains("should be UTF-8"));
}

#[test]
fn a_file_cut_short_says_so() {
    let rows: String = (0..5_000).map(|i| format!("{{\"a\":{}}}\n", i * 7919 % 1013)).collect();
    let whole = gzip(rows.as_bytes());
    let cut = read(&whole[..whole.len() / 2], &IngestOptions::default()).map(|_| ());
    assert!(cut.expect_err("cut").to_string().contains("the gzip file is cut short"));
}

#[test]
fn quarantine_keeps_bad_lines_whole() {
    let file = "{\"a\":1}\nnonsense\n{\"a\":\"x\",\"b\":2}\n{\"a\":3,\"b\":4}\n";
    let options =
        IngestOptions { schema: declaring(&[("a", Kind::Int64)]).schema, ..quarantining() };
    let found = read(file.as_bytes(), &options).expect("reads");
    assert_eq!(found.column("a"), &ints(&[Some(1), Some(3)]));
    assert_eq!(found.column("b"), &ints(&[None, Some(4)]));
    let rows: Vec<_> = found.quarantined.iter().map(|row| (row.line, row.fields.clone())).collect();
    assert_eq!(rows, [(2, vec!["nonsense".to_owned()]), (3, vec!["x".into(), "2".into()])]);
    let nothing = read(b"{\n{\n", &quarantining()).expect("reads");
    assert_eq!((nothing.rows(), nothing.quarantined.len()), (vec![], 2));
}

/// A column that comes up late does not move the edges of chunks, wherever it comes up.
#[test]
fn late_columns_leave_chunks_whole() {
    for late in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1] {
        let row = |row: usize| if row < late { "{\"a\":1}\n" } else { "{\"a\":2,\"b\":\"x\"}\n" };
        let file: String = (0..2 * CHUNK + 1).map(row).collect();
        let found = read(file.as_bytes(), &IngestOptions::default()).expect("reads");
        assert_eq!(found.rows(), [CHUNK, CHUNK, 1], "late at {late}");
        let nulls: usize = found.chunks.iter().map(|c| c.columns[1].null_count(c.rows)).sum();
        assert_eq!(nulls, late);
    }
}

#[test]
fn nothing_is_nothing() {
    for text in ["", "\n\n"] {
        let found = read_as("a.ndjson", text.as_bytes(), &IngestOptions::default()).expect("reads");
        assert_eq!((found.rows(), found.kinds()), (vec![], String::new()));
    }
}

#[test]
fn bounds_are_named() {
    let long = format!("{{\"a\":\"{}\"}}\n", "x".repeat(17 << 20));
    assert_eq!(
        refused(&long),
        "line 1: the row goes on, more than the limit of 16 MiB; is a quote left open?"
    );
    // The second would take a minute, were each name compared with all before it.
    for names in [4_097, 400_000] {
        let wide: Vec<String> = (0..names).map(|i| format!("\"c{i}\":1")).collect();
        let complaint = refused(&format!("{{{}}}\n", wide.join(",")));
        assert!(complaint.contains("4097 names, more than the limit of 4096"), "{complaint}");
    }
    let bad: String = "x".repeat(900) + "\n";
    let file = format!("{{\"a\":1}}\n{}", bad.repeat(80_000));
    let full = read_as("a.ndjson", file.as_bytes(), &quarantining()).map(|_| ());
    let full = full.expect_err("full").to_string();
    assert!(full.contains("malformed, which fills the quarantine of 64 MiB"), "{full}");
}
