//! The store itself: sweep, check, copy.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use refrain_store::SledStore;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Json as Body;
use crate::app::App;
use crate::problem::Problem;
use crate::progress::answer;
use crate::wire::{BackupRequest, Checked, Collected, FaultView};

/// How to sweep.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GcOptions {
    /// Only look.
    dry_run: bool,
}

fn sled(app: &App) -> Result<Arc<SledStore>, Problem> {
    app.store()
        .cloned()
        .ok_or_else(|| Problem::not_found("this server's store is not on this machine's disk"))
}

/// Sweeps every artifact that no dataset, plugin, model or run leads to.
#[utoipa::path(post, operation_id = "collect_garbage", path = "/v1/store/gc", tag = "store", params(GcOptions),
    responses((status = 200, body = Collected), (status = 403, body = Problem)))]
pub(crate) async fn gc(
    State(app): State<App>,
    Query(options): Query<GcOptions>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let store = sled(&app)?;
    Ok(answer(&headers, StatusCode::OK, move |_| {
        let live = app.runner().live().map_err(app.refuse())?;
        let how = refrain_store::GcOptions { dry_run: options.dry_run, ..Default::default() };
        let report = store.gc(&live, &how).map_err(|error| app.problem(&error.into()))?;
        Ok(Collected {
            dry_run: options.dry_run,
            kept: report.n_kept,
            swept: report.n_swept,
            freed_bytes: report.freed_bytes,
        })
    })
    .await)
}

/// Reads and verifies everything.
#[utoipa::path(post, operation_id = "check_store", path = "/v1/store/fsck", tag = "store",
    responses((status = 200, body = Checked), (status = 403, body = Problem)))]
pub(crate) async fn fsck(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let store = sled(&app)?;
    Ok(answer(&headers, StatusCode::OK, move |_| {
        let report = store.fsck().map_err(|error| app.problem(&error.into()))?;
        let fault = |fault: refrain_store::Fault| FaultView {
            digest: fault.digest.map(|digest| digest.to_string()),
            detail: fault.detail,
        };
        Ok(Checked {
            sound: report.faults.is_empty(),
            verified: report.n_verified,
            faults: report.faults.into_iter().map(fault).collect(),
        })
    })
    .await)
}

/// Copies the store, as it is now, to a folder of the server's machine.
#[utoipa::path(post, operation_id = "back_up_store", path = "/v1/store/backup", tag = "store", request_body = BackupRequest,
    responses((status = 200, body = BackupRequest), (status = 403, body = Problem)))]
pub(crate) async fn backup(
    State(app): State<App>,
    headers: HeaderMap,
    Body(request): Body<BackupRequest>,
) -> Result<Response, Problem> {
    let store = sled(&app)?;
    Ok(answer(&headers, StatusCode::OK, move |_| {
        let to = PathBuf::from(&request.path);
        store.backup(&to).map_err(|error| app.problem(&error.into()))?;
        Ok(request)
    })
    .await)
}
