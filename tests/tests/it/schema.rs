//! The published JSON Schema of pipelines is the one that this version reads.

use refrain_testkit::{Refrain, example};

/// Editors are pointed at this file. `REFRAIN_BLESS=1` writes it anew.
#[test]
fn the_published_schema_is_up_to_date() {
    let path = example("pipeline.schema.json");
    let printed = Refrain::new().run(&["schema"]).stdout;
    if std::env::var_os("REFRAIN_BLESS").is_some() {
        std::fs::write(&path, &printed).expect("writes");
    }
    let published = std::fs::read_to_string(&path).expect("a schema");
    assert!(published == printed, "examples/pipeline.schema.json is out of date");
}
