//! Weighing rules against facts, three-valued.
//!
//! Source: Kleene (1952), "Introduction to Metamathematics", § 64, the strong tables.

use std::collections::BTreeMap;

use refrain_sdk::trigger::{Evidence, Fact, FactValue, Verdict};
use refrain_sdk::{Error, Result};

use crate::quantity::{number_text, span_text};
use crate::rule::{Bound, Change, Rule, Said};

/// The facts by name.
pub struct Facts<'a>(BTreeMap<&'a str, &'a FactValue>);

impl<'a> Facts<'a> {
    /// The facts of a host, each name once.
    pub fn new(facts: &'a [Fact]) -> Self {
        Self(facts.iter().map(|fact| (fact.name.as_str(), &fact.value)).collect())
    }

    /// A fact, if the host knows it.
    pub fn get(&self, name: &str) -> Option<&FactValue> {
        self.0.get(name).copied()
    }

    /// A fact that is a count, a measure or a span of time in seconds.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a fact that is known and no number.
    pub fn number(&self, name: &str) -> Result<Option<f64>> {
        match self.get(name) {
            None => Ok(None),
            Some(FactValue::Integer(value)) => Ok(Some(*value as f64)),
            Some(FactValue::Number(value) | FactValue::Seconds(value)) => Ok(Some(*value)),
            Some(other) => Err(Error::input(format!(
                "fact `{name}` is {}, and cannot be compared with a number: use `is`",
                kind(other)
            ))),
        }
    }
}

fn kind(value: &FactValue) -> &'static str {
    match value {
        FactValue::Integer(_) => "a count",
        FactValue::Number(_) => "a number",
        FactValue::Boolean(_) => "a boolean",
        FactValue::TimestampUs(_) => "a time",
        FactValue::Seconds(_) => "a span of time",
        FactValue::Text(_) => "a text",
    }
}

/// What came of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    /// The outcome.
    pub verdict: Verdict,
    /// The details that decided it.
    pub because: Vec<String>,
}

/// Weighs a rule and all rules in it; what each came to is appended to `evidence`, a rule before
/// those in it.
pub fn weigh(rule: &Rule, facts: &Facts, evidence: &mut Vec<Evidence>) -> Result<Weighed> {
    let place = evidence.len();
    let own = Evidence { rule: rule.text(), verdict: Verdict::Hold, detail: String::new() };
    evidence.push(own);
    let mut each = |rules: &[Rule]| {
        rules.iter().map(|rule| weigh(rule, facts, evidence)).collect::<Result<Vec<_>>>()
    };
    let (weighed, detail) = match rule {
        Rule::Any(rules) => join(1, each(rules)?),
        Rule::All(rules) => join(rules.len(), each(rules)?),
        Rule::AtLeast(least, rules) => join(*least, each(rules)?),
        Rule::Not(rule) => {
            let Weighed { verdict, because } = weigh(rule, facts, evidence)?;
            let detail = because.join("; ");
            (Weighed { verdict: not(verdict), because }, detail)
        }
        Rule::Bound(bound) => leaf(weigh_bound(bound, facts)?),
        Rule::Is { fact, value } => leaf(weigh_said(fact, value, facts)?),
        Rule::Change(change) => leaf(weigh_change(change, facts)?),
    };
    evidence[place].verdict = weighed.verdict;
    evidence[place].detail = detail;
    Ok(weighed)
}

fn leaf((verdict, detail): (Verdict, String)) -> (Weighed, String) {
    (Weighed { verdict, because: vec![detail.clone()] }, detail)
}

fn not(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Fire => Verdict::Hold,
        Verdict::Hold => Verdict::Fire,
        Verdict::Inconclusive => Verdict::Inconclusive,
    }
}

/// Fires if at least `least` fire, whatever the inconclusive ones would be; holds likewise.
fn join(least: usize, weighed: Vec<Weighed>) -> (Weighed, String) {
    let count = |verdict| weighed.iter().filter(|weighed| weighed.verdict == verdict).count();
    let (fire, hold) = (count(Verdict::Fire), count(Verdict::Hold));
    let open = weighed.len() - fire - hold;
    let verdict = match () {
        () if fire >= least => Verdict::Fire,
        () if fire + open < least => Verdict::Hold,
        () => Verdict::Inconclusive,
    };
    let deciding = weighed.into_iter().filter(|weighed| weighed.verdict == verdict);
    let because = deciding.flat_map(|weighed| weighed.because).collect();
    let detail = format!("{fire} fire, {hold} hold, {open} do not tell");
    (Weighed { verdict, because }, detail)
}

fn decided(fires: bool) -> Verdict {
    if fires { Verdict::Fire } else { Verdict::Hold }
}

fn unknown(fact: &str) -> (Verdict, String) {
    (Verdict::Inconclusive, format!("{fact} is not known"))
}

fn weigh_bound(rule: &Bound, facts: &Facts) -> Result<(Verdict, String)> {
    let Bound { fact, relation, bound, .. } = rule;
    let Some(value) = facts.number(fact)?.filter(|value| !value.is_nan()) else {
        return Ok(unknown(fact));
    };
    if rule.is_span && !matches!(facts.get(fact), Some(FactValue::Seconds(_))) {
        return Err(Error::input(format!(
            "fact `{fact}` is {value}, no span of time, and cannot be compared with {}",
            span_text(*bound)
        )));
    }
    let is_met = relation.is_met(value, *bound);
    let beside = rule.text(*bound);
    let mut text = rule.text(value);
    if text == beside && value != *bound {
        // Rounded they are the same: then nothing is rounded.
        text = value.to_string();
    }
    Ok((decided(is_met), format!("{fact} {text} {} {beside}", relation.sign(is_met))))
}

fn weigh_said(fact: &str, value: &Said, facts: &Facts) -> Result<(Verdict, String)> {
    let said = match (facts.get(fact), value) {
        (None, _) => return Ok(unknown(fact)),
        (Some(FactValue::Boolean(said)), Said::Boolean(_)) => Said::Boolean(*said),
        (Some(FactValue::Text(said)), Said::Text(_)) => Said::Text(said.clone()),
        (Some(other), _) => {
            return Err(Error::input(format!(
                "fact `{fact}` is {}, and cannot be {value}",
                kind(other)
            )));
        }
    };
    let detail = format!("{fact} is {said}");
    Ok((decided(said == *value), detail))
}

fn weigh_change(change: &Change, facts: &Facts) -> Result<(Verdict, String)> {
    let known = |name: &str| facts.number(name).map(|n| n.filter(|n| !n.is_nan()));
    let (now_name, before_name) = (change.now(), change.before());
    let Some(now) = known(&now_name)? else { return Ok(unknown(&now_name)) };
    let Some(before) = known(&before_name)? else { return Ok(unknown(&before_name)) };
    if change.is_relative && before == 0.0 {
        let detail = format!("{before_name} is 0, and nothing is relative to that");
        return Ok((Verdict::Inconclusive, detail));
    }
    let moved = if change.is_drop { before - now } else { now - before };
    let moved = if change.is_relative { moved / before.abs() } else { moved };
    let fires = moved >= change.least;
    let detail = format!(
        "{now_name} {}, {before_name} {}: a {} of {} {} {}",
        number_text(now),
        number_text(before),
        if change.is_drop { "drop" } else { "rise" },
        change.amount(moved),
        if fires { "≥" } else { "<" },
        change.amount(change.least),
    );
    Ok((decided(fires), detail))
}
