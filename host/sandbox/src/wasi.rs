//! Virtual WASI, for components that were granted it.
//!
//! Clocks stand at the logical time, and sleeping returns at once; random bytes, the secure kind
//! too, come from the seed; output is captured up to a limit. There are no files, no environment,
//! no arguments, no network, and nothing that waits: a guest that polls never blocks the host.
//!
//! What a clock, a random source or an output is, is written here. wasmtime-wasi gives only what
//! is left: empty directories, empty environments, closed input, refused sockets.

use std::time::Duration;

use bytes::Bytes;
use refrain_domain::{Limit, Limits};
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::WasiCliView;
use wasmtime_wasi::filesystem::WasiFilesystemView;
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::p2::bindings::{cli, filesystem, sockets, sync};
use wasmtime_wasi::p2::{DynOutputStream, DynPollable, OutputStream, Pollable, StreamError};
use wasmtime_wasi::p2::{StreamResult, subscribe};
use wasmtime_wasi::sockets::WasiSocketsView;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView, async_trait};

use crate::instance::HostState;
use crate::limits::{HANDLES_MAX, LimitReached};

/// The most random bytes of one call: what a guest wants more of, it can ask for again.
const RANDOM_BYTES_MAX: u64 = 1 << 20;

/// The most bytes of one write; wasmtime-wasi's streams permit about as many.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// Interfaces that a grant gives, at any version 0.2.x.
const INTERFACES: [&str; 27] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// Whether virtual WASI has an interface of exactly this name.
pub(crate) fn has(import: &str) -> bool {
    let Some((name, version)) = import.split_once('@') else { return false };
    let is_0_2 = semver::Version::parse(version).is_ok_and(|v| (v.major, v.minor) == (0, 2));
    is_0_2 && INTERFACES.contains(&name)
}

/// Everything that one instance sees of WASI.
pub(crate) struct Virtual {
    table: ResourceTable,
    rest: WasiCtx,
    time: Duration,
    secure: Stream,
    insecure: Stream,
    seed: (u64, u64),
    output: Output,
}

impl Virtual {
    pub(crate) fn new(seed: u64, logical_time_us: i64, limits: &Limits) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        let mut rest = WasiCtxBuilder::new();
        // Refused before a socket is made.
        rest.allow_ip_name_lookup(false).allow_tcp(false).allow_udp(false);
        let mut hash_seed = Stream::new(seed, "hash seed");
        Self {
            table,
            rest: rest.build(),
            // WASI's clocks know no time before 1970.
            time: Duration::from_micros(u64::try_from(logical_time_us).unwrap_or(0)),
            secure: Stream::new(seed, "secure"),
            insecure: Stream::new(seed, "insecure"),
            seed: (hash_seed.next_u64(), hash_seed.next_u64()),
            output: Output::new(limits.output_bytes_max),
        }
    }

    /// What was written to stdout and stderr, in order.
    pub(crate) fn output(&self) -> Vec<u8> {
        self.output.written.lock().map_or_else(|_| Vec::new(), |written| written.clone())
    }
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi();
        WasiCtxView { ctx: &mut wasi.rest, table: &mut wasi.table }
    }
}

/// Tells wasmtime where our own interfaces find their state.
struct Ours;

impl HasData for Ours {
    type Data<'a> = &'a mut Virtual;
}

struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

/// Gives a component every interface of virtual WASI.
pub(crate) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let l = linker;
    monotonic_clock::add_to_linker::<_, Ours>(l, HostState::wasi)?;
    wall_clock::add_to_linker::<_, Ours>(l, HostState::wasi)?;
    random::add_to_linker::<_, Ours>(l, HostState::wasi)?;
    insecure::add_to_linker::<_, Ours>(l, HostState::wasi)?;
    insecure_seed::add_to_linker::<_, Ours>(l, HostState::wasi)?;
    cli::stdout::add_to_linker::<_, Ours>(l, HostState::wasi)?;
    cli::stderr::add_to_linker::<_, Ours>(l, HostState::wasi)?;
    link_the_rest(l)
}

