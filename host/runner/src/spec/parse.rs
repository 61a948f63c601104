//! Reads pipelines, and says what is wrong with those that cannot be read.

use super::PipelineSpec;

/// A text that is no pipeline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SpecError {
    /// What is wrong, where, and what to write instead.
    pub message: String,
}

impl PipelineSpec {
    /// Reads a pipeline from YAML (of which JSON is a part).
    ///
    /// # Errors
    /// [`SpecError`] with line and column; for an unknown key also the nearest known one.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let is_blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        if text.lines().all(is_blank) {
            let message =
                "nothing is in it: a pipeline has at least `pipeline`, `inputs` and `steps`";
            return Err(SpecError { message: message.to_owned() });
        }
        // YAML 1.2: `y`, `no` and `on` are words, and good names for columns.
        let options = serde_saphyr::options! { strict_booleans: true };
        serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| SpecError { message: explain(&error.to_string()) })
    }
}

/// The parser's first line in our words; what follows it is an excerpt of the text.
fn explain(message: &str) -> String {
    let line = message.lines().next().unwrap_or(message).trim();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    if let Some((before, key)) = line.split_once("duplicate mapping key: ") {
        let key = key.split(',').next().unwrap_or(key);
        return format!("{before}`{key}` stands there twice: rename one of them");
    }
    let line = line.replace("unknown field", "unknown key").replace("missing field", "missing key");
    suggest(&line.replace("expected mapping start", "expected a map, such as `pipeline: my-name`"))
}

/// Adds "did you mean" to serde's complaint about an unknown key, in place of all there are.
pub(crate) fn suggest(message: &str) -> String {
    let Some((before, _)) = message.split_once(", expected ") else { return message.to_owned() };
    let Some(found) = before.rsplit('`').nth(1) else { return message.to_owned() };
    match nearest(found, known_names(message)) {
        Some(name) => format!("{before}; did you mean `{name}`?"),
        None => message.to_owned(),
    }
}

/// The names in "expected one of `a`, `b`", with quotes or without.
fn known_names(message: &str) -> Vec<&str> {
    let Some((_, known)) = message.split_once(", expected ") else { return Vec::new() };
    let known = known.strip_prefix("one of ").unwrap_or(known);
    known.split([',', ' ']).map(|name| name.trim_matches('`')).filter(|n| !n.is_empty()).collect()
}

/// The candidate that a person most likely meant, if one is near enough.
pub fn nearest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(found, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> String {
        PipelineSpec::parse(text).expect_err("no pipeline").message
    }

    #[test]
    fn unknown_keys_are_near_known_ones() {
        let text = "pipeline: p\ninputs: {}\nstep: {}\n";
        assert_eq!(complaint(text), "line 3 column 1: unknown key `step`; did you mean `steps`?");
        let text = "pipeline: p\ninputs: {}\nsteps: {}\nzzzzzzzz: {}\n";
        assert!(complaint(text).contains("unknown key `zzzzzzzz`, expected one of pipeline"));
    }

    #[test]
    fn words_of_older_yaml_are_words() {
        let text =
            "pipeline: p\ninputs: {}\nsteps: {m: {plugin: t, params: {label: y, on: [no, off]}}}";
        let spec = PipelineSpec::parse(text).expect("a pipeline");
        let expected = serde_json::json!({"label": "y", "on": ["no", "off"]});
        assert_eq!(spec.steps["m"].params, Some(expected));
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        for text in ["", "\n\n", "# a comment\n  # and another"] {
            assert!(complaint(text).starts_with("nothing is in it"), "{text:?}");
        }
    }
}
