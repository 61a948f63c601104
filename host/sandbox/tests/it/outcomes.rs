//! The four ways to end without a result, each by its name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use refrain_domain::{Failure, Limit, Schema};
use refrain_sandbox::{TransformInstance, UnitContext};

use crate::guest::{ANSWER, Guest};
use crate::{both, load, load_in, small};

const SPIN: &str = "(loop $again (br $again)) unreachable";

/// What `fit-finish` ends in, on both backends alike.
#[track_caller]
fn ends(guest: &Guest, context: &UnitContext) -> Failure {
    let component = guest.build();
    let ends = both().map(|sandbox| {
        let plugin = load_in(sandbox, &component, &[]);
        plugin.transform(context).and_then(|mut instance| instance.fit_finish()).unwrap_err()
    });
    assert_eq!(ends[0], ends[1], "Cranelift and Pulley must agree");
    ends[0].clone()
}

#[track_caller]
fn reaches(limit: Limit, text: &str, guest: &Guest) {
    let failure = ends(guest, &small());
    let Failure::Limit { limit: found, message } = &failure else { panic!("{failure}") };
    assert_eq!(*found, limit, "{failure}");
    assert!(message.contains(text), "{failure}");
    assert!(failure.is_replayable());
}

#[track_caller]
fn traps(text: &str, body: &str) {
    let failure = ends(&Guest::new().finish(body), &small());
    let Failure::Trap { message } = &failure else { panic!("{failure}") };
    assert!(message.contains(text), "{failure}");
}

#[track_caller]
fn breaks_the_contract(text: &str, guest: &Guest) {
    let failure = ends(guest, &small());
    let Failure::Error { kind, message } = &failure else { panic!("{failure}") };
    assert_eq!(kind, "contract", "{failure}");
    assert!(message.contains(text), "{failure}");
}

#[test]
fn an_endless_loop_runs_dry() {
    reaches(Limit::Fuel, "50000000 fuel a call", &Guest::new().finish(SPIN));
}

#[test]
fn a_start_function_that_spins_runs_dry() {
    let guest = Guest::new().items(&format!("(func $start {SPIN}) (start $start)"));
    reaches(Limit::Fuel, "fuel a call", &guest);
}

#[test]
fn fuel_is_given_anew_for_each_call_and_counted() {
    let loops = "(local.set $i (i32.const 1000000))
        (loop $again (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))";
    let component = Guest::new().finish(loops).build();
    let used = both().map(|sandbox| {
        let plugin = load_in(sandbox, &component, &[]);
        let mut context = small();
        context.limits.fuel = 8_000_000;
        let mut instance = plugin.transform(&context).unwrap();
        let mut used = vec![instance.usage().fuel_used];
        for _ in 0..4 {
            instance.fit_finish().unwrap();
            used.push(instance.usage().fuel_used);
        }
        used
    });
    assert_eq!(used[0], used[1], "Cranelift and Pulley must count the same");
    assert!(used[0][1] - used[0][0] > 4_000_000, "{used:?}");
    assert_eq!(used[0][2] - used[0][1], used[0][4] - used[0][3]);
}

#[test]
fn a_deadline_aborts_within_a_second_and_is_no_result() {
    let component = Guest::new().finish(SPIN).build();
    for sandbox in both() {
        let plugin = load_in(sandbox, &component, &[]);
        let mut context = UnitContext::default();
        context.limits.fuel = u64::MAX;
        let begin = Instant::now();
        context.deadline = Some(begin + Duration::from_millis(200));
        let failure = plugin.transform(&context).unwrap().fit_finish().unwrap_err();
        assert_eq!(failure.to_string(), "host abort: the wall-clock deadline has passed");
        assert!(!failure.is_replayable());
        assert!(begin.elapsed() < Duration::from_millis(1200), "{:?}", begin.elapsed());
    }
}

#[test]
fn no_call_begins_after_the_deadline() {
    let plugin = load(&Guest::new().build());
    let context = UnitContext { deadline: Some(Instant::now()), ..small() };
    let failure = plugin.transform(&context).err().unwrap();
    assert_eq!(failure.to_string(), "host abort: the wall-clock deadline has passed");
}

#[test]
fn cancelling_aborts() {
    let plugin = load(&Guest::new().finish(SPIN).build());
    let cancel = Arc::new(AtomicBool::new(false));
    let mut context = UnitContext { cancel: Some(cancel.clone()), ..UnitContext::default() };
    context.limits.fuel = u64::MAX;
    let mut instance = plugin.transform(&context).unwrap();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        cancel.store(true, Ordering::Relaxed);
    });
    let failure = instance.fit_finish().unwrap_err();
    canceller.join().unwrap();
    assert_eq!(failure.to_string(), "host abort: cancelled");
}

