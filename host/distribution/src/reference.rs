//! [`OciReference`]: where in which registry.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use oci_client::Reference;

use crate::DistributionError;

/// How references begin, so that nobody takes them for files or plugins.
const SCHEME: &str = "oci://";

/// A place in a registry, written `oci://HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]`.
///
/// The host is part of it: there is no registry that one means by saying none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OciReference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

impl OciReference {
    /// Whether a text means one, right or wrong.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// With this tag, if it has neither tag nor digest. `+` is no character of a tag, so it becomes
    /// `_`.
    #[must_use]
    pub fn or_tagged(mut self, version: &semver::Version) -> Self {
        if self.tag.is_none() && self.digest.is_none() {
            self.tag = Some(version.to_string().replace('+', "_"));
        }
        self
    }

    /// The registry's host and port.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Whether the registry runs on this machine.
    pub(crate) fn is_local(&self) -> bool {
        let host = match self.registry.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.registry,
        };
        let address: Option<Ipv4Addr> = host.parse().ok();
        host == "localhost" || host == "[::1]" || address.is_some_and(|ip| ip.is_loopback())
    }

    /// What the client library calls it; none without tag and digest.
    pub(crate) fn to_client(&self) -> Option<Reference> {
        let (registry, repository) = (self.registry.clone(), self.repository.clone());
        match (&self.tag, &self.digest) {
            (_, Some(digest)) => Some(Reference::with_digest(registry, repository, digest.clone())),
            (Some(tag), None) => Some(Reference::with_tag(registry, repository, tag.clone())),
            (None, None) => None,
        }
    }

    /// The same repository at a digest.
    pub(crate) fn at(&self, digest: &str) -> Self {
        Self { tag: None, digest: Some(digest.to_owned()), ..self.clone() }
    }
}

impl FromStr for OciReference {
    type Err = DistributionError;

    fn from_str(text: &str) -> Result<Self, DistributionError> {
        let fail = |detail: &str| DistributionError::Reference {
            text: text.to_owned(),
            detail: detail.to_owned(),
        };
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| fail("it begins otherwise"))?;
        let (host, path) = rest.split_once('/').ok_or_else(|| fail("it names no repository"))?;
        if !host.contains(['.', ':']) && host != "localhost" {
            return Err(fail("it names no host"));
        }
        let parsed: Reference = rest.parse().map_err(|error| fail(&format!("{error}")))?;
        // Where a text says no tag, the library says `latest`; we say so.
        let is_tagged = path.split('@').next().is_some_and(|name| name.contains(':'));
        Ok(Self {
            registry: parsed.registry().to_owned(),
            repository: parsed.repository().to_owned(),
            tag: parsed.tag().filter(|_| is_tagged).map(str::to_owned),
            digest: parsed.digest().map(str::to_owned),
        })
    }
}

impl fmt::Display for OciReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_as_it_was_written() {
        let digest = format!("sha256:{}", "a1".repeat(32));
        for text in [
            "oci://registry.example/zscore:0.1.0".to_owned(),
            "oci://127.0.0.1:5000/team/zscore".to_owned(),
            format!("oci://localhost/zscore@{digest}"),
            format!("oci://localhost:5000/a/b/zscore:1@{digest}"),
        ] {
            let reference: OciReference = text.parse().expect("a reference");
            assert_eq!(reference.to_string(), text);
        }
    }

    #[test]
    fn a_text_that_is_none_is_told_what_it_lacks() {
        for (text, lack) in [
            ("localhost/zscore:1", "begins otherwise"),
            ("oci://localhost", "no repository"),
            ("oci://zscore/zscore:1", "no host"),
            ("oci://localhost/ZScore:1", "invalid reference"),
            ("oci://localhost/zscore@sha256:abc", "invalid reference"),
        ] {
            let error = text.parse::<OciReference>().expect_err(text).to_string();
            assert!(error.contains(lack) && error.contains("oci://HOST/REPOSITORY:TAG"), "{error}");
        }
    }

    #[test]
    fn without_a_tag_it_takes_the_version() {
        let version = "1.0.0-rc.1+b7".parse().expect("a version");
        let tagged = |text: &str| {
            let reference: OciReference = text.parse().expect("a reference");
            reference.or_tagged(&version).to_string()
        };
        assert_eq!(tagged("oci://localhost/zscore"), "oci://localhost/zscore:1.0.0-rc.1_b7");
        assert_eq!(tagged("oci://localhost/zscore:dev"), "oci://localhost/zscore:dev");
    }

    #[test]
    fn only_this_machine_is_local() {
        for (host, is_local) in [
            ("localhost", true),
            ("localhost:5000", true),
            ("127.0.0.1:5000", true),
            ("registry.example", false),
            ("registry.example:5000", false),
            ("127.example.org", false),
        ] {
            let reference: OciReference = format!("oci://{host}/x:1").parse().expect("a reference");
            assert_eq!(reference.is_local(), is_local, "{host}");
        }
    }
}
