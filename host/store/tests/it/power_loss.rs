//! The power goes: of what was written and not synced, any part may be there and any part not.
//!
//! Images of that are made by hand. The packs are those of a store that had just published, and of
//! what that publication wrote, sectors are missing; the index is any that it had been before.

use std::fs;
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use refrain_domain::Digest;
use refrain_store::{Artifacts, Events, Publication, Publish, RefChange, Refs, SledStore};

use crate::support::{append, assert_sound, copy_folder, noise, pack_files, pattern, scratch};

const SECTOR: usize = 512;
const N_ROUNDS: u64 = 25;
const N_IMAGES_EACH: u64 = 8;

fn parts(n: u64) -> Vec<Vec<u8>> {
    vec![noise(n, 700 + 37 * n as usize), pattern(n, 9000), noise(n + 1000, 3000)]
}

/// Publication `n` names three artifacts: by two refs, one of which moves, and by an event.
fn publication(n: u64) -> Publication {
    let digests: Vec<Digest> = parts(n).iter().map(|part| Digest::of(part)).collect();
    let change = |name: String, expected, new| RefChange { name, expected, new: Some(new) };
    let newest = n.checked_sub(1).map(|before| Digest::of(&parts(before)[1]));
    let refs = vec![
        change(format!("refs/{n}"), None, digests[0]),
        change("newest".to_owned(), newest, digests[1]),
    ];
    Publication { refs, ..append("all", Some(n), &[digests[2].to_string().as_bytes()]) }
}

fn publish(store: &SledStore, n: u64) {
    parts(n).iter().for_each(|part| {
        store.stage(part).unwrap();
    });
    store.publish(&publication(n)).unwrap();
}

/// How many publications there are: each is there whole, with all that it names.
fn n_publications(store: &SledStore, place: &str) -> u64 {
    let events = store.read_events("all", 0).unwrap();
    let n = events.len() as u64;
    let newest = n.checked_sub(1).map(|last| Digest::of(&parts(last)[1]));
    assert_eq!(store.get_ref("newest").unwrap(), newest, "{place}");
    assert_eq!(store.list_refs("refs/").unwrap().len() as u64, n, "{place}");
    for n in 0..n {
        for part in parts(n) {
            assert_eq!(*store.get(&Digest::of(&part)).unwrap(), *part, "{place}");
        }
    }
    n
}

/// What the power left: all that was synced, and of what came later, some sectors.
fn lose_power(image: &Path, synced: &[(PathBuf, u64)], rng: &mut StdRng) {
    for pack in pack_files(image) {
        let name = pack.file_name().unwrap();
        let known = synced.iter().find(|(path, _)| path.file_name() == Some(name));
        let from = known.map_or(0, |(_, len)| *len as usize);
        let mut bytes = fs::read(&pack).unwrap();
        if rng.random_bool(0.3) {
            bytes.truncate(rng.random_range(from..=bytes.len()));
        }
        // From a single sector that is missing to almost all.
        let share = [0.02, 0.1, 0.5, 0.95].choose(rng).unwrap();
        let first = from.div_ceil(SECTOR);
        for sector in first..bytes.len() / SECTOR {
            if rng.random_bool(*share) {
                bytes[sector * SECTOR..(sector + 1) * SECTOR].fill(0);
            }
        }
        fs::write(&pack, bytes).unwrap();
    }
}

fn lens(store: &Path) -> Vec<(PathBuf, u64)> {
    let len = |path: PathBuf| (path.clone(), path.metadata().unwrap().len());
    pack_files(store).into_iter().map(len).collect()
}

#[test]
fn power_loss_leaves_a_publication_whole_or_not_at_all() {
    let folder = scratch();
    let (path, image) = (folder.path().join("store"), folder.path().join("image"));
    let mut rng = StdRng::seed_from_u64(3);
    let mut indexes: Vec<PathBuf> = Vec::new();
    let (mut n_there, mut n_gone) = (0, 0);
    for n in 0..N_ROUNDS {
        let store = SledStore::open(&path).unwrap();
        let synced = lens(&path);
        publish(&store, n);
        // More that is put and not synced, behind the publication.
        store.stage(&noise(n + 5000, 4000)).unwrap();
        for number in 0..N_IMAGES_EACH {
            let place = format!("publication {n}, image {number}");
            drop(fs::remove_dir_all(&image));
            copy_folder(&path, &image);
            if let Some(index) = indexes.iter().rev().take(3).collect::<Vec<_>>().choose(&mut rng) {
                fs::remove_dir_all(image.join("index")).unwrap();
                copy_folder(index, &image.join("index"));
            } else {
                continue; // a store that has never been closed is made in one go
            }
            lose_power(&image, &synced, &mut rng);
            let found = go_on(&image, n, &place);
            n_there += u64::from(found > n);
            n_gone += u64::from(found == n);
        }
        drop(store);
        let index = folder.path().join(format!("index-{n}"));
        copy_folder(&path.join("index"), &index);
        indexes.push(index);
    }
    assert!(n_there > 0 && n_gone > 10, "nothing was lost: {n_there} there, {n_gone} gone");
}

/// Opens an image, publishes to it, and makes its index anew: whatever was given up stays so.
fn go_on(image: &Path, n_synced: u64, place: &str) -> u64 {
    let store = SledStore::open(image).unwrap();
    let n = n_publications(&store, place);
    assert!(n == n_synced || n == n_synced + 1, "{place}: {n} publications");
    assert_sound(&store);
    publish(&store, n);
    drop(store);
    let store = SledStore::open(image).unwrap();
    assert_eq!(n_publications(&store, place), n + 1, "{place}");
    assert_sound(&store);
    drop(store);
    SledStore::rebuild_index(image).unwrap();
    let store = SledStore::open(image).unwrap();
    assert_eq!(n_publications(&store, place), n + 1, "{place}");
    assert_sound(&store);
    n
}
