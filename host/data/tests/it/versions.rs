//! Dataset versions: what an import records, what an append shares, what a diff tells.

use refrain_data::{
    Blocks, DatasetVersion, Expectation, ImportError, IngestOptions, MemoryBlocks, Provenance,
    Request, append,
};
use refrain_domain::gate::Verdict;
use refrain_domain::{Digest, Table, to_canonical};

use crate::support::{declaring, quarantining, source};

#[derive(Default)]
struct Import<'a> {
    options: IngestOptions,
    event_time: Option<&'a str>,
    expectations: Vec<Expectation>,
}

impl Import<'_> {
    fn run(
        &self,
        file: &str,
        parent: Option<&DatasetVersion>,
        blocks: &MemoryBlocks,
    ) -> Result<DatasetVersion, ImportError> {
        let request = Request {
            name: "rows",
            event_time: self.event_time,
            options: &self.options,
            expectations: &self.expectations,
            provenance: Provenance {
                source: Digest::of(file.as_bytes()),
                file: "rows.csv".into(),
                importer: "test".into(),
                parameters: serde_json::Value::Null,
                rows: 0,
            },
        };
        let source = source("rows.csv", file.as_bytes());
        match parent {
            None => refrain_data::import(source, &request, blocks, &mut |_| ()),
            Some(parent) => {
                let bytes = to_canonical(parent).expect("canonical");
                let parent = (Digest::of(&bytes), parent);
                append(source, &request, parent, blocks, &mut |_| ())
            }
        }
    }
}

fn import(file: &str, blocks: &MemoryBlocks) -> DatasetVersion {
    Import::default().run(file, None, blocks).expect("imports")
}

fn refused(
    import: &Import<'_>,
    file: &str,
    parent: Option<&DatasetVersion>,
    blocks: &MemoryBlocks,
) -> String {
    import.run(file, parent, blocks).map(|_| ()).expect_err("refused").to_string()
}

fn table(version: &DatasetVersion, blocks: &MemoryBlocks) -> Table {
    serde_json::from_slice(&blocks.get(&version.table).expect("a table")).expect("a table")
}

/// By hand: of 1, 2, 3, 4, 10 the mean is 4, the squares around it are 9 + 4 + 1 + 0 + 36 = 50,
/// over 5 rows 10. Nearest ranks of a sorted sample of five: 0.25 → 1, 0.5 → 2, 0.95 → 4.
#[test]
fn statistics_are_those_of_a_pencil() {
    let blocks = MemoryBlocks::default();
    let file = "n,s,b,t\n3,x,true,2013-01-02\n1,y,false,2013-01-01\nNA,x,true,2013-01-04\n10,NA,true,NA\n2,z,NA,2013-01-03\n4,x,true,2013-01-03\n";
    let version = import(file, &blocks);
    let n = &version.statistics["n"];
    assert_eq!((n.count, n.nulls, n.min, n.max), (6, 1, Some(1.0), Some(10.0)));
    assert_eq!((n.mean, n.deviation), (Some(4.0), Some(10_f64.sqrt())));
    let quantile = |name: &str| n.quantiles[name];
    assert_eq!(
        [quantile("p01"), quantile("p25"), quantile("p50"), quantile("p95")],
        [1.0, 2.0, 3.0, 10.0]
    );
    // Bins of (10 - 1) / 20 = 0.45: 1 → 0, 2 → 2, 3 → 4, 4 → 6, 10 → the last.
    let mut bins = vec![0; 20];
    [0, 2, 4, 6, 19].into_iter().for_each(|bin: usize| bins[bin] = 1);
    assert_eq!(n.histogram, bins);
    let s = &version.statistics["s"];
    let top: Vec<(&str, u64)> = s.top_values.iter().map(|t| (t.value.as_str(), t.count)).collect();
    assert_eq!((s.distinct, s.nulls, top), (Some(3), 1, vec![("x", 3), ("y", 1), ("z", 1)]));
    let b = &version.statistics["b"];
    assert_eq!((b.distinct, b.nulls, b.top_values[0].count), (Some(2), 1, 4));
    let t = &version.statistics["t"];
    let day = |day: f64| Some(1_356_998_400_000_000.0 + day * 86_400_000_000.0);
    assert_eq!((t.min, t.max, t.mean), (day(0.0), day(3.0), None), "a mean moment says nothing");
}

