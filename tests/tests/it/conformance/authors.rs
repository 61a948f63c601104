//! The ten minutes between an idea and a registered plugin, as each SDK's README begins.

use std::time::Instant;

use refrain_testkit::Refrain;
use serde_json::Value;

use super::LANGUAGES;

#[test]
#[ignore = "installs the toolchains of six languages: run `cargo xtask conformance`"]
fn new_build_test_push_in_every_language() {
    let refrain = Refrain::new();
    let server = refrain.serve(&[]);
    println!("| language | new | build | test | push | in all |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for language in LANGUAGES {
        let name = format!("demo-{language}");
        let timed = |folder: &str, arguments: &[&str]| {
            let start = Instant::now();
            let mut command = refrain.command(arguments);
            command.arg("--json").current_dir(refrain.path().join(folder));
            let output = command.output().expect("the binary starts");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{language}: {arguments:?}: {said}");
            let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            (start.elapsed().as_secs_f64(), told)
        };
        let (new, _) =
            timed(".", &["plugin", "new", &name, "--world", "transform", "--lang", language]);
        let (build, built) = timed(&name, &["plugin", "build"]);
        let (test, tested) = timed(&name, &["plugin", "test"]);
        let (push, pushed) = timed(&name, &["plugin", "push", "--server", &server.url]);
        println!(
            "| {language} | {new:.1} s | {build:.1} s | {test:.1} s | {push:.1} s | {:.1} s |",
            new + build + test + push
        );
        assert_eq!(tested["passed"], true, "{language}");
        assert_eq!(pushed["digest"], built["digest"], "{language}");
        assert_eq!((&pushed["name"], &pushed["world"]), (&name.into(), &"transform@0.1.0".into()));
        assert_eq!(pushed["admission"]["verdict"], "passed", "{language}: {pushed}");
    }
}
