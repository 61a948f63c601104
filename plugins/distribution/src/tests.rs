use super::*;
use refrain_sdk::drift::{Instance, Verdict};
use refrain_sdk::rng::Rng;
use refrain_sdk::serde::Deserialize;
use refrain_sdk::testing::{Table, drift_in_parts};
use refrain_sdk::{Column, serde_json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
struct Golden {
    cases: Vec<Case>,
    /// Rows, rows, D, probability.
    asymptotic: Vec<(u64, u64, f64, f64)>,
    tails: Tails,
}

#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
struct Tails {
    chi_square: Vec<(f64, f64, f64)>,
    normal: Vec<(f64, f64)>,
}

#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
struct Case {
    name: String,
    kind: String,
    reference: WindowRows,
    current: WindowRows,
    values: BTreeMap<String, f64>,
    tests: BTreeMap<String, (f64, f64)>,
    evidently: Evidently,
}

#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde", untagged)]
enum WindowRows {
    Numbers(Vec<f64>),
    Categories(BTreeMap<String, usize>),
}

#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
struct Evidently {
    measure: String,
    score: f64,
    drifted: bool,
    threshold: f64,
}

impl WindowRows {
    fn table(&self) -> Table {
        let column = match self {
            Self::Numbers(numbers) => Column::float64(numbers.clone()),
            Self::Categories(counts) => {
                let texts = counts.iter().flat_map(|(text, n)| std::iter::repeat_n(text, *n));
                Column::utf8(texts)
            }
        };
        Table::new(vec![("x", column)])
    }
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/golden.json")).unwrap()
}

fn drift(params: &str, reference: &Table, current: &Table, n_rows: usize) -> Vec<Score> {
    drift_in_parts::<Distribution>(params, reference, current, n_rows).unwrap()
}

#[track_caller]
fn close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let off = (found - expected).abs();
    assert!(off <= tolerance * expected.abs().max(1e-12), "{what}: {found} {expected}");
}

#[test]
fn agrees_with_scipy() {
    for case in golden().cases {
        let names: Vec<_> = case.values.keys().chain(case.tests.keys()).collect();
        let params =
            serde_json::json!({ case.kind.clone(): names, "min_rows": 1, "max_categories": 50 });
        let (reference, current) = (case.reference.table(), case.current.table());
        let scores = drift(&params.to_string(), &reference, &current, 77);
        assert_eq!(scores.len(), names.len());
        for score in scores {
            let what = format!("{} {}", case.name, score.measure);
            let value = score.value.expect(&what);
            match case.tests.get(&score.measure) {
                // A sum of logarithms of nearly equal shares, and its root: digits are lost.
                None if value.abs() < 1e-7 => close(&what, value + 1.0, 1.0, 2e-8),
                None => close(&what, value, case.values[&score.measure], 1e-9),
                Some((statistic, probability)) => {
                    close(&what, value + 1.0, statistic + 1.0, 1e-12);
                    close(&what, score.p_value.unwrap(), *probability, 1e-9);
                }
            }
        }
    }
}

#[test]
fn chooses_as_evidently_does_and_finds_the_same() {
    for case in golden().cases {
        let (reference, current) = (case.reference.table(), case.current.table());
        let scores = drift(r#"{"min_rows":1}"#, &reference, &current, usize::MAX);
        let [score] = &scores[..] else { panic!("{}: {scores:?}", case.name) };
        let expected = &case.evidently;
        assert_eq!(score.measure, expected.measure, "{}", case.name);
        assert_eq!(score.threshold, expected.threshold, "{}", case.name);
        let drifted = score.verdict == Verdict::Drifted;
        assert_eq!(drifted, expected.drifted, "{}", case.name);
        match score.measure.as_str() {
            // Evidently takes the reference for the truth; here it is a sample, too.
            "chi_square" => assert!(score.p_value.unwrap() >= expected.score),
            // 1 - cdf(z) has lost digits.
            _ => {
                close(&case.name, score.p_value.or(score.value).unwrap(), expected.score, 1e-9);
            }
        }
    }
}

#[test]
fn tails_agree_with_scipy() {
    let golden = golden();
    for (x, freedom, expected) in golden.tails.chi_square {
        let found = special::chi_square_tail(x, freedom);
        // What is far below any threshold is compared by digits all the same, while there are any.
        close(&format!("chi_square {x} {freedom}"), found, expected, 2e-11);
    }
    for (z, expected) in golden.tails.normal {
        close(&format!("normal {z}"), special::normal_two_tails(z), expected, 1e-13);
    }
    for (n, m, d, expected) in golden.asymptotic {
        let found = ks::asymptotic(n, m, d);
        assert!((found - expected).abs() < 2e-5, "{n} {m} {d}: {found} {expected}");
    }
}

/// Nulls, NaN, ties, many numbers, few texts, booleans.
fn mixed(seed: u64, n: usize) -> Table {
    let mut rng = Rng::new(seed);
    let shift = seed as f64 / 10.0;
    let mut numbers = |null: usize| {
        let number = |_| (rng.below(null) > 0).then(|| rng.next_f64() + shift);
        (0..n).map(number).collect::<Vec<_>>()
    };
    let smooth = numbers(9);
    let with_nan = numbers(1000).into_iter().map(|x| x.unwrap_or(f64::NAN)).collect();
    Table::new(vec![
        ("smooth", Column::float64_opt(smooth)),
        ("at", Column::timestamp_us(vec![0; n])),
        ("whole", Column::int64((0..n).map(|_| rng.below(30) as i64 - 3).collect())),
        ("nan", Column::float64(with_nan)),
        ("text", Column::utf8_opt((0..n).map(|_| [Some("a"), Some("b"), None][rng.below(3)]))),
        ("night", Column::boolean((0..n).map(|_| rng.below(4) == 0))),
    ])
}

const ALL: &str = r#"{"numeric":["psi","ks","wasserstein","jensen_shannon","hellinger",
    "total_variation","l_infinity","chi_square","z_test"],
    "categorical":["psi","jensen_shannon","chi_square","z_test"],"correction":"bonferroni"}"#;

