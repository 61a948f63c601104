//! A component that has nothing to do with Refrain.

use std::process::Command;

use refrain_testkit::Refrain;
use refrain_toolchain::Recipe;
use serde_json::{Value, json};

use super::sdk;

/// A component as others make them: of no world of ours, by componentize-py as its users call it, with
/// all that Python imports.
#[test]
#[ignore = "installs componentize-py: run `cargo xtask conformance`"]
fn a_foreign_component_is_inspected() {
    let refrain = Refrain::new();
    refrain.write(
        "wit/world.wit",
        "package example:greetings;\nworld greeter { export greet: func(name: string) -> string; }\n",
    );
    refrain.write(
        "app.py",
        "import wit_world\nclass WitWorld(wit_world.WitWorld):\n    def greet(self, name: str) -> str:\n        return f\"Hello, {name}\"\n",
    );
    let recipe = std::fs::read_to_string(sdk("python").join("sdk.toml")).expect("a recipe");
    let recipe: Recipe = toml::from_str(&recipe).expect("a recipe");
    let tools = recipe.tools.expect("tools").install().expect("componentize-py");
    let build = ["-d", "wit", "-w", "greeter", "componentize", "app", "-o", "greeter.wasm"];
    let mut componentize = Command::new(tools.join("bin/componentize-py"));
    componentize.args(build).current_dir(refrain.path()).env_remove("VIRTUAL_ENV");
    let built = componentize.output().expect("componentize-py starts");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));

    let told = refrain.json(&["plugin", "inspect", "greeter.wasm"]);
    println!("{told:#}");
    assert_eq!(told["world"], Value::Null);
    assert!(told["exports"].as_array().is_some_and(|exports| exports.contains(&json!("greet"))));
    let imports: Vec<&str> =
        told["imports"].as_array().expect("imports").iter().filter_map(Value::as_str).collect();
    assert!(imports.iter().any(|import| import.starts_with("wasi:clocks/")), "{imports:?}");
    let metadata = &told["metadata"];
    assert!(metadata["modules"].as_array().is_some_and(|modules| modules.len() > 1), "{metadata}");
    assert!(metadata["producers"]["processed-by"].is_object(), "{metadata}");
    assert_eq!((&told["metadata_fault"], &told["plugin"]), (&Value::Null, &Value::Null));
    let said =
        refrain.complaint(&["plugin", "push", "greeter.wasm", "--name", "g", "--as", "1.0.0"]);
    assert!(said.contains("the component implements no Refrain world: it exports "), "{said}");
    assert!(said.contains("greet"), "{said}");
}
