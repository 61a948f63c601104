//! Clients that take their time, or never come back: the server gives them up, and answers others.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use refrain_testkit::{Refrain, Server, small};
use serde_json::json;

use super::{import, server, submit};

/// A server whose patience ends after a second.
fn impatient() -> (Refrain, Server) {
    let refrain = Refrain::new();
    let limits = ["--head-timeout", "1", "--body-timeout", "1", "--write-timeout", "1"];
    let server = refrain.serve(&limits);
    (refrain, server)
}

fn connect(server: &Server) -> TcpStream {
    let address = server.url.strip_prefix("http://").expect("an address");
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    stream
}

/// Sends a byte every 100 ms until the other side hangs up or answers; answers what it said.
fn dribble(mut stream: TcpStream, bytes: &[u8]) -> String {
    stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a limit");
    let mut said = Vec::new();
    for byte in bytes.iter().cycle().take(150) {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer) {
            Ok(0) => return String::from_utf8_lossy(&said).into_owned(),
            Ok(n) => said.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return String::from_utf8_lossy(&said).into_owned(),
        }
        if said.is_empty() && stream.write_all(&[*byte]).is_err() {
            return String::new();
        }
    }
    panic!("nobody hung up within 15 s; said: {}", String::from_utf8_lossy(&said));
}

fn assert_responsive(server: &Server) {
    let begin = Instant::now();
    assert_eq!(server.get("/readyz").send().status, 200);
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}

#[test]
fn a_head_that_comes_byte_by_byte_is_given_up() {
    let (_refrain, server) = impatient();
    let streams: Vec<TcpStream> = (0..50).map(|_| connect(&server)).collect();
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for mut stream in streams {
            scope.spawn(move || {
                stream.write_all(b"GET /healthz HTTP/1.1\r\nx-slow: ").expect("writes");
                dribble(stream, b"z");
            });
        }
        assert_responsive(&server);
    });
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    assert_responsive(&server);
}

#[test]
fn a_body_that_stops_is_given_up_with_a_reason() {
    let (refrain, server) = impatient();
    let head = "POST /v1/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 1000\r\n\r\n{\"pipe";
    let upload = "POST /v1/datasets/rows/versions HTTP/1.1\r\nhost: localhost\r\n\
                  content-type: multipart/form-data; boundary=b\r\ncontent-length: 100000\r\n\r\n\
                  --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"r.csv\"\r\n\r\na,b\n";
    for request in [head, upload] {
        let mut stream = connect(&server);
        stream.write_all(request.as_bytes()).expect("writes");
        assert_responsive(&server);
        let mut said = String::new();
        stream.read_to_string(&mut said).expect("an answer");
        assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
        assert!(said.contains("urn:refrain:problem:timeout"), "{said}");
        assert!(said.contains("the request's body came too slowly"), "{said}");
    }
    let left = std::fs::read_dir(refrain.store().join("incoming")).expect("a folder").count();
    assert_eq!(left, 0, "half an upload");
}

#[test]
fn a_body_that_goes_on_slowly_is_taken() {
    let (_refrain, server) = impatient();
    let body = json!({"plugins": []}).to_string();
    let mut stream = connect(&server);
    let head = format!(
        "POST /v1/plugins/compile HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("writes");
    for piece in body.as_bytes().chunks(4) {
        std::thread::sleep(Duration::from_millis(500));
        stream.write_all(piece).expect("writes");
    }
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("an answer");
    assert!(said.starts_with("HTTP/1.1 202 "), "{said}");
}

#[test]
fn a_reader_who_does_not_read_is_hung_up_on() {
    let (_refrain, server) = impatient();
    // More than fits into the sockets' buffers.
    let csv = format!("text\n{}", format!("{}\n", "x".repeat(999)).repeat(32_000));
    let parts = [("file", Some("wide.csv"), csv.as_bytes())];
    server.post("/v1/datasets/wide/versions").parts(&parts).expect(201);
    let path = "/v1/datasets/wide/versions/latest/rows?format=csv";
    let whole = server.get(path).send().body.len();
    let mut stream = connect(&server);
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("writes");
    std::thread::sleep(Duration::from_secs(3));
    assert_responsive(&server);
    let mut read = Vec::new();
    // Cut short or reset: never whole.
    drop(stream.read_to_end(&mut read));
    assert!(!read.is_empty() && read.len() < whole, "{} of {whole}", read.len());
    assert!(!read.ends_with(b"0\r\n\r\n"), "what is cut short must not look whole");
}

#[test]
fn watchers_who_never_read_hold_nobody_up() {
    let (_refrain, server) = impatient();
    import(&server, &small::rows_csv());
    let run = submit(&server, &small::long_pipeline(4));
    let watchers: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = connect(&server);
            let request = format!("GET /v1/runs/{run}/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
            stream.write_all(request.as_bytes()).expect("writes");
            stream
        })
        .collect();
    let ended = super::finish(&server, &run);
    assert_eq!(ended["status"], "succeeded");
    assert_responsive(&server);
    drop(watchers);
    assert!(server.stop());
}

#[test]
fn two_hundred_connections_at_once_are_answered() {
    let (_refrain, server) = server();
    import(&server, &small::rows_csv());
    let begin = Instant::now();
    let mut streams: Vec<TcpStream> = (0..200).map(|_| connect(&server)).collect();
    for stream in &mut streams {
        let request =
            "GET /v1/datasets/rows HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("writes");
    }
    let mut answers = std::collections::BTreeSet::new();
    for mut stream in streams {
        let mut said = String::new();
        stream.read_to_string(&mut said).expect("an answer");
        let (head, body) = said.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        answers.insert(body.to_owned());
    }
    assert_eq!(answers.len(), 1, "all are told the same");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn connections_beyond_the_limit_wait_for_their_turn() {
    let refrain = Refrain::new();
    let server = refrain.serve(&["--connections-max", "2", "--head-timeout", "2"]);
    let silent = [connect(&server), connect(&server)];
    let begin = Instant::now();
    assert_eq!(server.get("/healthz").send().status, 200);
    assert!(begin.elapsed() > Duration::from_secs(1), "it had to wait: {:?}", begin.elapsed());
    drop(silent);
    assert_responsive(&server);
}
