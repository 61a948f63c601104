//! State and models as bytes: compact, deterministic, through `serde` and postcard.
//!
//! Invariant: equal values give equal bytes, as long as their maps have an order of their own:
//! use `BTreeMap`, never `HashMap`. Integers are varints, floats eight little-endian bytes, bit for
//! bit. The format names no fields, so a plugin that changes its state also changes its version.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Result};

/// The bytes of `value`.
///
/// # Errors
/// [`Error::Failed`] if `value` refuses to be written (a sequence of unknown length, say).
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    postcard::to_allocvec(value)
        .map_err(|error| Error::failed(format!("the state cannot be written: {error}")))
}

/// The value whose bytes [`encode`] gave.
///
/// # Errors
/// [`Error::Failed`] if the bytes are of something else, cut short, or too long.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(Error::failed(format!(
            "the state has {} bytes too many: it is not of this plugin, or of another version",
            rest.len()
        ))),
        Err(error) => Err(Error::failed(format!(
            "the state cannot be read: {error}; it is not of this plugin, or of another version"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_comes_back_and_nothing_else_does() {
        let value = (7_u64, vec![f64::NAN.to_bits(), 1], "late".to_owned(), Some(-1.5_f64));
        let bytes = encode(&value).unwrap();
        assert_eq!(decode::<(u64, Vec<u64>, String, Option<f64>)>(&bytes).unwrap(), value);
        assert!(decode::<(u64, Vec<u64>, String)>(&bytes).is_err());
        assert!(decode::<(u64, Vec<u64>, String, Option<f64>)>(&bytes[1..]).is_err());
    }
}