#[test]
fn parts_merged_in_any_order_are_the_fold_bit_for_bit() {
    let (reference, current) = (mixed(1, 700), mixed(3, 500));
    let whole = format!("{:?}", drift(ALL, &reference, &current, usize::MAX));
    for n_rows in [1, 7, 499, 500, 700] {
        assert_eq!(format!("{:?}", drift(ALL, &reference, &current, n_rows)), whole, "{n_rows}");
    }
    let description = Instance::<Distribution>::describe(ALL, &reference.schema).unwrap();
    assert_eq!(description.reads, [0, 2, 3, 4, 5]);
    let start = || {
        let mut fold = Instance::<Distribution>::default();
        fold.start(ALL, &reference.select(&description.reads).schema).unwrap();
        fold
    };
    let mut parts = Vec::new();
    for (window, table) in [(Window::Reference, &reference), (Window::Current, &current)] {
        for batch in table.select(&description.reads).batches(64) {
            let mut part = start();
            part.update(window, batch).unwrap();
            parts.push(part.save().unwrap());
        }
    }
    let (mut forth, mut back) = (start(), start());
    parts.iter().for_each(|part| forth.merge(part).unwrap());
    parts.iter().rev().for_each(|part| back.merge(part).unwrap());
    let saved = forth.save().unwrap();
    assert_eq!(saved, back.save().unwrap());
    // A fresh fold that merges is the fold that was saved.
    let mut again = start();
    again.merge(&saved).unwrap();
    assert_eq!(again.save().unwrap(), saved);
    assert!(again.merge(&saved[1..]).is_err());
    assert_eq!(format!("{:?}", back.finish().unwrap()), whole);
}

