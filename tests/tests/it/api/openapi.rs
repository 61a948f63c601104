//! The contract is published, and no change of it goes unseen.

use refrain_testkit::example;

use super::server;

/// Programs are generated from this file. `REFRAIN_BLESS=1` writes it anew.
#[test]
fn the_published_contract_is_up_to_date() {
    let (_refrain, server) = server();
    let served = server.get("/openapi.json").expect(200);
    let text = serde_json::to_string_pretty(&served).expect("JSON") + "\n";
    let path = example("openapi.json");
    if std::env::var_os("REFRAIN_BLESS").is_some() {
        std::fs::write(&path, &text).expect("writes");
    }
    let published = std::fs::read_to_string(&path).expect("a contract");
    assert!(published == text, "examples/openapi.json is out of date");
}

#[test]
fn every_operation_says_what_it_is_and_every_reference_leads_somewhere() {
    let (_refrain, server) = server();
    let contract = server.get("/openapi.json").expect(200);
    let mut ids = std::collections::BTreeSet::new();
    for (path, methods) in contract["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let what = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{what}");
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id.to_owned()), "{what}: `{id}` names two operations");
        }
    }
    let text = contract.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(contract["components"]["schemas"][name].is_object(), "`{name}` is nowhere");
    }
}