#[test]
fn memory_beyond_the_limit() {
    let grow = "(drop (memory.grow $memory (i32.const 1023)))";
    reaches(
        Limit::Memory,
        "67174400 bytes asked for, 67108864 allowed",
        &Guest::new().finish(grow),
    );
    let four_gib = "(drop (memory.grow $memory (i32.const 65534)))";
    reaches(Limit::Memory, "4294967296 bytes asked for", &Guest::new().finish(four_gib));
}

#[test]
fn memory_that_a_component_begins_with() {
    let guest = Guest::new().items("(memory 65536)");
    reaches(Limit::Memory, "bytes asked for, 67108864 allowed", &guest);
}

#[test]
fn many_small_memories_together_beyond_the_limit() {
    let grow = "(drop (memory.grow $a (i32.const 500)))
        (drop (memory.grow $b (i32.const 500)))
        (drop (memory.grow $c (i32.const 500)))";
    let guest = Guest::new().items("(memory $a 1) (memory $b 1) (memory $c 1)").finish(grow);
    reaches(Limit::Memory, "bytes asked for, 67108864 allowed", &guest);
}

#[test]
fn too_many_memories_or_tables_though_they_are_empty() {
    let memories = |n| Guest::new().items(&"(memory 0)".repeat(n));
    assert!(load(&memories(49).build()).transform(&small()).is_ok(), "fifty are allowed");
    reaches(Limit::Memory, "memory count too high at 51", &memories(50));
    let tables = |n| Guest::new().items(&"(table 0 funcref)".repeat(n));
    assert!(load(&tables(90).build()).transform(&small()).is_ok(), "ninety are allowed");
    reaches(Limit::Table, "table count too high at 91", &tables(91));
}

#[test]
fn a_guests_own_maximum_is_the_languages_business() {
    let refused = "(if (i32.ne (memory.grow $own (i32.const 9)) (i32.const -1)) (then unreachable))
        (if (i32.ne (table.grow $few (ref.null func) (i32.const 9)) (i32.const -1))
            (then unreachable))";
    let items = "(memory $own 1 2) (table $few 1 2 funcref)";
    let component = Guest::new().items(items).finish(refused).build();
    let plugin = load(&component);
    let mut instance = plugin.transform(&small()).unwrap();
    assert_eq!(instance.fit_finish(), Ok(Vec::new()));
    // 2 pages of the template and 1 of its own: what was refused does not count.
    assert_eq!(instance.usage().memory_bytes_peak, 3 * 65_536);
}

#[test]
fn tables_together_beyond_the_limit() {
    let grow = "(drop (table.grow $a (ref.null func) (i32.const 6000)))
        (drop (table.grow $b (ref.null func) (i32.const 6000)))";
    let guest = Guest::new().items("(table $a 0 funcref) (table $b 0 funcref)").finish(grow);
    reaches(Limit::Table, "12000 table elements asked for, 10000 allowed", &guest);
    reaches(Limit::Table, "10000 allowed", &Guest::new().items("(table 10001 funcref)"));
}

#[test]
fn a_stack_that_is_full() {
    let guest = Guest::new().items("(func $deep (call $deep))").finish("(call $deep)");
    reaches(Limit::Stack, "the stack is full", &guest);
}

#[test]
fn more_handed_over_than_the_guest_may_have_memory() {
    // 8,000 byte strings would need 12 GiB, all of them the same 64 KiB of memory.
    let fill = "(local.set $bytes (i32.const 131072)) (local.set $len (i32.const 60000))
        (loop $again
            (i32.store (i32.add (local.get $bytes) (i32.mul (local.get $i) (i32.const 28)))
                (i32.const 0))
            (i32.store offset=8 (i32.add (local.get $bytes) (i32.mul (local.get $i) (i32.const 28)))
                (i32.const 65536))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                (i32.const 8000))))";
    let guest = Guest::new().body(
        "apply",
        format!(
            "(local $bytes i32) (local $len i32) (local $i i32)
            (drop (memory.grow $memory (i32.const 20))) {fill}
            (i32.store (i32.const {}) (local.get $bytes))
            (i32.store (i32.const {}) (i32.const 8000))
            (i32.const {ANSWER})",
            ANSWER + 8,
            ANSWER + 12
        ),
    );
    let plugin = load(&guest.build());
    let mut instance = plugin.transform(&small()).unwrap();
    let failure = instance.apply(&Default::default(), &Schema::default()).unwrap_err();
    let expected = "transfer limit reached: 22369621 bytes a call allowed";
    assert_eq!(failure.to_string(), expected);
}

