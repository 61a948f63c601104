//! Bits flip on the disk: what is damaged is named, and never served.

use std::path::PathBuf;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use refrain_domain::Digest;
use refrain_testkit::{Refrain, small};
use serde_json::Value;

/// Every digest that a run's view and a dataset's name.
fn digests(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.parse::<Digest>().is_ok() => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| digests(value, found)),
        Value::Object(map) => map.values().for_each(|value| digests(value, found)),
        _ => {}
    }
}

fn packs(refrain: &Refrain) -> Vec<PathBuf> {
    let files = std::fs::read_dir(refrain.store().join("packs")).expect("a folder");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    paths
}

#[test]
fn flipped_bits_are_named_and_never_served_after_a_crash_or_without() {
    let refrain = Refrain::new();
    refrain.write("rows.csv", small::hours_csv(0, 6000));
    refrain.json(&["data", "import", "rows", "rows.csv", "--event-time", "at"]);
    refrain.write("pipeline.yaml", small::PIPELINE);
    let run = refrain.json(&["run", "pipeline.yaml"]);
    let mut wanted = Vec::new();
    digests(&run, &mut wanted);
    digests(&refrain.json(&["data", "show", "rows"]), &mut wanted);
    let mut rng = StdRng::seed_from_u64(5);
    let (mut n_refused, mut n_served) = (0, 0);
    for flip in 0..15 {
        let packs = packs(&refrain);
        let path = &packs[rng.random_range(0..packs.len())];
        let whole = std::fs::read(path).expect("a pack");
        let (at, bit) = (rng.random_range(0..whole.len()), rng.random_range(0..8));
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << bit;
        std::fs::write(path, &damaged).expect("writes");
        let output = refrain.run(&["fsck", "--json"]);
        let place = format!("flip {flip}: bit {bit} of byte {at} of {}", path.display());
        assert!(!output.success, "{place}: {}", output.stdout);
        let faults = output.json()["faults"].as_array().expect("a list").len();
        assert!(faults > 0, "{place}");

        let server = refrain.serve(&[]);
        for digest in &wanted {
            let answer = server.get(&format!("/v1/artifacts/{digest}")).send();
            if answer.status == 200 {
                assert_eq!(Digest::of(&answer.body).to_string(), *digest, "{place}");
                n_served += 1;
                continue;
            }
            let (_, code, _) = answer.problem();
            assert!(["corrupt", "not-found"].contains(&code.as_str()), "{place}: {code}");
            n_refused += 1;
        }
        assert!(server.stop(), "{place}");
        std::fs::write(path, &whole).expect("writes");
        super::assert_sound(&refrain);
    }
    assert!(n_served > 0 && n_refused > 0, "{n_served} served, {n_refused} refused");
}
