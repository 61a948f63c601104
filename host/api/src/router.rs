//! [`router`]: every route, who may call it, and what goes around it.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::auth::Role;
use crate::routes::{artifacts, datasets, meta, models, plugins, replays, runs, sources, store};
use crate::{conditional, idempotency, intake, middleware};

/// The largest body of a request that holds no component and no data.
const BODY_BYTES_MAX: usize = 8 << 20;

/// The largest component that is taken in.
const COMPONENT_BYTES_MAX: usize = 64 << 20;

/// The largest source that is taken in.
const SOURCE_BYTES_MAX: usize = 64 << 30;

/// The router: mounted by the server behind a socket, by the CLI in its own process.
pub fn router(app: App) -> Router {
    let guarded = |role: Role, routes: Router<App>| {
        routes.route_layer(from_fn_with_state((app.clone(), role), middleware::guard))
    };
    // Behind the guard, so that nobody learns from a key what another was answered.
    let once = |routes: Router<App>| {
        routes.route_layer(from_fn_with_state(app.clone(), idempotency::once))
    };
    Router::new()
        .merge(open())
        .merge(guarded(Role::Viewer, viewer()))
        .merge(guarded(Role::Author, once(author())))
        .merge(guarded(Role::Operator, once(operator())))
        .merge(guarded(Role::Admin, once(admin())))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(conditional::tag))
        .layer(CatchPanicLayer::custom(|_| {
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }))
        .layer(from_fn_with_state(app.clone(), middleware::from_here))
        .layer(from_fn_with_state(app.clone(), intake::watch))
        .layer(from_fn(middleware::explain))
        .layer(from_fn_with_state(app.clone(), middleware::identify))
        .with_state(app.clone())
}

/// For whoever watches over the process.
fn open() -> Router<App> {
    Router::new()
        .route("/healthz", get(meta::health))
        .route("/readyz", get(meta::ready))
        .route("/openapi.json", get(meta::openapi))
        .route("/v1/schemas/pipeline", get(meta::pipeline_schema))
}

fn viewer() -> Router<App> {
    Router::new()
        .route("/metrics", get(meta::metrics))
        .route("/v1/plugins", get(plugins::list))
        .route("/v1/plugins/{name}", get(plugins::show))
        .route("/v1/plugins/{name}/{version}", get(plugins::show_version))
        .route("/v1/datasets", get(datasets::list))
        .route("/v1/datasets/{name}", get(datasets::show))
        .route("/v1/datasets/{name}/versions/{version}", get(datasets::show_version))
        .route("/v1/datasets/{name}/versions/{version}/rows", get(datasets::export))
        .route("/v1/datasets/{name}/diff/{from}/{to}", get(datasets::diff))
        .route("/v1/plans", post(runs::plan))
        .route("/v1/runs", get(runs::list))
        .route("/v1/runs/{run}", get(runs::show))
        .route("/v1/runs/{run}/events", get(runs::events))
        .route("/v1/runs/{run}/replay", post(replays::replay))
        .route("/v1/runs/{run}/diff/{other}", get(replays::diff))
        .route("/v1/runs/{run}/bundle", get(replays::bundle))
        .route("/v1/runs/{run}/steps/{step}/recording", get(replays::record))
        .route("/v1/artifacts/{digest}", get(artifacts::show))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{model}", get(models::show))
        .route("/v1/models/{model}/versions/{version}", get(models::show_version))
        .route("/v1/models/{model}/aliases/{alias}", get(models::alias))
}

fn author() -> Router<App> {
    let register =
        post(plugins::register).layer(DefaultBodyLimit::max(COMPONENT_BYTES_MAX + (1 << 20)));
    let import = post(datasets::import).layer(DefaultBodyLimit::max(SOURCE_BYTES_MAX));
    Router::new()
        .route("/v1/runs", post(runs::submit))
        .route("/v1/runs/{run}/resume", post(runs::resume))
        .route("/v1/plugins", register)
        .route("/v1/plugins/compile", post(plugins::compile))
        .route("/v1/datasets/{name}/versions", import)
        .route("/v1/datasets/{name}/sources", post(sources::find))
}

fn operator() -> Router<App> {
    Router::new()
        .route("/v1/plugins/{name}/{version}/yank", post(plugins::yank))
        .route("/v1/plugins/{name}/{version}/unyank", post(plugins::unyank))
        .route("/v1/runs/{run}/cancel", post(runs::cancel))
        .route("/v1/models/{model}/aliases/{alias}", put(models::promote))
        .route("/v1/models/{model}/aliases/{alias}/rollback", post(models::rollback))
}

fn admin() -> Router<App> {
    Router::new()
        .route("/v1/store/gc", post(store::gc))
        .route("/v1/store/fsck", post(store::fsck))
        .route("/v1/store/backup", post(store::backup))
}
