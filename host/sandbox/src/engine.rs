//! [`Sandbox`]: the engine, configured so that nothing outside the profile decides a result.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use refrain_domain::{Backend, Digest, Grant, Profile, Role, World};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};
use wasmtime::{Config, Engine, OperatorCost};

use crate::admit::{AdmissionError, ComponentInfo};
use crate::cache::CompileCache;
use crate::instance::HostState;
use crate::{admit, roles};

/// wasmtime's exact version: part of the profile and of every cache key.
pub(crate) const ENGINE: &str = "wasmtime 48.0.8";

const STACK_BYTES_MAX: usize = 1 << 20;

/// How often a running guest looks at its deadline.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// How a sandbox is set up. Nothing here can change a result.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Where compiled code is kept; none: in memory only.
    pub cache_dir: Option<PathBuf>,
    /// How components are executed.
    pub backend: Backend,
    /// The largest component that is compiled.
    pub component_bytes_max: usize,
    /// The most functions that a component may have, over all its modules.
    pub functions_max: usize,
    /// How long a compilation may take.
    pub compile_timeout: Duration,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            cache_dir: None,
            backend: Backend::Cranelift,
            component_bytes_max: 64 << 20,
            functions_max: 200_000,
            compile_timeout: Duration::from_secs(120),
        }
    }
}

/// Why a sandbox cannot do its part. Never the guest's doing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SandboxError {
    /// The engine does not start on this machine.
    #[error("the engine does not start: {0}")]
    Engine(String),
    /// The component's bytes could not be had.
    #[error("component {digest} could not be read: {detail}")]
    Bytes {
        /// The component.
        digest: Digest,
        /// Why not.
        detail: String,
    },
    /// The component is not fit for this sandbox.
    #[error("component {digest}: {source}")]
    Admission {
        /// The component.
        digest: Digest,
        /// Why not.
        source: AdmissionError,
    },
}

/// Compiles and instantiates components. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    options: SandboxOptions,
    engine: OnceLock<Result<Engine, String>>,
    cache: Option<CompileCache>,
    plugins: Mutex<HashMap<(Digest, bool), Plugin>>,
}

/// A component, compiled and linked, ready to be instantiated. Cheap to clone.
#[derive(Clone)]
pub struct Plugin {
    pub(crate) inner: Arc<PluginInner>,
}

pub(crate) struct PluginInner {
    pub world: World,
    pub digest: Digest,
    pub pre: InstancePre<HostState>,
    pub engine: Engine,
    pub exports: HashMap<&'static str, ComponentExportIndex>,
    pub has_wasi: bool,
}

impl Sandbox {
    /// A sandbox. The engine itself starts with the first component.
    ///
    /// # Errors
    /// [`SandboxError::Engine`] if the cache folder cannot be used.
    pub fn new(options: SandboxOptions) -> Result<Self, SandboxError> {
        let cache = options.cache_dir.as_deref().map(CompileCache::open).transpose();
        let cache = cache.map_err(SandboxError::Engine)?;
        let inner = Inner { options, engine: OnceLock::new(), cache, plugins: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The determinism profile: every setting of the engine that can change a result.
    pub fn profile() -> Profile {
        Profile {
            format: "refrain.profile/1".to_owned(),
            engine: ENGINE.to_owned(),
            nan_canonicalization: true,
            proposals: [
                "bulk-memory",
                "component-model",
                "extended-const",
                "multi-memory",
                "multi-value",
                "mutable-global",
                "reference-types",
                "saturating-float-to-int",
                "sign-extension",
                "simd",
            ]
            .map(str::to_owned)
            .to_vec(),
            fuel_costs: "wasmtime-48-default".to_owned(),
            stack_bytes_max: STACK_BYTES_MAX as u64,
        }
    }

    /// The backend that components run on.
    pub fn backend(&self) -> Backend {
        self.inner.options.backend
    }

    /// Says what a component is, without executing or compiling any of it.
    ///
    /// # Errors
    /// [`AdmissionError`] for bytes that are no component.
    pub fn inspect(component: &[u8]) -> Result<ComponentInfo, AdmissionError> {
        admit::inspect(component)
    }

    /// Checks everything about a component that needs no compilation: bytes, size, world, imports.
    ///
    /// # Errors
    /// As [`Self::admit`].
    pub fn check(
        &self,
        component: &[u8],
        grants: &[Grant],
    ) -> Result<ComponentInfo, AdmissionError> {
        admit::check(component, grants, &self.inner.options)
    }

    /// Checks that a component may be registered: it implements one world, exactly, and imports
    /// nothing but what it was granted. Compiles it.
    ///
    /// # Errors
    /// [`AdmissionError`], naming the export or import at fault and what to change.
    pub fn admit(
        &self,
        component: &[u8],
        grants: &[Grant],
    ) -> Result<ComponentInfo, AdmissionError> {
        let info = admit::check(component, grants, &self.inner.options)?;
        let digest = Digest::of(component);
        let bytes = || Ok(Arc::from(component));
        match self.load(digest, &bytes, grants) {
            Ok(_) => Ok(info),
            Err(SandboxError::Admission { source, .. }) => Err(source),
            Err(other) => Err(AdmissionError::Host(other.to_string())),
        }
    }

    /// Compiles a component, or takes its compiled code from the cache. `bytes` is asked only when
    /// the code is not there.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub fn load(
        &self,
        digest: Digest,
        bytes: &dyn Fn() -> Result<Arc<[u8]>, String>,
        grants: &[Grant],
    ) -> Result<Plugin, SandboxError> {
        let has_wasi = grants.contains(&Grant::Wasi);
        if let Some(plugin) = self.lock_plugins().get(&(digest, has_wasi)) {
            return Ok(plugin.clone());
        }
        let plugin = self.load_new(digest, bytes, has_wasi)?;
        self.lock_plugins().insert((digest, has_wasi), plugin.clone());
        Ok(plugin)
    }

    fn load_new(
        &self,
        digest: Digest,
        bytes: &dyn Fn() -> Result<Arc<[u8]>, String>,
        has_wasi: bool,
    ) -> Result<Plugin, SandboxError> {
        let refuse = |source| SandboxError::Admission { digest, source };
        let engine = self.engine()?;
        let key = self.inner.cache.as_ref().map(|cache| cache.key(engine, &digest));
        let cached = key.and_then(|key| self.inner.cache.as_ref()?.load(engine, &key));
        let component = match cached {
            Some(component) => component,
            None => {
                let bytes = bytes().map_err(|detail| SandboxError::Bytes { digest, detail })?;
                let grants: &[Grant] = if has_wasi { &[Grant::Wasi] } else { &[] };
                admit::check(&bytes, grants, &self.inner.options).map_err(refuse)?;
                let component = self.compile(engine, bytes).map_err(refuse)?;
                if let (Some(cache), Some(key)) = (&self.inner.cache, key) {
                    cache.save(&key, &component);
                }
                component
            }
        };
        link(engine, digest, &component, has_wasi).map_err(refuse)
    }

    /// Compiles on a thread of its own, and does not wait for it forever.
    fn compile(&self, engine: &Engine, bytes: Arc<[u8]>) -> Result<Component, AdmissionError> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let engine = engine.clone();
        std::thread::Builder::new()
            .name("refrain-compile".to_owned())
            .spawn(move || drop(sender.send(Component::new(&engine, &bytes[..]))))
            .map_err(|error| AdmissionError::Host(error.to_string()))?;
        let timeout = self.inner.options.compile_timeout;
        match receiver.recv_timeout(timeout) {
            Ok(Ok(component)) => Ok(component),
            Ok(Err(error)) => Err(AdmissionError::Invalid { detail: format!("{error:#}") }),
            Err(_) => Err(AdmissionError::CompileTimeout { seconds: timeout.as_secs() }),
        }
    }

