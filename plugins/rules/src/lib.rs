//! Decides whether to retrain, by rules over rows, time, drift and metrics.
//!
//! Rules are three-valued, after Kleene: what rests on an unknown fact is inconclusive, unless the
//! known ones decide alone. See `README.md` for the grammar.
//!
//! Absent on purpose: a clock. Time is what the rows say, so a decision can be replayed.

mod parse;
mod quantity;
mod rule;
mod weigh;

use refrain_sdk::serde::Deserialize;
use refrain_sdk::serde_json::Value;
use refrain_sdk::trigger::{Decision, Evidence, Fact, FactValue, Trigger, Verdict};
use refrain_sdk::{Error, Result};

use parse::Policy;
use rule::{MODEL_EXISTS, Otherwise, ROWS_SINCE, TIME_SINCE};
use weigh::{Facts, weigh};

refrain_sdk::export!(trigger, Rules);

/// The plugin.
#[derive(Debug)]
pub struct Rules;

/// A rule and what to do without a model; read by hand, for errors that name the place.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", transparent)]
pub struct Params(Value);

impl Trigger for Rules {
    type Params = Params;

    fn describe(params: &Params) -> Result<Vec<String>> {
        let policy = Policy::parse(&params.0)?;
        let mut names = vec![MODEL_EXISTS.to_owned()];
        if policy.when_nothing_new != Otherwise::Weigh {
            names.extend([ROWS_SINCE, TIME_SINCE].map(str::to_owned));
        }
        policy.rule.facts(&mut names);
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        Ok(names)
    }

    fn decide(params: &Params, facts: &[Fact]) -> Result<Decision> {
        let policy = Policy::parse(&params.0)?;
        let facts = Facts::new(facts);
        if let Some(decision) = without_model(policy.when_no_model, &facts)? {
            return Ok(decision);
        }
        if let Some(decision) = without_new_rows(policy.when_nothing_new, &facts)? {
            return Ok(decision);
        }
        let mut evidence = Vec::new();
        let weighed = weigh(&policy.rule, &facts, &mut evidence)?;
        let reason = sentence(weighed.verdict, &weighed.because);
        Ok(Decision { verdict: weighed.verdict, reason, evidence })
    }
}

/// Rules compare with a model; without one, the policy says what to do.
fn without_model(otherwise: Otherwise, facts: &Facts) -> Result<Option<Decision>> {
    let Some(verdict) = otherwise.verdict() else { return Ok(None) };
    match facts.get(MODEL_EXISTS) {
        None | Some(FactValue::Boolean(true)) => Ok(None),
        Some(FactValue::Boolean(false)) => {
            let detail = format!("{MODEL_EXISTS} is false");
            Ok(Some(at_once(verdict, "no model is in place", detail)))
        }
        Some(_) => Err(Error::input(format!("fact `{MODEL_EXISTS}` is not a boolean"))),
    }
}

/// The same rows make the same model.
fn without_new_rows(otherwise: Otherwise, facts: &Facts) -> Result<Option<Decision>> {
    let Some(verdict) = otherwise.verdict() else { return Ok(None) };
    let is_zero = |name| facts.number(name).map(|number| number.map(|number| number == 0.0));
    if is_zero(ROWS_SINCE)? != Some(true) || is_zero(TIME_SINCE)? == Some(false) {
        return Ok(None);
    }
    let detail = format!("{ROWS_SINCE} is 0");
    Ok(Some(at_once(verdict, "nothing is new since training", detail)))
}

fn at_once(verdict: Verdict, rule: &str, detail: String) -> Decision {
    let reason = sentence(verdict, &[format!("{rule} ({detail})")]);
    Decision {
        verdict,
        reason,
        evidence: vec![Evidence { rule: rule.to_owned(), verdict, detail }],
    }
}

/// One sentence with at most three causes.
fn sentence(verdict: Verdict, because: &[String]) -> String {
    const CAUSES_MAX: usize = 3;
    let beginning = match verdict {
        Verdict::Fire => "retrain",
        Verdict::Hold => "do not retrain",
        Verdict::Inconclusive => "the facts do not tell",
    };
    let mut causes = because[..because.len().min(CAUSES_MAX)].join("; ");
    if because.len() > CAUSES_MAX {
        causes += &format!("; and {} more", because.len() - CAUSES_MAX);
    }
    format!("{beginning}: {causes}")
}

#[cfg(test)]
mod tests;
