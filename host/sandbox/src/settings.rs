//! The one place that configures the engine, and the profile that says so.
//!
//! Invariant: every engine is asked what it is when it starts, and one that does not have the
//! profile is not used, so no setting can change without the profile's digest changing with it.
//! The profile itself can be had without an engine: a run with nothing to execute starts none.

use refrain_domain::{Backend, Profile};
use wasmparser::WasmFeatures;
use wasmtime::{Config, Engine, OperatorCost, PoolingAllocationConfig};

/// wasmtime's exact version: part of the profile and of every cache key.
pub(crate) const ENGINE: &str = "wasmtime 48.0.8";

const FORMAT: &str = "refrain.profile/1";

/// The fuel that each instruction takes, and the name that it goes by in the profile. A test pins
/// the table, so the name cannot come to mean another one.
const FUEL_COSTS: (&str, OperatorCost) = ("wasmtime-48-default", OperatorCost::new());

/// Bytes of native frames. So a recursion without end ends by name everywhere, but one that just
/// fits on one architecture or backend may not fit on another: the one limit that is not exact.
const STACK_BYTES_MAX: usize = 1 << 20;

/// What is on, sorted by name. All else is off: wasmtime's own defaults count for nothing.
const PROPOSALS: [(&str, WasmFeatures); 10] = [
    ("bulk-memory", WasmFeatures::BULK_MEMORY),
    ("component-model", WasmFeatures::COMPONENT_MODEL),
    ("extended-const", WasmFeatures::EXTENDED_CONST),
    ("multi-memory", WasmFeatures::MULTI_MEMORY),
    ("multi-value", WasmFeatures::MULTI_VALUE),
    ("mutable-global", WasmFeatures::MUTABLE_GLOBAL),
    ("reference-types", WasmFeatures::REFERENCE_TYPES),
    ("saturating-float-to-int", WasmFeatures::SATURATING_FLOAT_TO_INT),
    ("sign-extension", WasmFeatures::SIGN_EXTENSION),
    ("simd", WasmFeatures::SIMD),
];

/// Settings that production never touches: a benchmark measures what each of them costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// Whether every NaN gets one bit pattern.
    pub nan_canonicalization: bool,
    /// Whether instructions take fuel.
    pub fuel: bool,
    /// Whether loops look at the clock.
    pub epochs: bool,
    /// Whether instances come from a pool of memories that are mapped once.
    pub pooling: bool,
}

impl Tuning {
    /// What the profile says.
    pub const STRICT: Self =
        Self { nan_canonicalization: true, fuel: true, epochs: true, pooling: false };

    /// Whether an engine so tuned still has the profile. A pool changes no result.
    fn is_in_profile(self) -> bool {
        Self { pooling: false, ..self } == Self::STRICT
    }
}

/// All features of the profile: the proposals, and floats, which are the language itself.
pub(crate) fn features() -> WasmFeatures {
    PROPOSALS.iter().fold(WasmFeatures::FLOATS, |all, (_, feature)| all | *feature)
}

/// An engine that has the profile, or, for a benchmark, one that has all of it but `tuning`.
pub(crate) fn engine(backend: Backend, tuning: Tuning) -> wasmtime::Result<Engine> {
    let engine = Engine::new(&config(backend, tuning)?)?;
    let (found, expected) = (profile_of(&engine), profile());
    if tuning.is_in_profile() && found.as_ref() != Some(&expected) {
        wasmtime::bail!("the engine on {backend} has the profile {found:?}, not {expected:?}");
    }
    Ok(engine)
}

fn config(backend: Backend, tuning: Tuning) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    config
        .wasm_features(features().complement(), false)
        .wasm_features(features(), true)
        .cranelift_nan_canonicalization(tuning.nan_canonicalization)
        .consume_fuel(tuning.fuel)
        .operator_cost(FUEL_COSTS.1)
        .epoch_interruption(tuning.epochs)
        .max_wasm_stack(STACK_BYTES_MAX)
        .shared_memory(false);
    if tuning.pooling {
        config.allocation_strategy(pool());
    }
    if backend == Backend::Pulley {
        config.target("pulley64")?;
    }
    Ok(config)
}