/// The mean of 100,000 rows in four chunks is that of the whole, to the last digits.
#[test]
fn statistics_merge_over_chunks() {
    let blocks = MemoryBlocks::default();
    let value = |row: u64| (row * 7919 % 100_003) as f64 / 8.0;
    let rows: String = (0..100_000).map(|row| format!("{}\n", value(row))).collect();
    let found = &import(&format!("x\n{rows}"), &blocks).statistics["x"];
    let mean = (0..100_000).map(value).sum::<f64>() / 1e5;
    let variance = (0..100_000).map(|row| (value(row) - mean).powi(2)).sum::<f64>() / 1e5;
    let close = |found: Option<f64>, expected: f64| {
        (found.expect("a number") / expected - 1.0).abs() < 1e-12
    };
    assert!(close(found.mean, mean), "{:?} {mean}", found.mean);
    assert!(close(found.deviation, variance.sqrt()));
    // Uniform numbers: quantiles within about one percentile of the range.
    assert!((found.quantiles["p50"] / 12_500.0 - 0.5).abs() < 0.01, "{:?}", found.quantiles);
}

#[test]
fn nothing_to_train_on_is_no_dataset() {
    let blocks = MemoryBlocks::default();
    let expected = "the file has no rows: there is nothing to train on";
    assert_eq!(refused(&Import::default(), "a,b\n", None, &blocks), expected);
    assert_eq!(
        refused(&Import::default(), "", None, &blocks),
        "the header is no schema: the file is empty"
    );
}

#[test]
fn an_append_shares_every_chunk() {
    let blocks = MemoryBlocks::default();
    let timed = Import { event_time: Some("t"), ..Import::default() };
    let first = timed.run("n,t\n1,2013-01-02\n2,2013-01-03\n", None, &blocks).expect("imports");
    let second = timed.run("n,t\n3,2013-01-01\n", Some(&first), &blocks).expect("appends");
    let (before, after) = (table(&first, &blocks), table(&second, &blocks));
    assert_eq!(after.chunks[..1], before.chunks[..]);
    assert_eq!((after.schema, second.rows, after.chunks.len()), (before.schema, 3, 2));
    let parent = Digest::of(&to_canonical(&first).expect("canonical"));
    assert_eq!(second.parent, Some(parent));
    assert_eq!(second.provenance.iter().map(|p| p.rows).collect::<Vec<_>>(), [2, 1]);
    let day = 1_356_998_400_000_000;
    let range = second.event_time.expect("times");
    assert_eq!((range.min_us, range.max_us), (day, day + 2 * 86_400_000_000));
    let n = &second.statistics["n"];
    assert_eq!((n.count, n.mean, n.deviation), (3, Some(2.0), Some((2.0_f64 / 3.0).sqrt())));
}

/// Whoever appends need not say again which column tells the time, and cannot say another.
#[test]
fn an_append_keeps_the_event_time() {
    let blocks = MemoryBlocks::default();
    let (untimed, day) = (Import::default(), 1_356_998_400_000_000);
    let timed = |column| Import { event_time: Some(column), ..Import::default() };
    let first = timed("t").run("n,t,u\n1,2013-01-01,2013-01-01\n", None, &blocks).expect("imports");
    let second = untimed.run("n,t,u\n2,2013-01-03,NA\n", Some(&first), &blocks).expect("appends");
    let range = second.event_time.as_ref().expect("times");
    assert_eq!((range.column.as_str(), range.max_us), ("t", day + 2 * 86_400_000_000));
    assert_eq!(
        refused(&timed("u"), "n,t,u\n3,2013-01-04,2013-01-04\n", Some(&second), &blocks),
        "`event_time: u`: the versions before have `t`; leave it out"
    );
    let without = import("n,t\n1,2013-01-01\n", &blocks);
    assert_eq!(
        refused(&timed("t"), "n,t\n3,2013-01-04\n", Some(&without), &blocks),
        "`event_time: t`: the versions before have none; leave it out, or import them anew"
    );
}

/// New rows are read as the dataset's kinds, not as they alone would look.
#[test]
fn an_append_takes_the_kinds_of_the_dataset() {
    let blocks = MemoryBlocks::default();
    let first = import("x,s\n1.5,a\n", &blocks);
    let second = Import::default().run("x,s\n2,3\n", Some(&first), &blocks).expect("appends");
    assert_eq!(table(&second, &blocks).schema, table(&first, &blocks).schema);
    let fails = |file: &str| refused(&Import::default(), file, Some(&first), &blocks);
    assert!(fails("x,s\nhigh,a\n").starts_with("line 2, column `x`: `high` is no float64; "));
    assert!(
        fails("x\n1\n").starts_with("the schema declares column `s`, which the file does not have")
    );
    assert!(
        fails("x,s,more\n1,a,2\n")
            .starts_with("the file does not fit the dataset: 2 columns before, 3 now")
    );
    assert!(fails("s,x\na,1\n").contains("column `x` (float64) before, `s` (utf8) now"));
}

