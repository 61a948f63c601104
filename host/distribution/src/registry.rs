//! [`OciRegistry`]: pushes to and pulls from registries.

use std::io;
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};
use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use refrain_domain::Digest;
use tokio::io::AsyncWrite;
use tokio::runtime::Runtime;

use crate::layout::{Listing, Upload};
use crate::{DistributionError, OciReference, Package, Surface};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Between two reads of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Who asks. Without: anyone.
#[derive(Clone)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password, or the token that a registry hands out in its place.
    pub password: String,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Where it lies, by digest: what this names never changes.
    pub reference: OciReference,
}

/// A client of registries. Talks TLS, except to this machine.
pub struct OciRegistry {
    runtime: Runtime,
    auth: RegistryAuth,
    is_plain: bool,
    component_bytes_max: u64,
}

impl OciRegistry {
    /// A client that takes in components of at most so many bytes. `is_plain`: no TLS to anyone.
    ///
    /// # Errors
    /// The system's, where it gives no event loop.
    pub fn new(
        credentials: Option<Credentials>,
        is_plain: bool,
        component_bytes_max: u64,
    ) -> io::Result<Self> {
        static TLS: Once = Once::new();
        // An error says that the process has chosen already, which serves as well.
        TLS.call_once(|| _ = rustls::crypto::ring::default_provider().install_default());
        let auth = credentials.map_or(RegistryAuth::Anonymous, |credentials| {
            RegistryAuth::Basic(credentials.user, credentials.password)
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, auth, is_plain, component_bytes_max })
    }

    /// Uploads a plugin, unless it is there already.
    ///
    /// # Errors
    /// As [`DistributionError`] says.
    pub fn push(
        &self,
        to: &OciReference,
        package: Package,
        surface: Surface<'_>,
    ) -> Result<Pushed, DistributionError> {
        let upload = Upload::new(package, surface);
        let name = to.to_string();
        let (client, reference) = (self.client(to), client_reference(to)?);
        self.runtime.block_on(async {
            let layers = std::slice::from_ref(&upload.layer);
            let manifest = Some(upload.manifest);
            let pushed = client.push(&reference, layers, upload.config, &self.auth, manifest);
            pushed.await.map_err(|error| DistributionError::new(&name, error))?;
            let digest = client.fetch_manifest_digest(&reference, &self.auth).await;
            let digest = digest.map_err(|error| DistributionError::new(&name, error))?;
            Ok(Pushed { reference: to.at(&digest) })
        })
    }

    /// Downloads a plugin, and checks that it is the one that was pushed.
    ///
    /// # Errors
    /// As [`DistributionError`] says; above all [`DistributionError::Tampered`].
    pub fn pull(&self, from: &OciReference) -> Result<Package, DistributionError> {
        let name = from.to_string();
        let (client, reference) = (self.client(from), client_reference(from)?);
        let fail = |error| DistributionError::new(&name, error);
        self.runtime.block_on(async {
            let pulled = client.pull_image_manifest(&reference, &self.auth).await;
            let (manifest, _digest) = pulled.map_err(fail)?;
            let listing = Listing::read(manifest).map_err(|detail| {
                DistributionError::NotAComponent { reference: name.clone(), detail }
            })?;
            let max = self.component_bytes_max;
            let found = u64::try_from(listing.layer.size).unwrap_or(0);
            if found > max {
                return Err(DistributionError::TooLarge { reference: name.clone(), found, max });
            }
            let mut component = AtMost { bytes: Vec::new(), max: found };
            client.pull_blob(&reference, &listing.layer, &mut component).await.map_err(fail)?;
            package(&name, listing, component.bytes)
        })
    }

    fn client(&self, reference: &OciReference) -> Client {
        let protocol = match self.is_plain || reference.is_local() {
            true => ClientProtocol::Http,
            false => ClientProtocol::Https,
        };
        Client::new(ClientConfig {
            protocol,
            // Components are for every platform, so nothing here chooses one.
            platform_resolver: None,
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
            user_agent: concat!("refrain/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        })
    }
}

fn client_reference(reference: &OciReference) -> Result<Reference, DistributionError> {
    reference.to_client().ok_or_else(|| DistributionError::Reference {
        text: reference.to_string(),
        detail: "it has neither tag nor digest".to_owned(),
    })
}

/// The client library has compared SHA-256 with what the registry's manifest says; the name that
/// the rest of Refrain knows the component by is BLAKE3's.
fn package(
    reference: &str,
    listing: Listing,
    component: Vec<u8>,
) -> Result<Package, DistributionError> {
    let found = Digest::of(&component).to_string();
    match listing.component {
        Some(expected) if expected != found => {
            let detail = format!("the component is {found}, its manifest says {expected}");
            Err(DistributionError::Tampered { reference: reference.to_owned(), detail })
        }
        _ => Ok(Package { component, manifest: listing.manifest, signature: listing.signature }),
    }
}

/// Takes no more bytes than were announced.
struct AtMost {
    bytes: Vec<u8>,
    max: u64,
}

impl AsyncWrite for AtMost {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        more: &[u8],
    ) -> Poll<io::Result<usize>> {
        if (self.bytes.len() + more.len()) as u64 > self.max {
            let told = format!("the registry sends more than the {} bytes announced", self.max);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, told)));
        }
        self.bytes.extend_from_slice(more);
        Poll::Ready(Ok(more.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
