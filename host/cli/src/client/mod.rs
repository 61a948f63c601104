//! [`Client`]: requests to the API, whichever way they travel.

mod events;
mod local;
mod remote;

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use refrain_api::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use events::{Event, Events};
pub(crate) use local::Local;
pub(crate) use remote::Remote;

use crate::failure::Refused;

/// A request, on its way.
pub(crate) struct Request<'a> {
    pub method: &'static str,
    pub path: &'a str,
    pub content_type: Option<&'a str>,
    pub wants_events: bool,
    pub body: RequestBody,
}

/// What a request carries.
pub(crate) enum RequestBody {
    Bytes(Vec<u8>),
    /// Of unknown length, read as it is sent.
    Reader(Box<dyn Read + Send>),
}

/// An answer: its status, and its body as it comes.
pub(crate) struct Answer {
    pub status: u16,
    pub body: Box<dyn Read>,
}

/// A way for requests to travel.
pub(crate) trait Transport {
    /// Sends a request and waits for the head of the answer.
    fn send(&self, request: Request<'_>) -> anyhow::Result<Answer>;

    /// Whether the API runs in this process, and may read files that are named to it.
    fn is_local(&self) -> bool;
}

/// The API, for commands.
pub(crate) struct Client {
    transport: Box<dyn Transport>,
}

impl Client {
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        Self { transport }
    }

    /// Whether the API runs in this process.
    pub(crate) fn is_local(&self) -> bool {
        self.transport.is_local()
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.json("GET", path, &())
    }

    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.json("POST", path, body)
    }

    pub(crate) fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.json("PUT", path, body)
    }

    fn json<T: DeserializeOwned>(
        &self,
        method: &'static str,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        let request = Request {
            method,
            path,
            content_type: (method != "GET").then_some("application/json"),
            wants_events: false,
            body: RequestBody::Bytes(if method == "GET" { Vec::new() } else { to_json(body)? }),
        };
        let mut answer = self.accepted(request)?;
        let mut bytes = Vec::new();
        answer.body.read_to_end(&mut bytes).context("the answer was cut short")?;
        serde_json::from_slice(&bytes).with_context(|| {
            format!("the server's answer to {method} {path} is not what this version expects")
        })
    }

    /// Sends raw bytes and reads JSON.
    pub(crate) fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> anyhow::Result<T> {
        let request = Request {
            method: "POST",
            path,
            content_type: Some(content_type),
            wants_events: false,
            body: RequestBody::Bytes(bytes),
        };
        let mut answer = self.accepted(request)?;
        let mut bytes = Vec::new();
        answer.body.read_to_end(&mut bytes).context("the answer was cut short")?;
        serde_json::from_slice(&bytes).context("the server's answer is not what was expected")
    }

    /// The bytes that lie at a path, as they come.
    pub(crate) fn download(&self, path: &str) -> anyhow::Result<Box<dyn Read>> {
        let body = RequestBody::Bytes(Vec::new());
        let request =
            Request { method: "GET", path, content_type: None, wants_events: false, body };
        Ok(self.accepted(request)?.body)
    }

    /// Asks for work that takes its time, and hears how far it has come.
    pub(crate) fn watch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        progress: &mut dyn FnMut(&serde_json::Value),
    ) -> anyhow::Result<T> {
        let request = Request {
            method: "POST",
            path,
            content_type: Some("application/json"),
            wants_events: true,
            body: RequestBody::Bytes(to_json(body)?),
        };
        self.result(request, progress)
    }

    /// Sends a file with options as a multipart body, and hears how far the server has come.
    pub(crate) fn send_file<T: DeserializeOwned>(
        &self,
        path: &str,
        options: &impl Serialize,
        file: &Path,
        progress: &mut dyn FnMut(&serde_json::Value),
    ) -> anyhow::Result<T> {
        const BOUNDARY: &str = "refrain-7f1c9a52e8d04b36";
        let name = file.file_name().unwrap_or_default().to_string_lossy().replace('"', "_");
        let options = serde_json::to_string(options)?;
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n{options}\r\n\
             --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let opened = std::fs::File::open(file).with_context(|| file.display().to_string())?;
        let whole = std::io::Cursor::new(head).chain(opened).chain(std::io::Cursor::new(tail));
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = Request {
            method: "POST",
            path,
            content_type: Some(&content_type),
            wants_events: true,
            body: RequestBody::Reader(Box::new(whole)),
        };
        self.result(request, progress)
    }

    fn result<T: DeserializeOwned>(
        &self,
        request: Request<'_>,
        progress: &mut dyn FnMut(&serde_json::Value),
    ) -> anyhow::Result<T> {
        let answer = self.accepted(request)?;
        for event in Events::new(answer.body) {
            let Event { name, data, .. } = event?;
            match name.as_str() {
                "result" => return Ok(serde_json::from_value(data)?),
                "problem" => return Err(Refused(serde_json::from_value(data)?).into()),
                _ => progress(&data),
            }
        }
        anyhow::bail!("the answer was cut short: the server may have stopped")
    }

    /// Follows a stream of events to its end.
    pub(crate) fn follow(&self, path: &str, each: &mut dyn FnMut(&Event)) -> anyhow::Result<()> {
        let body = RequestBody::Bytes(Vec::new());
        let request = Request { method: "GET", path, content_type: None, wants_events: true, body };
        for event in Events::new(self.accepted(request)?.body) {
            let event = event?;
            if event.name == "problem" {
                return Err(Refused(serde_json::from_value(event.data)?).into());
            }
            each(&event);
        }
        Ok(())
    }

    /// Sends, and turns a problem into an error.
    fn accepted(&self, request: Request<'_>) -> anyhow::Result<Answer> {
        let mut answer = self.transport.send(request)?;
        if answer.status < 400 {
            return Ok(answer);
        }
        let mut bytes = Vec::new();
        answer.body.read_to_end(&mut bytes).context("the answer was cut short")?;
        let status = answer.status;
        Err(match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => Refused(problem).into(),
            Err(_) => anyhow::anyhow!(
                "the server answered {status}: {}",
                String::from_utf8_lossy(&bytes[..bytes.len().min(500)])
            ),
        })
    }
}

fn to_json(body: &impl Serialize) -> anyhow::Result<Vec<u8>> {
    serde_json::to_vec(body).context("BUG: a request without a JSON form")
}

/// A path segment or query value, escaped.
pub(crate) fn escape(text: &str) -> String {
    use std::fmt::Write;
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' | b'@' => {
                escaped.push(char::from(byte));
            }
            other => write!(escaped, "%{other:02X}").expect("a String takes it"),
        }
    }
    escaped
}
