//! The same three plugins in every language: one digest each, on both backends, through HTTP.

mod authors;
mod foreign;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use refrain_testkit::{Refrain, Server};
use serde_json::Value;

const LANGUAGES: [&str; 7] = ["rust", "c", "zig", "assemblyscript", "go", "js", "python"];
const PLUGINS: [&str; 3] = ["zscore", "mean-shift", "online-mean"];
const BACKENDS: [&str; 2] = ["cranelift", "pulley"];
const N_ROWS: usize = 20_000;

/// A component, and what is said of it.
struct Component {
    path: PathBuf,
    size_bytes: u64,
    build_s: f64,
    n_imports: usize,
}

/// What a language's plugins made, and how fast.
#[derive(Debug, Clone, Default, PartialEq)]
struct Made {
    /// Of the scaled rows, the scores and the model.
    digests: [String; 3],
    rows_per_s: f64,
    register_s: f64,
}

#[test]
#[ignore = "installs the toolchains of six languages: run `cargo xtask conformance`"]
fn conformance() {
    let folder = Refrain::new();
    let mut components = BTreeMap::new();
    for language in LANGUAGES.into_iter().filter(|language| has_examples(language)) {
        for plugin in PLUGINS {
            components.insert((language, plugin), build(&folder, language, plugin));
        }
    }
    let languages: Vec<&str> =
        LANGUAGES.into_iter().filter(|l| components.contains_key(&(*l, "zscore"))).collect();
    let missing: Vec<&&str> = LANGUAGES.iter().filter(|l| !languages.contains(*l)).collect();
    let mut all = BTreeMap::new();
    for backend in BACKENDS {
        let refrain = Refrain::new();
        let server = refrain.serve(&["--backend", backend]);
        for language in &languages {
            let made = run(&refrain, &server, language, &components);
            println!("{backend} {language}: {}", made.digests.join(" "));
            all.insert((backend, *language), made);
        }
    }
    print_table(&languages, &components, &all);
    let expected = &all[&("cranelift", "rust")].digests;
    for (at, made) in &all {
        assert_eq!(&made.digests, expected, "{at:?} is not what Rust on Cranelift makes");
    }
    assert!(missing.is_empty(), "no examples in {missing:?}");
}

fn sdk(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk").join(language)
}

fn has_examples(language: &str) -> bool {
    sdk(language).join("examples/zscore").is_dir()
}

/// Rust's are members of this workspace, and built with it; the others are built as an author would,
/// in a copy.
fn build(folder: &Refrain, language: &str, plugin: &str) -> Component {
    let start = Instant::now();
    let path = if language == "rust" {
        let examples = refrain_testkit::plugins_dir().with_file_name("examples-of-rust");
        examples.join(format!("{plugin}.wasm"))
    } else {
        let copy = folder.path().join(language);
        if !copy.exists() {
            copy_all(&sdk(language), &copy);
        }
        let project = copy.join("examples").join(plugin).display().to_string();
        let built = folder.json(&["plugin", "build", &project]);
        folder.path().join(built["component"].as_str().expect("a path"))
    };
    let build_s = start.elapsed().as_secs_f64();
    let told = folder.json(&["plugin", "inspect", &path.display().to_string()]);
    let n_imports = told["imports"].as_array().expect("imports").len();
    let size_bytes = told["size_bytes"].as_u64().expect("a size");
    Component { path, size_bytes, build_s, n_imports }
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if ["node_modules", "build", "template"].iter().any(|skipped| name == *skipped) {
            continue;
        }
        let target = to.join(&name);
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}

