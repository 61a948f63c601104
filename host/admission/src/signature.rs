//! Who vouches for a plugin version: ed25519 signatures over component and manifest.
//!
//! What is signed is the canonical JSON of `{"component", "format", "manifest"}`, so a signature
//! stands for these bytes under this name, version and grants, and for nothing else. Keys and
//! signatures are text: `ed25519:` and base64 of the 32 or 64 bytes of RFC 8032.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use refrain_domain::{Digest, PluginManifest, to_canonical};
use serde::{Deserialize, Serialize};

const ALGORITHM: &str = "ed25519:";
const FORMAT: &str = "refrain.plugin-statement/1";

/// A text that is no key or no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no {what}: expected `ed25519:` and base64 of {bytes} bytes{remedy}")]
pub struct KeyError {
    what: &'static str,
    bytes: usize,
    remedy: &'static str,
}

/// Whom a signature is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// What a signature is made with. Its text is a secret.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

/// A signature, and whose it claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// The signer.
    pub key: PublicKey,
    bytes: [u8; 64],
}

impl SecretKey {
    /// A key of 32 random bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(bytes))
    }

    /// The key that others verify with.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a component under a manifest.
    pub fn sign(&self, component: &Digest, manifest: &PluginManifest) -> Signature {
        let bytes = self.0.sign(&statement(component, manifest)).to_bytes();
        Signature { key: self.public(), bytes }
    }

    /// The secret's text, for its owner's file.
    pub fn reveal(&self) -> String {
        encode(&self.0.to_bytes())
    }
}

impl Signature {
    /// Whether it was made of this component under this manifest, with the key that it names.
    pub fn fits(&self, component: &Digest, manifest: &PluginManifest) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&self.bytes);
        // Strict: no other key, and no other signature, fits the same statement.
        VerifyingKey::from_bytes(&self.key.0)
            .and_then(|key| key.verify_strict(&statement(component, manifest), &signature))
            .is_ok()
    }
}

fn statement(component: &Digest, manifest: &PluginManifest) -> Vec<u8> {
    let statement = serde_json::json!({
        "component": component, "format": FORMAT, "manifest": manifest,
    });
    to_canonical(&statement).expect("BUG: a manifest without a canonical form")
}

fn encode(bytes: &[u8]) -> String {
    format!("{ALGORITHM}{}", BASE64.encode(bytes))
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text.trim().strip_prefix(ALGORITHM)?).ok()?.try_into().ok()
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let remedy = ", as `refrain plugin keygen` prints it";
        let error = KeyError { what: "public key", bytes: 32, remedy };
        decode(text).filter(|bytes| VerifyingKey::from_bytes(bytes).is_ok()).map(Self).ok_or(error)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.0))
    }
}

impl FromStr for SecretKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let remedy = ", as `refrain plugin keygen` writes it";
        let error = KeyError { what: "secret key", bytes: 32, remedy };
        decode(text).as_ref().map(Self::from_bytes).ok_or(error)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public())
    }
}

/// `ed25519:` and base64 of key and signature, one after the other.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&[&self.key.0[..], &self.bytes].concat()))
    }
}

impl FromStr for Signature {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let remedy = ", as `refrain plugin sign` writes it";
        let error = KeyError { what: "signature", bytes: 96, remedy };
        let all: [u8; 96] = decode(text).ok_or_else(|| error.clone())?;
        let (key, bytes) = all.split_at(32);
        let key = PublicKey(key.try_into().map_err(|_| error.clone())?);
        Ok(Self { key, bytes: bytes.try_into().map_err(|_| error)? })
    }
}

impl Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use refrain_domain::Grant;

    use super::*;

    fn manifest() -> PluginManifest {
        let version = semver::Version::new(0, 1, 0);
        PluginManifest { name: "zscore".into(), version, grants: vec![], licence: None }
    }

    /// RFC 8032, section 7.1, test 1: the public key of a secret key.
    #[test]
    fn keys_are_those_of_the_standard() {
        let secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let bytes: Vec<u8> = (0..32)
            .map(|i| u8::from_str_radix(&secret[2 * i..2 * i + 2], 16).expect("hex"))
            .collect();
        let key = SecretKey::from_bytes(&bytes.try_into().expect("32 bytes"));
        let hex: String = key.public().0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, public);
        assert!(!format!("{key:?}").contains("nWGx"), "a secret is not printed");
    }

    #[test]
    fn a_signature_stands_for_one_statement_only() {
        let key = SecretKey::from_bytes(&[7; 32]);
        let component = Digest::of(b"component");
        let signature = key.sign(&component, &manifest());
        let read: Signature = signature.to_string().parse().expect("its own text");
        assert_eq!(read, signature);
        assert!(read.fits(&component, &manifest()));
        assert!(!read.fits(&Digest::of(b"another"), &manifest()));
        let version = semver::Version::new(0, 1, 1);
        assert!(!read.fits(&component, &PluginManifest { version, ..manifest() }));
        let grants = vec![Grant::Wasi];
        assert!(!read.fits(&component, &PluginManifest { grants, ..manifest() }));
        let key = SecretKey::from_bytes(&[8; 32]).public();
        assert!(!Signature { key, ..read }.fits(&component, &manifest()));
    }

    #[test]
    fn texts_that_are_no_keys_say_what_would_be_one() {
        let error = "ed25519:AAAA".parse::<PublicKey>().expect_err("too short").to_string();
        assert_eq!(
            error,
            "this is no public key: expected `ed25519:` and base64 of 32 bytes, as `refrain plugin \
             keygen` prints it"
        );
        assert!("rsa:AAAA".parse::<Signature>().is_err());
        let again: SecretKey = SecretKey::from_bytes(&[7; 32]).reveal().parse().expect("a key");
        assert_eq!(again.public(), SecretKey::from_bytes(&[7; 32]).public());
    }
}
