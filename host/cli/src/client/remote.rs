//! A server, over a socket.

use std::time::Duration;

use anyhow::{Context, bail};
use ureq::{Agent, SendBody};

use super::{Answer, Request, RequestBody, Transport};
use crate::failure::Hinted;

/// The API of a server.
pub(crate) struct Remote {
    agent: Agent,
    base: String,
    token: Option<String>,
}

impl Remote {
    pub(crate) fn new(server: &str, token: Option<&str>) -> anyhow::Result<Self> {
        if !server.starts_with("http://") {
            bail!("`{server}` is no server address: write http://host:port (TLS ends in a proxy)");
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .build();
        Ok(Self {
            agent: config.into(),
            base: server.trim_end_matches('/').to_owned(),
            token: token.map(str::to_owned),
        })
    }
}

impl Transport for Remote {
    fn send(&self, request: Request<'_>) -> anyhow::Result<Answer> {
        let uri = format!("{}{}", self.base, request.path);
        let mut built = ureq::http::Request::builder().method(request.method).uri(&uri);
        if let Some(kind) = request.content_type {
            built = built.header("content-type", kind);
        }
        if request.wants_events {
            built = built.header("accept", "text/event-stream");
        }
        if let Some(token) = &self.token {
            built = built.header("authorization", format!("Bearer {token}"));
        }
        let sent = match request.body {
            RequestBody::Bytes(bytes) if bytes.is_empty() => {
                self.agent.run(built.body(()).context("BUG: a request that cannot be")?)
            }
            RequestBody::Bytes(bytes) => {
                self.agent.run(built.body(bytes).context("BUG: a request that cannot be")?)
            }
            RequestBody::Reader(reader) => {
                // A server that does not want it says so before it is sent.
                built = built.header("expect", "100-continue");
                let body = SendBody::from_owned_reader(reader);
                self.agent.run(built.body(body).context("BUG: a request that cannot be")?)
            }
        };
        let words = |error| match error {
            ureq::Error::Io(error) => error.to_string(),
            error => error.to_string(),
        };
        let response = sent.map_err(|error| Hinted {
            message: format!("{}: {}", self.base, words(error)),
            hint: "is the server running there? `refrain serve` starts one".to_owned(),
        })?;
        let status = response.status().as_u16();
        Ok(Answer { status, body: Box::new(response.into_body().into_reader()) })
    }

    fn is_local(&self) -> bool {
        false
    }
}
