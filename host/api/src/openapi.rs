//! The contract as OpenAPI. A golden file in the tests shows every change of it.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::problem::Problem;
use crate::routes::{artifacts, datasets, meta, models, plugins, replays, runs, sources, store};
use crate::wire;

/// Refrain: retraining you can replay.
#[derive(OpenApi)]
#[openapi(
    info(title = "Refrain", description = "Retraining you can replay."),
    modifiers(&Tokens),
    security(("token" = [])),
    paths(
        meta::health,
        meta::ready,
        meta::metrics,
        meta::openapi,
        meta::pipeline_schema,
        plugins::list,
        plugins::show,
        plugins::show_version,
        plugins::register,
        plugins::compile,
        plugins::yank,
        plugins::unyank,
        datasets::list,
        datasets::show,
        datasets::show_version,
        datasets::import,
        sources::find,
        datasets::diff,
        datasets::export,
        runs::plan,
        runs::submit,
        runs::list,
        runs::show,
        runs::events,
        runs::cancel,
        runs::resume,
        replays::replay,
        replays::diff,
        replays::bundle,
        replays::record,
        artifacts::show,
        models::list,
        models::show,
        models::show_version,
        models::alias,
        models::promote,
        models::rollback,
        store::gc,
        store::fsck,
        store::backup,
    ),
    components(schemas(
        Problem,
        wire::Health,
        wire::PluginView,
        wire::Plugins,
        wire::SignatureView,
        wire::AdmissionView,
        wire::CheckView,
        wire::ComparisonView,
        wire::RegisterOptions,
        wire::CompileRequest,
        wire::Datasets,
        wire::DatasetView,
        wire::DatasetVersionView,
        wire::VersionView,
        wire::ImportOptions,
        wire::ImportSource,
        wire::Imported,
        wire::RunRequest,
        wire::Purpose,
        wire::Submitted,
        wire::PlanView,
        wire::PlannedStepView,
        wire::ResumeRequest,
        wire::ReplayRequest,
        wire::Runs,
        wire::RunSummary,
        wire::RunView,
        wire::StepView,
        wire::GateView,
        wire::RegisteredView,
        wire::MetricView,
        wire::DecisionView,
        wire::Models,
        wire::ModelVersionView,
        wire::AliasMove,
        wire::Collected,
        wire::Checked,
        wire::FaultView,
        wire::BackupRequest,
    ))
)]
struct Contract;

/// How a caller says who it is, where a server asks.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, contract: &mut utoipa::openapi::OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = contract.components.get_or_insert_default();
        components.add_security_scheme("token", bearer);
    }
}

/// The OpenAPI description of every route.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Contract::openapi()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// `.route("/v1/runs", get(runs::list))` as `/v1/runs runs::list`, from the router's own text.
    fn routed() -> BTreeSet<String> {
        let text = include_str!("router.rs");
        // A handler with limits of its own is a variable there.
        let named = |handler: &str| {
            let (_, bound) = text.split_once(&format!("let {handler} ="))?;
            let (_, call) = bound.split_once('(')?;
            call.split_once(')').map(|(handler, _)| handler.to_owned())
        };
        let routes = text.split(".route(\"").skip(1).map(|route| {
            let (path, rest) = route.split_once("\", ").expect("a path");
            let (handler, _) = rest.split_once(')').expect("a handler");
            let handler = match handler.rsplit_once('(') {
                Some((_, handler)) => handler.to_owned(),
                None => named(handler).expect("a variable"),
            };
            format!("{path} {handler}")
        });
        routes.collect()
    }

    #[test]
    fn every_route_is_described_and_every_description_has_a_route() {
        let text = include_str!("openapi.rs");
        let (_, listed) = text.split_once("paths(").expect("paths");
        let (listed, _) = listed.split_once(')').expect("an end");
        let described: BTreeSet<&str> =
            listed.split(',').map(str::trim).filter(|handler| !handler.is_empty()).collect();
        let routed = routed();
        let handlers: BTreeSet<&str> =
            routed.iter().filter_map(|route| Some(route.split_once(' ')?.1)).collect();
        assert_eq!(handlers, described);

        let contract = serde_json::to_value(super::openapi()).expect("JSON");
        let paths: BTreeSet<&str> =
            routed.iter().filter_map(|route| Some(route.split_once(' ')?.0)).collect();
        let described = contract["paths"].as_object().expect("paths");
        assert_eq!(paths, described.keys().map(String::as_str).collect());
        let n_operations: usize =
            described.values().filter_map(|path| Some(path.as_object()?.len())).sum();
        assert_eq!(n_operations, routed.len());
    }
}
