//! Guests written by hand: a core module of a few lines, made a component by `wit-component`.
//!
//! A guest implements the `transform` world, or another that it is made for. A function that a test
//! does not write answers `ok` with nothing in it, for which 64 bytes of zeros at address [`ANSWER`]
//! will do.

use refrain_domain::Role;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, WorldId, WorldItem};

/// Where the answers lie. Below [`HEAP`] all bytes are zero at first.
pub const ANSWER: u32 = 1024;

/// Where arguments go, one after the other.
const HEAP: u32 = 65_536;

const FUNCTIONS: [(&str, &str); 8] = [
    ("describe", "(param i32 i32 i32 i32)"),
    ("fit-start", "(param i32 i32 i32 i32 i64)"),
    ("fit-update", "(param i32 i32 i32)"),
    ("fit-save", ""),
    ("fit-merge", "(param i32 i32)"),
    ("fit-finish", ""),
    ("apply-start", "(param i32 i32 i32 i32 i32 i32)"),
    ("apply", "(param $rows i32) (param $columns i32) (param $n i32)"),
];

/// Bump allocation, with as much memory as it takes. Its parameters are those of `cabi_realloc`.
const REALLOC: &str = "
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (block $fits
        (br_if $fits (i32.le_u (global.get $heap) (i32.mul (memory.size $memory) (i32.const 65536))))
        (drop (memory.grow $memory
            (i32.add (i32.shr_u (local.get $size) (i32.const 16)) (i32.const 1)))))
    (local.get $at)";

/// A guest in the making.
#[derive(Default)]
pub struct Guest {
    role: Option<Role>,
    realloc: Option<String>,
    bodies: Vec<(&'static str, String)>,
    items: String,
    imports: String,
    wit_imports: String,
    wit: Vec<String>,
}

impl Guest {
    pub fn new() -> Self {
        Self::default()
    }

    /// A guest of another role than a transform.
    pub fn of(role: Role) -> Self {
        Self { role: Some(role), ..Self::default() }
    }

    /// What `cabi_realloc` does, given `$size` and a local `$at`. The value of the body is where
    /// the memory lies.
    pub fn realloc(mut self, body: &str) -> Self {
        self.realloc = Some(body.to_owned());
        self
    }

    /// What a function does. The value of the body is where its answer lies.
    pub fn body(mut self, function: &'static str, body: impl Into<String>) -> Self {
        self.bodies.push((function, body.into()));
        self
    }

    /// What `apply` does before it gives its input back as its output, uncopied: a batch lies in
    /// memory as it came.
    pub fn apply(self, body: &str) -> Self {
        let answer = format!(
            "{body}
            (i32.store (i32.const {}) (local.get $rows))
            (i32.store (i32.const {}) (local.get $columns))
            (i32.store (i32.const {}) (local.get $n))
            (i32.const {ANSWER})",
            ANSWER + 4,
            ANSWER + 8,
            ANSWER + 12
        );
        self.body("apply", answer)
    }

    /// What `fit-finish` does, before it answers with the bytes at `$bytes`, `$len` of them.
    pub fn finish(self, body: &str) -> Self {
        let answer = format!(
            "(local $bytes i32) (local $len i32) (local $i i32)
            {body}
            (i32.store (i32.const {}) (local.get $bytes))
            (i32.store (i32.const {}) (local.get $len))
            (i32.const {ANSWER})",
            ANSWER + 4,
            ANSWER + 8
        );
        self.body("fit-finish", answer)
    }

    /// Functions, tables, memories, a start function.
    pub fn items(mut self, items: &str) -> Self {
        self.items.push_str(items);
        self
    }

    /// Functions of the host, and the interfaces that they come from.
    pub fn imports(mut self, wit: &[&str], interfaces: &[&str], imports: &str) -> Self {
        self.wit.extend(wit.iter().map(|wit| (*wit).to_owned()));
        for interface in interfaces {
            self.wit_imports.push_str(&format!("import {interface};\n"));
        }
        self.imports.push_str(imports);
        self
    }

    fn role(&self) -> Role {
        self.role.unwrap_or(Role::Transform)
    }

    /// The functions that its world exports, each with its parameters.
    fn functions(&self) -> Vec<(String, String)> {
        if self.role() == Role::Transform {
            return FUNCTIONS.map(|(name, params)| (name.to_owned(), params.to_owned())).into();
        }
        let resolve = contracts(&[self.role()], |text| text);
        let (_, package) = resolve.packages.iter().next_back().unwrap();
        let functions = resolve.interfaces[package.interfaces["plugin"]].functions.values();
        let params = |function| {
            let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
            format!("(param {})", core_types(&signature.params))
        };
        functions.map(|function| (function.name.clone(), params(function))).collect()
    }

    pub fn module(&self) -> String {
        let mut functions = String::new();
        for (name, params) in self.functions() {
            let written = self.bodies.iter().find(|(function, _)| *function == name);
            let body = written.map_or(format!("(i32.const {ANSWER})"), |(_, body)| body.clone());
            functions.push_str(&format!(
                "(func (export \"refrain:{}/plugin@0.1.0#{name}\") {params} (result i32) {body})\n",
                self.role()
            ));
        }
        format!(
            r#"(module {imports}
            (memory $memory (export "memory") 2)
            (global $heap (mut i32) (i32.const {HEAP}))
            (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
                (local $at i32)
                {realloc})
            {functions}
            {items})"#,
            imports = self.imports,
            realloc = self.realloc.as_deref().unwrap_or(REALLOC),
            items = self.items,
        )
    }

