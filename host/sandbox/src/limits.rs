//! Memory and tables of one instance, counted together and refused by name.
//!
//! wasmtime's own limits are per memory, and a refused `memory.grow` answers −1, which a guest may
//! turn into anything. Here it traps, so that the limit and not the guest decides what is recorded.

use refrain_domain::{Limit, Limits};
use wasmtime::ResourceLimiter;

/// What an instance has, and what it ran into.
pub(crate) struct Meter {
    limits: Limits,
    memory_bytes: u64,
    pub memory_bytes_peak: u64,
    table_elements: u64,
}

/// A limit that was reached; travels through wasmtime as the error of the call.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct LimitReached {
    pub limit: Limit,
    pub message: String,
}

impl Meter {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self { limits, memory_bytes: 0, memory_bytes_peak: 0, table_elements: 0 }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self.memory_bytes.saturating_add((desired - current) as u64);
        if wanted > self.limits.memory_bytes_max {
            let max = self.limits.memory_bytes_max;
            let message = format!("{wanted} bytes asked for, {max} allowed");
            return Err(LimitReached { limit: Limit::Memory, message }.into());
        }
        self.memory_bytes = wanted;
        self.memory_bytes_peak = self.memory_bytes_peak.max(wanted);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self.table_elements.saturating_add((desired - current) as u64);
        if wanted > self.limits.table_elements_max {
            let max = self.limits.table_elements_max;
            let message = format!("{wanted} table elements asked for, {max} allowed");
            return Err(LimitReached { limit: Limit::Table, message }.into());
        }
        self.table_elements = wanted;
        Ok(true)
    }
}
