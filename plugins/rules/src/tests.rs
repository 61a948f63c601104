use super::*;
use Verdict::{Fire, Hold, Inconclusive};
use refrain_sdk::trigger::Instance;

fn number(name: &str, value: f64) -> Fact {
    Fact { name: name.to_owned(), value: FactValue::Number(value) }
}

fn fact(name: &str, value: FactValue) -> Fact {
    Fact { name: name.to_owned(), value }
}

/// What the host tells ten days and 25,000 rows after training.
fn facts() -> Vec<Fact> {
    vec![
        number("baseline.log_loss", 0.5),
        number("baseline.roc_auc", 0.695),
        fact("drift.column.carrier", FactValue::Boolean(false)),
        fact("drift.column.dep_delay", FactValue::Boolean(true)),
        fact("drift.columns", FactValue::Integer(7)),
        number("drift.share", 7.0 / 12.0),
        number("metric.log_loss", 0.53),
        number("metric.roc_auc", 0.6731),
        fact("model.exists", FactValue::Boolean(true)),
        fact("rows.since_training", FactValue::Integer(25_000)),
        fact("rows.total", FactValue::Integer(307_000)),
        fact("time.since_training", FactValue::Seconds(864_000.0)),
    ]
}

fn decide(params: &str, facts: &[Fact]) -> Decision {
    Instance::<Rules>::decide(params, facts).unwrap()
}

#[track_caller]
fn one(rule: &str, verdict: Verdict, text: &str, detail: &str) {
    let decision = decide(rule, &facts());
    let expected = Evidence { rule: text.to_owned(), verdict, detail: detail.to_owned() };
    assert_eq!(decision.evidence, [expected]);
    assert_eq!(decision.verdict, verdict);
}

