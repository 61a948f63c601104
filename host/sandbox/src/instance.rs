//! One instance: a store, its meter, and calls that end in one of five ways.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use refrain_domain::{Failure, Limit, Limits, Role};
use wasmtime::component::{ComponentNamedList, Instance, Lift, Lower, ResourceTable};
use wasmtime::{Store, Trap, UpdateDeadline};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::engine::Plugin;
use crate::limits::{LimitReached, Meter};
use crate::wasi;
use crate::wire::Answer;

/// The most resource handles that an instance may hold.
const HANDLES_MAX: usize = 10_000;

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
    table: ResourceTable,
    wasi: Option<WasiCtx>,
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = self.wasi.as_mut().expect("BUG: WASI is linked only where it is granted");
        WasiCtxView { ctx, table: &mut self.table }
    }
}

/// A component's instance, for one piece of work.
pub(crate) struct RawInstance {
    plugin: Plugin,
    store: Store<HostState>,
    instance: Instance,
    limits: Limits,
    fuel_used: u64,
    output: Option<MemoryOutputPipe>,
    is_dead: bool,
}

impl Plugin {
    pub(crate) fn instantiate(
        &self,
        role: Role,
        context: &UnitContext,
    ) -> Result<RawInstance, Failure> {
        if self.inner.world.role != role {
            let message = format!("it implements `{}`, not a {role}", self.inner.world);
            return Err(contract(message));
        }
        let (wasi, output) = match self.inner.has_wasi {
            true => {
                let (ctx, pipe) =
                    wasi::context(context.seed, context.logical_time_us, &context.limits);
                (Some(ctx), Some(pipe))
            }
            false => (None, None),
        };
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        let state = HostState { meter: Meter::new(context.limits), table, wasi };
        let mut store = Store::new(&self.inner.engine, state);
        store.limiter(|state| &mut state.meter);
        watch_deadline(&mut store, context);
        let mut fuel_used = 0;
        let limits = context.limits;
        let instance = with_fuel(&mut store, &limits, &mut fuel_used, |store| {
            self.inner.pre.instantiate(store)
        })?;
        let plugin = self.clone();
        Ok(RawInstance { plugin, store, instance, limits, fuel_used, output, is_dead: false })
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
        let answer = with_fuel(&mut self.store, &self.limits, &mut self.fuel_used, |mut store| {
            let function = instance
                .get_func(&mut store, index)
                .ok_or_else(|| wasmtime::format_err!("export `{name}` is no function"))?;
            function.typed::<P, Answer<T>>(&store)?.call(&mut store, params)
        });
        match answer {
            Ok((Ok(value),)) => Ok(value),
            Ok((Err(error),)) => Err(error.into()),
            Err(failure) => {
                self.is_dead = true;
                Err(self.name_output_limit(failure))
            }
        }
    }

    /// A guest whose output pipe is full traps in its own way; the pipe tells why.
    fn name_output_limit(&self, failure: Failure) -> Failure {
        let max = self.limits.output_bytes_max;
        let is_full = self.output.as_ref().is_some_and(|pipe| pipe.contents().len() as u64 >= max);
        match failure {
            Failure::Trap { .. } if is_full => {
                let message = format!("more than {max} bytes of output");
                Failure::Limit { limit: Limit::Output, message }
            }
            other => other,
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage {
            fuel_used: self.fuel_used,
            memory_bytes_peak: self.store.data().meter.memory_bytes_peak,
            output: self.output.as_ref().map_or_else(Vec::new, |pipe| pipe.contents().to_vec()),
        }
    }
}

/// The host gave up: travels through wasmtime as the error of the call.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct HostAbort(&'static str);

/// Makes a running guest look at its deadline every tick. An abort is never a result.
fn watch_deadline(store: &mut Store<HostState>, context: &UnitContext) {
    let (deadline, cancel) = (context.deadline, context.cancel.clone());
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        #[expect(
            clippy::disallowed_methods,
            reason = "a wall-clock deadline aborts, never decides"
        )]
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(HostAbort("the wall-clock deadline has passed").into());
        }
        if cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
            return Err(HostAbort("cancelled").into());
        }
        Ok(UpdateDeadline::Continue(1))
    });
}

/// Runs with a full tank, counts what was used, and names what went wrong.
fn with_fuel<T>(
    store: &mut Store<HostState>,
    limits: &Limits,
    fuel_used: &mut u64,
    run: impl FnOnce(&mut Store<HostState>) -> wasmtime::Result<T>,
) -> Result<T, Failure> {
    let host = |error: wasmtime::Error| Failure::HostAbort { message: format!("{error:#}") };
    store.set_fuel(limits.fuel).map_err(host)?;
    let result = run(store);
    let left = store.get_fuel().map_err(host)?;
    *fuel_used += limits.fuel.saturating_sub(left);
    result.map_err(|error| name_failure(&error, limits))
}

fn name_failure(error: &wasmtime::Error, limits: &Limits) -> Failure {
    if let Some(reached) = error.downcast_ref::<LimitReached>() {
        return Failure::Limit { limit: reached.limit, message: reached.message.clone() };
    }
    if let Some(abort) = error.downcast_ref::<HostAbort>() {
        return Failure::HostAbort { message: abort.0.to_owned() };
    }
    let limit = |limit, message: String| Failure::Limit { limit, message };
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => limit(Limit::Fuel, format!("{} fuel a call", limits.fuel)),
        Some(Trap::StackOverflow) => limit(Limit::Stack, "the stack is full".to_owned()),
        Some(trap) => Failure::Trap { message: format!("{trap}{}", innermost(error)) },
        None => {
            let message = format!("{error:#}");
            if message.contains("hostcall") && message.contains("fuel") {
                return limit(Limit::Transfer, message);
            }
            // Whatever else stops a call is the guest's doing: a pointer out of bounds, invalid
            // UTF-8, an unknown discriminant.
            Failure::Error { kind: "contract".to_owned(), message }
        }
    }
}

/// Where a trap happened, as far as the component's names tell.
fn innermost(error: &wasmtime::Error) -> String {
    let name = error
        .downcast_ref::<wasmtime::WasmBacktrace>()
        .and_then(|trace| trace.frames().first()?.func_name().map(str::to_owned));
    name.map_or_else(String::new, |name| format!(" in `{name}`"))
}

/// A broken contract.
pub(crate) fn contract(message: impl Into<String>) -> Failure {
    Failure::Error { kind: "contract".to_owned(), message: message.into() }
}

impl RawInstance {
    /// Whether an export has the type that the contract says; else the first difference.
    pub(crate) fn check_type<P, R>(&mut self, name: &'static str) -> Result<(), String>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let index = &self.plugin.inner.exports[name];
        let function = self.instance.get_func(&mut self.store, index);
        let function = function.ok_or_else(|| "it is no function".to_owned())?;
        function.typed::<P, R>(&self.store).map(drop).map_err(|error| format!("{error:#}"))
    }
}
