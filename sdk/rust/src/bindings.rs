//! What `wit-bindgen` makes of `wit/`. Plugins see it only through the re-exports in the crate root.
//!
//! Invariant: one Rust type per WIT type; every world shares the types of `refrain:types/data`.
#![allow(
    missing_docs,
    unsafe_code,
    clippy::all,
    reason = "generated: documented in wit/, and the canonical ABI is raw pointers"
)]

pub mod transform {
    wit_bindgen::generate!({
        world: "refrain:transform/transform",
        path: ["../../wit/types/0.1.0", "../../wit/transform/0.1.0"],
        pub_export_macro: true,
        disable_custom_section_link_helpers: true,
        runtime_path: "::refrain_sdk::__private::rt",
        additional_derives: [PartialEq],
        generate_all,
    });
}

macro_rules! world {
    ($module:ident, $world:literal, $path:literal) => {
        pub mod $module {
            wit_bindgen::generate!({
                world: $world,
                path: ["../../wit/types/0.1.0", $path],
                pub_export_macro: true,
                disable_custom_section_link_helpers: true,
                runtime_path: "::refrain_sdk::__private::rt",
                additional_derives: [PartialEq],
                with: { "refrain:types/data@0.1.0": crate::bindings::transform::refrain::types::data },
            });
        }
    };
}

world!(trainer, "refrain:trainer/trainer", "../../wit/trainer/0.1.0");
world!(predictor, "refrain:predictor/predictor", "../../wit/predictor/0.1.0");
world!(evaluator, "refrain:evaluator/evaluator", "../../wit/evaluator/0.1.0");
world!(drift, "refrain:drift/drift", "../../wit/drift/0.1.0");
world!(trigger, "refrain:trigger/trigger", "../../wit/trigger/0.1.0");
