//! CSV: what is read, what is refused, and in which words.

use refrain_data::IngestOptions;
use refrain_domain::Kind;

use crate::support::{declaring, floats, gzip, ints, quarantining, read, source, texts, times};

/// Everything after the first rows that could be different at the edge of a chunk.
const CHUNK: usize = 32_768;

fn refused(bytes: &[u8]) -> String {
    refused_with(bytes, &IngestOptions::default())
}

fn refused_with(bytes: &[u8], options: &IngestOptions) -> String {
    read(bytes, options).map(|_| ()).expect_err("refused").to_string()
}

#[test]
fn kinds_are_inferred_from_what_stands_there() {
    let file = "i,f,b,t,d,s,zip,plus,none,mixed,big\n\
        1,1,true,2013-01-01 05:00:00,2013-01-01,a,01,+1,,1,9223372036854775807\n\
        -2,2.5,FALSE,2013-01-01T05:00:00Z,2013-01-02,b,10,+2,NA,x,9223372036854775808\n\
        NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA\n";
    let found = read(file.as_bytes(), &IngestOptions::default()).expect("reads");
    assert_eq!(
        found.kinds(),
        "i:int64 f:float64 b:boolean t:timestamp-us d:timestamp-us s:utf8 zip:utf8 plus:utf8 none:utf8 mixed:utf8 big:utf8"
    );
    assert_eq!(found.column("i"), &ints(&[Some(1), Some(-2), None]));
    assert_eq!(found.column("f"), &floats(&[Some(1.0), Some(2.5), None]));
    let five = Some(1_357_016_400_000_000);
    assert_eq!(found.column("t"), &times(&[five, five, None]));
    assert_eq!(found.column("zip"), &texts(&[Some("01"), Some("10"), None]));
    assert_eq!(found.column("none"), &texts(&[None, None, None]));
}

/// A code with a leading zero, or a number beyond int64, would not survive arithmetic.
#[test]
fn identifiers_stay_texts() {
    let file = "a,b,c,d\n007,-01,01.5,18446744073709551616\n1,1,1,0.5\n";
    let found = read(file.as_bytes(), &IngestOptions::default()).expect("reads");
    assert_eq!(found.kinds(), "a:utf8 b:utf8 c:utf8 d:utf8");
    let found = read(b"d\n18446744073709551616\n", &declaring(&[("d", Kind::Float64)]));
    assert_eq!(found.expect("reads").column("d"), &floats(&[Some(18_446_744_073_709_551_616.0)]));
}

/// Words that some parsers take for numbers are texts here.
#[test]
fn infinities_and_nan_are_no_numbers() {
    let file = "a,b,c\ninf,NaN,1e400\n-inf,nan,-1e400\n";
    let found = read(file.as_bytes(), &IngestOptions::default()).expect("reads");
    assert_eq!(found.kinds(), "a:utf8 b:utf8 c:utf8");
}

#[test]
fn a_declared_kind_beats_inference() {
    let options = declaring(&[("id", Kind::Utf8), ("n", Kind::Float64), ("raw", Kind::Binary)]);
    let found = read(b"id,n,raw\n1,1,\xff\n", &options).expect("reads");
    assert_eq!(found.kinds(), "id:utf8 n:float64 raw:binary");
    assert_eq!(found.column("n"), &floats(&[Some(1.0)]));
    assert_eq!(
        refused_with(b"id,n\n1,1\n", &options),
        "the schema declares column `raw`, which the file does not have; it has id, n"
    );
}

#[test]
fn null_values_can_be_told() {
    let options =
        IngestOptions { null_values: vec!["-".into(), "nil".into()], ..IngestOptions::default() };
    let found = read(b"a,b\n-,\n3,NA\nnil,x\n", &options).expect("reads");
    assert_eq!(found.column("a"), &ints(&[None, Some(3), None]));
    assert_eq!(found.column("b"), &texts(&[Some(""), Some("NA"), Some("x")]));
}

