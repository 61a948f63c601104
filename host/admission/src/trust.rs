//! Whose signatures count: trusted keys by namespace, and what is done without one.

use std::fmt;
use std::str::FromStr;

use refrain_domain::{Digest, PluginManifest};
use serde::{Deserialize, Serialize};

use crate::signature::{PublicKey, Signature};

/// What is done with a plugin version that nobody trusted has signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureMode {
    /// It is registered.
    #[default]
    Off,
    /// It is registered, and the log says so.
    Warn,
    /// It is refused.
    Require,
}

impl FromStr for SignatureMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "off" => Self::Off,
            "warn" => Self::Warn,
            "require" => Self::Require,
            _ => return Err(format!("`{text}` is no policy: write off, warn or require")),
        })
    }
}

/// What is known of a plugin version's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum SignatureState {
    /// There is none.
    Unsigned,
    /// There is one, and it does not count.
    Failed {
        /// Why.
        reason: String,
    },
    /// It fits, and its key is trusted for the name.
    Verified {
        /// The signer's public key.
        key: String,
    },
}

impl fmt::Display for SignatureState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unsigned => "unsigned",
            Self::Failed { .. } => "failed",
            Self::Verified { .. } => "verified",
        })
    }
}

/// Keys, and the plugin names that each may sign.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedKeys(Vec<(Namespace, PublicKey)>);

/// A plugin's name, or with `*` at its end all names that begin so.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Namespace(String);

impl Namespace {
    fn holds(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => self.0 == name,
        }
    }
}

/// A text that lists no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TrustError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, and what to write.
    pub problem: String,
}

impl FromStr for TrustedKeys {
    type Err = TrustError;

    /// One line a key: `NAMESPACE ed25519:…`. Empty lines and those that begin with `#` say
    /// nothing.
    fn from_str(text: &str) -> Result<Self, TrustError> {
        let mut keys = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let fail = |problem| TrustError { line: index + 1, problem };
            let parts: Vec<&str> = line.split_whitespace().collect();
            match parts.as_slice() {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                [namespace, key] => {
                    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
                    let stem = namespace.strip_suffix('*').unwrap_or(namespace);
                    if !stem.chars().all(|c| is_name(c) || matches!(c, '-' | '_')) {
                        let problem = format!(
                            "`{namespace}` is no namespace: write a plugin's name, or `acme-*`"
                        );
                        return Err(fail(problem));
                    }
                    let key =
                        key.parse().map_err(|error: crate::KeyError| fail(error.to_string()))?;
                    keys.push((Namespace((*namespace).to_owned()), key));
                }
                _ => {
                    return Err(fail(
                        "expected `NAMESPACE ed25519:…`, such as `acme-* ed25519:…`".into(),
                    ));
                }
            }
        }
        Ok(Self(keys))
    }
}

impl TrustedKeys {
    /// What is to be thought of a signature, or of none.
    pub fn judge(
        &self,
        signature: Option<&Signature>,
        component: &Digest,
        manifest: &PluginManifest,
    ) -> SignatureState {
        let Some(signature) = signature else { return SignatureState::Unsigned };
        if !signature.fits(component, manifest) {
            let reason =
                "it was made of another component, name, version, licence or grants".into();
            return SignatureState::Failed { reason };
        }
        let trusts = |(namespace, key): &(Namespace, PublicKey)| {
            *key == signature.key && namespace.holds(&manifest.name)
        };
        let key = signature.key.to_string();
        if self.0.iter().any(trusts) {
            return SignatureState::Verified { key };
        }
        let reason = format!("its key {key} is not trusted for `{}`", manifest.name);
        SignatureState::Failed { reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;

    fn manifest(name: &str) -> PluginManifest {
        let version = semver::Version::new(1, 0, 0);
        PluginManifest { name: name.into(), version, grants: vec![], licence: None }
    }

    #[test]
    fn a_key_counts_in_its_namespace_only() {
        let key = SecretKey::from_bytes(&[7; 32]);
        let text = format!("# the team\n\nacme-* {}\nzscore {0}\n", key.public());
        let trusted: TrustedKeys = text.parse().expect("keys");
        let component = Digest::of(b"component");
        let state = |keys: &TrustedKeys, name: &str| {
            let signature = key.sign(&component, &manifest(name));
            keys.judge(Some(&signature), &component, &manifest(name)).to_string()
        };
        assert_eq!(state(&trusted, "acme-scale"), "verified");
        assert_eq!(state(&trusted, "zscore"), "verified");
        assert_eq!(state(&trusted, "zscore2"), "failed");
        assert_eq!(state(&TrustedKeys::default(), "zscore"), "failed");
        let unsigned = trusted.judge(None, &component, &manifest("zscore"));
        assert_eq!(unsigned, SignatureState::Unsigned);
        let other = key.sign(&Digest::of(b"other"), &manifest("zscore"));
        let SignatureState::Failed { reason } =
            trusted.judge(Some(&other), &component, &manifest("zscore"))
        else {
            panic!("a signature of another component counts")
        };
        assert_eq!(reason, "it was made of another component, name, version, licence or grants");
    }

    #[test]
    fn a_bad_list_names_the_line() {
        let error = |text: &str| text.parse::<TrustedKeys>().expect_err("refused").to_string();
        let expected = "line 2: expected `NAMESPACE ed25519:…`, such as `acme-* ed25519:…`";
        assert_eq!(error("# keys\nacme-*\n"), expected);
        assert!(error("acme-* ed25519:AAAA").starts_with("line 1: this is no public key: "));
        let key = SecretKey::from_bytes(&[7; 32]).public();
        assert!(error(&format!("Acme/* {key}")).contains("is no namespace"));
    }
}
