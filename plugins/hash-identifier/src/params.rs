//! The parameters.

use refrain_sdk::serde::Deserialize;
use refrain_sdk::{Error, Kind, Result, Schema};

/// Characters of a salt at least: shorter ones can be tried out.
const SALT_CHARS_MIN: usize = 16;

/// What an identifier may be.
const KINDS: &[Kind] = &[Kind::Utf8, Kind::Int64, Kind::Binary];

/// See `params.schema.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    /// The identifiers.
    pub columns: Vec<String>,
    /// What is mixed into every hash. Part of the plan, so no secret.
    pub salt: String,
    /// The shape of a hash.
    #[serde(default)]
    pub output: Output,
    /// With `bucket`: how many there are.
    pub n_buckets: Option<u32>,
}

/// The shape of a hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum Output {
    /// 32 hexadecimal digits: 128 bits.
    #[default]
    Hex,
    /// A number of 64 bits, negative for half of all values.
    Int64,
    /// A number from 0 to `n_buckets` - 1.
    Bucket,
}

impl Output {
    /// What its columns hold.
    pub fn kind(self) -> Kind {
        if self == Self::Hex { Kind::Utf8 } else { Kind::Int64 }
    }

    /// What follows a column's name.
    pub fn suffix(self) -> &'static str {
        if self == Self::Bucket { "_bucket" } else { "_hash" }
    }
}

impl Params {
    /// Where the identifiers stand, all parameters being right for `input`.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] that names the parameter, and never the salt.
    pub fn check(&self, input: &Schema) -> Result<Vec<u32>> {
        if self.columns.is_empty() {
            return Err(Error::params(
                "parameter `columns` is empty: name the identifiers to hash",
            ));
        }
        let n_chars = self.salt.chars().count();
        if n_chars < SALT_CHARS_MIN {
            return Err(Error::params(format!(
                "parameter `salt` has {n_chars} characters, and at least {SALT_CHARS_MIN} are due: \
                 take random ones, and new ones to make old hashes unlinkable"
            )));
        }
        match (self.output, self.n_buckets) {
            (Output::Bucket, None) => Err(Error::params(
                "parameter `n_buckets` is missing: `output: bucket` needs to know how many there are",
            )),
            (Output::Bucket, Some(0 | 1)) => {
                Err(Error::params("parameter `n_buckets` must be at least 2"))
            }
            (Output::Hex | Output::Int64, Some(_)) => {
                Err(Error::params("parameter `n_buckets` goes with `output: bucket` alone"))
            }
            _ => input
                .indices_of_kind(&self.columns, KINDS)
                .map_err(|error| error.context("parameter `columns`")),
        }
    }
}
