//! From parameters to rules. Every mistake is named with its place.

use refrain_sdk::params::hint;
use refrain_sdk::serde_json::{Map, Value};
use refrain_sdk::{Error, Result};

use crate::quantity::parse_span;
use crate::rule::{
    BASELINE, Bound, Change, DRIFT_COLUMN, DRIFT_COLUMNS, DRIFT_SHARE, METRIC, MODEL_EXISTS,
    Otherwise, ROWS_SINCE, Relation, Rule, Said, TIME_SINCE,
};

/// How deep rules may stand in one another.
const DEPTH_MAX: usize = 16;

/// The most rules of one list.
const RULES_MAX: usize = 100;

/// The key that says what a rule is about; a rule has one.
const HEADS: [&str; 11] = [
    "any",
    "all",
    "of",
    "not",
    "every",
    "rows",
    "drift_share",
    "drift_columns",
    "drifted",
    "metric",
    "fact",
];

const WHEN_NO_MODEL: &str = "when_no_model";
const WHEN_NOTHING_NEW: &str = "when_nothing_new";

/// How a metric may be compared with the baseline's: the key, whether it is a drop, and whether it
/// is relative.
const CHANGES: [(&str, bool, bool); 4] = [
    ("drop", true, false),
    ("rise", false, false),
    ("relative_drop", true, true),
    ("relative_rise", false, true),
];

/// Facts whose first word is one of these are the host's, and known.
const OWN_FACTS: [&str; 7] =
    [MODEL_EXISTS, "rows.total", ROWS_SINCE, "time.latest", TIME_SINCE, DRIFT_SHARE, DRIFT_COLUMNS];

/// All parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The rule.
    pub rule: Rule,
    /// Without a model in place.
    pub when_no_model: Otherwise,
    /// Without a row that the model has not seen.
    pub when_nothing_new: Otherwise,
}

impl Policy {
    /// Reads the parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] with the place of the mistake.
    pub fn parse(params: &Value) -> Result<Self> {
        let mut object = object(params, "")?.clone();
        let mut otherwise = |key: &str, default| match object.remove(key) {
            None => Ok(default),
            Some(value) => parse_otherwise(&value, key),
        };
        let when_no_model = otherwise(WHEN_NO_MODEL, Otherwise::Fire)?;
        let when_nothing_new = otherwise(WHEN_NOTHING_NEW, Otherwise::Hold)?;
        let place = Place { path: String::new(), depth: 0 };
        Ok(Self { rule: place.rule(&Value::Object(object))?, when_no_model, when_nothing_new })
    }
}

fn parse_otherwise(value: &Value, key: &str) -> Result<Otherwise> {
    match value.as_str() {
        Some("fire") => Ok(Otherwise::Fire),
        Some("hold") => Ok(Otherwise::Hold),
        Some("weigh") => Ok(Otherwise::Weigh),
        _ => Err(wrong(key, format!("is {value}, and must be fire, hold or weigh"))),
    }
}

fn wrong(path: &str, problem: impl std::fmt::Display) -> Error {
    if path.is_empty() {
        return Error::params(problem.to_string());
    }
    Error::params(format!("parameter `{path}`: {problem}"))
}

fn object<'v>(value: &'v Value, path: &str) -> Result<&'v Map<String, Value>> {
    value.as_object().ok_or_else(|| wrong(path, format!("is {value}, and must be a rule")))
}

/// Where in the parameters a rule stands.
struct Place {
    path: String,
    depth: usize,
}

impl Place {
    fn inside(&self, key: &str) -> Self {
        let dot = if self.path.is_empty() || key.starts_with('[') { "" } else { "." };
        Self { path: format!("{}{dot}{key}", self.path), depth: self.depth + 1 }
    }

    fn wrong(&self, problem: impl std::fmt::Display) -> Error {
        wrong(&self.path, problem)
    }

