//! Hashing rows.
//!
//! A hash is BLAKE3 in its keyed mode over one byte for the kind (`t`, `i`, `b`) and the value:
//! UTF-8, eight little-endian bytes, or the bytes. The key is derived from the salt.
//!
//! Source: O'Connor, Aumasson, Neves & Wilcox-O'Hearn (2020), "BLAKE3: one function, fast
//! everywhere", sections 2.1 (keyed hash) and 2.3 (key derivation).

use refrain_sdk::{Batch, Column, Map, Result, Schema, StrBuilder, Values};

use crate::params::{Output, Params};

/// What separates these keys from those that others derive from the same salt.
const CONTEXT: &str = "refrain hash-identifier 2025 salt to key v1";

/// A key, and what to make of hashes under it.
pub struct Hashes {
    key: [u8; 32],
    output: Output,
    n_buckets: u64,
    input: Schema,
}

impl Hashes {
    /// Hashes of the columns of `input`.
    pub fn new(params: &Params, input: &Schema) -> Self {
        Self {
            key: blake3::derive_key(CONTEXT, params.salt.as_bytes()),
            output: params.output,
            n_buckets: params.n_buckets.map_or(1, u64::from),
            input: input.clone(),
        }
    }

    fn column(&self, column: &Column) -> Result<Column> {
        let hashes: Vec<Option<[u8; 16]>> = match &column.values {
            Values::Int64(_) => {
                let hash = |int: i64| self.hash(b'i', &int.to_le_bytes());
                column.i64s()?.map(|int| int.map(hash)).collect()
            }
            values => {
                let kind = if let Values::Utf8(_) = values { b't' } else { b'b' };
                let hash = |bytes: &[u8]| self.hash(kind, bytes);
                column.byte_strings()?.map(|bytes| bytes.map(hash)).collect()
            }
        };
        Ok(match self.output {
            Output::Hex => hex(&hashes),
            Output::Int64 => {
                Column::int64_opt(hashes.iter().map(|hash| hash.map(|hash| first(&hash) as i64)))
            }
            Output::Bucket => {
                Column::int64_opt(hashes.iter().map(|hash| hash.map(|hash| self.bucket(&hash))))
            }
        })
    }

    fn hash(&self, kind: u8, value: &[u8]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&[kind]).update(value);
        let mut hash = [0; 16];
        hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        hash
    }

    /// By multiplication: buckets differ in size by less than one in 2^32.
    fn bucket(&self, hash: &[u8; 16]) -> i64 {
        ((u128::from(first(hash)) * u128::from(self.n_buckets)) >> 64) as i64
    }
}

impl Map for Hashes {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        rows.check(&self.input)?;
        rows.columns.iter().map(|column| self.column(column)).collect()
    }
}

/// The first eight bytes, little-endian.
fn first(hash: &[u8; 16]) -> u64 {
    hash[..8].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn hex(hashes: &[Option<[u8; 16]>]) -> Column {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut texts = StrBuilder::default();
    let mut text = String::with_capacity(32);
    for hash in hashes {
        text.clear();
        for byte in hash.iter().flatten() {
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        texts.push(hash.map(|_| text.as_str()));
    }
    texts.finish()
}
