//! The plugin registry.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use refrain_admission::Signature;
use refrain_domain::{GrantError, PluginManifest};
use refrain_runner::PluginVersion;

use super::Json as Body;
use crate::app::App;
use crate::problem::Problem;
use crate::wire::{CompileRequest, PluginView, Plugins, RegisterOptions};

/// All plugin versions.
#[utoipa::path(get, operation_id = "list_plugins", path = "/v1/plugins", tag = "plugins", responses((status = 200, body = Plugins)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Plugins>, Problem> {
    let plugins = app.runner().plugins().map_err(app.refuse())?;
    views(&app, plugins).map(Json)
}

/// The versions of a plugin.
#[utoipa::path(get, operation_id = "show_plugin", path = "/v1/plugins/{name}", tag = "plugins",
    params(("name" = String, Path)),
    responses((status = 200, body = Plugins), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Plugins>, Problem> {
    let plugins = app.runner().plugins_of(&name).map_err(app.refuse())?;
    if plugins.is_empty() {
        // Says what there is instead.
        app.runner().find_plugin(&name).map_err(app.refuse())?;
    }
    views(&app, plugins).map(Json)
}

/// A plugin version: this one, yanked or not, or the newest that a range such as `^0.1` allows.
#[utoipa::path(get, operation_id = "show_plugin_version", path = "/v1/plugins/{name}/{version}", tag = "plugins",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = PluginView), (status = 404, body = Problem)))]
pub(crate) async fn show_version(
    State(app): State<App>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<PluginView>, Problem> {
    let found = match version.parse() {
        Ok(version) => app.runner().plugin(&name, &version),
        Err(_) => app.runner().find_plugin(&format!("{name}@{version}")),
    };
    view(&app, found.map_err(app.refuse())?).map(Json)
}

/// Has new plans pass a version over. What ran with it runs on, and replays.
#[utoipa::path(post, operation_id = "yank_plugin", path = "/v1/plugins/{name}/{version}/yank", tag = "plugins",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = PluginView), (status = 404, body = Problem)))]
pub(crate) async fn yank(
    State(app): State<App>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<PluginView>, Problem> {
    set_yanked(&app, &name, &version, true)
}

/// Takes a yank back.
#[utoipa::path(post, operation_id = "unyank_plugin", path = "/v1/plugins/{name}/{version}/unyank", tag = "plugins",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = PluginView), (status = 404, body = Problem)))]
pub(crate) async fn unyank(
    State(app): State<App>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<PluginView>, Problem> {
    set_yanked(&app, &name, &version, false)
}

fn set_yanked(app: &App, name: &str, text: &str, to: bool) -> Result<Json<PluginView>, Problem> {
    let plugin = app.runner().yank_plugin(name, &version(text)?, to).map_err(app.refuse())?;
    view(app, plugin).map(Json)
}

fn version(text: &str) -> Result<semver::Version, Problem> {
    text.parse().map_err(|error| {
        Problem::bad_request(format!("`{text}` is no version: {error}; write one such as 0.1.0"))
    })
}

fn view(app: &App, plugin: PluginVersion) -> Result<PluginView, Problem> {
    let mut views = views(app, vec![plugin])?.plugins;
    Ok(views.remove(0))
}

/// With what is thought of each now.
fn views(app: &App, plugins: Vec<PluginVersion>) -> Result<Plugins, Problem> {
    let mut views = Vec::with_capacity(plugins.len());
    let mut yanked: (String, BTreeSet<semver::Version>) = Default::default();
    for plugin in plugins {
        let PluginManifest { name, version, .. } = &plugin.manifest;
        if yanked.0 != *name {
            let versions = app.runner().yanked_versions(name).map_err(app.refuse())?;
            yanked = (name.clone(), versions);
        }
        let is_yanked = yanked.1.contains(version);
        let signature = app.runner().signature_state(&plugin);
        views.push(PluginView::new(plugin, signature, is_yanked));
    }
    Ok(Plugins { plugins: views })
}

/// Registers a component: raw bytes with query parameters, or a multipart body with the parts
/// `manifest` (JSON) and `component`. The same bytes again are no error.
#[utoipa::path(post, operation_id = "register_plugin", path = "/v1/plugins", tag = "plugins", params(RegisterOptions),
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 201, body = PluginView), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn register(
    State(app): State<App>,
    request: Request,
) -> Result<Response, Problem> {
    let (options, component) = read(request).await?;
    let signature = options.signature.as_deref().map(|text| {
        text.parse::<Signature>().map_err(|error| Problem::bad_request(error.to_string()))
    });
    let (manifest, signature) = (manifest(options)?, signature.transpose()?);
    let runner = app.runner().clone();
    let work = move || runner.register_plugin(manifest, signature, &component);
    let registered = tokio::task::spawn_blocking(work).await.map_err(ended)?;
    let registered = view(&app, registered.map_err(app.refuse())?)?;
    Ok((StatusCode::CREATED, Json(registered)).into_response())
}

/// Begins to compile plugins, so that a run that is about to be submitted need not wait for it.
#[utoipa::path(post, operation_id = "compile_plugins", path = "/v1/plugins/compile", tag = "plugins", request_body = CompileRequest,
    responses((status = 202)))]
pub(crate) async fn compile(
    State(app): State<App>,
    Body(request): Body<CompileRequest>,
) -> Result<Response, Problem> {
    tokio::task::spawn_blocking(move || app.runner().compile_ahead(&request.plugins));
    Ok((StatusCode::ACCEPTED, Json(serde_json::json!({}))).into_response())
}

pub(super) fn ended(error: tokio::task::JoinError) -> Problem {
    tracing::error!(%error, "work ended in a panic");
    let detail = "the server failed; its log says why, under the request's id";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
}

async fn read(request: Request) -> Result<(RegisterOptions, Bytes), Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        return read_parts(request).await;
    }
    let query = Query::<RegisterOptions>::try_from_uri(request.uri());
    let Query(options) = query.map_err(|rejection| {
        let said = rejection.body_text();
        Problem::bad_request(format!(
            "{said}: say `?name=…&version=…` beside the component's bytes"
        ))
    })?;
    let component = Bytes::from_request(request, &()).await;
    let component = component.map_err(|rejection| {
        Problem::new(rejection.status(), "too-large", rejection.body_text())
    })?;
    Ok((options, component))
}

