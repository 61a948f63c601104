//! Rules as a tree, how a person would write them, and the facts that they look at.

use refrain_sdk::trigger::Verdict;

use crate::quantity::{number_text, percent_text, span_text};

/// Whether there is a model to compare with.
pub const MODEL_EXISTS: &str = "model.exists";
/// Rows that the model has not seen.
pub const ROWS_SINCE: &str = "rows.since_training";
/// From the latest row that the model has seen to the latest there is.
pub const TIME_SINCE: &str = "time.since_training";
/// Drifted columns as a share of those that the detector could tell.
pub const DRIFT_SHARE: &str = "drift.share";
/// Their number.
pub const DRIFT_COLUMNS: &str = "drift.columns";
/// Before the name of a column.
pub const DRIFT_COLUMN: &str = "drift.column.";
/// Before the name of a metric, of the model in place on new rows.
pub const METRIC: &str = "metric.";
/// Before the name of a metric, of the model in place when it was trained.
pub const BASELINE: &str = "baseline.";

/// A rule: it fires, holds, or the facts do not tell.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Fires if one of them does.
    Any(Vec<Rule>),
    /// Fires if each of them does.
    All(Vec<Rule>),
    /// Fires if so many of them do.
    AtLeast(usize, Vec<Rule>),
    /// Fires if it holds.
    Not(Box<Rule>),
    /// Fires if the fact is beyond the bound.
    Bound(Bound),
    /// Fires if the fact says so.
    Is {
        /// The fact's name.
        fact: String,
        /// What it has to say.
        value: Said,
    },
    /// Fires if the metric has moved away from the baseline's.
    Change(Change),
}

/// A fact that is a number, and the number that it is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The fact's name.
    pub fact: String,
    /// How they compare.
    pub relation: Relation,
    /// The number, in seconds if it is a span of time.
    pub bound: f64,
    /// Whether the bound was written as a span of time.
    pub is_span: bool,
}

/// What a fact that is no number may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Yes or no.
    Boolean(bool),
    /// A text.
    Text(String),
}

/// How a number compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// ≥
    AtLeast,
    /// ≤
    AtMost,
    /// >
    Above,
    /// <
    Below,
}

/// How far a metric has moved from the baseline's.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The metric's name.
    pub metric: String,
    /// Whether less is what fires.
    pub is_drop: bool,
    /// Whether `least` is a share of the baseline's value.
    pub is_relative: bool,
    /// The least change that fires.
    pub least: f64,
}

/// What to do where no rule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// Retrain.
    Fire,
    /// Do not retrain.
    Hold,
    /// Ask the rules all the same.
    Weigh,
}

impl Otherwise {
    /// None: the rules decide.
    pub fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Fire => Some(Verdict::Fire),
            Self::Hold => Some(Verdict::Hold),
            Self::Weigh => None,
        }
    }
}

impl Relation {
    /// All of them by the key that parameters have.
    pub const KEYS: [(&str, Self); 4] = [
        ("at_least", Self::AtLeast),
        ("at_most", Self::AtMost),
        ("above", Self::Above),
        ("below", Self::Below),
    ];

    /// Whether `value` is beyond `bound`.
    pub fn is_met(self, value: f64, bound: f64) -> bool {
        match self {
            Self::AtLeast => value >= bound,
            Self::AtMost => value <= bound,
            Self::Above => value > bound,
            Self::Below => value < bound,
        }
    }

    /// The sign between value and bound, for a relation that is met or is not.
    pub fn sign(self, is_met: bool) -> &'static str {
        match (self, is_met) {
            (Self::AtLeast, true) | (Self::Below, false) => "≥",
            (Self::AtMost, true) | (Self::Above, false) => "≤",
            (Self::Above, true) | (Self::AtMost, false) => ">",
            (Self::Below, true) | (Self::AtLeast, false) => "<",
        }
    }
}

impl Rule {
    /// Adds the names of the facts that the rule looks at.
    pub fn facts(&self, names: &mut Vec<String>) {
        match self {
            Self::Any(rules) | Self::All(rules) | Self::AtLeast(_, rules) => {
                rules.iter().for_each(|rule| rule.facts(names));
            }
            Self::Not(rule) => rule.facts(names),
            Self::Bound(Bound { fact, .. }) | Self::Is { fact, .. } => names.push(fact.clone()),
            Self::Change(change) => names.extend([change.now(), change.before()]),
        }
    }

    /// As a person would write it.
    pub fn text(&self) -> String {
        match self {
            Self::Any(rules) => format!("any of {} rules", rules.len()),
            Self::All(rules) => format!("all of {} rules", rules.len()),
            Self::AtLeast(least, rules) => format!("at least {least} of {} rules", rules.len()),
            Self::Not(rule) => format!("not ({})", rule.text()),
            Self::Bound(bound) => {
                format!("{} {} {}", bound.fact, bound.relation.sign(true), bound.text(bound.bound))
            }
            Self::Is { fact, value } => format!("{fact} is {value}"),
            Self::Change(change) => change.text(),
        }
    }
}

impl Bound {
    /// A value of the bound's kind.
    pub fn text(&self, value: f64) -> String {
        if self.is_span { span_text(value) } else { number_text(value) }
    }
}

impl Change {
    /// The fact that tells the metric now.
    pub fn now(&self) -> String {
        format!("{METRIC}{}", self.metric)
    }

    /// The fact that tells it of the baseline.
    pub fn before(&self) -> String {
        format!("{BASELINE}{}", self.metric)
    }

    /// An amount of change.
    pub fn amount(&self, amount: f64) -> String {
        if self.is_relative { percent_text(amount) } else { number_text(amount) }
    }

    fn text(&self) -> String {
        let moves = if self.is_drop { "drops" } else { "rises" };
        format!("metric.{} {moves} by at least {}", self.metric, self.amount(self.least))
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "`{value}`"),
        }
    }
}
