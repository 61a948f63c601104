//! Requests to a [`Server`], as any program could send them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use serde_json::Value;
use ureq::{Agent, Body};

use crate::Server;

/// Longer than any limit that a test waits for.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A request that has not been sent.
pub struct Request {
    method: &'static str,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// By name, in lower case.
    pub headers: BTreeMap<String, String>,
    /// All of it.
    pub body: Vec<u8>,
}

/// A server-sent event.
#[derive(Debug, Clone, PartialEq)]
pub struct SentEvent {
    /// Its number in the stream, if it has one.
    pub id: Option<u64>,
    /// Its name.
    pub name: String,
    /// What it says.
    pub data: Value,
}

/// Events as they come in; ends with the stream.
pub struct EventStream {
    lines: std::io::Lines<BufReader<ureq::BodyReader<'static>>>,
}

impl Server {
    /// A GET that has not been sent.
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// A POST that has not been sent.
    pub fn post(&self, path: &str) -> Request {
        self.request("POST", path)
    }

    /// A PUT that has not been sent.
    pub fn put(&self, path: &str) -> Request {
        self.request("PUT", path)
    }

    /// Any request that has not been sent.
    pub fn request(&self, method: &'static str, path: &str) -> Request {
        Request::to(method, format!("{}{path}", self.url))
    }
}

impl Request {
    /// Any request to anyone, not sent yet.
    pub fn to(method: &'static str, url: String) -> Self {
        Self { method, url, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a token.
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds a body of some type.
    pub fn body(mut self, kind: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self.header("content-type", kind)
    }

    /// Adds a body of JSON.
    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// Adds a multipart body of these parts: name, name of the file, bytes.
    pub fn parts(self, parts: &[(&str, Option<&str>, &[u8])]) -> Self {
        const BOUNDARY: &str = "refrain-testkit-boundary";
        let mut body = Vec::new();
        for (name, file, bytes) in parts {
            let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
            let head = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.body(&format!("multipart/form-data; boundary={BOUNDARY}"), body)
    }

    /// Sends it and waits for all of the answer.
    ///
    /// # Panics
    /// If there is no answer.
    #[track_caller]
    pub fn send(self) -> Answer {
        let what = format!("{} {}", self.method, self.url);
        self.answer().unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// Sends it; none if the server does not live to answer, or not in whole.
    pub fn try_send(self) -> Option<Answer> {
        self.answer().ok()
    }

    fn answer(self) -> Result<Answer, ureq::Error> {
        let response = self.begin()?;
        let status = response.status().as_u16();
        let text = |value: &ureq::http::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
        let mut body = Vec::new();
        response.into_body().into_reader().read_to_end(&mut body)?;
        Ok(Answer { status, headers, body })
    }

    /// Sends it; answers the JSON of an answer that must have this status.
    ///
    /// # Panics
    /// If it has another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        let what = format!("{} {}", self.method, self.url);
        let answer = self.send();
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        answer.json()
    }

    /// Sends it and reads events as they come.
    ///
    /// # Panics
    /// If it is refused.
    pub fn events(self) -> EventStream {
        let what = format!("{} {}", self.method, self.url);
        let sent = self.header("accept", "text/event-stream").begin();
        let response = sent.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(response.status().as_u16(), 200, "no events");
        EventStream { lines: BufReader::new(response.into_body().into_reader()).lines() }
    }

    fn begin(self) -> Result<ureq::http::Response<Body>, ureq::Error> {
        let config = Agent::config_builder().http_status_as_error(false);
        let agent: Agent = config.timeout_global(Some(TIMEOUT)).build().into();
        let mut request = ureq::http::Request::builder().method(self.method).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match self.body.is_empty() {
            true => agent.run(request.body(()).expect("a request")),
            false => agent.run(request.body(self.body).expect("a request")),
        }
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Status, code and words of a problem.
    ///
    /// # Panics
    /// If it is no problem as RFC 9457 has them.
    #[track_caller]
    pub fn problem(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        assert_eq!(problem["instance"], self.header("x-request-id"), "{problem}");
        let text = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
        let kind = text("type");
        let code = kind.strip_prefix("urn:refrain:problem:").expect("a stable type").to_owned();
        assert_eq!(text("title"), code.replace('-', " "));
        (self.status, code, text("detail"))
    }
}

impl Iterator for EventStream {
    type Item = SentEvent;

    /// The next event; none when the stream has ended.
    fn next(&mut self) -> Option<SentEvent> {
        let mut event = SentEvent { id: None, name: String::new(), data: Value::Null };
        loop {
            let line = self.lines.next()?.ok()?;
            match line.split_once(':') {
                Some(("id", id)) => event.id = id.trim().parse().ok(),
                Some(("event", name)) => name.trim().clone_into(&mut event.name),
                Some(("data", data)) => {
                    event.data = serde_json::from_str(data.trim()).expect("JSON");
                }
                // A comment: the server is still there.
                Some(_) => {}
                None if event.name.is_empty() => {}
                None => return Some(event),
            }
        }
    }
}