#[test]
fn weighs_every_kind_of_rule() {
    let drift = "drift.share 0.5833 ≥ 0.5";
    one(r#"{"drift_share":0.5}"#, Fire, "drift.share ≥ 0.5", drift);
    one(r#"{"fact":"drift.share","at_least":0.5}"#, Fire, "drift.share ≥ 0.5", drift);
    one(r#"{"drift_columns":8}"#, Hold, "drift.columns ≥ 8", "drift.columns 7 < 8");
    let text = "drift.column.dep_delay is true";
    one(r#"{"drifted":"dep_delay"}"#, Fire, text, text);
    let text = "drift.column.carrier is true";
    one(r#"{"drifted":"carrier"}"#, Hold, text, "drift.column.carrier is false");
    let text = "rows.since_training ≥ 20000";
    one(r#"{"rows":20000}"#, Fire, text, "rows.since_training 25000 ≥ 20000");
    let text = "time.since_training ≥ 30d";
    one(r#"{"every":"30d"}"#, Hold, text, "time.since_training 10d < 30d");
    let text = "time.since_training ≤ 10d 12h";
    one(
        r#"{"fact":"time.since_training","at_most":"252h"}"#,
        Fire,
        text,
        "time.since_training 10d ≤ 10d 12h",
    );
    let text = "metric.roc_auc < 0.66";
    one(r#"{"metric":"roc_auc","below":0.66}"#, Hold, text, "metric.roc_auc 0.6731 ≥ 0.66");
    // Beside a bound that it would be rounded to, a value is not rounded.
    let text = "metric.roc_auc < 0.6731";
    let detail = "metric.roc_auc 0.6731 ≥ 0.6731";
    one(r#"{"metric":"roc_auc","below":0.6731}"#, Hold, text, detail);
    let text = "drift.share > 0.5833";
    let detail = "drift.share 0.5833333333333334 > 0.5833";
    one(r#"{"fact":"drift.share","above":0.5833}"#, Fire, text, detail);
}

#[test]
fn compares_metrics_with_the_baseline() {
    one(
        r#"{"metric":"roc_auc","drop":0.02}"#,
        Fire,
        "metric.roc_auc drops by at least 0.02",
        "metric.roc_auc 0.6731, baseline.roc_auc 0.695: a drop of 0.0219 ≥ 0.02",
    );
    one(
        r#"{"metric":"roc_auc","relative_drop":0.05}"#,
        Hold,
        "metric.roc_auc drops by at least 5 %",
        "metric.roc_auc 0.6731, baseline.roc_auc 0.695: a drop of 3.1511 % < 5 %",
    );
    one(
        r#"{"metric":"log_loss","rise":0.05}"#,
        Hold,
        "metric.log_loss rises by at least 0.05",
        "metric.log_loss 0.53, baseline.log_loss 0.5: a rise of 0.03 < 0.05",
    );
    one(
        r#"{"metric":"log_loss","relative_rise":0.05}"#,
        Fire,
        "metric.log_loss rises by at least 5 %",
        "metric.log_loss 0.53, baseline.log_loss 0.5: a rise of 6 % ≥ 5 %",
    );
    one(
        r#"{"metric":"f1","drop":0.05}"#,
        Inconclusive,
        "metric.f1 drops by at least 0.05",
        "metric.f1 is not known",
    );
    let from_zero = [number("metric.loss", 1.0), number("baseline.loss", 0.0)];
    let decision = decide(r#"{"metric":"loss","relative_rise":0.1}"#, &from_zero);
    assert_eq!(decision.verdict, Inconclusive);
    assert_eq!(
        decision.reason,
        "the facts do not tell: baseline.loss is 0, and nothing is relative to that"
    );
}

#[test]
fn follows_the_tables_of_kleene() {
    let rule = |verdict| match verdict {
        Fire => r#"{"rows":1}"#,
        Hold => r#"{"rows":1000000}"#,
        Inconclusive => r#"{"metric":"f1","below":1}"#,
    };
    let weight = |verdict| match verdict {
        Hold => 0,
        Inconclusive => 1,
        Fire => 2,
    };
    for a in [Fire, Hold, Inconclusive] {
        let not = decide(&format!(r#"{{"not":{}}}"#, rule(a)), &facts()).verdict;
        assert_eq!(weight(not), 2 - weight(a));
        for b in [Fire, Hold, Inconclusive] {
            let join = |head: &str| {
                decide(&format!(r#"{{{head}:[{},{}]}}"#, rule(a), rule(b)), &facts()).verdict
            };
            // In the order hold, inconclusive, fire: "any" is the maximum, "all" the minimum.
            assert_eq!(weight(join(r#""any""#)), weight(a).max(weight(b)));
            assert_eq!(weight(join(r#""all""#)), weight(a).min(weight(b)));
            assert_eq!(join(r#""at_least":1,"of""#), join(r#""any""#));
            assert_eq!(join(r#""at_least":2,"of""#), join(r#""all""#));
        }
    }
    let two_of = |rules: [&str; 4]| {
        decide(&format!(r#"{{"at_least":2,"of":[{}]}}"#, rules.join(",")), &facts()).verdict
    };
    let [fire, hold, open] = [Fire, Hold, Inconclusive].map(rule);
    assert_eq!(two_of([hold, open, fire, fire]), Fire);
    assert_eq!(two_of([hold, hold, open, fire]), Inconclusive);
    assert_eq!(two_of([hold, hold, hold, fire]), Hold);
    assert_eq!(two_of([hold, hold, hold, open]), Hold);
}

/// The example of the README.
const README: &str = r#"{"any":[
    {"rows":100000},
    {"every":"30d"},
    {"all":[{"drift_share":0.5},{"rows":20000}]},
    {"metric":"roc_auc","below":0.66},
    {"metric":"roc_auc","drop":0.02},
    {"at_least":2,"of":[{"drifted":"carrier"},{"drifted":"dep_delay"},{"drift_columns":3}]},
    {"not":{"metric":"f1","above":0.3}}]}"#;

#[test]
fn gives_every_rule_as_evidence_and_the_causes_as_reason() {
    let decision = decide(README, &facts());
    assert_eq!(decision.verdict, Fire);
    assert_eq!(
        decision.reason,
        "retrain: drift.share 0.5833 ≥ 0.5; rows.since_training 25000 ≥ 20000; metric.roc_auc \
         0.6731, baseline.roc_auc 0.695: a drop of 0.0219 ≥ 0.02; and 2 more"
    );
    let seen: Vec<_> = decision.evidence.iter().map(|e| (e.rule.as_str(), e.verdict)).collect();
    let expected = [
        ("any of 7 rules", Fire),
        ("rows.since_training ≥ 100000", Hold),
        ("time.since_training ≥ 30d", Hold),
        ("all of 2 rules", Fire),
        ("drift.share ≥ 0.5", Fire),
        ("rows.since_training ≥ 20000", Fire),
        ("metric.roc_auc < 0.66", Hold),
        ("metric.roc_auc drops by at least 0.02", Fire),
        ("at least 2 of 3 rules", Fire),
        ("drift.column.carrier is true", Hold),
        ("drift.column.dep_delay is true", Fire),
        ("drift.columns ≥ 3", Fire),
        ("not (metric.f1 > 0.3)", Inconclusive),
        ("metric.f1 > 0.3", Inconclusive),
    ];
    assert_eq!(seen, expected);
    assert_eq!(decision.evidence[0].detail, "3 fire, 3 hold, 1 do not tell");

    let decision = decide(r#"{"any":[{"rows":100000},{"drift_columns":12}]}"#, &facts());
    assert_eq!(decision.verdict, Hold);
    assert_eq!(
        decision.reason,
        "do not retrain: rows.since_training 25000 < 100000; drift.columns 7 < 12"
    );
}

#[test]
fn a_missing_fact_is_named_and_decides_nothing() {
    let mut facts = facts();
    facts.retain(|fact| !fact.name.starts_with("drift"));
    let decision = decide(r#"{"any":[{"rows":100000},{"drift_share":0.5}]}"#, &facts);
    assert_eq!(decision.verdict, Inconclusive);
    assert_eq!(decision.reason, "the facts do not tell: drift.share is not known");
    let decision = decide(r#"{"any":[{"rows":20000},{"drift_share":0.5}]}"#, &facts);
    assert_eq!(decision.verdict, Fire);
    let decision = decide(r#"{"metric":"x","below":1}"#, &[number("metric.x", f64::NAN)]);
    assert_eq!(decision.verdict, Inconclusive);
    assert_eq!(decide(r#"{"rows":1}"#, &[]).verdict, Inconclusive);
}

#[test]
fn without_a_model_or_new_rows_the_policy_says_what_to_do() {
    let none = [fact("model.exists", FactValue::Boolean(false))];
    let decision = decide(r#"{"rows":1}"#, &none);
    assert_eq!(decision.verdict, Fire);
    assert_eq!(decision.reason, "retrain: no model is in place (model.exists is false)");
    assert_eq!(decision.evidence.len(), 1);
    assert_eq!(decide(r#"{"rows":1,"when_no_model":"hold"}"#, &none).verdict, Hold);
    assert_eq!(decide(r#"{"rows":1,"when_no_model":"weigh"}"#, &none).verdict, Inconclusive);

    let mut same = facts();
    same.retain(|fact| !fact.name.starts_with("drift") && !fact.name.contains("since"));
    same.push(fact("rows.since_training", FactValue::Integer(0)));
    same.push(fact("time.since_training", FactValue::Seconds(0.0)));
    let decision = decide(r#"{"drift_share":0.5}"#, &same);
    assert_eq!(decision.verdict, Hold);
    assert_eq!(
        decision.reason,
        "do not retrain: nothing is new since training (rows.since_training is 0)"
    );
    let weigh = r#"{"drift_share":0.5,"when_nothing_new":"weigh"}"#;
    assert_eq!(decide(weigh, &same).verdict, Inconclusive);
    // As many rows as before, but later ones: rows were replaced.
    same.pop();
    same.push(fact("time.since_training", FactValue::Seconds(60.0)));
    assert_eq!(decide(r#"{"every":"1m"}"#, &same).verdict, Fire);
}

#[test]
fn describes_exactly_the_facts_that_it_looks_at() {
    let names = |params: &str| Instance::<Rules>::describe(params).unwrap();
    assert_eq!(
        names(r#"{"rows":1,"when_nothing_new":"weigh"}"#),
        ["model.exists", "rows.since_training"]
    );
    assert_eq!(
        names(README),
        [
            "model.exists",
            "rows.since_training",
            "time.since_training",
            "drift.share",
            "metric.roc_auc",
            "baseline.roc_auc",
            "drift.column.carrier",
            "drift.column.dep_delay",
            "drift.columns",
            "metric.f1",
        ]
    );
}

#[track_caller]
fn refuses(params: &str, message: &str) {
    let expected = Error::params(message);
    assert_eq!(Instance::<Rules>::describe(params).unwrap_err(), expected);
    assert_eq!(Instance::<Rules>::decide(params, &facts()).unwrap_err(), expected);
}

#[test]
fn names_the_place_of_a_mistake() {
    refuses("{}", "there is no rule: write `any` and a list of rules");
    refuses("[]", "is [], and must be a rule");
    refuses(r#"{"ani":[]}"#, "unknown key `ani`; did you mean `any`?");
    refuses(
        r#"{"any":[{"rows":1}],"when_no_mode":"fire"}"#,
        "unknown key `when_no_mode` beside `any`; did you mean `when_no_model`?",
    );
    refuses(r#"{"any":[]}"#, "parameter `any`: has 0 rules, and must have 1 to 100");
    refuses(r#"{"any":{"rows":1}}"#, "parameter `any`: must be a list of rules");
    refuses(
        r#"{"any":[{"rows":1},{"all":[{"drift_shar":1}]}]}"#,
        "parameter `any[1].all[0]`: unknown key `drift_shar`; did you mean `drift_share`?",
    );
    refuses(
        r#"{"any":[{"rows":1,"every":"1d"}]}"#,
        "parameter `any[0]`: says both `every` and `rows`: make a rule of each, and list them \
         under `any` or `all`",
    );
    refuses(
        r#"{"any":[{"metric":"roc_auc","drop":0.1,"below":0.6}]}"#,
        "parameter `any[0]`: says both `below` and `drop`: make a rule of each, and list them \
         under `any` or `all`",
    );
    refuses(
        r#"{"metric":"roc_auc"}"#,
        "lacks a bound: add `below`, `above`, `drop`, `rise`, `relative_drop` or `relative_rise`",
    );
    refuses(
        r#"{"metric":"metric.roc_auc","below":1}"#,
        "parameter `metric`: is `metric.roc_auc`: write `roc_auc`",
    );
    refuses(
        r#"{"fact":"rows.since_trainig","at_least":1}"#,
        "parameter `fact`: there is no fact `rows.since_trainig`; did you mean \
         `rows.since_training`?",
    );
    refuses(
        r#"{"not":{"every":"30"}}"#,
        "parameter `not.every`: is \"30\", and must be a whole number and one of s, m, h, d, w, y, \
         such as `30d`",
    );
    refuses(r#"{"every":"0s"}"#, "parameter `every`: is no time at all: every run would retrain");
    refuses(r#"{"rows":-1}"#, "parameter `rows`: is -1, and must be above 0");
    refuses(r#"{"drift_share":50}"#, "parameter `drift_share`: is 50, and a share is at most 1");
    refuses(
        r#"{"at_least":3,"of":[{"rows":1}]}"#,
        "parameter `at_least`: must be a number from 1 to 1",
    );
    refuses(
        r#"{"rows":1,"when_no_model":"yes"}"#,
        "parameter `when_no_model`: is \"yes\", and must be fire, hold or weigh",
    );
    refuses(
        r#"{"fact":"model.exists","is":1}"#,
        "parameter `is`: is 1, and must be true, false or a text",
    );
    let deep = format!("{}{}{}", r#"{"not":"#.repeat(20), r#"{"rows":1}"#, "}".repeat(20));
    let place = vec!["not"; 17].join(".");
    refuses(&deep, &format!("parameter `{place}`: rules stand too deep in one another"));
}

#[test]
fn refuses_facts_that_a_rule_cannot_weigh() {
    let refuses = |rule: &str, message: &str| {
        let found = Instance::<Rules>::decide(rule, &facts()).unwrap_err();
        assert_eq!(found, Error::input(message));
    };
    refuses(
        r#"{"fact":"model.exists","at_least":1}"#,
        "fact `model.exists` is a boolean, and cannot be compared with a number: use `is`",
    );
    refuses(
        r#"{"fact":"rows.total","at_least":"30d"}"#,
        "fact `rows.total` is 307000, no span of time, and cannot be compared with 30d",
    );
    refuses(
        r#"{"fact":"rows.total","is":true}"#,
        "fact `rows.total` is a count, and cannot be true",
    );
}
