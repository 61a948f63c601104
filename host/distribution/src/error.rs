//! What can go wrong between here and a registry.

use oci_client::errors::{OciDistributionError, OciErrorCode};

/// Why a plugin was not pushed or not pulled.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// A text that names no place in a registry.
    #[error("`{text}` is no OCI reference: {detail}; write `oci://HOST/REPOSITORY:TAG`")]
    Reference {
        /// The text.
        text: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The registry has nothing of that name.
    #[error("{reference}: the registry has no such thing; are repository and tag right?")]
    Missing {
        /// What was asked for.
        reference: String,
    },
    /// The registry wants to know who asks.
    #[error(
        "{reference}: the registry refuses: {detail}; name a user with REFRAIN_OCI_USER and REFRAIN_OCI_PASSWORD"
    )]
    Refused {
        /// What was asked for.
        reference: String,
        /// The registry's words.
        detail: String,
    },
    /// Bytes that are not those that the digest names.
    #[error(
        "{reference}: the registry's bytes are not what was pushed: {detail}; do not use them, and tell whoever runs the registry"
    )]
    Tampered {
        /// What was asked for.
        reference: String,
        /// Which digest was expected and which was found.
        detail: String,
    },
    /// An image, or anything else that holds no single component.
    #[error("{reference} is no Wasm component: {detail}")]
    NotAComponent {
        /// What was asked for.
        reference: String,
        /// What it is instead.
        detail: String,
    },
    /// A component that is larger than any that Refrain takes.
    #[error("{reference}: the component has {found} bytes, the limit is {max}")]
    TooLarge {
        /// What was asked for.
        reference: String,
        /// Its length, in bytes.
        found: u64,
        /// The limit, in bytes.
        max: u64,
    },
    /// No connection, or one that broke.
    #[error("{reference}: the registry does not answer: {detail}")]
    Unreachable {
        /// What was asked for.
        reference: String,
        /// The innermost cause.
        detail: String,
    },
    /// Anything else that the registry said.
    #[error("{reference}: {detail}")]
    Registry {
        /// What was asked for.
        reference: String,
        /// The registry's words.
        detail: String,
    },
}

impl DistributionError {
    pub(crate) fn new(reference: &str, error: OciDistributionError) -> Self {
        let reference = reference.to_owned();
        let detail = error.to_string();
        match error {
            OciDistributionError::ImageManifestNotFoundError(_)
            | OciDistributionError::ServerError { code: 404, .. } => Self::Missing { reference },
            OciDistributionError::RegistryError { envelope, .. } => {
                let has = |codes: &[OciErrorCode]| {
                    envelope.errors.iter().any(|error| codes.contains(&error.code))
                };
                use OciErrorCode::{BlobUnknown, ManifestUnknown, NameUnknown, NotFound};
                if has(&[BlobUnknown, ManifestUnknown, NameUnknown, NotFound]) {
                    Self::Missing { reference }
                } else if has(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]) {
                    Self::Refused { reference, detail: envelope.to_string() }
                } else {
                    Self::Registry { reference, detail: envelope.to_string() }
                }
            }
            OciDistributionError::UnauthorizedError { .. }
            | OciDistributionError::ServerError { code: 401 | 403, .. }
            | OciDistributionError::AuthenticationFailure(_) => Self::Refused { reference, detail },
            OciDistributionError::DigestError(_) => Self::Tampered { reference, detail },
            OciDistributionError::ImageIndexParsingNoPlatformResolverError => {
                let detail = "it is an index of images for several platforms".to_owned();
                Self::NotAComponent { reference, detail }
            }
            OciDistributionError::RequestError(error) => {
                Self::Unreachable { reference, detail: innermost(&error) }
            }
            _ => Self::Registry { reference, detail },
        }
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
