//! What a component says of itself in the custom section `refrain:plugin`: the manifest that its
//! author wrote, and cases to try it on.

use refrain_domain::Grant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::Case;

/// The custom section's name.
pub const SECTION: &str = "refrain:plugin";

/// The section's content, as canonical JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedded {
    /// The plugin's name.
    pub name: String,
    /// Its version.
    pub version: semver::Version,
    /// What it asks for beyond computing.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// JSON Schema of the parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params_schema: Option<Value>,
    /// Parameters and rows that the plugin accepts.
    #[serde(default)]
    pub cases: Vec<Case>,
}

impl Embedded {
    /// As it stands in the section: JSON with its keys in order. Not the canonical form, which has no
    /// integers beyond 2^53: a case may have any.
    ///
    /// # Panics
    /// If a case holds what JSON has not, which none that was read from JSON does.
    pub fn to_bytes(&self) -> Vec<u8> {
        let sorted = serde_json::to_value(self).and_then(|value| serde_json::to_vec(&value));
        sorted.expect("BUG: a manifest without a JSON form")
    }

    /// Reads a component's section; none: it has none.
    ///
    /// # Errors
    /// What is wrong with the section.
    pub fn read(component: &[u8]) -> Result<Option<Self>, String> {
        let Some(bytes) = refrain_sandbox::custom_section(component, SECTION) else {
            return Ok(None);
        };
        let read = serde_json::from_slice(bytes);
        read.map(Some).map_err(|error| format!("its section `{SECTION}` cannot be read: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_case_stay_what_they_are() {
        let text = serde_json::json!({
            "name": "x", "version": "1.0.0",
            "cases": [{"params": {"largest": i64::MAX, "zero": -0.0, "third": 1.0 / 3.0}}],
        });
        let embedded: Embedded = serde_json::from_value(text).expect("a section");
        let again: Embedded = serde_json::from_slice(&embedded.to_bytes()).expect("a section");
        assert_eq!(again, embedded);
        let params = &again.cases[0].params;
        assert_eq!(params["largest"], i64::MAX);
        assert!(params["zero"].as_f64().is_some_and(f64::is_sign_negative), "{params}");
    }
}
