//! The determinism profile and the limits of a unit: all that could decide a result besides the
//! component and its inputs.

use serde::{Deserialize, Serialize};

/// How components are executed. Both give the same bytes; that is checked, not assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// Compiled to machine code.
    #[default]
    Cranelift,
    /// wasmtime's portable interpreter.
    Pulley,
}

impl std::fmt::Display for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cranelift => "cranelift",
            Self::Pulley => "pulley",
        })
    }
}

/// Engine settings that can change a result. An artifact: its digest is part of every step key.
///
/// The backend is not among them, on purpose: a profile promises the same bytes on each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// `refrain.profile/1`.
    pub format: String,
    /// wasmtime's exact version.
    pub engine: String,
    /// Every NaN that an instruction makes has one bit pattern.
    pub nan_canonicalization: bool,
    /// Proposals that are on, sorted. What is not named is off.
    pub proposals: Vec<String>,
    /// The fuel that each instruction takes, pinned by name.
    pub fuel_costs: String,
    /// Bytes of stack that a guest may use before it traps.
    pub stack_bytes_max: u64,
}

/// What one unit of work may use. Part of the step key: a limit can decide an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Fuel for each call into the component.
    pub fuel: u64,
    /// Bytes of all linear memories of one instance together.
    pub memory_bytes_max: u64,
    /// Elements of all tables of one instance together.
    pub table_elements_max: u64,
    /// Bytes of captured output; more ends the guest by name.
    pub output_bytes_max: u64,
}

impl Default for Limits {
    /// 100 billion fuel (about a minute of Cranelift), 1 GiB, 100,000 elements, 64 KiB.
    fn default() -> Self {
        Self {
            fuel: 100_000_000_000,
            memory_bytes_max: 1 << 30,
            table_elements_max: 100_000,
            output_bytes_max: 64 << 10,
        }
    }
}