async fn read_parts(request: Request) -> Result<(RegisterOptions, Bytes), Problem> {
    let multipart = Multipart::from_request(request, &()).await;
    let mut multipart = multipart.map_err(|error| Problem::bad_request(error.body_text()))?;
    let broken = |error: axum::extract::multipart::MultipartError| {
        Problem::new(error.status(), "bad-request", error.body_text())
    };
    let (mut options, mut component) = (None, None);
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "manifest" => {
                let text = field.bytes().await.map_err(broken)?;
                let read: Result<RegisterOptions, _> = serde_json::from_slice(&text);
                let said = |error| Problem::bad_request(format!("part `manifest`: {error}"));
                options = Some(read.map_err(said)?);
            }
            "component" => component = Some(field.bytes().await.map_err(broken)?),
            other => {
                let detail = format!("unknown part `{other}`: send `manifest` and `component`");
                return Err(Problem::bad_request(detail));
            }
        }
    }
    let missing = |part: &str| Problem::bad_request(format!("part `{part}` is missing"));
    Ok((
        options.ok_or_else(|| missing("manifest"))?,
        component.ok_or_else(|| missing("component"))?,
    ))
}

fn manifest(options: RegisterOptions) -> Result<PluginManifest, Problem> {
    let version = version(&options.version)?;
    let grants = options.grants.split(',').map(str::trim).filter(|grant| !grant.is_empty());
    let grants = grants.map(str::parse).collect::<Result<_, GrantError>>();
    let grants = grants.map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(PluginManifest { name: options.name, version, grants, licence: options.licence })
}
