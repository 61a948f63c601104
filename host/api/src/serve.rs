//! The router behind a socket. `axum::serve` sets no limits of its own, so this does: on heads, on
//! bodies, on readers that do not read, on connections, and on the time a shutdown takes.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;

use crate::app::App;
use crate::auth::Access;

/// When the server stops, a connection that has asked for nothing may still do so for so long.
const SILENCE_MAX: Duration = Duration::from_millis(200);

/// Limits of a server.
#[derive(Debug, Clone, Copy)]
pub struct ServeOptions {
    /// Connections at once; the next ones wait in the kernel's queue.
    pub connections_max: usize,
    /// A request's head must be here within this time, also on a connection that is kept alive.
    pub head_timeout: Duration,
    /// A reader who takes nothing for so long is hung up on.
    pub write_timeout: Duration,
    /// A shutdown waits so long for answers under way.
    pub shutdown_timeout: Duration,
}

impl Default for ServeOptions {
    /// 1,024 connections, 15 s, 30 s, 30 s.
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            head_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// Why a server does not start, or ends.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Everyone on the network could do everything.
    #[error(
        "{address} can be reached from other machines, and no token file is given: add `--token-file` (`refrain token new` makes one), or listen on 127.0.0.1"
    )]
    Unguarded {
        /// Where it should have listened.
        address: SocketAddr,
    },
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
}

/// Binds, unless that would let everyone in.
///
/// # Errors
/// [`ServeError::Unguarded`] off loopback without tokens, [`ServeError::Listen`].
pub async fn listen(address: SocketAddr, access: &Access) -> Result<TcpListener, ServeError> {
    if !address.ip().is_loopback() && !access.is_guarded() {
        return Err(ServeError::Unguarded { address });
    }
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })
}

/// Serves until `stop` is done; then finishes what is under way, and lets runs come to rest.
pub async fn serve(
    listener: TcpListener,
    app: App,
    router: Router,
    options: ServeOptions,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(options.connections_max));
    let stopping = watch::Sender::new(false);
    let mut stop = pin!(stop);
    loop {
        let seat = room.clone().acquire_owned();
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = async { (seat.await, listener.accept().await) } => accepted,
        };
        match accepted {
            (Ok(seat), Ok((stream, _))) => {
                let (connection, has_asked) = connect(stream, router.clone(), options);
                let connection = graceful.watch(connection);
                let stopped = stopping.subscribe();
                tokio::spawn(async move {
                    tokio::select! {
                        ended = connection => if let Err(error) = ended {
                            tracing::debug!(%error, "connection ended");
                        },
                        () = silent_until_stopped(stopped, has_asked) => {}
                    }
                    drop(seat);
                });
            }
            (_, Err(error)) => {
                // Out of file descriptors, most likely: others must end first.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            (Err(_), _) => break,
        }
    }
    drop(listener);
    tracing::info!("shutting down");
    stopping.send_replace(true);
    app.shut_down().await;
    if tokio::time::timeout(options.shutdown_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("answers under way were cut off");
    }
}

/// Done when the server stops and the connection has not asked for anything.
async fn silent_until_stopped(mut stopped: watch::Receiver<bool>, has_asked: Arc<AtomicBool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_ok() {
        tokio::time::sleep(SILENCE_MAX).await;
    }
    if has_asked.load(Ordering::Relaxed) {
        std::future::pending().await
    }
}

/// The router, on one connection.
struct Service {
    router: TowerToHyperService<Router>,
    has_asked: Arc<AtomicBool>,
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future =
        <TowerToHyperService<Router> as hyper::service::Service<Request<Incoming>>>::Future;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.has_asked.store(true, Ordering::Relaxed);
        self.router.call(request)
    }
}

type Stream = TokioIo<std::pin::Pin<Box<TimeoutStream<TcpStream>>>>;

type Connection = hyper::server::conn::http1::Connection<Stream, Service>;

/// A connection, and whether a request has come in on it.
fn connect(
    stream: TcpStream,
    router: Router,
    options: ServeOptions,
) -> (Connection, Arc<AtomicBool>) {
    let has_asked = Arc::new(AtomicBool::new(false));
    let router = TowerToHyperService::new(router);
    let service = Service { router, has_asked: has_asked.clone() };
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(options.write_timeout));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    (connection, has_asked)
}
