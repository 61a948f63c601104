//! What a component that was granted WASI gets to see.

use std::time::{Duration, Instant};

use refrain_domain::{Failure, Grant, Limit};
use refrain_sandbox::{TransformInstance, UnitContext};
use refrain_testkit::wasi;

use crate::{both, load_in, small};

/// A guest whose `fit-finish` runs `body`, and answers with the 256 bytes at 2048.
fn guest(body: &str) -> Vec<u8> {
    let body =
        format!("{body} (local.set $bytes (i32.const 2048)) (local.set $len (i32.const 256))");
    wasi::guest().finish(&body).build()
}

fn at(seed: u64, logical_time_us: i64) -> UnitContext {
    UnitContext { seed, logical_time_us, ..small() }
}

fn instances(component: &[u8], context: &UnitContext) -> [TransformInstance; 2] {
    both().map(|sandbox| {
        load_in(sandbox, component, &[Grant::Wasi])
            .transform(context)
            .unwrap_or_else(|e| panic!("{e}"))
    })
}

/// The answer, the same on both backends.
#[track_caller]
fn answer(body: &str, context: &UnitContext) -> Vec<u8> {
    let component = guest(body);
    let answers = instances(&component, context).map(|mut instance| instance.fit_finish());
    assert_eq!(answers[0], answers[1]);
    answers[0].clone().unwrap_or_else(|failure| panic!("{failure}"))
}

#[track_caller]
fn ends(body: &str) -> Failure {
    let component = guest(body);
    let ends = instances(&component, &at(1, 1)).map(|mut i| i.fit_finish().unwrap_err());
    assert_eq!(ends[0], ends[1]);
    ends[0].clone()
}

fn u64_at(bytes: &[u8], index: usize) -> u64 {
    u64::from_le_bytes(bytes[index * 8..][..8].try_into().unwrap())
}

#[test]
fn clocks_stand_at_the_logical_time_even_for_who_sleeps() {
    let body = "(i64.store (i32.const 2048) (call $monotonic))
        (call $wall (i32.const 2056))
        (call $block (call $sleep (i64.const 3600000000000)))
        (call $block (call $until (i64.const -1)))
        (i64.store (i32.const 2080) (call $monotonic))
        (call $wall (i32.const 2088))";
    let begin = Instant::now();
    let bytes = answer(body, &at(1, 1_700_000_000_123_456));
    assert!(begin.elapsed() < Duration::from_secs(30), "it slept");
    assert_eq!(u64_at(&bytes, 0), 1_700_000_000_123_456_000);
    assert_eq!(u64_at(&bytes, 1), 1_700_000_000);
    assert_eq!(u64_at(&bytes, 2), 123_456_000);
    assert_eq!(bytes[..24], bytes[32..56], "time passed");
}

#[test]
fn a_time_before_1970_is_1970() {
    let bytes = answer("(i64.store (i32.const 2048) (call $monotonic))", &at(1, -5));
    assert_eq!(u64_at(&bytes, 0), 0);
}

const ALL_RANDOMNESS: &str = "(i64.store (i32.const 2048) (call $secure))
    (i64.store (i32.const 2056) (call $insecure))
    (call $seed (i32.const 2064))
    (i64.store (i32.const 2080) (call $secure))
    (call $random (i64.const 16) (i32.const 1024))
    (memory.copy (i32.const 2088) (i32.load (i32.const 1024)) (i32.const 16))
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))";

#[test]
fn randomness_of_every_kind_follows_from_the_seed() {
    let first = answer(ALL_RANDOMNESS, &at(7, 1));
    assert_eq!(first, answer(ALL_RANDOMNESS, &at(7, 99)), "the seed alone decides");
    let other = answer(ALL_RANDOMNESS, &at(8, 1));
    for i in 0..7 {
        assert_ne!(u64_at(&first, i), u64_at(&other, i), "number {i} does not follow the seed");
        assert!((0..i).all(|j| u64_at(&first, i) != u64_at(&first, j)), "number {i} repeats");
    }
}

