//! Parameters: JSON into the author's own struct, with errors that name the parameter.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor, value::Error as ValueError};

use crate::{Error, Result};

pub use crate::schema::hint;

/// Parameters of a plugin that has none: `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// Reads `params`, canonical JSON, into `P`.
///
/// A key that `P` has no field for is refused, whether or not `P` says `deny_unknown_fields`;
/// structs *inside* `P` have to say so themselves.
///
/// # Errors
/// [`Error::InvalidParams`] with the path of the parameter, what was found and what is allowed.
pub fn parse<P: DeserializeOwned>(params: &str) -> Result<P> {
    let params = if params.trim().is_empty() { "{}" } else { params };
    let value: serde_json::Value = serde_json::from_str(params)
        .map_err(|error| Error::params(format!("the parameters are not JSON: {error}")))?;
    if let (Some(object), Some(known)) = (value.as_object(), field_names::<P>()) {
        for key in object.keys() {
            if !known.contains(&key.as_str()) {
                let hint = hint(key, known.iter().copied());
                return Err(Error::params(format!("unknown parameter `{key}`{hint}")));
            }
        }
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        if path == "." {
            Error::params(cause.to_string())
        } else {
            Error::params(format!("parameter `{path}`: {cause}"))
        }
    })
}

/// The fields of `P`, if it is a struct with none flattened.
fn field_names<P: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let mut names = None;
    // Fails by design: the probe answers no value, it only listens to what is asked for.
    let _ = P::deserialize(Probe(&mut names));
    names
}

struct Probe<'a>(&'a mut Option<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ValueError> {
        Err(serde::de::Error::custom("a probe"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ValueError> {
        *self.0 = Some(fields);
        Err(serde::de::Error::custom("a probe"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Sample {
        columns: Vec<String>,
        #[serde(default)]
        with_mean: bool,
    }

    fn check(params: &str, expected: Result<Sample, &str>) {
        let found = parse::<Sample>(params);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert_eq!(found, Error::params(expected)),
            (found, expected) => panic!("found {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn names_the_parameter_and_what_is_allowed() {
        check(
            r#"{"columns":["a"]}"#,
            Ok(Sample { columns: vec!["a".to_owned()], with_mean: false }),
        );
        check(r#"{"colums":[]}"#, Err("unknown parameter `colums`; did you mean `columns`?"));
        check(
            r#"{"columns":[],"seed":1}"#,
            Err("unknown parameter `seed`; there are `columns`, `with_mean`"),
        );
        check("", Err("missing field `columns`"));
        check(
            r#"{"columns":["a",1]}"#,
            Err("parameter `columns[1]`: invalid type: integer `1`, expected a string"),
        );
    }
}