#[test]
fn quotes_newlines_and_line_ends() {
    let unix = "a,b\n1,\"x, \"\"y\"\"\nsecond line\"\n2,z\n";
    let options = IngestOptions::default();
    let read_text = |text: &str| read(text.as_bytes(), &options).expect("reads");
    let found = read_text(unix);
    assert_eq!(found.column("b"), &texts(&[Some("x, \"y\"\nsecond line"), Some("z")]));
    let windows = read_text("a,b\r\n1,\"x, \"\"y\"\"\nsecond line\"\r\n2,z\r\n");
    assert_eq!(windows.chunks, found.chunks, "CRLF");
    let no_last = read_text(unix.trim_end());
    assert_eq!(no_last.chunks, found.chunks, "no newline at the end");
    let marked = read_text(&format!("\u{feff}{unix}"));
    assert_eq!((marked.kinds(), &marked.chunks), (found.kinds(), &found.chunks), "byte order mark");
    let squeezed = read(&gzip(unix.as_bytes()), &options).expect("reads");
    assert_eq!(squeezed.chunks, found.chunks, "gzip");
    // Two gzip files end to end are one file, as `cat` makes them.
    let (head, tail) = unix.as_bytes().split_at(9);
    let joined = read(&[gzip(head), gzip(tail)].concat(), &options).expect("reads");
    assert_eq!(joined.chunks, found.chunks, "two gzip members");
}

#[test]
fn a_ragged_row_is_named_by_line_and_both_counts() {
    let remedy = "; mend the file, or import it with `malformed: quarantine`";
    // The quoted newline moves the line on, but not the row.
    assert_eq!(
        refused(b"a,b\n\"1\n\",2\n3\n"),
        format!("line 4: 1 fields, the header has 2{remedy}")
    );
    assert_eq!(refused(b"a,b\n1,2,3\n"), format!("line 2: 3 fields, the header has 2{remedy}"));
}

#[test]
fn a_bad_value_is_named_by_line_column_kind_and_remedy() {
    let options = declaring(&[("n", Kind::Int64), ("t", Kind::TimestampUs)]);
    assert_eq!(
        refused_with(b"n,t\n1,2013-01-01\n1.5,2013-01-01\n", &options),
        "line 3, column `n`: `1.5` is no int64; declare `schema: {n: utf8}`, add it to `null_values`, or set `malformed: quarantine`"
    );
    assert!(
        refused_with(b"n,t\n1,2013-02-29\n", &options)
            .starts_with("line 2, column `t`: `2013-02-29` is no timestamp-us; ")
    );
    // Of several bad values the first row is named, and of that the first column.
    assert!(refused_with(b"n,t\n1,x\ny,z\n", &options).starts_with("line 2, column `t`: `x`"));
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    assert!(
        refused(b"a,b\nx,1\ncaf\xe9,2\n")
            .starts_with("line 3, column `a`: `caf\u{fffd}` is no utf8; ")
    );
    assert_eq!(refused(b"caf\xe9,b\n1,2\n"), "the header is no schema: it is not UTF-8");
}

#[test]
fn a_header_that_is_no_schema() {
    assert_eq!(refused(b""), "the header is no schema: the file is empty");
    assert_eq!(refused(b"a,b,a\n1,2,3\n"), "the header is no schema: two columns are named `a`");
    assert_eq!(refused(b"a,,b\n1,2,3\n"), "the header is no schema: column 1 has no name");
}

#[test]
fn a_file_cut_short_says_so() {
    let rows: String = (0..5_000).map(|i| format!("{i},{}\n", i * 7919 % 1013)).collect();
    let whole = gzip(format!("a,b\n{rows}").as_bytes());
    for cut in [whole.len() / 2, whole.len() - 1, 5] {
        let message = refused(&whole[..cut]);
        assert!(message.contains("cut short"), "at {cut}: {message}");
    }
    let mut spoiled = whole;
    let at = spoiled.len() - 6;
    spoiled[at] ^= 1;
    assert!(refused(&spoiled).contains("checksum"), "{}", refused(&spoiled));
}

