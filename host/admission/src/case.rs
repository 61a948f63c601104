//! [`Case`]: parameters and rows to run a plugin on, as its author writes them in `cases/*.json`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use refrain_domain::{Batch, Fact, Field, Role, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::rows::{RowError, batch_of};

/// Rows with their schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// In column order.
    pub schema: Vec<Field>,
    /// One object a row; an absent key is a null.
    pub rows: Vec<Map<String, Value>>,
}

/// What a plugin is given, and what should come of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The plugin's parameters.
    #[serde(default = "no_params")]
    pub params: Value,
    /// Its randomness.
    #[serde(default)]
    pub seed: u64,
    /// The rows of every role but drift detectors and triggers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Table>,
    /// A drift detector's reference window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Table>,
    /// A drift detector's current window, of the same schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Table>,
    /// Rows for a trainer's model to predict, of the input's schema; none: the input itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predict: Option<Vec<Map<String, Value>>>,
    /// What a trigger is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Vec<Fact>>,
    /// A predictor's model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_base64: Option<String>,
    /// What should come of it; none: whatever comes is right, as long as the contract is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expectation>,
}

fn no_params() -> Value {
    Value::Object(Map::new())
}

/// What should come of a case: exactly one of these.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The rows of a transform's whole output, or a model's predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Value>,
    /// An evaluator's metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Value>,
    /// A drift detector's scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Value>,
    /// A trigger's decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Value>,
    /// A refusal: a text that its message contains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How far numbers may be from what is expected, relative above 1 and absolute below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
}

impl Expectation {
    /// What is expected of a plugin that succeeds, by the name that stands in the case.
    pub fn output(&self) -> Option<(&'static str, &Value)> {
        let named = [
            ("rows", &self.rows),
            ("metrics", &self.metrics),
            ("scores", &self.scores),
            ("decision", &self.decision),
        ];
        named.into_iter().find_map(|(name, value)| Some((name, value.as_ref()?)))
    }
}

/// Why a case cannot be run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CaseError {
    /// Something that the role needs.
    #[error("a case for a {role} needs `{key}`")]
    Missing {
        /// Whose case it is.
        role: Role,
        /// What is missing.
        key: &'static str,
    },
    /// A schema that no table can have.
    #[error("`{key}.schema`: {detail}")]
    Schema {
        /// Whose schema.
        key: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// A row that does not fit.
    #[error("`{key}.rows`: {source}")]
    Row {
        /// Whose row.
        key: &'static str,
        /// Which, and why.
        source: RowError,
    },
    /// A model that is not base64.
    #[error("`model_base64` is not base64: {0}")]
    Model(String),
}

/// A case's rows, ready to be handed over.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// Of all the batches below.
    pub schema: Schema,
    /// A drift detector's reference window.
    pub reference: Vec<Batch>,
    /// What is transformed, trained on, evaluated or current.
    pub rows: Vec<Batch>,
    /// What a trainer's model predicts.
    pub predict: Vec<Batch>,
    /// A predictor's model.
    pub model: Vec<u8>,
    /// What a trigger is told.
    pub facts: Vec<Fact>,
}

impl Case {
    /// Reads the case's rows, one batch a table.
    ///
    /// # Errors
    /// [`CaseError`], naming what is missing or which row is wrong.
    pub fn input(&self, role: Role) -> Result<Input, CaseError> {
        let needed =
            |key, table: &Option<Table>| table.clone().ok_or(CaseError::Missing { role, key });
        match role {
            Role::Trigger => {
                let facts = self.facts.clone().ok_or(CaseError::Missing { role, key: "facts" })?;
                Ok(Input { facts, ..Input::default() })
            }
            Role::Drift => {
                let reference = needed("reference", &self.reference)?;
                let current = needed("current", &self.current)?;
                let (schema, reference) = read("reference", &reference)?;
                let (of_current, rows) = read("current", &current)?;
                if of_current != schema {
                    let detail = "it is not that of `reference`".to_owned();
                    return Err(CaseError::Schema { key: "current", detail });
                }
                let (reference, rows) = (vec![reference], vec![rows]);
                Ok(Input { schema, reference, rows, ..Input::default() })
            }
            _ => {
                let (schema, rows) = read("input", &needed("input", &self.input)?)?;
                let predict = match &self.predict {
                    Some(predict) => batch("predict", &schema, predict)?,
                    None => rows.clone(),
                };
                let model = self.model(role)?;
                let (rows, predict) = (vec![rows], vec![predict]);
                Ok(Input { schema, rows, predict, model, ..Input::default() })
            }
        }
    }