#[test]
fn event_times_must_be_there() {
    let blocks = MemoryBlocks::default();
    let fails = |column, file: &str| {
        refused(&Import { event_time: Some(column), ..Import::default() }, file, None, &blocks)
    };
    assert_eq!(fails("t", "a\n1\n"), "`event_time: t`: the file has no such column");
    assert_eq!(fails("a", "a\n1\n"), "`event_time: a`: the column is int64, not timestamp-us");
    let declared = Import {
        event_time: Some("t"),
        options: declaring(&[("t", refrain_domain::Kind::TimestampUs)]),
        ..Import::default()
    };
    let message = refused(&declared, "a,t\n1,NA\n", None, &blocks);
    assert_eq!(message, "`event_time: t`: every value is missing");
}

#[test]
fn quarantine_is_an_artifact_of_its_own() {
    let blocks = MemoryBlocks::default();
    let import = Import { options: quarantining(), ..Import::default() };
    let version = import.run("a,b\n1,2\n3\n", None, &blocks).expect("imports");
    let quarantine = version.quarantine.expect("one row");
    let text = blocks.get(&quarantine.artifact).expect("kept");
    assert_eq!(quarantine.rows, 1);
    assert_eq!(
        String::from_utf8_lossy(&text),
        "{\"fields\":[\"3\"],\"line\":3,\"reason\":\"1 fields, the header has 2\"}\n"
    );
    let all_bad = refused(&import, "a,b\n1\n2\n", None, &blocks);
    assert_eq!(
        all_bad,
        "all 2 rows are malformed, the first on line 2: 1 fields, the header has 2"
    );
}

#[test]
fn equal_files_make_equal_versions_and_equal_rows_equal_tables() {
    let (one, two) = (MemoryBlocks::default(), MemoryBlocks::default());
    let plain = import("a,b\n1,x\n2,\n", &one);
    assert_eq!(plain, import("a,b\n1,x\n2,\n", &two));
    assert_eq!(plain.table, import("a,b\r\n1,\"x\"\r\n2,NA\r\n", &two).table);
}

#[test]
fn a_diff_tells_chunks_schema_and_statistics_apart() {
    let blocks = MemoryBlocks::default();
    let first = import("a,b\n1,x\n2,y\n", &blocks);
    let second = Import::default().run("a,b\n3,x\n", Some(&first), &blocks).expect("appends");
    let diff = |a: &DatasetVersion, b: &DatasetVersion| {
        refrain_data::diff((a, &table(a, &blocks)), (b, &table(b, &blocks)))
    };
    let found = diff(&first, &second);
    assert_eq!((found.rows, found.schema.as_deref()), ([2, 3], None));
    assert_eq!((found.chunks_shared, found.chunks_removed, found.chunks_added), (1, 0, 1));
    assert_eq!(found.statistics.keys().collect::<Vec<_>>(), ["a", "b"]);
    let same = diff(&first, &first);
    assert!(same.statistics.is_empty() && same.chunks_added == 0 && same.chunks_removed == 0);
    let other = import("a,c\n1,x\n2,y\n", &blocks);
    let found = diff(&first, &other);
    assert_eq!(found.schema.as_deref(), Some("column `b` (utf8) before, `c` (utf8) now"));
    // A renamed column keeps its blocks, and so its chunk.
    assert_eq!((found.chunks_shared, found.chunks_removed), (1, 0));
    assert!(found.statistics["b"][1].is_none() && found.statistics["c"][0].is_none());
}