    fn engine(&self) -> Result<&Engine, SandboxError> {
        let start = || start_engine(self.inner.options.backend).map_err(|e| format!("{e:#}"));
        let engine = self.inner.engine.get_or_init(start).as_ref();
        engine.map_err(|error| SandboxError::Engine(error.clone()))
    }

    fn lock_plugins(&self) -> std::sync::MutexGuard<'_, HashMap<(Digest, bool), Plugin>> {
        self.inner.plugins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plugin {
    /// What it implements.
    pub fn world(&self) -> &World {
        &self.inner.world
    }

    /// The component.
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }
}

fn start_engine(backend: Backend) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .cranelift_nan_canonicalization(true)
        .wasm_simd(true)
        .wasm_relaxed_simd(false)
        .wasm_bulk_memory(true)
        .wasm_multi_value(true)
        .wasm_multi_memory(true)
        .wasm_extended_const(true)
        .wasm_tail_call(false)
        .wasm_memory64(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        .consume_fuel(true)
        .operator_cost(OperatorCost::default())
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES_MAX);
    if backend == Backend::Pulley {
        config.target("pulley64")?;
    }
    let engine = Engine::new(&config)?;
    let weak = engine.weak();
    std::thread::Builder::new().name("refrain-tick".to_owned()).spawn(move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    })?;
    Ok(engine)
}

fn link(
    engine: &Engine,
    digest: Digest,
    component: &Component,
    has_wasi: bool,
) -> Result<Plugin, AdmissionError> {
    let invalid = |error: wasmtime::Error| AdmissionError::Invalid { detail: format!("{error:#}") };
    let mut linker: Linker<HostState> = Linker::new(engine);
    if has_wasi {
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).map_err(invalid)?;
    }
    let (world, interface) = Role::ALL
        .into_iter()
        .find_map(|role| {
            let world = World::current(role);
            let index = component.get_export_index(None, world.export_name().as_str())?;
            Some((world, index))
        })
        .ok_or_else(|| AdmissionError::NoWorld { exports: Vec::new() })?;
    let mut exports = HashMap::new();
    for &name in roles::functions(world.role) {
        let index = component.get_export_index(Some(&interface), name);
        let index = index.ok_or_else(|| AdmissionError::MissingExport {
            world: world.clone(),
            function: name.to_owned(),
        })?;
        exports.insert(name, index);
    }
    let pre = linker.instantiate_pre(component).map_err(invalid)?;
    let inner = PluginInner { world, digest, pre, engine: engine.clone(), exports, has_wasi };
    let plugin = Plugin { inner: Arc::new(inner) };
    roles::check_types(&plugin)?;
    Ok(plugin)
}