fn run(
    refrain: &Refrain,
    server: &Server,
    language: &str,
    components: &BTreeMap<(&str, &str), Component>,
) -> Made {
    let at = ["--server", &server.url];
    let start = Instant::now();
    for plugin in PLUGINS {
        let path = components[&(language, plugin)].path.display().to_string();
        let name = format!("{plugin}-{language}");
        let push = ["plugin", "push", &path, "--name", &name, "--as", "0.1.0"];
        refrain.json(&[push.as_slice(), &at].concat());
    }
    let register_s = start.elapsed().as_secs_f64();
    let dataset = format!("rows-{language}");
    let pipeline = refrain.write(&format!("{language}.yaml"), pipeline(language));
    let pipeline = pipeline.display().to_string();
    for (part, append) in [(0, false), (1, true)] {
        let csv = refrain.write(&format!("part-{part}.csv"), rows(part));
        let csv = csv.display().to_string();
        let mut import = vec!["data", "import", &dataset, &csv, "--event-time", "t"];
        import.extend(append.then_some("--append"));
        refrain.json(&[import.as_slice(), &at].concat());
        let verb = if append { "retrain" } else { "run" };
        let run = refrain.json(&[[verb, &pipeline].as_slice(), &at].concat());
        assert!(run.to_string().contains("succeeded"), "{language}: {run}");
        if !append {
            // Without a gate nobody says that the model is good, and drift is told from a champion.
            let model = format!("conformance-{language}");
            refrain.json(&[["promote", &model, "1"].as_slice(), &at].concat());
        }
    }
    let pick = |run: &str, step: &str| {
        let name = format!("conformance-{language}-{run}");
        let shown = refrain.json(&[["show", &name].as_slice(), &at].concat());
        let steps = shown["steps"].as_array().expect("steps").clone();
        let found = steps.into_iter().find(|shown| shown["step"] == step);
        found.unwrap_or_else(|| panic!("{name} has no step {step}: {shown}"))
    };
    let scaled = pick("1", "scaled");
    let digests = [&scaled, &pick("2", "retrain.drift"), &pick("1", "model")].map(output);
    let wall_us = scaled["wall_us"].as_f64().expect("a time");
    Made { digests, rows_per_s: N_ROWS as f64 / wall_us * 1e6, register_s }
}

fn output(step: &Value) -> String {
    let outputs = step["outputs"].as_object().expect("outputs");
    let digest = outputs.values().next().expect("an output").as_str().expect("a digest");
    digest.chars().take(23).collect()
}

fn pipeline(language: &str) -> String {
    format!(
        "pipeline: conformance-{language}
inputs:
  rows: {{dataset: rows-{language}, event_time: t}}
steps:
  scaled: {{plugin: zscore-{language}@^0.1, input: rows, params: {{columns: [a, b]}}}}
  model: {{plugin: online-mean-{language}@^0.1, input: scaled, params: {{label: b}}}}
register: {{model: conformance-{language}, alias: champion}}
retrain:
  watch: rows
  table: scaled
  drift: {{plugin: mean-shift-{language}@^0.1, params: {{columns: [a, b]}}}}
  trigger: {{plugin: rules@^0.1, params: {{any: [{{rows: 1}}]}}}}
"
    )
}

/// Numbers of every size, some missing; the second part has moved.
fn rows(part: usize) -> String {
    let mut csv = String::from("t,a,b,tag\n");
    let mut state = 7_u64 + part as u64;
    for row in 0..N_ROWS {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let x = (state >> 11) as f64 / (1_u64 << 53) as f64;
        let a = (x - 0.5) * 1e3 + part as f64 * 40.0;
        let b = if row % 17 == 3 { String::new() } else { format!("{}", x * x * 1e-3 + 1e6) };
        let minute = part * N_ROWS + row;
        let (day, hour, minute) = (minute / 1440 + 1, minute / 60 % 24, minute % 60);
        csv += &format!("2013-01-{day:02}T{hour:02}:{minute:02}:00Z,{a},{b},t{}\n", row % 5);
    }
    csv
}

fn print_table(
    languages: &[&str],
    components: &BTreeMap<(&str, &str), Component>,
    all: &BTreeMap<(&str, &str), Made>,
) {
    println!(
        "| language | backend | size | imports | build | register 3 | rows/s | zscore | mean-shift | online-mean |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (backend, language) in BACKENDS.iter().flat_map(|b| languages.iter().map(move |l| (*b, *l)))
    {
        let zscore = &components[&(language, "zscore")];
        let made = &all[&(backend, language)];
        let [scaled, drift, model] = &made.digests;
        println!(
            "| {language} | {backend} | {} KiB | {} | {:.1} s | {:.1} s | {:.0} | {scaled} | {drift} | {model} |",
            zscore.size_bytes.div_ceil(1024),
            zscore.n_imports,
            zscore.build_s,
            made.register_s,
            made.rows_per_s,
        );
    }
}
