//! The model registry.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use refrain_domain::Digest;
use refrain_runner::RunnerError;
use refrain_store::StoreError;

use super::Json as Body;
use crate::app::App;
use crate::conditional::{etag, matches};
use crate::problem::Problem;
use crate::wire::{AliasMove, ModelVersionView, Models};

/// All model versions.
#[utoipa::path(get, operation_id = "list_models", path = "/v1/models", tag = "models", responses((status = 200, body = Models)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Models>, Problem> {
    Ok(Json(Models { models: all(&app)? }))
}

fn all(app: &App) -> Result<Vec<ModelVersionView>, Problem> {
    let models = app.runner().models().map_err(app.refuse())?;
    Ok(models.into_iter().map(ModelVersionView::from).collect())
}

/// The versions of a model.
#[utoipa::path(get, operation_id = "show_model", path = "/v1/models/{model}", tag = "models", params(("model" = String, Path)),
    responses((status = 200, body = Models), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    Path(model): Path<String>,
) -> Result<Json<Models>, Problem> {
    let mut models = all(&app)?;
    let names: std::collections::BTreeSet<String> =
        models.iter().map(|version| version.model.clone()).collect();
    models.retain(|version| version.model == model);
    if models.is_empty() {
        let names: Vec<String> = names.into_iter().collect();
        let detail = format!("there is no model `{model}`; there are: {}", names.join(", "));
        return Err(Problem::not_found(detail));
    }
    Ok(Json(Models { models }))
}

/// The manifest of a model version: everything that went into it.
#[utoipa::path(get, operation_id = "show_model_version", path = "/v1/models/{model}/versions/{version}", tag = "models",
    params(("model" = String, Path), ("version" = u64, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn show_version(
    State(app): State<App>,
    Path((model, version)): Path<(String, u64)>,
) -> Result<Json<serde_json::Value>, Problem> {
    let found = all(&app)?.into_iter().find(|v| v.model == model && v.version == version);
    let missing = || Problem::not_found(format!("there is no version {version} of `{model}`"));
    let digest = super::digest(&found.ok_or_else(missing)?.digest)?;
    let manifest = app.runner().read_manifest("model version", &digest);
    Ok(Json(manifest.map_err(app.refuse())?))
}

/// The version that an alias names.
#[utoipa::path(get, operation_id = "show_alias", path = "/v1/models/{model}/aliases/{alias}", tag = "models",
    params(("model" = String, Path), ("alias" = String, Path)),
    responses((status = 200, body = ModelVersionView), (status = 404, body = Problem)))]
pub(crate) async fn alias(
    State(app): State<App>,
    Path((model, alias)): Path<(String, String)>,
) -> Result<Json<ModelVersionView>, Problem> {
    named(&app, &model, &alias).map(Json)
}

fn named(app: &App, model: &str, alias: &str) -> Result<ModelVersionView, Problem> {
    let missing = || format!("no version of model `{model}` has the alias `{alias}`");
    at_alias(app, model, alias)?.ok_or_else(|| Problem::not_found(missing()))
}

fn at_alias(app: &App, model: &str, alias: &str) -> Result<Option<ModelVersionView>, Problem> {
    let named = |v: &ModelVersionView| v.model == model && v.aliases.iter().any(|a| a == alias);
    Ok(all(app)?.into_iter().find(named))
}

/// Moves an alias to a version. With `If-Match` only from where its ETag says that it is, or from
/// the version of that digest; with `If-None-Match: *` only if it is new.
#[utoipa::path(put, operation_id = "move_alias", path = "/v1/models/{model}/aliases/{alias}", tag = "models",
    params(("model" = String, Path), ("alias" = String, Path)), request_body = AliasMove,
    responses((status = 200, body = ModelVersionView), (status = 404, body = Problem),
        (status = 412, body = Problem)))]
pub(crate) async fn promote(
    State(app): State<App>,
    Path((model, alias)): Path<(String, String)>,
    headers: HeaderMap,
    Body(to): Body<AliasMove>,
) -> Result<Json<ModelVersionView>, Problem> {
    let _moving = app.moving_aliases();
    let now = at_alias(&app, &model, &alias)?;
    if !holds(&headers, now.as_ref())? {
        let version = |now: ModelVersionView| format!("version {} ({})", now.version, now.digest);
        let now = now.map_or_else(|| "nothing".to_owned(), version);
        return Err(moved(format!("alias `{alias}` of `{model}` is at {now}: look again")));
    }
    let is_conditional =
        [header::IF_MATCH, header::IF_NONE_MATCH].iter().any(|name| headers.contains_key(name));
    let seen = now.map(|now| super::digest(&now.digest)).transpose()?;
    let promoted = app.runner().promote(&model, to.version, &alias, is_conditional.then_some(seen));
    promoted.map_err(|error| match &error {
        // A run has ended in between.
        RunnerError::Store(StoreError::Conflict { .. }) if is_conditional => {
            moved(format!("alias `{alias}` of `{model}` has moved: look again"))
        }
        _ => app.problem(&error),
    })?;
    named(&app, &model, &alias).map(Json)
}

fn moved(detail: String) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "precondition-failed", detail)
}

/// Whether an alias is where the caller saw it: `If-Match` names the ETag of the alias, or the
/// digest of its version; `If-None-Match: *` says that there is none yet.
fn holds(headers: &HeaderMap, now: Option<&ModelVersionView>) -> Result<bool, Problem> {
    let is_seen = match (headers.get(header::IF_MATCH), now) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(seen), Some(now)) => {
            let bytes = serde_json::to_vec(now).expect("BUG: a view without a JSON form");
            let tags = [etag(&Digest::of(&bytes)), etag(&super::digest(&now.digest)?)];
            tags.iter().any(|tag| matches(seen, tag))
        }
    };
    let only_new = headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == "*");
    Ok(is_seen && !(only_new && now.is_some()))
}

/// Moves an alias back to where it was before its last move.
#[utoipa::path(post, operation_id = "roll_back_alias", path = "/v1/models/{model}/aliases/{alias}/rollback", tag = "models",
    params(("model" = String, Path), ("alias" = String, Path)),
    responses((status = 200, body = ModelVersionView), (status = 400, body = Problem)))]
pub(crate) async fn rollback(
    State(app): State<App>,
    Path((model, alias)): Path<(String, String)>,
) -> Result<Json<ModelVersionView>, Problem> {
    let _moving = app.moving_aliases();
    app.runner().rollback(&model, &alias).map_err(app.refuse())?;
    named(&app, &model, &alias).map(Json)
}
