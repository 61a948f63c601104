//! Memory and tables of one instance, counted together and refused by name.
//!
//! wasmtime's own limits are per memory, and a refused `memory.grow` answers −1, which a guest may
//! turn into anything. Here it traps, so that the limit and not the guest decides what is recorded.
//! A memory that asks for more than the maximum it declares *itself* is still answered −1, as the
//! language says.

use refrain_domain::{Limit, Limits};
use wasmtime::ResourceLimiter;

use crate::outcome::HostAbort;

/// The most handles to resources that an instance may hold, counted on the guest's and on the
/// host's side alike.
pub(crate) const HANDLES_MAX: usize = 10_000;

/// The most memories of one instance, over all its modules. Empty ones cost address space too.
const MEMORIES_MAX: usize = 50;

/// The most tables of one instance, over all its modules.
const TABLES_MAX: usize = 90;

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

/// What there would be after growing, if that is within the limit.
fn grow(now: u64, by: usize, max: u64, limit: Limit, what: &str) -> wasmtime::Result<u64> {
    let wanted = now.saturating_add(by as u64);
    if wanted > max {
        let message = format!("{wanted} {what} asked for, {max} allowed");
        return Err(LimitReached { limit, message }.into());
    }
    Ok(wanted)
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let by = desired.saturating_sub(current);
        let max = self.limits.memory_bytes_max;
        self.memory_bytes = grow(self.memory_bytes, by, max, Limit::Memory, "bytes")?;
        self.memory_bytes_peak = self.memory_bytes_peak.max(self.memory_bytes);
        Ok(true)
    }

    /// Within every limit, and still no memory: the machine has none, which is no result.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        // More than a memory's type can ever have: said before `memory_growing` is asked.
        if error.to_string().contains("exceeds memory type's limits") {
            return Ok(());
        }
        Err(HostAbort(format!("no memory to be had: {error:#}")).into())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let (by, max) = (desired.saturating_sub(current), self.limits.table_elements_max);
        self.table_elements = grow(self.table_elements, by, max, Limit::Table, "table elements")?;
        Ok(true)
    }

    fn instances(&self) -> usize {
        crate::admit::INSTANCES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }
}
