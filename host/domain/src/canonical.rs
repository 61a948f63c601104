//! Manifests as bytes: RFC 8785 canonical JSON, so that equal values have equal digests.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Digest;

/// Why a manifest could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// The value has no JSON form: a NaN, or a map whose keys are no strings.
    #[error("value has no canonical JSON form: {0}")]
    Write(serde_json::Error),
    /// The bytes are not the JSON of such a value.
    #[error("not a valid {what}: {source}")]
    Read {
        /// The type that was expected.
        what: &'static str,
        /// Where and why parsing stopped.
        source: serde_json::Error,
    },
    /// The bytes are such a value, but not in canonical form: a digest over them proves nothing.
    #[error("{what} is not in canonical form")]
    NotCanonical {
        /// The type that was expected.
        what: &'static str,
    },
}

/// The canonical JSON bytes of a value.
///
/// # Errors
/// [`CanonicalError::Write`] if the value holds a NaN or an infinity.
pub fn to_canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    serde_json_canonicalizer::to_vec(value).map_err(CanonicalError::Write)
}

/// The digest of a value's canonical bytes.
///
/// # Errors
/// As [`to_canonical`].
pub fn digest_of<T: Serialize>(value: &T) -> Result<Digest, CanonicalError> {
    to_canonical(value).map(|bytes| Digest::of(&bytes))
}

/// Reads a manifest of a store. Its form was settled when it was written; only bytes from elsewhere
/// have to prove theirs, by [`from_canonical`], which writes the value again.
///
/// # Errors
/// [`CanonicalError::Read`] for bytes of another shape, unknown fields included.
pub fn from_stored<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CanonicalError> {
    let what = short_type_name::<T>();
    serde_json::from_slice(bytes).map_err(|source| CanonicalError::Read { what, source })
}

/// Reads a manifest from elsewhere, and refuses bytes that are not exactly what [`to_canonical`] would write.
///
/// # Errors
/// [`CanonicalError::Read`] for bytes of another shape, [`CanonicalError::NotCanonical`] for
/// another spelling of the same value.
pub fn from_canonical<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, CanonicalError> {
    let value: T = from_stored(bytes)?;
    if to_canonical(&value)? != bytes {
        return Err(CanonicalError::NotCanonical { what: short_type_name::<T>() });
    }
    Ok(value)
}

fn short_type_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn keys_are_sorted_and_numbers_are_ecmascript() {
        let value = serde_json::json!({"b": 1.0, "a": [1e21, 0.1, -0.0]});
        assert_eq!(to_canonical(&value).expect("writes"), br#"{"a":[1e+21,0.1,0],"b":1}"#);
    }

    #[test]
    fn another_spelling_is_refused() {
        let spaced = br#"{"a": 1}"#;
        let read = from_canonical::<BTreeMap<String, u32>>(spaced);
        assert!(matches!(read, Err(CanonicalError::NotCanonical { .. })));
    }
}