#[test]
fn random_bytes_do_not_run_out_or_repeat() {
    // Past the 64 KiB after which wasmtime-wasi's own deterministic source begins anew.
    let body = "(local.set $i (i32.const 9000))
        (loop $again (drop (call $secure))
            (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (i64.store (i32.const 2048) (call $secure))";
    let (late, early) = (answer(body, &at(7, 1)), answer(ALL_RANDOMNESS, &at(7, 1)));
    let first_192 = answer("(i64.store (i32.const 2048) (call $secure))", &at(7, 1));
    assert_eq!(u64_at(&early, 0), u64_at(&first_192, 0));
    assert_ne!(u64_at(&late, 0), u64_at(&early, 0));
}

#[test]
fn too_many_random_bytes_are_a_limit() {
    let failure = ends("(call $random (i64.const -1) (i32.const 1024))");
    assert!(
        failure.to_string().starts_with("transfer limit reached: 18446744073709551615 random"),
        "{failure}"
    );
}

#[test]
fn there_is_nothing_else() {
    // Every list has length 0, the folder is none, every socket is refused.
    let body = "(call $environment (i32.const 2048))
        (call $arguments (i32.const 2056))
        (call $directories (i32.const 2064))
        (call $cwd (i32.const 2072))
        (call $tcp (i32.const 0) (i32.const 2088))
        (call $udp (i32.const 1) (i32.const 2096))
        (call $read (call $stdin) (i64.const 9) (i32.const 2104))";
    let bytes = answer(body, &at(1, 1));
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..][..4].try_into().unwrap());
    assert_eq!([u32_at(4), u32_at(12), u32_at(20)], [0, 0, 0], "variables, arguments, folders");
    assert_eq!(bytes[24], 0, "no working folder");
    let (refused, access_denied) = (1, 1);
    assert_eq!([bytes[40], bytes[44]], [refused, access_denied], "TCP");
    assert_eq!([bytes[48], bytes[52]], [refused, access_denied], "UDP");
    let (failed, closed) = (1, 1);
    assert_eq!([bytes[56], bytes[60]], [failed, closed], "stdin");
}

/// Writes `n` bytes `x`, `times` times.
fn print(stream: &str, n: u32, times: u32) -> String {
    format!(
        "(memory.fill (i32.const 8192) (i32.const 0x78) (i32.const {n}))
        (local.set $i (i32.const {times}))
        (loop $again
            (call $write (call ${stream}) (i32.const 8192) (i32.const {n}) (i32.const 1024))
            (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))"
    )
}

#[test]
fn output_is_captured_in_order() {
    let component = guest(&format!("{} {}", print("stdout", 3, 1), print("stderr", 2, 2)));
    for mut instance in instances(&component, &at(1, 1)) {
        instance.fit_finish().unwrap();
        assert_eq!(instance.usage().output, b"xxxxxxx");
    }
}

#[test]
fn output_beyond_the_limit_ends_the_guest_by_name() {
    for body in [print("stdout", 300, 4), print("stderr", 1_001, 1), print("stdout", 1, 1_001)] {
        let component = guest(&body);
        for mut instance in instances(&component, &at(1, 1)) {
            let failure = instance.fit_finish().unwrap_err();
            let message = "more than 1000 bytes of output".to_owned();
            assert_eq!(failure, Failure::Limit { limit: Limit::Output, message });
            assert_eq!(instance.usage().output, [b'x'; 1_000], "what fits is kept");
        }
    }
    let component = guest(&print("stdout", 1_000, 1));
    assert!(instances(&component, &at(1, 1)).iter_mut().all(|i| i.fit_finish().is_ok()));
}

#[test]
fn handles_are_limited_by_name() {
    let failure = ends("(loop $again (drop (call $stdout)) (br $again))");
    let message = "10000 handles allowed".to_owned();
    assert_eq!(failure, Failure::Limit { limit: Limit::Handles, message });
}

#[test]
fn leaving_is_a_trap() {
    let failure = ends("(call $exit (i32.const 1))");
    assert_eq!(failure.to_string(), "trap: the guest exited with status 1");
}

#[test]
fn what_was_compiled_under_a_grant_needs_it_again() {
    let component = guest("");
    for sandbox in both() {
        load_in(sandbox, &component, &[Grant::Wasi]);
        let error = sandbox.admit(&component, &[]).unwrap_err();
        assert!(error.to_string().contains("ask for the grant `wasi`"), "{error}");
    }
}