#[test]
fn a_list_that_lies_about_its_length() {
    let lie = "(local.set $len (i32.const -1))";
    breaks_the_contract("out of bounds", &Guest::new().finish(lie));
    let beyond = "(local.set $bytes (i32.const 131071)) (local.set $len (i32.const 2))";
    breaks_the_contract("out of bounds", &Guest::new().finish(beyond));
}

#[test]
fn an_answer_that_lies_nowhere() {
    let nowhere = Guest::new().body("fit-finish", "(i32.const -8)");
    breaks_the_contract("out of bounds", &nowhere);
    let crooked = Guest::new().body("fit-finish", "(i32.const 1025)");
    breaks_the_contract("not aligned", &crooked);
    let neither = format!("(i32.store8 (i32.const {ANSWER}) (i32.const 7)) (i32.const {ANSWER})");
    breaks_the_contract("discriminant", &Guest::new().body("fit-finish", neither));
}

#[test]
fn an_error_whose_text_is_no_text() {
    let error = format!(
        "(i32.store8 (i32.const {ANSWER}) (i32.const 1))
        (i32.store8 (i32.const 2048) (i32.const 0xff))
        (i32.store (i32.const {}) (i32.const 2048))
        (i32.store (i32.const {}) (i32.const 1))
        (i32.const {ANSWER})",
        ANSWER + 8,
        ANSWER + 12
    );
    breaks_the_contract("utf-8", &Guest::new().body("fit-finish", error));
}

#[test]
fn an_error_is_the_plugins_word() {
    // other(tuple<u32, string>): case 3, then 42, then an empty text.
    let error = format!(
        "(i32.store8 (i32.const {ANSWER}) (i32.const 1))
        (i32.store8 (i32.const {}) (i32.const 3))
        (i32.store (i32.const {}) (i32.const 42))
        (i32.const {ANSWER})",
        ANSWER + 4,
        ANSWER + 8
    );
    let guest = Guest::new().body("fit-finish", error).body("fit-save", "(i32.const 4096)");
    let failure = ends(&guest, &small());
    assert_eq!(failure, Failure::Error { kind: "other(42)".to_owned(), message: String::new() });
    // It is not dead of it.
    let plugin = load(&guest.build());
    let mut instance = plugin.transform(&small()).unwrap();
    assert!(instance.fit_finish().is_err());
    assert!(instance.fit_save().is_ok());
}

#[test]
fn traps_by_name() {
    traps("unreachable", "unreachable");
    traps("integer divide by zero", "(drop (i32.div_s (i32.const 1) (local.get $i)))");
    traps("integer overflow", "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))");
    traps("invalid conversion", "(drop (i32.trunc_f64_s (f64.const nan)))");
    traps("out of bounds memory", "(drop (i32.load (i32.const -4)))");
}

#[test]
fn traps_in_tables() {
    let table = |body| ends(&Guest::new().items("(table $t 1 funcref)").finish(body), &small());
    let failure = table("(call_indirect $t (i32.const 7))");
    assert!(failure.to_string().starts_with("trap: "), "{failure}");
    let failure = table("(call_indirect $t (i32.const 0))");
    assert!(failure.to_string().starts_with("trap: "), "{failure}");
}

#[test]
fn what_failed_cannot_be_called_again_and_harms_no_neighbour() {
    let plugin = load(&Guest::new().finish("unreachable").build());
    let mut neighbour = plugin.transform(&small()).unwrap();
    let mut instance = plugin.transform(&small()).unwrap();
    assert!(matches!(instance.fit_finish(), Err(Failure::Trap { .. })));
    let again = instance.fit_save().unwrap_err();
    assert!(again.to_string().contains("has failed before"), "{again}");
    assert_eq!(neighbour.fit_save(), Ok(Vec::new()));
    assert!(plugin.transform(&small()).unwrap().fit_save().is_ok());
}

#[test]
fn a_fresh_instance_sees_nothing_of_the_one_before() {
    // Adds one to a number in memory, and answers with it.
    let count = "(local.set $bytes (i32.const 2048)) (local.set $len (i32.const 1))
        (i32.store8 (i32.const 2048) (i32.add (i32.load8_u (i32.const 2048)) (i32.const 1)))";
    let plugin = load(&Guest::new().finish(count).build());
    let twice = |mut instance: TransformInstance| (instance.fit_finish(), instance.fit_finish());
    for _ in 0..3 {
        let answers = twice(plugin.transform(&small()).unwrap());
        assert_eq!(answers, (Ok(vec![1]), Ok(vec![2])));
    }
}

#[test]
fn an_instance_of_another_role_is_refused() {
    let plugin = load(&Guest::new().build());
    let failure = plugin.trainer(&small()).err().unwrap();
    assert_eq!(failure.to_string(), "contract: it implements `transform@0.1.0`, not a trainer");
}
