//! [`Sandbox`]: the engine, configured so that nothing outside the profile decides a result.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use refrain_domain::{Backend, Digest, Grant, Profile, World};
use wasmtime::Engine;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

use crate::admit::{AdmissionError, ComponentInfo};
use crate::cache::CompileCache;
use crate::compile::Compiler;
use crate::contract::{Contract, Contracts, Function};
use crate::instance::HostState;
use crate::settings::{self, Tuning};
use crate::{admit, contract, wasi};

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
    /// The longest body of a function. CPython's interpreter loop has 427 KB.
    pub function_bytes_max: usize,
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
            function_bytes_max: 1 << 20,
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
        source: Box<AdmissionError>,
    },
}

/// Compiles and instantiates components. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    options: SandboxOptions,
    tuning: Tuning,
    /// Read when the first component comes: most commands see none.
    contracts: &'static LazyLock<Contracts>,
    engine: OnceLock<Result<Engine, String>>,
    cache: Option<CompileCache>,
    compiler: Compiler,
    plugins: Mutex<HashMap<(Digest, bool), Plugin>>,
}

/// A component, compiled and linked, ready to be instantiated. Cheap to clone.
#[derive(Clone)]
pub struct Plugin {
    pub(crate) inner: Arc<PluginInner>,
}

pub(crate) struct PluginInner {
    pub contract: &'static Contract,
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
        Self::with(options, Tuning::STRICT, Contracts::released())
    }

    /// A sandbox outside the profile, for benchmarks to measure what the profile costs.
    ///
    /// # Errors
    /// As [`Sandbox::new`].
    #[cfg(feature = "bench")]
    #[doc(hidden)]
    pub fn for_bench(options: SandboxOptions, tuning: Tuning) -> Result<Self, SandboxError> {
        let options = SandboxOptions { cache_dir: None, ..options };
        Self::with(options, tuning, Contracts::released())
    }

    /// A sandbox that speaks these contracts.
    pub(crate) fn with(
        options: SandboxOptions,
        tuning: Tuning,
        contracts: &'static LazyLock<Contracts>,
    ) -> Result<Self, SandboxError> {
        let cache = options.cache_dir.as_deref().map(CompileCache::open).transpose();
        let cache = cache.map_err(SandboxError::Engine)?;
        let inner = Inner {
            options,
            tuning,
            contracts,
            engine: OnceLock::new(),
            cache,
            compiler: Compiler::default(),
            plugins: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The determinism profile: every setting of the engine that can change a result.
    pub fn profile() -> Profile {
        settings::profile()
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
        admit::inspect(component, Contracts::released())
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
        admit::check(component, grants, &self.inner.options, self.inner.contracts)
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
        let info = admit::check(component, grants, &self.inner.options, self.inner.contracts)?;
        let digest = Digest::of(component);
        let bytes = || Ok(Arc::from(component));
        match self.load(digest, &bytes, grants) {
            Ok(_) => Ok(info),
            Err(SandboxError::Admission { source, .. }) => Err(*source),
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
        let id = (digest, has_wasi);
        if let Some(plugin) = self.loaded(id) {
            return Ok(plugin);
        }
        let refuse = |source| SandboxError::Admission { digest, source: Box::new(source) };
        let engine = self.engine()?;
        let contracts = self.inner.contracts;
        let cache = self.inner.cache.as_ref().map(|cache| (cache, cache.key(engine, &digest)));
        let cached = cache.and_then(|(cache, key)| cache.load(engine, &key));
        if let Some(component) = cached {
            let plugin = link(engine, contracts, digest, &component, has_wasi).map_err(refuse)?;
            return Ok(self.keep(id, plugin));
        }
        let bytes = bytes().map_err(|detail| SandboxError::Bytes { digest, detail })?;
        if Digest::of(&bytes) != digest {
            let detail = format!("the bytes handed over are {}", Digest::of(&bytes));
            return Err(SandboxError::Bytes { digest, detail });
        }
        let options = &self.inner.options;
        let grants: &[Grant] = if has_wasi { &[Grant::Wasi] } else { &[] };
        admit::check(&bytes, grants, options, contracts).map_err(refuse)?;
        let timeout = options.compile_timeout;
        let found = || self.loaded(id);
        let plugin = self.inner.compiler.compile(engine, bytes, timeout, found, |component| {
            let plugin = link(engine, contracts, digest, &component, has_wasi)?;
            if let Some((cache, key)) = cache {
                cache.save(&key, &component);
            }
            Ok(self.keep(id, plugin))
        });
        plugin.map_err(refuse)
    }

    fn loaded(&self, id: (Digest, bool)) -> Option<Plugin> {
        self.lock_plugins().get(&id).cloned()
    }

    /// The first to come is kept, so that all callers share one compilation.
    fn keep(&self, id: (Digest, bool), plugin: Plugin) -> Plugin {
        self.lock_plugins().entry(id).or_insert(plugin).clone()
    }

    fn engine(&self) -> Result<&Engine, SandboxError> {
        let Inner { options, tuning, .. } = &*self.inner;
        let start = || start_engine(options.backend, *tuning).map_err(|e| format!("{e:#}"));
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
        &self.inner.contract.world
    }

    /// The component.
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }
}

fn start_engine(backend: Backend, tuning: Tuning) -> wasmtime::Result<Engine> {
    let engine = settings::engine(backend, tuning)?;
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
    contracts: &'static Contracts,
    digest: Digest,
    component: &Component,
    has_wasi: bool,
) -> Result<Plugin, AdmissionError> {
    let misfit =
        |error: wasmtime::Error| AdmissionError::ImportType { detail: format!("{error:#}") };
    let mut linker: Linker<HostState> = Linker::new(engine);
    if has_wasi {
        wasi::link(&mut linker).map_err(|error| AdmissionError::Host(format!("{error:#}")))?;
    }
    let (contract, interface) = contracts
        .iter()
        .find_map(|contract| {
            let name = contract.world.export_name();
            Some((contract, component.get_export_index(None, name.as_str())?))
        })
        .ok_or_else(|| contracts.no_world(Vec::new()))?;
    contract::check_imports(engine, component, has_wasi)?;
    contract::check(engine, component, contracts, contract)?;
    let index = |function: &'static Function| {
        let name = function.name.as_str();
        let index = component.get_export_index(Some(&interface), name);
        (name, index.expect("BUG: the contract was just checked"))
    };
    let exports = contract.functions.iter().map(index).collect();
    let pre = linker.instantiate_pre(component).map_err(misfit)?;
    let inner = PluginInner { contract, digest, pre, engine: engine.clone(), exports, has_wasi };
    Ok(Plugin { inner: Arc::new(inner) })
}