#[test]
fn expectations_pass_fail_or_stay_open() {
    let blocks = MemoryBlocks::default();
    let text = r#"[
        {"not_null": {"column": "n"}},
        {"not_null": {"column": "n", "max_share": 0.5}},
        {"in_range": {"column": "n", "min": 0, "max": 10}},
        {"in_range": {"column": "n", "max": 2}},
        {"in_range": {"column": "s", "max": 2}},
        {"in_set": {"column": "s", "values": ["x", "y"]}},
        {"in_set": {"column": "s", "values": ["x"]}},
        {"row_count": {"min": 3, "max": 3}},
        {"row_count": {"min": 4}},
        {"not_null": {"column": "gone"}}
    ]"#;
    let expectations: Vec<Expectation> = serde_json::from_str(text).expect("expectations");
    let import = Import { expectations, ..Import::default() };
    let version = import.run("n,s\n1,x\nNA,y\n3,x\n", None, &blocks).expect("imports");
    let verdicts: Vec<Verdict> = version.quality.iter().map(|result| result.verdict).collect();
    use Verdict::{Fail, Inconclusive, Pass};
    assert_eq!(
        verdicts,
        [Fail, Pass, Pass, Fail, Inconclusive, Pass, Fail, Pass, Fail, Inconclusive]
    );
    assert_eq!(version.quality[0].observed, "0.3333 of the rows are null");
    assert_eq!(version.quality[6].observed, "`y` on 1 rows");
}

#[test]
fn unique_keys_are_looked_for_in_all_versions() {
    let blocks = MemoryBlocks::default();
    let text = r#"[
        {"unique": {"columns": ["id"]}},
        {"unique": {"columns": ["a", "id"]}},
        {"unique": {"columns": ["gone"]}}
    ]"#;
    let expectations: Vec<Expectation> = serde_json::from_str(text).expect("expectations");
    let import = Import { expectations, ..Import::default() };
    let first = import.run("id,a\n1,x\n2,x\nNA,x\nNA,x\n", None, &blocks).expect("imports");
    let told = |version: &DatasetVersion| -> Vec<(Verdict, String)> {
        version.quality.iter().map(|result| (result.verdict, result.observed.clone())).collect()
    };
    let gone = (Verdict::Inconclusive, "no rows of a column `gone`".to_owned());
    let pass = (Verdict::Pass, "2 keys, none of them twice".to_owned());
    assert_eq!(told(&first), [pass.clone(), pass, gone.clone()]);
    let second = import.run("id,a\n3,x\n2,y\n", Some(&first), &blocks).expect("appends");
    let twice = (Verdict::Fail, "`2` stands in rows 2 and 6".to_owned());
    let pass = (Verdict::Pass, "4 keys, none of them twice".to_owned());
    assert_eq!(told(&second), [twice, pass, gone]);
}

/// A million keys are remembered; with one more the answer is open.
#[test]
fn unique_is_open_beyond_its_bound() {
    let blocks = MemoryBlocks::default();
    let expectations = vec![Expectation::Unique { columns: vec!["n".into()] }];
    let import = Import { expectations, ..Import::default() };
    for (rows, expected) in [(1_000_000, Verdict::Pass), (1_000_001, Verdict::Inconclusive)] {
        let file: String = (0..rows).map(|row| format!("{row}\n")).collect();
        let version = import.run(&format!("n\n{file}"), None, &blocks).expect("imports");
        assert_eq!(version.quality[0].verdict, expected, "{rows}");
    }
}

#[test]
fn freshness_is_seen_from_the_moment_that_is_given() {
    let blocks = MemoryBlocks::default();
    let fresh = |column: &str, as_of: &str, max_age_s: u64| Expectation::Freshness {
        column: column.into(),
        as_of: as_of.into(),
        max_age_s,
    };
    let expectations = vec![
        fresh("t", "2013-01-02T00:00:01Z", 1), // exactly as old as it may be
        fresh("t", "2013-01-02T00:00:02Z", 1), // a second older
        fresh("t", "2012-01-01T00:00:00Z", 0), // from before: nothing is stale
        fresh("n", "2013-01-02T00:00:00Z", 0),
        fresh("gone", "2013-01-02T00:00:00Z", 0),
    ];
    let import = Import { expectations, ..Import::default() };
    let file = "n,t\n1,2013-01-02\n2,2013-01-01\n3,NA\n";
    let version = import.run(file, None, &blocks).expect("imports");
    let verdicts: Vec<Verdict> = version.quality.iter().map(|result| result.verdict).collect();
    use Verdict::{Fail, Inconclusive, Pass};
    assert_eq!(verdicts, [Pass, Fail, Pass, Inconclusive, Inconclusive]);
    assert_eq!(version.quality[1].observed, "the latest is 2013-01-02T00:00:00Z, 2 s before");
    let text = r#"{"freshness": {"column": "t", "as_of": "yesterday", "max_age_s": 1}}"#;
    let error = serde_json::from_str::<Expectation>(text).expect_err("no moment");
    assert!(error.to_string().starts_with("`yesterday` is no moment: write "), "{error}");
}