    fn rule(&self, value: &Value) -> Result<Rule> {
        let object = object(value, &self.path)?;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong("rules stand too deep in one another"));
        }
        let (head, value) = self.head(object)?;
        let inside = self.inside(head);
        let bound = |fact: &str, bound| Bound {
            fact: fact.to_owned(),
            relation: Relation::AtLeast,
            bound,
            is_span: head == "every",
        };
        match head {
            "any" => inside.rules(value).map(Rule::Any),
            "all" => inside.rules(value).map(Rule::All),
            "of" => self.at_least_of(object, inside.rules(value)?),
            "not" => inside.rule(value).map(|rule| Rule::Not(Box::new(rule))),
            "every" => match inside.span(value)? {
                0.0 => Err(inside.wrong("is no time at all: every run would retrain")),
                span => Ok(Rule::Bound(bound(TIME_SINCE, span))),
            },
            "rows" => Ok(Rule::Bound(bound(ROWS_SINCE, inside.positive(value)?))),
            "drift_share" => {
                let share = inside.positive(value)?;
                if share > 1.0 {
                    return Err(inside.wrong(format!("is {share}, and a share is at most 1")));
                }
                Ok(Rule::Bound(bound(DRIFT_SHARE, share)))
            }
            "drift_columns" => Ok(Rule::Bound(bound(DRIFT_COLUMNS, inside.positive(value)?))),
            "drifted" => Ok(Rule::Is {
                fact: format!("{DRIFT_COLUMN}{}", inside.text(value)?),
                value: Said::Boolean(true),
            }),
            "metric" => self.metric(object, &inside.metric_name(value)?),
            _ => self.fact(object, &inside.fact_name(value)?),
        }
    }

    /// The key that says what the rule is about; refuses all that does not belong to it.
    fn head<'v>(&self, object: &'v Map<String, Value>) -> Result<(&'v str, &'v Value)> {
        let mut heads = object.iter().filter(|(key, _)| HEADS.contains(&key.as_str()));
        let Some((head, value)) = heads.next() else {
            return Err(match object.keys().next() {
                Some(key) => {
                    self.wrong(format!("unknown key `{key}`{}", hint(key, HEADS.into_iter())))
                }
                None => self.wrong("there is no rule: write `any` and a list of rules"),
            });
        };
        if let Some((other, _)) = heads.next() {
            return Err(self.wrong(format!(
                "says both `{head}` and `{other}`: make a rule of each, and list them under `any` \
                 or `all`"
            )));
        }
        let relations = Relation::KEYS.map(|(key, _)| key);
        let companions: Vec<&str> = match head.as_str() {
            "of" => vec!["at_least"],
            "fact" => relations.into_iter().chain(["is"]).collect(),
            "metric" => relations.into_iter().chain(CHANGES.map(|(key, ..)| key)).collect(),
            _ => Vec::new(),
        };
        match object.keys().find(|key| *key != head && !companions.contains(&key.as_str())) {
            None => Ok((head, value)),
            Some(key) => {
                let top = self.path.is_empty().then_some([WHEN_NO_MODEL, WHEN_NOTHING_NEW]);
                let known = companions.into_iter().chain(top.into_iter().flatten());
                Err(self.wrong(format!("unknown key `{key}` beside `{head}`{}", hint(key, known))))
            }
        }
    }

    fn rules(&self, value: &Value) -> Result<Vec<Rule>> {
        let list = value.as_array().ok_or_else(|| self.wrong("must be a list of rules"))?;
        if list.is_empty() || list.len() > RULES_MAX {
            let n = list.len();
            return Err(self.wrong(format!("has {n} rules, and must have 1 to {RULES_MAX}")));
        }
        let rule = |(index, value)| self.inside(&format!("[{index}]")).rule(value);
        list.iter().enumerate().map(rule).collect()
    }

    fn at_least_of(&self, object: &Map<String, Value>, rules: Vec<Rule>) -> Result<Rule> {
        let n = rules.len();
        let least = object.get("at_least").and_then(Value::as_u64).unwrap_or(0) as usize;
        if least == 0 || least > n {
            return Err(self.inside("at_least").wrong(format!("must be a number from 1 to {n}")));
        }
        Ok(Rule::AtLeast(least, rules))
    }

    /// The one key beside the head that says what to compare with.
    fn comparison<'v>(
        &self,
        object: &'v Map<String, Value>,
        head: &str,
        keys: &str,
    ) -> Result<(&'v str, &'v Value)> {
        let mut keys_found = object.iter().filter(|(key, _)| *key != head);
        let (key, value) =
            keys_found.next().ok_or_else(|| self.wrong(format!("lacks a bound: add {keys}")))?;
        match keys_found.next() {
            None => Ok((key, value)),
            Some((other, _)) => Err(self.wrong(format!(
                "says both `{key}` and `{other}`: make a rule of each, and list them under `any` \
                 or `all`"
            ))),
        }
    }

    fn metric(&self, object: &Map<String, Value>, metric: &str) -> Result<Rule> {
        let keys = "`below`, `above`, `drop`, `rise`, `relative_drop` or `relative_rise`";
        let (key, value) = self.comparison(object, "metric", keys)?;
        let inside = self.inside(key);
        if let Some((_, is_drop, is_relative)) = CHANGES.into_iter().find(|(k, ..)| *k == key) {
            let least = inside.positive(value)?;
            let metric = metric.to_owned();
            return Ok(Rule::Change(Change { metric, is_drop, is_relative, least }));
        }
        let bound = inside.number(value)?;
        self.bound(format!("{METRIC}{metric}"), key, bound, false)
    }

    fn fact(&self, object: &Map<String, Value>, fact: &str) -> Result<Rule> {
        let keys = "`at_least`, `at_most`, `above`, `below` or `is`";
        let (key, value) = self.comparison(object, "fact", keys)?;
        let inside = self.inside(key);
        match (key, value) {
            ("is", Value::Bool(value)) => {
                Ok(Rule::Is { fact: fact.to_owned(), value: Said::Boolean(*value) })
            }
            ("is", Value::String(value)) => {
                Ok(Rule::Is { fact: fact.to_owned(), value: Said::Text(value.clone()) })
            }
            ("is", value) => {
                Err(inside.wrong(format!("is {value}, and must be true, false or a text")))
            }
            (_, Value::String(_)) => self.bound(fact.to_owned(), key, inside.span(value)?, true),
            (_, value) => self.bound(fact.to_owned(), key, inside.number(value)?, false),
        }
    }

    fn bound(&self, fact: String, key: &str, bound: f64, is_span: bool) -> Result<Rule> {
        let relation = Relation::KEYS.into_iter().find(|(known, _)| *known == key);
        let (_, relation) = relation.ok_or_else(|| self.wrong(format!("unknown key `{key}`")))?;
        Ok(Rule::Bound(Bound { fact, relation, bound, is_span }))
    }

    fn number(&self, value: &Value) -> Result<f64> {
        let number = value.as_f64().filter(|number| number.is_finite());
        number.ok_or_else(|| self.wrong(format!("is {value}, and must be a number")))
    }

    fn positive(&self, value: &Value) -> Result<f64> {
        match self.number(value)? {
            number if number > 0.0 => Ok(number),
            number => Err(self.wrong(format!("is {number}, and must be above 0"))),
        }
    }

    fn span(&self, value: &Value) -> Result<f64> {
        let span = value.as_str().and_then(parse_span);
        span.ok_or_else(|| {
            self.wrong(format!(
                "is {value}, and must be a whole number and one of s, m, h, d, w, y, such as `30d`"
            ))
        })
    }

    fn text<'v>(&self, value: &'v Value) -> Result<&'v str> {
        let text = value.as_str().filter(|text| !text.is_empty());
        text.ok_or_else(|| self.wrong(format!("is {value}, and must be a name")))
    }

    fn metric_name(&self, value: &Value) -> Result<String> {
        let name = self.text(value)?;
        match name.strip_prefix(METRIC).or(name.strip_prefix(BASELINE)) {
            Some(metric) => Err(self.wrong(format!("is `{name}`: write `{metric}`"))),
            None => Ok(name.to_owned()),
        }
    }

    fn fact_name(&self, value: &Value) -> Result<String> {
        let name = self.text(value)?;
        let is_column = name.strip_prefix(DRIFT_COLUMN).is_some_and(|column| !column.is_empty());
        let own = ["model.", "rows.", "time.", "drift."];
        let is_free = name.contains('.') && !own.iter().any(|prefix| name.starts_with(prefix));
        if is_column || is_free || OWN_FACTS.contains(&name) {
            return Ok(name.to_owned());
        }
        let known = OWN_FACTS.into_iter().chain(["drift.column.…", "metric.…", "baseline.…"]);
        Err(self.wrong(format!("there is no fact `{name}`{}", hint(name, known))))
    }
}
