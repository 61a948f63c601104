use super::*;
use refrain_sdk::testing::{Table, transform, transform_in_parts};

const GOLDEN: &str = include_str!("../golden/standardize.json");

#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
struct Case {
    params: serde_json::Value,
    input: Vec<Option<f64>>,
    output: Vec<Option<f64>>,
}

#[test]
fn agrees_with_scikit_learn_whole_and_in_parts() {
    for case in serde_json::from_str::<Vec<Case>>(GOLDEN).unwrap() {
        let table = Table::new(vec![
            ("x", Column::float64_opt(case.input.clone())),
            ("other", Column::utf8(case.input.iter().map(|_| "kept"))),
        ]);
        // Around a large mean, the last bits of the mean are all that z-scores can differ in.
        let largest = case.input.iter().flatten().fold(0.0_f64, |max, x| max.max(x.abs()));
        let tolerance = 1e-9 + 4.0 * f64::EPSILON * largest;
        for n_rows in [usize::MAX, 1, 7, 64] {
            let params = case.params.to_string();
            let output = transform_in_parts::<Standardize>(&params, &table, n_rows).unwrap();
            let found: Vec<_> = output.column("x").f64s().unwrap().collect();
            assert_eq!(found.len(), case.output.len());
            for (found, expected) in found.iter().zip(&case.output) {
                match (found, expected) {
                    (Some(x), Some(y)) => {
                        assert!((x - y).abs() <= tolerance * y.abs().max(1.0), "{x} {y}")
                    }
                    (found, expected) => assert_eq!(found, expected),
                }
            }
        }
    }
}

#[test]
fn keeps_order_and_nulls_and_turns_integers_into_floats() {
    let table = Table::new(vec![
        ("name", Column::utf8(["a", "b", "c"])),
        ("x", Column::int64_opt([Some(1), None, Some(3)])),
        ("y", Column::float64(vec![5.0, 5.0, 5.0])),
    ]);
    let output = transform::<Standardize>(r#"{"columns":["y","x"]}"#, &table).unwrap();
    let expected = Table::new(vec![
        ("name", Column::utf8(["a", "b", "c"])),
        ("x", Column::float64_opt([Some(-1.0), None, Some(1.0)])),
        ("y", Column::float64(vec![0.0; 3])),
    ]);
    assert_eq!(output, expected);
}

#[track_caller]
fn refuses(params: &str, message: &str) {
    let table =
        Table::new(vec![("dep_delay", Column::float64(vec![1.0])), ("tail", Column::utf8(["a"]))]);
    assert_eq!(transform::<Standardize>(params, &table), Err(Error::params(message)));
}

#[test]
fn says_what_is_wrong_with_the_parameters() {
    refuses(
        r#"{"columns":["dep_dely"]}"#,
        "no column `dep_dely` in the input; did you mean `dep_delay`?",
    );
    refuses(
        r#"{"columns":["tail"]}"#,
        "column `tail` is utf8, and must be float64 or int64 or boolean",
    );
    refuses(r#"{"columns":["dep_delay","dep_delay"]}"#, "column `dep_delay` is named twice");
    refuses(r#"{"columns":[]}"#, "`columns` is empty: name the columns to standardize");
    refuses(
        r#"{"columns":["dep_delay"],"with_men":true}"#,
        "unknown parameter `with_men`; did you mean `with_mean`?",
    );
}
