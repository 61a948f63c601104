//! Sources that were imported before: whoever names one by its digest need not send it again.
//!
//! What is remembered is a memo. Losing it costs an upload, and the import behind that still
//! recognises the source.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use refrain_data::{DatasetVersion, Format};
use refrain_domain::Digest;
use refrain_domain::canonical::digest_of;
use refrain_runner::{Runner, RunnerError};
use refrain_store::{Publication, StoreError};

use super::{Json as Body, digest};
use crate::app::App;
use crate::problem::Problem;
use crate::wire::{ImportOptions, ImportSource, Imported};

/// Apart from the runner's own memos, whose keys begin with a letter of theirs.
const MEMO: &[u8] = b"api/source/";

/// What was made of a source in the same way before; 404 if it has to be sent.
#[utoipa::path(post, operation_id = "find_source", path = "/v1/datasets/{name}/sources",
    tag = "datasets", params(("name" = String, Path)), request_body = ImportSource,
    responses((status = 200, body = Imported), (status = 404, body = Problem)))]
pub(crate) async fn find(
    State(app): State<App>,
    Path(name): Path<String>,
    Body(asked): Body<ImportSource>,
) -> Result<Json<Imported>, Problem> {
    let source = digest(&asked.source)?;
    let key = key(&name, &source, &asked.file, &asked.options);
    let found = known(app.runner(), &key).map_err(app.refuse())?;
    let missing = || {
        let detail = format!("{source} has not been imported as `{name}` in this way: send it");
        Problem::not_found(detail)
    };
    // What is appended depends on what is there.
    let (version, manifest) = found.filter(|_| !asked.options.append).ok_or_else(missing)?;
    Ok(Json(Imported::new(&version, &manifest)))
}

/// Remembers what was made of a source.
pub(super) fn remember(
    runner: &Arc<Runner>,
    version: &Digest,
    manifest: &DatasetVersion,
    options: &ImportOptions,
) -> Result<(), StoreError> {
    let Some(last) = manifest.provenance.last().filter(|_| !options.append) else {
        return Ok(());
    };
    let (key, value) =
        (key(&manifest.name, &last.source, &last.file, options), version.to_string());
    let store = runner.store();
    if store.get_memo(&key)?.is_some_and(|known| known == value.as_bytes()) {
        return Ok(());
    }
    let memos = vec![(key, value.into_bytes())];
    store.publish(&Publication { memos, ..Publication::default() })
}

/// All that decides what an import makes of a source: of the file's name only its ending does.
fn key(name: &str, source: &Digest, file: &str, options: &ImportOptions) -> Vec<u8> {
    let (reader, format) = (env!("CARGO_PKG_VERSION"), Format::of_name(file).map(Format::name));
    let options = serde_json::to_value(options).expect("BUG: options without a JSON form");
    let digest = digest_of(&(reader, name, source, format, options));
    [MEMO, digest.expect("BUG: options without a canonical form").as_bytes()].concat()
}

fn known(runner: &Runner, key: &[u8]) -> Result<Option<(Digest, DatasetVersion)>, RunnerError> {
    let store = runner.store();
    let known = store.get_memo(key)?.and_then(|value| String::from_utf8(value).ok()?.parse().ok());
    let Some(version) = known else { return Ok(None) };
    if store.size(&version)?.is_none() {
        return Ok(None);
    }
    Ok(Some((version, runner.read_manifest("dataset version", &version)?)))
}