#[test]
fn quarantine_keeps_the_rows_and_the_reasons() {
    let options = refrain_data::IngestOptions {
        schema: declaring(&[("n", Kind::Int64)]).schema,
        ..quarantining()
    };
    let found = read(b"n,s\n1,a\nx,b\n2\n3,c\n4,\xff\n", &options).expect("reads");
    assert_eq!(found.column("n"), &ints(&[Some(1), Some(3)]));
    assert_eq!(found.column("s"), &texts(&[Some("a"), Some("c")]));
    let reasons: Vec<String> = found
        .quarantined
        .iter()
        .map(|row| format!("{}: {} {:?}", row.line, row.reason, row.fields))
        .collect();
    insta::assert_snapshot!(reasons.join("\n"), @r#"
    3: line 3, column `n`: `x` is no int64; declare `schema: {n: utf8}`, add it to `null_values`, or set `malformed: quarantine` ["x", "b"]
    4: 1 fields, the header has 2 ["2"]
    6: line 6, column `s`: `�` is no utf8; declare `schema: {s: utf8}`, add it to `null_values`, or set `malformed: quarantine` ["4", "�"]
    "#);
}

/// Nothing wrong is read as nothing there: the report is empty.
#[test]
fn a_clean_file_has_no_quarantine() {
    let found = read(b"a\n1\n", &quarantining()).expect("reads");
    assert_eq!((found.rows(), found.quarantined.len()), (vec![1], 0));
}

fn numbered(rows: usize) -> Vec<u8> {
    let mut file = b"n,half,word\n".to_vec();
    for row in 0..rows {
        file.extend_from_slice(format!("{row},{}.5,w{}\n", row, row % 7).as_bytes());
    }
    file
}

#[test]
fn rows_lie_in_chunks_of_one_size() {
    let sizes = [
        (0, vec![]),                  // a header alone
        (1, vec![1]),                 // one row
        (CHUNK - 1, vec![CHUNK - 1]), // one row short of a chunk
        (CHUNK, vec![CHUNK]),         // a whole chunk, and no empty one behind it
        (CHUNK + 1, vec![CHUNK, 1]),  // one row into the second chunk
        (2 * CHUNK, vec![CHUNK, CHUNK]),
    ];
    for (rows, expected) in sizes {
        let found = read(&numbered(rows), &IngestOptions::default()).expect("reads");
        assert_eq!(found.rows(), expected, "{rows} rows");
        let last = found.chunks.last().map(|chunk| {
            let refrain_domain::Values::Int64(values) = &chunk.columns[0].values else { panic!() };
            values[chunk.rows - 1]
        });
        assert_eq!(last, rows.checked_sub(1).map(|row| row as i64), "{rows} rows");
    }
}

/// A bad row leaves no hole: the rows around it lie as if it had never been there.
#[test]
fn quarantined_rows_do_not_move_the_edges_of_chunks() {
    let mut with_bad = numbered(CHUNK + 1);
    let at = with_bad.windows(6).position(|w| w == b"\n5,5.5").expect("row 5") + 1;
    with_bad.splice(at..at, *b"x,1.5,w\n1,2\n");
    let options = refrain_data::IngestOptions {
        schema: declaring(&[("n", Kind::Int64)]).schema,
        ..quarantining()
    };
    let found = read(&with_bad, &options).expect("reads");
    assert_eq!(found.quarantined.len(), 2);
    let clean = read(&numbered(CHUNK + 1), &options).expect("reads");
    assert_eq!(found.rows(), clean.rows());
    assert_eq!(found.chunks, clean.chunks);
}

#[test]
fn whoever_takes_the_rows_may_stop() {
    let file = numbered(3 * CHUNK);
    let mut taken = 0;
    let mut sink = |_: &_, _| {
        taken += 1;
        if taken == 2 { Err("the disk is full".to_owned()) } else { Ok(()) }
    };
    let options = IngestOptions::default();
    let result = refrain_data::ingest(source("rows.csv", &file), &options, &mut sink, &mut |_| ());
    assert_eq!(result.map(|_| ()).expect_err("stopped").to_string(), "the disk is full");
    assert_eq!(taken, 2);
}

/// The line is that of the row, not that of the empty lines or line ends before it.
#[test]
fn lines_are_counted_as_editors_count_them() {
    for file in ["a,b\n\n\n1,2\n\n3\n", "a,b\r\n\r\n\r\n1,2\r\n\r\n3\r\n", "\n\n\na,b\n1,2\n3"] {
        assert!(
            refused(file.as_bytes()).starts_with("line 6: 1 fields"),
            "{file:?}: {}",
            refused(file.as_bytes())
        );
    }
}

#[test]
fn a_quote_left_open_is_found_before_memory_is_full() {
    let mut file = b"a,b\n1,\"2\n".to_vec();
    file.resize(20 << 20, b'x');
    assert_eq!(
        refused(&file),
        "line 3: the row goes on, more than the limit of 16 MiB; is a quote left open?"
    );
    // A header that wide is no header either.
    let wide = "c,".repeat(9 << 20);
    assert!(refused(wide.as_bytes()).contains("more than the limit of"));
}

/// More fields than room was made for, and longer ones.
#[test]
fn wide_and_long_rows_are_read_whole() {
    let names: Vec<String> = (0..1_000).map(|i| format!("c{i}")).collect();
    let long = "x".repeat(200_000);
    let row: Vec<String> =
        (0..1_000).map(|i| if i == 500 { long.clone() } else { i.to_string() }).collect();
    let file = format!("{}\n{}\n{}\n", names.join(","), row.join(","), row.join(","));
    let found = read(file.as_bytes(), &IngestOptions::default()).expect("reads");
    assert_eq!(found.column("c999"), &ints(&[Some(999), Some(999)]));
    assert_eq!(found.column("c500"), &texts(&[Some(&long), Some(&long)]));
}
