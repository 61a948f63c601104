//! Data that is ten times as large takes more time, not more memory.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use refrain_testkit::{Refrain, example};

const COPIES: usize = 10;
const ROWS: u64 = 336_776;
const PEAK_BYTES_MAX: u64 = 2 << 30;
const TIME_MAX: Duration = Duration::from_secs(120);

/// The year of flights, ten times over, as plain CSV.
fn write_copies(to: &Path) {
    let unpack = |to: Stdio| {
        let mut gzip = Command::new("gzip");
        gzip.arg("-dc").arg(example("flights").join("data/flights.csv.gz"));
        gzip.stdout(to).spawn().expect("gzip")
    };
    let output = unpack(Stdio::piped()).wait_with_output().expect("a file");
    let header_end = output.stdout.iter().position(|byte| *byte == b'\n').expect("a header") + 1;
    let mut file = BufWriter::new(std::fs::File::create(to).expect("a file"));
    file.write_all(&output.stdout[..header_end]).expect("writes");
    for _ in 0..COPIES {
        file.write_all(&output.stdout[header_end..]).expect("writes");
    }
    file.flush().expect("writes");
}

/// Runs a command that must succeed; answers the most memory that it had, as the kernel counts it,
/// and how long it took.
fn measured(refrain: &Refrain, arguments: &[&str]) -> (u64, Duration) {
    let begin = Instant::now();
    let mut child = refrain.command(arguments).stdout(Stdio::null()).spawn().expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_bytes = 0;
    loop {
        // `VmHWM` only grows, so the last look before the end is near enough.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        peak_bytes = peak_bytes.max(kib.unwrap_or(0) << 10);
        if let Some(status) = child.try_wait().expect("it runs") {
            assert!(status.success(), "{arguments:?}: {status}");
            assert!(peak_bytes > 0, "nothing was measured");
            return (peak_bytes, begin.elapsed());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn peak_memory_of_ten_copies() {
    let refrain = Refrain::new();
    let flights = example("flights");
    std::fs::create_dir(refrain.path().join("data")).expect("a folder");
    write_copies(&refrain.path().join("data/flights.csv"));
    let weather = flights.join("data/weather.csv.gz");
    std::fs::copy(weather, refrain.path().join("data/weather.csv.gz")).expect("copies");
    let pipeline = std::fs::read_to_string(flights.join("pipeline.yaml")).expect("a pipeline");
    refrain.write("pipeline.yaml", pipeline.replace("flights.csv.gz", "flights.csv"));

    let import = ["data", "import", "alone", "data/flights.csv", "--event-time", "time_hour"];
    let mut figures = Vec::new();
    for arguments in [&import[..], &["run", "pipeline.yaml", "--quiet"]] {
        let (peak_bytes, took) = measured(&refrain, arguments);
        figures.push((peak_bytes, took));
        let mib = peak_bytes >> 20;
        println!("refrain {}: at most {mib} MiB, {:.1} s", arguments[0], took.as_secs_f64());
    }
    let run = refrain.json(&["show", "flight-delay-1"]);
    assert_eq!(run["status"], "succeeded");
    // The same rows ten times over teach the same.
    let auc = run["metrics"]["roc_auc"].as_f64().expect("a number");
    assert!((0.694..0.697).contains(&auc), "roc_auc is {auc}");
    let rows = refrain.json(&["data", "show", "flights"])["manifest"]["rows"].as_u64();
    assert_eq!(rows, Some(ROWS * COPIES as u64));
    for (peak_bytes, took) in figures {
        assert!(peak_bytes < PEAK_BYTES_MAX, "{peak_bytes} bytes at most");
        assert!(took < TIME_MAX, "{took:?}");
    }
}