#[test]
fn missing_values_are_measured_on_their_own() {
    let column = |n_null: usize| {
        let value = |i| (i >= n_null).then_some(f64::from((i % 40) as u8));
        Table::new(vec![("x", Column::float64_opt((0..400).map(value)))])
    };
    let scores = drift("{}", &column(0), &column(100), 64);
    let [value, null] = &scores[..] else { panic!("{scores:?}") };
    assert_eq!((value.measure.as_str(), value.n_current), ("ks", 300));
    assert_eq!((null.measure.as_str(), null.value), ("null_share", Some(0.25)));
    assert_eq!((null.verdict, null.threshold), (Verdict::Drifted, 0.1));
    // Without any value left, the share alone can tell.
    let scores = drift(r#"{"numeric":"psi"}"#, &column(0), &column(400), 64);
    let [value, null] = &scores[..] else { panic!("{scores:?}") };
    assert_eq!((value.value, value.verdict), (None, Verdict::Inconclusive));
    assert_eq!((null.value, null.verdict), (Some(1.0), Verdict::Drifted));
}

#[test]
fn few_rows_and_windows_without_any_are_inconclusive() {
    let rows = |n: usize| Table::new(vec![("x", Column::int64((0..n as i64).collect()))]);
    let verdict = |params: &str, n| drift(params, &rows(500), &rows(n), 64)[0].clone();
    assert_eq!(verdict("{}", 99).verdict, Verdict::Inconclusive);
    assert!(verdict("{}", 99).p_value.unwrap() < 1e-9);
    assert_eq!(verdict("{}", 100).verdict, Verdict::Drifted);
    assert_eq!(verdict(r#"{"min_rows":99}"#, 99).verdict, Verdict::Drifted);
    let none = verdict(r#"{"min_rows":0}"#, 0);
    assert_eq!((none.value, none.verdict), (None, Verdict::Inconclusive));
}

#[test]
fn too_many_texts_are_inconclusive() {
    let texts = |n: usize| Table::new(vec![("id", Column::utf8((0..n).map(|i| i.to_string())))]);
    let score = &drift("{}", &texts(70_000), &texts(1_000), 32_768)[0];
    assert_eq!(score.measure, "jensen_shannon");
    assert_eq!((score.value, score.verdict), (None, Verdict::Inconclusive));
    assert_eq!(score.n_reference, 70_000);
}

#[test]
fn corrects_the_thresholds_of_tests() {
    // Probabilities of about 0.0003, 0.012, 0.033 and 0.52.
    let share = |n: usize| Column::boolean((0..1000).map(move |i| i < n));
    let columns = |n: [usize; 4]| {
        let names = ["a", "b", "c", "d"];
        Table::new(names.into_iter().zip(n.map(share)).collect())
    };
    let reference = columns([500, 500, 500, 500]);
    let current = columns([581, 556, 547, 514]);
    let judged = |correction: &str| {
        let params = format!(r#"{{"correction":"{correction}"}}"#);
        let scores = drift(&params, &reference, &current, 1000);
        assert!(scores.iter().all(|score| score.measure == "z_test"));
        let drifted = scores.iter().filter(|score| score.verdict == Verdict::Drifted).count();
        (drifted, scores[0].threshold)
    };
    assert_eq!(judged("none"), (3, 0.05));
    assert_eq!(judged("bonferroni"), (2, 0.0125));
    assert_eq!(judged("benjamini_hochberg"), (3, 0.05 * 0.75));
}

#[test]
fn measures_and_thresholds_go_by_kind_column_and_measure() {
    let (reference, current) = (mixed(1, 300), mixed(2, 300));
    let params = r#"{"columns":["text","whole","smooth"],"numeric":["psi","ks"],
        "by_column":{"whole":"l_infinity"},"thresholds":{"psi":0.2,"null_share":0.3}}"#;
    let scores = drift(params, &reference, &current, 300);
    let seen: Vec<_> =
        scores.iter().map(|s| (s.column.as_str(), s.measure.as_str(), s.threshold)).collect();
    let expected = [
        ("smooth", "psi", 0.2),
        ("smooth", "ks", 0.05),
        ("smooth", "null_share", 0.3),
        ("whole", "l_infinity", 0.1),
        ("text", "z_test", 0.05),
        ("text", "null_share", 0.3),
    ];
    assert_eq!(seen, expected);
}

#[track_caller]
fn refuses(params: &str, message: &str) {
    let found = Instance::<Distribution>::describe(params, &mixed(1, 1).schema).unwrap_err();
    assert_eq!(found, Error::params(message));
}

#[test]
fn says_what_is_wrong() {
    refuses(
        r#"{"columns":["smoth"]}"#,
        "parameter `columns`: no column `smoth` in the input; did you mean `smooth`?",
    );
    refuses(
        r#"{"columns":["at"]}"#,
        "parameter `columns`: column `at` is timestamp-us, and must be float64 or int64 or boolean \
         or utf8",
    );
    refuses(
        r#"{"columns":[]}"#,
        "there is no column to compare: `columns` has to name some that are float64, int64, \
         boolean or utf8",
    );
    refuses(
        r#"{"numeric":"kss"}"#,
        "parameter `numeric`: there is no measure `kss`; did you mean `ks`?",
    );
    refuses(r#"{"numeric":["ks","ks"]}"#, "parameter `numeric`: `ks` stands twice");
    refuses(
        r#"{"categorical":[]}"#,
        "parameter `categorical`: names no measure: write `auto`, or leave it out",
    );
    refuses(
        r#"{"numeric":"null_share"}"#,
        "parameter `numeric`: `null_share` is measured without being named",
    );
    let remedy = "needs float64 or int64; for categories take jensen_shannon, psi or chi_square";
    refuses(r#"{"categorical":"ks"}"#, &format!("parameter `categorical`: `ks` {remedy}"));
    refuses(
        r#"{"by_column":{"night":"wasserstein"}}"#,
        &format!("parameter `by_column.night`: `wasserstein` {remedy}"),
    );
    refuses(
        r#"{"columns":["night"],"by_column":{"text":"psi"}}"#,
        "parameter `by_column.text`: no column `text` in the input; there are `night`",
    );
    refuses(
        r#"{"thresholds":{"ks":5}}"#,
        "parameter `thresholds.ks` is 5, and must be above 0 and at most 1: it is a probability",
    );
    refuses(r#"{"max_categories":0}"#, "parameter `max_categories` is 0, and must be at least 1");
    let infinite = Table::new(vec![("x", Column::float64(vec![1.0, f64::INFINITY]))]);
    let found = drift_in_parts::<Distribution>("{}", &infinite, &infinite, 9).unwrap_err();
    let message = "column `x` holds an infinity: replace it, or leave the column out of `columns`";
    assert_eq!(found, Error::input(message));
}

#[test]
fn the_schema_names_every_parameter_and_its_default() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../params.schema.json")).unwrap();
    let defaults = schema["properties"].as_object().unwrap().iter();
    let params: serde_json::Map<_, _> =
        defaults.map(|(name, property)| (name.clone(), property["default"].clone())).collect();
    let params = serde_json::Value::Object(params).to_string();
    let (reference, current) = (mixed(1, 200), mixed(2, 200));
    let by_default = drift("{}", &reference, &current, 64);
    assert_eq!(drift(&params, &reference, &current, 64), by_default);
}
