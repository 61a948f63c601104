//! Files that are no data, and data that nothing can be learned from.

use refrain_testkit::{Refrain, small};

use super::{ends, says};

/// Imports a file, which must be refused for exactly this reason, and leave nothing behind.
#[track_caller]
fn is_refused(name: &str, bytes: &[u8], reason: &str) {
    let refrain = Refrain::new();
    refrain.write(name, bytes);
    says(&refrain, &["data", "import", "rows", name], &format!("error: {reason}\n"));
    assert_eq!(refrain.json(&["data", "list"])["datasets"], serde_json::json!([]));
    let server = refrain.serve(&[]);
    let parts = [("file", Some(name), bytes)];
    let answer = server.post("/v1/datasets/rows/versions").parts(&parts).send();
    let (status, code, detail) = answer.problem();
    assert_eq!((status, code.as_str()), (422, "unimportable-source"));
    assert_eq!(detail, reason, "over HTTP");
}

#[test]
fn a_row_with_too_few_fields() {
    is_refused(
        "rows.csv",
        b"a,b,c\n1,2,3\n4,5\n",
        "rows.csv: line 3: 2 fields, the header has 3; \
         mend the file, or import it with `malformed: quarantine`",
    );
}

#[test]
fn no_rows() {
    let nothing = "rows.csv: the file has no rows: there is nothing to train on";
    is_refused("rows.csv", b"a,b,c\n", nothing);
    is_refused("rows.csv", b"", "rows.csv: the header is no schema: the file is empty");
}

#[test]
fn a_value_of_another_kind() {
    let refrain = Refrain::new();
    refrain.write("rows.csv", "a,b\n1,2\n3,four\n");
    says(
        &refrain,
        &["data", "import", "rows", "rows.csv", "--kind", "b=int64"],
        "error: rows.csv: line 3, column `b`: `four` is no int64; declare `schema: {b: utf8}`, \
         add it to `null_values`, or set `malformed: quarantine`\n",
    );
    says(
        &refrain,
        &["data", "import", "rows", "rows.csv", "--kind", "b=integer"],
        "error: dataset `rows`, schema: column `b` cannot be `integer`: \
         use boolean, int64, float64, timestamp-us, utf8 or binary\n",
    );
    let import = |option: &str, value: &str, complaint: &str| {
        let arguments = ["data", "import", "rows", "rows.csv", option, value];
        says(&refrain, &arguments, &format!("error: rows.csv: {complaint}\n"));
    };
    let column = "the schema declares column `c`, which the file does not have; it has a, b";
    import("--kind", "c=int64", column);
    import("--event-time", "a", "`event_time: a`: the column is int64, not timestamp-us");
    import("--event-time", "c", "`event_time: c`: the file has no such column");
}

#[test]
fn parquet_cut_short() {
    let refrain = Refrain::new();
    refrain.write("rows.csv", small::rows_csv());
    refrain.json(&["data", "import", "rows", "rows.csv"]);
    refrain.json(&["data", "export", "rows", "-o", "rows.parquet"]);
    let whole = std::fs::read(refrain.path().join("rows.parquet")).expect("a file");
    let cut = "rows.parquet: the file is no readable Parquet: it is cut short, \
               or its writer did not close it: copy or write it again";
    is_refused("rows.parquet", &whole[..whole.len() / 2], cut);
    is_refused("rows.parquet", &whole[..100], cut);
    let mut damaged = whole.clone();
    damaged[whole.len() / 3] ^= 0xFF;
    refrain.write("damaged.parquet", damaged);
    let complaint = refrain.complaint(&["data", "import", "other", "damaged.parquet"]);
    assert!(complaint.starts_with("error: damaged.parquet: "), "{complaint}");
}

#[test]
fn labels_that_are_no_numbers() {
    let mut csv = "x,z\n".to_owned();
    for row in 0..100 {
        let label = if row == 41 { "NaN".to_owned() } else { format!("{row}.5") };
        csv += &format!("{row},{label}\n");
    }
    let refrain = Refrain::new();
    refrain.write("rows.csv", csv);
    refrain.write(
        "pipeline.yaml",
        "pipeline: nan\n\
         inputs: {rows: {dataset: rows, path: rows.csv, schema: {z: float64}}}\n\
         steps:\n  model: {plugin: linear-regression@^0.1, input: rows, params: {label: z}}\n",
    );
    ends(
        &refrain,
        "failed",
        "step `model`, pass-part[0]: invalid-input: label `z` is NaN or infinite in row 41 of its chunk: \
         filter such rows out",
    );
}
