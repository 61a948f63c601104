//! The router in this process: a request goes in, a response comes out, no port, no socket.

use std::io::Read;
use std::rc::Rc;

use anyhow::Context;
use axum::Router;
use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use refrain_api::App;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use super::{Answer, Request, RequestBody, Transport};

/// The API in this process.
pub(crate) struct Local {
    runtime: Rc<Runtime>,
    router: Router,
}

impl Local {
    pub(crate) fn new(app: App) -> anyhow::Result<Self> {
        // One thread: whatever is heavy runs on threads of its own anyway.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = Rc::new(runtime.context("the operating system gives no threads")?);
        Ok(Self { runtime, router: refrain_api::router(app) })
    }
}

impl Transport for Local {
    fn send(&self, request: Request<'_>) -> anyhow::Result<Answer> {
        let mut built = axum::http::Request::builder().method(request.method).uri(request.path);
        if let Some(kind) = request.content_type {
            built = built.header("content-type", kind);
        }
        if request.wants_events {
            built = built.header("accept", "text/event-stream");
        }
        let bytes = match request.body {
            RequestBody::Bytes(bytes) => bytes,
            RequestBody::Reader(mut reader) => {
                let mut bytes = Vec::new();
                reader.read_to_end(&mut bytes)?;
                bytes
            }
        };
        let built = built.body(Body::from(bytes)).context("BUG: a request that cannot be")?;
        let response = self.runtime.block_on(self.router.clone().oneshot(built))?;
        let status = response.status().as_u16();
        let body = Incoming {
            runtime: self.runtime.clone(),
            body: response.into_body(),
            rest: Bytes::new(),
        };
        Ok(Answer { status, body: Box::new(body) })
    }

    fn is_local(&self) -> bool {
        true
    }
}

/// A response's body, read on the thread that asks.
struct Incoming {
    runtime: Rc<Runtime>,
    body: Body,
    rest: Bytes,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.rest.is_empty() {
            match self.runtime.block_on(self.body.frame()) {
                None => return Ok(0),
                Some(frame) => {
                    let frame = frame.map_err(std::io::Error::other)?;
                    self.rest = frame.into_data().unwrap_or_default();
                }
            }
        }
        let n = self.rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.rest.split_to(n));
        Ok(n)
    }
}