    fn model(&self, role: Role) -> Result<Vec<u8>, CaseError> {
        match (&self.model_base64, role) {
            (Some(text), _) => {
                BASE64.decode(text).map_err(|error| CaseError::Model(error.to_string()))
            }
            (None, Role::Predictor) => Err(CaseError::Missing { role, key: "model_base64" }),
            (None, _) => Ok(Vec::new()),
        }
    }
}

fn read(key: &'static str, table: &Table) -> Result<(Schema, Batch), CaseError> {
    let schema = Schema::new(table.schema.clone())
        .map_err(|error| CaseError::Schema { key, detail: error.to_string() })?;
    let rows = batch(key, &schema, &table.rows)?;
    Ok((schema, rows))
}

/// A row of a case is no wider than one of a dataset: columns, and numbers of vectors.
const VALUES_PER_ROW_MAX: usize = 4_096;

/// A case has no more, over all its rows.
const VALUES_MAX: usize = 1 << 20;

fn batch(
    key: &'static str,
    schema: &Schema,
    rows: &[Map<String, Value>],
) -> Result<Batch, CaseError> {
    // Asked before any is made: `{}` is a whole row of nulls, however wide.
    let per_row: usize = schema.fields.iter().map(|field| field.width.max(1) as usize).sum();
    let fail = |detail| Err(CaseError::Schema { key, detail });
    if per_row > VALUES_PER_ROW_MAX {
        return fail(format!("{per_row} values a row, at most {VALUES_PER_ROW_MAX}"));
    }
    if per_row * rows.len() > VALUES_MAX {
        let n_rows = rows.len();
        return fail(format!("{n_rows} rows of {per_row} values, at most {VALUES_MAX} in all"));
    }
    batch_of(schema, rows).map_err(|source| CaseError::Row { key, source })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn complaint(role: Role, case: Value) -> String {
        let case: Case = serde_json::from_value(case).expect("a case");
        case.input(role).expect_err("a case that cannot be run").to_string()
    }

    #[test]
    fn a_few_bytes_do_not_ask_for_gigabytes() {
        let vector =
            |width: u32| json!([{"name": "v", "kind": "vector", "nullable": true, "width": width}]);
        let case = |width, rows: usize| json!({"input": {"schema": vector(width), "rows": vec![json!({}); rows]}});
        assert_eq!(
            complaint(Role::Transform, case(u32::MAX, 1)),
            "`input.schema`: 4294967295 values a row, at most 4096"
        );
        assert_eq!(
            complaint(Role::Transform, case(4_096, 257)),
            "`input.schema`: 257 rows of 4096 values, at most 1048576 in all"
        );
        let largest: Case = serde_json::from_value(case(4_096, 256)).expect("a case");
        assert!(largest.input(Role::Transform).is_ok());
    }

    #[test]
    fn both_windows_of_a_drift_detector_have_one_schema() {
        let window = |kind: &str| json!({"schema": [{"name": "x", "kind": kind, "nullable": true}], "rows": [{}]});
        let case = json!({"reference": window("int64"), "current": window("utf8")});
        let expected = "`current.schema`: it is not that of `reference`";
        assert_eq!(complaint(Role::Drift, case), expected);
    }
}
