use super::*;
use refrain_sdk::testing::{Table, transform};
use refrain_sdk::{Column, Kind};
use serde_json::{Value, json};

const GOLDEN: &str = include_str!("../golden/golden.json");

const SALT: &str = "0123456789abcdef";

fn column_of(kind: &str, value: &Value) -> Column {
    match kind {
        "int" => Column::int64(vec![value.as_i64().unwrap()]),
        "text" => Column::utf8([value.as_str().unwrap()]),
        _ => Column::binary([value.as_str().unwrap().as_bytes()]),
    }
}

#[test]
fn agrees_with_the_reference_implementation() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 40);
    for case in cases {
        let column = column_of(case["kind"].as_str().unwrap(), &case["value"]);
        let table = Table::new(vec![("id", column)]);
        let hashed = |rest: Value, name: &str| {
            let mut params = json!({ "columns": ["id"], "salt": case["salt"] });
            params.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            let output = transform::<HashIdentifier>(&params.to_string(), &table).unwrap();
            output.column(name).clone()
        };
        let hex = case["hex"].as_str().unwrap();
        assert_eq!(hashed(json!({}), "id_hash"), Column::utf8([hex]));
        let int = case["int64"].as_i64().unwrap();
        assert_eq!(hashed(json!({ "output": "int64" }), "id_hash"), Column::int64(vec![int]));
        let buckets = json!({ "output": "bucket", "n_buckets": golden["n_buckets"] });
        let bucket = case["bucket"].as_i64().unwrap();
        assert_eq!(hashed(buckets, "id_bucket"), Column::int64(vec![bucket]));
    }
}

fn sample() -> Table {
    Table::new(vec![
        ("email", Column::utf8_opt([Some("a@x"), None, Some("")])),
        ("delay", Column::float64(vec![1.0, 2.0, 3.0])),
        ("account", Column::int64(vec![7, 7, 8])),
    ])
}

fn params(rest: &str) -> String {
    format!(r#"{{"columns":["account","email"],"salt":"{SALT}"{rest}}}"#)
}

#[test]
fn hashes_take_the_place_of_the_identifiers_and_nulls_stay() {
    let output = transform::<HashIdentifier>(&params(""), &sample()).unwrap();
    let fields: Vec<_> =
        output.schema.fields.iter().map(|f| (f.name.as_str(), f.kind, f.nullable)).collect();
    let expected = [
        ("email_hash", Kind::Utf8, true),
        ("delay", Kind::Float64, false),
        ("account_hash", Kind::Utf8, false),
    ];
    assert_eq!(fields, expected);
    let emails: Vec<_> = output.column("email_hash").strs().unwrap().collect();
    assert_eq!(emails[1], None);
    // An empty text is a value.
    assert!(emails[2].is_some_and(|hash| hash.len() == 32) && emails[0] != emails[2]);
    let accounts: Vec<_> = output.column("account_hash").strs().unwrap().collect();
    assert_eq!(accounts[0], accounts[1]);
    assert_ne!(accounts[0], accounts[2]);
}

#[test]
fn equal_values_join_across_columns_and_another_salt_breaks_the_link() {
    let table =
        Table::new(vec![("payer", Column::utf8(["x", "y"])), ("payee", Column::utf8(["y", "x"]))]);
    let hashes = |salt: &str, name: &str| {
        let params = json!({ "columns": ["payer", "payee"], "salt": salt }).to_string();
        let output = transform::<HashIdentifier>(&params, &table).unwrap();
        let texts = output.column(name).strs().unwrap();
        texts.map(|text| text.unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (payer, payee) = (hashes(SALT, "payer_hash"), hashes(SALT, "payee_hash"));
    assert_eq!((&payer[0], &payer[1]), (&payee[1], &payee[0]));
    assert_ne!(hashes("another salt, as long", "payer_hash"), payer);
    // A number is not its digits.
    let table = Table::new(vec![("a", Column::int64(vec![7])), ("b", Column::utf8(["7"]))]);
    let both = json!({ "columns": ["a", "b"], "salt": SALT }).to_string();
    let output = transform::<HashIdentifier>(&both, &table).unwrap();
    assert_ne!(output.column("a_hash"), output.column("b_hash"));
}

#[test]
fn buckets_are_in_range_and_alike_in_size() {
    let table = Table::new(vec![("id", Column::int64((0..10_000).collect()))]);
    let params =
        format!(r#"{{"columns":["id"],"salt":"{SALT}","output":"bucket","n_buckets":10}}"#);
    let output = transform::<HashIdentifier>(&params, &table).unwrap();
    let mut sizes = [0_u32; 10];
    for bucket in output.column("id_bucket").as_i64().unwrap() {
        sizes[*bucket as usize] += 1;
    }
    // Five standard deviations of a binomial of 10,000 at a tenth.
    assert!(sizes.iter().all(|size| size.abs_diff(1000) < 150), "{sizes:?}");
}

#[track_caller]
fn refuses(params: &str, message: &str) {
    assert_eq!(transform::<HashIdentifier>(params, &sample()), Err(Error::params(message)));
}

#[test]
fn says_what_is_wrong_with_the_parameters_and_never_the_salt() {
    refuses(r#"{"columns":["email"]}"#, "missing field `salt`");
    refuses(
        r#"{"columns":["email"],"salt":"hunter2"}"#,
        "parameter `salt` has 7 characters, and at least 16 are due: take random ones, and new \
         ones to make old hashes unlinkable",
    );
    refuses(
        &format!(r#"{{"columns":[],"salt":"{SALT}"}}"#),
        "parameter `columns` is empty: name the identifiers to hash",
    );
    refuses(
        &format!(r#"{{"columns":["delay"],"salt":"{SALT}"}}"#),
        "parameter `columns`: column `delay` is float64, and must be utf8 or int64 or binary",
    );
    refuses(
        &params(r#","output":"bucket""#),
        "parameter `n_buckets` is missing: `output: bucket` needs to know how many there are",
    );
    refuses(
        &params(r#","output":"bucket","n_buckets":1"#),
        "parameter `n_buckets` must be at least 2",
    );
    refuses(&params(r#","n_buckets":8"#), "parameter `n_buckets` goes with `output: bucket` alone");
    refuses(
        &params(r#","output":"md5""#),
        "parameter `output`: unknown variant `md5`, expected one of `hex`, `int64`, `bucket`",
    );
    let table = Table::new(vec![
        ("email", Column::utf8(["a"])),
        ("account", Column::int64(vec![1])),
        ("email_hash", Column::utf8(["b"])),
    ]);
    let message = "two columns of the output would be called `email_hash`: rename or drop the one \
                   in the input";
    let found = transform::<HashIdentifier>(&params(""), &table);
    assert_eq!(found, Err(Error::params(message)));
}
