//! What machines and budgets do: no space, no lock, no time, no fuel, no memory.

use std::process::Command;

use refrain_testkit::guest::{ANSWER, Guest};
use refrain_testkit::{Refrain, small};

use super::{ends, says, with};

/// The small pipeline with this budget.
fn with_budget(budget: &str) -> Refrain {
    with(&format!("{}budget: {{{budget}}}\n", small::PIPELINE))
}

#[test]
fn a_deadline_that_has_passed() {
    let refrain = with_budget("wall: 0s");
    ends(&refrain, "aborted", "the wall-clock budget is used up; resume, or raise `budget.wall`");
    // What was aborted is no result: the run goes on from where it was.
    let resumed = refrain.json(&["resume", "small-1"]);
    assert_eq!(resumed["status"], "succeeded");
}

#[test]
fn fuel_that_is_used_up() {
    let a_call = "step `scaled.fit`, fit-part[0]: fuel limit reached: 10000 fuel a call; \
                  raise `budget.fuel_per_call`";
    ends(&with_budget("fuel_per_call: 1e4"), "failed", a_call);
    let refrain = with_budget("fuel: 1e4");
    let run = refrain.run(&["run", "pipeline.yaml", "--json"]).json();
    let message = run["message"].as_str().expect("a reason");
    let used = message.strip_prefix("fuel budget exhausted: ").expect(message);
    assert!(used.ends_with(" used of 10000; raise `budget.fuel`"), "{message}");
}

#[test]
fn four_gib_asked_of_64_mib() {
    let refrain = with(
        "pipeline: greedy\n\
         inputs: {rows: {dataset: rows}}\n\
         steps:\n  all: {plugin: greedy@^1, input: rows}\n\
         budget: {memory_bytes_max: 64MiB}\n",
    );
    // It asks when it is fitted, which happens under the pipeline's own limits.
    let flag = ANSWER + 20;
    let needs_fit = format!("(i32.store8 (i32.const {flag}) (i32.const 1)) (i32.const {ANSWER})");
    let guest = Guest::new()
        .body("describe", needs_fit)
        .finish("(drop (memory.grow $memory (i32.const 65534)))");
    refrain.write("greedy.wasm", guest.build());
    // It would not come in: what it does is against its contract.
    let push = ["plugin", "push", "greedy.wasm", "--name", "greedy", "--as", "1.0.0"];
    refrain.json(&[&push[..], &["--admission", "off"]].concat());
    let message = "step `all.fit`, fit[0]: memory limit reached: 4294967296 bytes asked for, 67108864 allowed; \
         raise `budget.memory_bytes_max`";
    ends(&refrain, "failed", message);
}

#[test]
fn a_second_process_on_the_store() {
    let refrain = with(small::PIPELINE);
    let server = refrain.serve(&[]);
    let id = server.id();
    for verb in
        [&["runs"][..], &["run", "pipeline.yaml"], &["gc"], &["serve", "--listen", "127.0.0.1:0"]]
    {
        says(
            &refrain,
            verb,
            &format!(
                "error: the store at .refrain is in use by another process (process {id})\n\
                 hint: one process owns a store: use `--server` to talk to it, or stop it first\n"
            ),
        );
    }
    let run = refrain.json(&["run", "pipeline.yaml", "--server", &server.url]);
    assert_eq!(run["status"], "succeeded");
    assert!(server.stop());
    assert_eq!(refrain.json(&["runs"])["total"], 1);
}

#[test]
fn no_server_where_one_is_asked() {
    says(
        &Refrain::new(),
        &["runs", "--server", "http://127.0.0.1:1"],
        "error: http://127.0.0.1:1: Connection refused (os error 111)\n\
         hint: is the server running there? `refrain serve` starts one\n",
    );
    says(
        &Refrain::new(),
        &["runs", "--server", "127.0.0.1:7878"],
        "error: `127.0.0.1:7878` is no server address: write http://host:port (TLS ends in a proxy)\n",
    );
    says(
        &Refrain::new(),
        &["runs"],
        "error: there is no store at .refrain\n\
         hint: `refrain init` makes one, and so do `refrain run` and `refrain data import`; \
         `--store` names another\n",
    );
}

/// A disk of a few MiB that only the commands see, or where none may be mounted, files that may not
/// grow beyond a limit.
fn on_a_small_disk(refrain: &Refrain, script: &str) -> String {
    let mount = "mkdir disk && mount -t tmpfs -o size=16m none disk";
    let can_mount = Command::new("unshare")
        .args(["-m", "sh", "-c", "mount -t tmpfs none /mnt"])
        .status()
        .is_ok_and(|status| status.success());
    let whole = match can_mount {
        true => format!("{mount} && {script}"),
        false => format!("trap '' XFSZ; ulimit -f 8192; {script}"),
    };
    let mut shell = match can_mount {
        true => Command::new("unshare"),
        false => Command::new("sh"),
    };
    if can_mount {
        shell.args(["-m", "sh"]);
    }
    let binary = refrain.command::<&str>(&[]);
    let output = shell
        .args(["-c", &whole])
        .current_dir(refrain.path())
        .env("REFRAIN", binary.get_program())
        .output()
        .expect("a shell");
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn full_disk_is_named_and_loses_nothing() {
    let refrain = Refrain::new();
    refrain.write("small.csv", small::rows_csv());
    // Nothing that could be compressed away.
    let mut bits = 1_u64;
    let mut csv = "a,b,c,d\n".to_owned();
    for _ in 0..1_000_000 {
        let mut next = || {
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            bits >> 1
        };
        csv += &format!("{},{},{},{}\n", next(), next(), next(), next());
    }
    refrain.write("large.csv", csv);
    let said = on_a_small_disk(
        &refrain,
        "export REFRAIN_STORE=disk/store
         $REFRAIN data import small small.csv -q
         $REFRAIN data import large large.csv -q && echo it fits
         $REFRAIN fsck && echo store is sound
         $REFRAIN data list",
    );
    let line = |begin: &str| said.lines().find(|line| line.starts_with(begin)).expect(begin);
    line("error: the disk of the store is full: ");
    line("hint: nothing that was acknowledged is lost: make room");
    assert!(!said.contains("it fits"), "{said}");
    assert!(line("small@blake3:").ends_with(": 600 rows"), "{said}");
    line("store is sound");
    assert!(line("small  ").contains(" 600 "), "{said}");
}
