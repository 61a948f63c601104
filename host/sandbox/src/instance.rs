//! One instance: a store, its meter, and calls that end in one of five ways.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use refrain_domain::{Failure, Limits};
use wasmtime::component::{ComponentNamedList, Instance, Lift, Lower};
use wasmtime::{Store, UpdateDeadline};

use crate::engine::Plugin;
use crate::limits::{HANDLES_MAX, Meter};
use crate::outcome::{HostAbort, Phase, contract, guarded, transfer_bytes_max};
use crate::wasi::Virtual;
use crate::wire::Answer;

/// Everything that a piece of work is given besides its inputs.
#[derive(Debug, Clone, Default)]
pub struct UnitContext {
    /// What it may use.
    pub limits: Limits,
    /// Its randomness, behind a grant.
    pub seed: u64,
    /// Where clocks stand, behind a grant; microseconds since the epoch.
    pub logical_time_us: i64,
    /// After this moment the host gives up.
    pub deadline: Option<Instant>,
    /// Set: the host gives up.
    pub cancel: Option<Arc<AtomicBool>>,
}

/// What an instance has used so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// Over all calls.
    pub fuel_used: u64,
    /// The most bytes of linear memory at any time.
    pub memory_bytes_peak: u64,
    /// What it wrote to stdout and stderr.
    pub output: Vec<u8>,
}

/// What wasmtime carries along for an instance.
pub(crate) struct HostState {
    meter: Meter,
    wasi: Option<Box<Virtual>>,
}

impl HostState {
    pub(crate) fn wasi(&mut self) -> &mut Virtual {
        self.wasi.as_mut().expect("BUG: WASI is linked only where it is granted")
    }
}

/// A component's instance, for one piece of work.
pub(crate) struct RawInstance {
    plugin: Plugin,
    store: Store<HostState>,
    instance: Instance,
    context: UnitContext,
    fuel_used: u64,
    is_dead: bool,
}

impl Plugin {
    pub(crate) fn instantiate(&self, context: &UnitContext) -> Result<RawInstance, Failure> {
        let UnitContext { limits, seed, logical_time_us, .. } = context;
        let wasi = || Box::new(Virtual::new(*seed, *logical_time_us, limits));
        let state = HostState { meter: Meter::new(*limits), wasi: self.inner.has_wasi.then(wasi) };
        let mut store = Store::new(&self.inner.engine, state);
        store.limiter(|state| &mut state.meter);
        store.set_max_component_handles(HANDLES_MAX);
        store.set_hostcall_fuel(transfer_bytes_max(limits));
        watch(&mut store, context);
        let mut fuel_used = 0;
        let instance = metered(&mut store, context, &mut fuel_used, Phase::Start, |store| {
            self.inner.pre.instantiate(store)
        })?;
        let (plugin, context) = (self.clone(), context.clone());
        Ok(RawInstance { plugin, store, instance, context, fuel_used, is_dead: false })
    }
}

impl RawInstance {
    /// Calls an export that answers `result<T, error>`.
    pub(crate) fn call<P, T>(&mut self, name: &'static str, params: P) -> Result<T, Failure>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        T: Lift + wasmtime::component::ComponentType + Send + Sync + 'static,
    {
        if self.is_dead {
            return Err(contract("the instance has failed before; it cannot be called again"));
        }
        let index = &self.plugin.inner.exports[name];
        let instance = self.instance;
        let run = |mut store: &mut Store<HostState>| {
            let function = instance
                .get_func(&mut store, index)
                .ok_or_else(|| wasmtime::format_err!("export `{name}` is no function"))?;
            function.typed::<P, Answer<T>>(&store)?.call(&mut store, params)
        };
        let (store, fuel_used) = (&mut self.store, &mut self.fuel_used);
        match metered(store, &self.context, fuel_used, Phase::Call, run) {
            Ok((answer,)) => answer.map_err(Failure::from),
            Err(failure) => {
                self.is_dead = true;
                Err(failure)
            }
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        let state = self.store.data();
        Usage {
            fuel_used: self.fuel_used,
            memory_bytes_peak: state.meter.memory_bytes_peak,
            output: state.wasi.as_ref().map_or_else(Vec::new, |wasi| wasi.output()),
        }
    }
}

/// Whether the host gives up, and why.
fn given_up(context: &UnitContext) -> Option<HostAbort> {
    let UnitContext { deadline, cancel, .. } = context;
    #[expect(clippy::disallowed_methods, reason = "a wall-clock deadline aborts, never decides")]
    if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
        return Some(HostAbort("the wall-clock deadline has passed".to_owned()));
    }
    let is_cancelled = cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed));
    is_cancelled.then(|| HostAbort("cancelled".to_owned()))
}

/// Makes a running guest look at its deadline every tick. An abort is never a result.
fn watch(store: &mut Store<HostState>, context: &UnitContext) {
    let context = context.clone();
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| match given_up(&context) {
        Some(abort) => Err(abort.into()),
        None => Ok(UpdateDeadline::Continue(1)),
    });
}

/// Runs with a full tank, counts what was used, and names what went wrong.
fn metered<T>(
    store: &mut Store<HostState>,
    context: &UnitContext,
    fuel_used: &mut u64,
    phase: Phase,
    run: impl FnOnce(&mut Store<HostState>) -> wasmtime::Result<T>,
) -> Result<T, Failure> {
    // A short call never reaches a tick, and no call should begin after the deadline.
    if let Some(HostAbort(message)) = given_up(context) {
        return Err(Failure::HostAbort { message });
    }
    let fuel = context.limits.fuel;
    // Fails only where a benchmark has turned fuel off.
    let has_fuel = store.set_fuel(fuel).is_ok();
    let result = guarded(&context.limits, phase, || run(store));
    if has_fuel {
        *fuel_used += fuel.saturating_sub(store.get_fuel().unwrap_or(0));
    }
    result
}