fn link_the_rest(l: &mut Linker<HostState>) -> wasmtime::Result<()> {
    use wasmtime_wasi::cli::WasiCli;
    use wasmtime_wasi::filesystem::WasiFilesystem;
    use wasmtime_wasi::sockets::WasiSockets;
    fn table(state: &mut HostState) -> &mut ResourceTable {
        &mut state.wasi().table
    }
    sync::io::error::add_to_linker::<_, Table>(l, table)?;
    sync::io::poll::add_to_linker::<_, Table>(l, table)?;
    sync::io::streams::add_to_linker::<_, Table>(l, table)?;
    cli::environment::add_to_linker::<_, WasiCli>(l, HostState::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(l, HostState::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(l, HostState::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(l, HostState::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(l, HostState::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, HostState::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, HostState::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, HostState::cli)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(l, HostState::filesystem)?;
    sync::filesystem::types::add_to_linker::<_, WasiFilesystem>(l, HostState::filesystem)?;
    let network = sockets::network::LinkOptions::default();
    sockets::network::add_to_linker::<_, WasiSockets>(l, &network, HostState::sockets)?;
    sockets::instance_network::add_to_linker::<_, WasiSockets>(l, HostState::sockets)?;
    sockets::ip_name_lookup::add_to_linker::<_, WasiSockets>(l, HostState::sockets)?;
    sockets::tcp_create_socket::add_to_linker::<_, WasiSockets>(l, HostState::sockets)?;
    sync::sockets::tcp::add_to_linker::<_, WasiSockets>(l, HostState::sockets)?;
    sync::sockets::udp::add_to_linker::<_, WasiSockets>(l, HostState::sockets)?;
    sync::sockets::udp_create_socket::add_to_linker::<_, WasiSockets>(l, HostState::sockets)
}

/// Nothing to wait for.
struct Now;

#[async_trait]
impl Pollable for Now {
    async fn ready(&mut self) {}
}

impl Virtual {
    fn now_pollable(&mut self) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.table.push(Now)?;
        subscribe(&mut self.table, now)
    }
}

impl monotonic_clock::Host for Virtual {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::try_from(self.time.as_nanos()).unwrap_or(u64::MAX))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1_000)
    }

    // On a clock that stands still no time passes by sleeping. To wait for it would be forever.
    fn subscribe_instant(&mut self, _when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.now_pollable()
    }

    fn subscribe_duration(&mut self, _when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.now_pollable()
    }
}

impl wall_clock::Host for Virtual {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let (seconds, nanoseconds) = (self.time.as_secs(), self.time.subsec_nanos());
        Ok(wall_clock::Datetime { seconds, nanoseconds })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: 1_000 })
    }
}

/// A stream of bytes, without end, that depends on the seed and on what it is for.
struct Stream(Box<blake3::OutputReader>);

impl Stream {
    fn new(seed: u64, purpose: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("refrain virtual WASI randomness v1");
        hasher.update(&seed.to_le_bytes());
        hasher.update(purpose.as_bytes());
        Self(Box::new(hasher.finalize_xof()))
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn next_bytes(&mut self, n: u64) -> wasmtime::Result<Vec<u8>> {
        if n > RANDOM_BYTES_MAX {
            let message = format!("{n} random bytes asked for, {RANDOM_BYTES_MAX} a call allowed");
            return Err(LimitReached { limit: Limit::Transfer, message }.into());
        }
        let mut bytes = vec![0; n as usize];
        self.0.fill(&mut bytes);
        Ok(bytes)
    }
}

impl random::Host for Virtual {
    fn get_random_bytes(&mut self, n: u64) -> wasmtime::Result<Vec<u8>> {
        self.secure.next_bytes(n)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.secure.next_u64())
    }
}

impl insecure::Host for Virtual {
    fn get_insecure_random_bytes(&mut self, n: u64) -> wasmtime::Result<Vec<u8>> {
        self.insecure.next_bytes(n)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.insecure.next_u64())
    }
}

impl insecure_seed::Host for Virtual {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok(self.seed)
    }
}

/// Where stdout and stderr go: one text, in the order of the writes.
#[derive(Clone)]
struct Output {
    written: std::sync::Arc<std::sync::Mutex<Vec<u8>>>,
    bytes_max: u64,
}

impl Output {
    fn new(bytes_max: u64) -> Self {
        Self { written: std::sync::Arc::default(), bytes_max }
    }
}

impl OutputStream for Output {
    /// Beyond the limit the guest ends by name; what fits is kept, to show what it was saying.
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let lock = |_| StreamError::trap("BUG: a poisoned lock");
        let mut written = self.written.lock().map_err(lock)?;
        let room = usize::try_from(self.bytes_max).unwrap_or(usize::MAX) - written.len();
        written.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            let message = format!("more than {} bytes of output", self.bytes_max);
            return Err(StreamError::Trap(LimitReached { limit: Limit::Output, message }.into()));
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl Virtual {
    fn output_stream(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        let stream: DynOutputStream = Box::new(self.output.clone());
        Ok(self.table.push(stream)?)
    }
}

impl cli::stdout::Host for Virtual {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.output_stream()
    }
}

impl cli::stderr::Host for Virtual {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.output_stream()
    }
}
