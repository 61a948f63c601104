//! The server is asked to end: what is under way rests, and goes on at the next start.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use refrain_testkit::small;

use super::{finish, import, server, submit};

#[test]
fn a_run_under_way_rests_and_goes_on_at_the_next_start() {
    let (refrain, server) = server();
    import(&server, &small::rows_csv());
    let pipeline = small::long_pipeline(12);
    let run = submit(&server, &pipeline);
    let path = format!("/v1/runs/{run}/events");
    let mut events = server.get(&path).events();
    events.find(|event| event.name == "step-finished").expect("it goes on");
    let begin = Instant::now();
    let url = server.url.clone();
    assert!(server.stop(), "it ends well");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    // Whoever watches is told nothing wrong: the run has not ended.
    let names: Vec<String> = events.map(|event| event.name).collect();
    assert!(names.iter().all(|name| name == "step-finished"), "{names:?}");
    assert!(TcpStream::connect(url.strip_prefix("http://").expect("an address")).is_err());

    assert_eq!(refrain.json(&["fsck"])["sound"], true);
    let resting = refrain.json(&["show", &run]);
    assert_eq!(resting["status"], "running");
    let n_done = resting["steps"].as_array().expect("a list").len();
    assert!((1..17).contains(&n_done), "{n_done} steps were done");

    let server = refrain.serve(&[]);
    let ended = finish(&server, &run);
    assert_eq!(ended["status"], "succeeded");
    let undisturbed = submit(&server, &pipeline);
    let undisturbed = finish(&server, &undisturbed);
    assert_eq!(undisturbed["units_executed"], 0);
    assert_eq!(ended["model_version"]["digest"], undisturbed["model_version"]["digest"]);
}

#[test]
fn an_answer_under_way_is_finished() {
    let (refrain, server) = server();
    import(&server, &small::hours_csv(0, 8000));
    let run = submit(&server, small::PIPELINE);
    finish(&server, &run);
    let path = format!("/v1/runs/{run}/replay");
    let mut events = server.post(&path).json(&serde_json::json!({})).events();
    events.next().expect("it has begun");
    assert!(server.stop());
    let last = events.last().expect("an event");
    assert_eq!((last.name.as_str(), &last.data["identical"]), ("result", &true.into()));
    assert_eq!(refrain.json(&["fsck"])["sound"], true);
}

#[test]
fn asked_twice_it_ends_at_once() {
    let (refrain, server) = server();
    import(&server, &small::hours_csv(0, 3000));
    let run = submit(&server, &small::long_pipeline(2));
    let run = finish(&server, &run);
    let run = run["run"].as_str().expect("a name");
    // On the portable interpreter, which takes its time.
    let request = server.post(&format!("/v1/runs/{run}/replay"));
    let mut events = request.json(&serde_json::json!({"backend": "pulley"})).events();
    events.next().expect("it has begun");
    let begin = Instant::now();
    server.ask_to_stop();
    std::thread::sleep(Duration::from_millis(300));
    assert!(!server.stop(), "it was not finished, and says so");
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    assert!(events.all(|event| event.name == "progress"), "cut short, not ended");
    assert_eq!(refrain.json(&["fsck"])["sound"], true);
}

#[test]
fn nobody_who_is_silent_keeps_it_from_ending() {
    let (_refrain, server) = server();
    let address = server.url.strip_prefix("http://").expect("an address").to_owned();
    let connect = || TcpStream::connect(&address).expect("a connection");
    let (silent, mut halfway, mut kept) = (connect(), connect(), connect());
    halfway.write_all(b"GET /healthz HTTP/1.1\r\nx-half: ").expect("writes");
    kept.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("writes");
    std::thread::sleep(Duration::from_millis(200));
    let begin = Instant::now();
    assert!(server.stop());
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    drop((silent, halfway, kept));
}