/// Memories that are mapped once and used again. Measured, and not used: see
/// `benches/benches/sandbox.rs`.
fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_memories(100)
        .total_core_instances(1_000)
        .total_component_instances(100)
        .max_memory_size(4 << 30)
        .max_core_instance_size(4 << 20)
        .max_component_instance_size(4 << 20)
        .max_tables_per_module(100)
        .table_elements(100_000)
        .linear_memory_keep_resident(256 << 10);
    pool
}

/// The profile that every engine has.
pub(crate) fn profile() -> Profile {
    Profile {
        format: FORMAT.to_owned(),
        engine: ENGINE.to_owned(),
        nan_canonicalization: Tuning::STRICT.nan_canonicalization,
        proposals: PROPOSALS.iter().map(|(name, _)| (*name).to_owned()).collect(),
        fuel_costs: FUEL_COSTS.0.to_owned(),
        stack_bytes_max: STACK_BYTES_MAX as u64,
    }
}

/// An engine's profile; none if it has a feature that no profile can name.
fn profile_of(engine: &Engine) -> Option<Profile> {
    let found = engine.get_wasm_features();
    let named = PROPOSALS.iter().filter(|(_, feature)| found.contains(*feature));
    Some(Profile {
        format: FORMAT.to_owned(),
        engine: ENGINE.to_owned(),
        nan_canonicalization: engine.get_cranelift_nan_canonicalization() == Some(true),
        proposals: named.map(|(name, _)| (*name).to_owned()).collect(),
        fuel_costs: if engine.get_consume_fuel() { FUEL_COSTS.0 } else { "none" }.to_owned(),
        stack_bytes_max: engine.get_max_wasm_stack() as u64,
    })
    .filter(|_| features().contains(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_backends_have_the_features_of_the_profile_and_no_other() {
        for backend in [Backend::Cranelift, Backend::Pulley] {
            let engine = engine(backend, Tuning::STRICT).unwrap();
            assert_eq!(profile_of(&engine), Some(profile()), "{backend}");
            assert_eq!(engine.get_wasm_features(), features(), "{backend}");
            assert!(engine.get_epoch_interruption());
            assert!(!engine.get_shared_memory() && !engine.get_concurrency_support());
        }
    }

    #[test]
    fn an_engine_outside_the_profile_does_not_pass_for_one() {
        let plain = Tuning { nan_canonicalization: false, ..Tuning::STRICT };
        let engine = engine(Backend::Cranelift, plain).unwrap();
        assert_ne!(profile_of(&engine), Some(profile()));
    }

    #[test]
    fn the_profile_is_what_it_was() {
        let text = serde_json::to_string_pretty(&profile()).unwrap();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/messages/profile.json");
        if std::env::var_os("REFRAIN_UPDATE").is_some() {
            std::fs::write(path, format!("{text}\n")).unwrap();
        }
        let names: Vec<&str> = PROPOSALS.iter().map(|(name, _)| *name).collect();
        assert!(names.is_sorted());
        assert_eq!(text.trim(), std::fs::read_to_string(path).unwrap().trim());
    }

    /// A table of other costs is another profile: give it another name.
    #[test]
    fn the_fuel_costs_are_what_their_name_says() {
        let table = format!("{:?}", FUEL_COSTS.1);
        let digest = refrain_domain::Digest::of(table.as_bytes()).to_string();
        let pinned = "blake3:0437c9cdf231ba1a94783b7c5ae18b04fa48625624568324554aa485825fab7f";
        assert_eq!((FUEL_COSTS.0, digest.as_str()), ("wasmtime-48-default", pinned), "{table}");
    }

    #[test]
    fn wasmtime_is_the_version_that_the_profile_names() {
        let lock = include_str!("../../../Cargo.lock");
        let version = ENGINE.strip_prefix("wasmtime ").unwrap();
        assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{version}\"")));
    }
}
