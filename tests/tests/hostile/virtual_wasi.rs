//! Guests that were granted WASI, and flood it.

use refrain_domain::Grant;
use refrain_testkit::wasi;

use crate::case::{Case, Outcome};
use crate::contain::contained;

fn finish(name: &str, body: &str) -> Case {
    Case::guest(name, wasi::guest().finish(body)).granted(&[Grant::Wasi])
}

/// What it does forever.
fn again(body: &str) -> String {
    format!("(loop $again {body} (br $again)) unreachable")
}

fn write(function: &str, stream: &str, bytes: u32) -> String {
    format!(
        "(call ${function} (call ${stream}) (i32.const 8192) (i32.const {bytes}) (i32.const 1024))"
    )
}

const MEMORY: &str = "(drop (memory.grow $memory (i32.const 1000)))";

#[test]
fn log() {
    contained(
        here!(log),
        "flood of logs",
        [
            (
                "a byte at a time",
                again(&write("write", "stdout", 1)),
                "more than 1000 bytes of output",
            ),
            (
                "to standard error",
                again(&write("write", "stderr", 4_096)),
                "more than 1000 bytes of output",
            ),
            (
                "without waiting",
                again(&write("write_now", "stdout", 60_000)),
                "more than 1000 bytes of output",
            ),
            (
                "a megabyte at once",
                format!("{MEMORY} {}", write("write_now", "stdout", 1 << 20)),
                "more than 1000 bytes of output",
            ),
            (
                "sixty megabytes at once",
                format!("{MEMORY} {}", write("write_now", "stdout", 60 << 20)),
                "limit reached",
            ),
            (
                "zeros",
                "(call $zeroes (call $stdout) (i64.const 60000) (i32.const 1024))".to_owned(),
                "more than 1000 bytes of output",
            ),
            ("of nothing", again(&write("write", "stdout", 0)), "limit reached"),
        ]
        .map(|(name, body, words)| finish(name, &body).reaches(words))
        .into_iter()
        .chain([
            finish(
                "zeros without end",
                "(call $zeroes (call $stdout) (i64.const -1) (i32.const 1024))",
            )
            .breaks("cannot write more zeroes"),
            finish("bytes from nowhere", &write("write", "stdout", u32::MAX))
                .breaks("out of bounds"),
        ]),
    );
}

#[test]
fn handle() {
    contained(
        here!(handle),
        "flood of handles",
        [
            ("streams", "(drop (call $stdout))"),
            ("input streams", "(drop (call $stdin))"),
            ("timers", "(drop (call $sleep (i64.const 1)))"),
            ("timers that never ring", "(drop (call $until (i64.const -1)))"),
            ("pollables of a stream", "(drop (call $subscribe (call $stdout)))"),
        ]
        .map(|(name, body)| finish(name, &again(body)).reaches("10000 handles allowed")),
    );
}

#[test]
fn no_handle() {
    contained(
        here!(no_handle),
        "handle that is none",
        [
            ("never given", "(call $block (i32.const 12345))"),
            ("zero", "(call $block (i32.const 0))"),
            ("the last there could be", "(call $block (i32.const -1))"),
            ("of another kind", "(call $block (call $stdout))"),
        ]
        .map(|(name, body)| finish(name, body).breaks("handle")),
    );
}

#[test]
fn random() {
    contained(
        here!(random),
        "flood of randomness",
        [
            finish("all there is", "(call $random (i64.const -1) (i32.const 1024))")
                .reaches("random bytes asked for"),
            finish("a byte too many", "(call $random (i64.const 1048577) (i32.const 1024))")
                .reaches("1048577 random bytes asked for"),
            finish(
                "a megabyte at a time",
                &again("(call $random (i64.const 1048576) (i32.const 1024))"),
            )
            .reaches("memory limit reached"),
            finish("to where there is no memory", "(call $random (i64.const 8) (i32.const -8))")
                .breaks("out of bounds"),
            finish("number by number", &again("(drop (call $secure))")).past_the_deadline(),
        ],
    );
}

/// A list of 10,000 times the same timer, at 8192.
const TIMERS: &str = "(local.set $len (call $sleep (i64.const 9223372036854775807)))
    (loop $again
        (i32.store offset=8192 (i32.mul (local.get $i) (i32.const 4)) (local.get $len))
        (br_if $again (i32.lt_u
            (local.tee $i (i32.add (local.get $i) (i32.const 1)))
            (i32.const 10000))))";

#[test]
fn wait() {
    let timers = format!(
        "{TIMERS} (call $poll (i32.const 8192) (i32.const 5000) (i32.const 1024)) {NOTHING}"
    );
    let read = "(call $read (call $stdin) (i64.const -1) (i32.const 1024))
        (i32.store (i32.const 1024) (i32.const 0))";
    let too_many =
        TIMERS.to_owned() + "(call $poll (i32.const 8192) (i32.const 10000) (i32.const 1024))";
    let no_poll = "(call $poll (i32.const 8192) (i32.const 0) (i32.const 1024))";
    contained(
        here!(wait),
        "waiting",
        [
            finish(
                "three hundred years",
                "(call $block (call $sleep (i64.const 9223372036854775807)))",
            )
            .ends(Outcome::Answered, "0 bytes"),
            finish("for the end of time", "(call $block (call $until (i64.const -1)))")
                .ends(Outcome::Answered, "0 bytes"),
            finish("over and over", &again("(call $block (call $sleep (i64.const -1)))"))
                .reaches("handles allowed"),
            finish("for ten thousand things", &too_many).reaches("10000 handles allowed"),
            finish("for five thousand things", &timers).ends(Outcome::Answered, "0 bytes"),
            finish("for nothing", no_poll).breaks("empty poll list"),
            finish("for input", read).ends(Outcome::Answered, "0 bytes"),
        ],
    );
}

/// Wipes what a call left where the answer will lie.
const NOTHING: &str = "(local.set $len (i32.const 0)) (i32.store (i32.const 1024) (i32.const 0))";

#[test]
fn exit() {
    contained(
        here!(exit),
        "leaving",
        [
            finish("well", "(call $exit (i32.const 0))").traps("the guest exited with status 0"),
            finish("ill", "(call $exit (i32.const 1))").traps("the guest exited with status 1"),
            finish("in no way there is", "(call $exit (i32.const 7))").breaks("discriminant"),
        ],
    );
}