    pub fn build(&self) -> Vec<u8> {
        let module = wat::parse_str(self.module()).unwrap_or_else(|e| panic!("{e}"));
        let mut resolve = contracts(&[self.role()], |text| text);
        for wit in &self.wit {
            resolve.push_source("guest.wit", wit).unwrap_or_else(|e| panic!("{e:#}"));
        }
        let world = format!(
            "package test:guest; world guest {{ {} include refrain:{role}/{role}@0.1.0; }}",
            self.wit_imports,
            role = self.role()
        );
        let package = resolve.push_source("world.wit", &world).unwrap_or_else(|e| panic!("{e:#}"));
        let world = resolve.packages[package].worlds["guest"];
        component(&resolve, world, module)
    }
}

/// The contracts of some roles, perhaps altered, with the shared types.
pub fn contracts(roles: &[Role], alter: impl Fn(String) -> String) -> Resolve {
    let wit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let mut resolve = Resolve::default();
    for name in ["types"].into_iter().chain(roles.iter().map(|role| role.name())) {
        let path = wit.join(name).join("0.1.0").join(format!("{name}.wit"));
        let text = alter(std::fs::read_to_string(path).unwrap());
        resolve.push_source(name, &text).unwrap_or_else(|e| panic!("{e:#}"));
    }
    resolve
}

/// A component of these worlds whose functions all trap.
pub fn dummy(roles: &[Role], alter: impl Fn(String) -> String) -> Vec<u8> {
    let mut resolve = contracts(roles, alter);
    let exports: String = resolve
        .packages
        .iter()
        .filter(|(_, package)| package.name.name != "types")
        .map(|(_, package)| {
            let version = package.name.version.as_ref().unwrap();
            format!("export refrain:{}/plugin@{version};", package.name.name)
        })
        .collect();
    let world = format!("package test:guest; world guest {{ {exports} }}");
    let package = resolve.push_source("world.wit", &world).unwrap_or_else(|e| panic!("{e:#}"));
    let world = resolve.packages[package].worlds["guest"];
    let module = wat::parse_str(trapping(&resolve, world)).unwrap_or_else(|e| panic!("{e}"));
    component(&resolve, world, module)
}

/// Components that are valid but for a proposal that the profile does not have, by its name.
pub fn proposals() -> Vec<(&'static str, Vec<u8>)> {
    let modules = [
        ("threads", "(memory 1 1 shared)"),
        ("atomics", "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))"),
        ("tail calls", "(func $f (return_call $f))"),
        ("memory64", "(memory i64 1)"),
        ("gc", "(type (struct (field i32)))"),
        ("function references", "(type $f (func)) (func (param (ref null $f)))"),
        ("exceptions", "(tag)"),
        ("legacy exceptions", "(func try catch_all end)"),
        (
            "relaxed SIMD",
            "(func (param v128) (drop (f32x4.relaxed_madd (local.get 0) (local.get 0) (local.get 0))))",
        ),
        ("wide arithmetic", "(func (result i64 i64) (i64.mul_wide_u (i64.const 1) (i64.const 1)))"),
        ("custom page sizes", "(memory 1 (pagesize 1))"),
        ("stack switching", "(type $f (func)) (type (cont $f))"),
        ("externref", "(func (param externref))"),
    ];
    let components = [
        ("component async", "(type (stream u8))"),
        ("component async functions", "(type (func async))"),
        ("component error contexts", "(core func (canon error-context.drop))"),
        ("component maps", "(type (map string u8))"),
        ("component fixed-length lists", "(type (list u8 4))"),
        ("component values", r#"(import "v" (value u8))"#),
    ];
    let modules = modules.map(|(name, text)| (name, format!("(component (core module {text}))")));
    let components = components.map(|(name, text)| (name, format!("(component {text})")));
    let parse = |(name, text): (&'static str, String)| {
        (name, wat::parse_str(text).unwrap_or_else(|e| panic!("{name}: {e}")))
    };
    modules.into_iter().chain(components).map(parse).collect()
}

/// A module with every function that a world exports, each `unreachable`.
fn trapping(resolve: &Resolve, world: WorldId) -> String {
    let mut functions = String::new();
    for (key, item) in &resolve.worlds[world].exports {
        let WorldItem::Interface { id, .. } = item else { continue };
        let interface = resolve.name_world_key(key);
        for function in resolve.interfaces[*id].functions.values() {
            let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
            functions.push_str(&format!(
                "(func (export \"{interface}#{}\") (param {}) (result {}) unreachable)\n",
                function.name,
                core_types(&signature.params),
                core_types(&signature.results)
            ));
        }
    }
    format!(
        r#"(module (memory (export "memory") 1) {functions}
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))"#
    )
}

fn core_types(types: &[WasmType]) -> String {
    let name = |ty: &WasmType| match ty {
        WasmType::I64 | WasmType::PointerOrI64 => "i64 ",
        WasmType::F32 => "f32 ",
        WasmType::F64 => "f64 ",
        _ => "i32 ",
    };
    types.iter().map(name).collect()
}

fn component(resolve: &Resolve, world: WorldId, mut module: Vec<u8>) -> Vec<u8> {
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.validate(true).module(&module).unwrap_or_else(|e| panic!("{e:#}"));
    encoder.encode().unwrap_or_else(|e| panic!("{e:#}"))
}
