//! Virtual WASI, for components that were granted it: clocks stand at the logical time, random
//! bytes come from the seed, output is captured up to a limit, and there is nothing else.

use std::time::Duration;

use refrain_domain::Limits;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::random::Deterministic;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder};

/// Random bytes repeat after this many.
const RANDOM_BYTES: usize = 64 << 10;

/// A standing clock.
struct Standing {
    time: Duration,
}

impl HostWallClock for Standing {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        self.time
    }
}

impl HostMonotonicClock for Standing {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.time.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The context of one instance, and the pipe that its output goes to.
pub(crate) fn context(
    seed: u64,
    logical_time_us: i64,
    limits: &Limits,
) -> (WasiCtx, MemoryOutputPipe) {
    let output = MemoryOutputPipe::new(usize::try_from(limits.output_bytes_max).unwrap_or(0));
    let time = Duration::from_micros(u64::try_from(logical_time_us).unwrap_or(0));
    let mut builder = WasiCtxBuilder::new();
    builder
        .wall_clock(Standing { time })
        .monotonic_clock(Standing { time })
        .secure_random(random(seed, "secure"))
        .insecure_random(random(seed, "insecure"))
        .insecure_random_seed(seed_of(seed))
        .stdout(output.clone())
        .stderr(output.clone())
        .allow_ip_name_lookup(false)
        .allow_tcp(false)
        .allow_udp(false);
    (builder.build(), output)
}

/// A stream of bytes that depends on the seed and on what it is for.
fn random(seed: u64, purpose: &str) -> Deterministic {
    let mut hasher = blake3::Hasher::new_derive_key("refrain virtual WASI randomness v1");
    hasher.update(&seed.to_le_bytes());
    hasher.update(purpose.as_bytes());
    let mut bytes = vec![0; RANDOM_BYTES];
    hasher.finalize_xof().fill(&mut bytes);
    Deterministic::new(bytes)
}

fn seed_of(seed: u64) -> u128 {
    let hash = blake3::derive_key("refrain virtual WASI hash seed v1", &seed.to_le_bytes());
    u128::from_le_bytes(hash[..16].try_into().expect("BUG: 16 of 32 bytes"))
}
