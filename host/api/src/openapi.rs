//! The contract as OpenAPI. A golden file in the tests shows every change of it.

use utoipa::OpenApi;

use crate::problem::Problem;
use crate::routes::{artifacts, datasets, meta, models, plugins, replays, runs, store};
use crate::wire;

/// Refrain: retraining you can replay.
#[derive(OpenApi)]
#[openapi(
    info(title = "Refrain", description = "Retraining you can replay."),
    paths(
        meta::health,
        meta::ready,
        meta::openapi,
        meta::pipeline_schema,
        plugins::list,
        plugins::show,
        plugins::show_version,
        plugins::register,
        plugins::compile,
        datasets::list,
        datasets::show,
        datasets::show_version,
        datasets::import,
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
        wire::RegisterOptions,
        wire::CompileRequest,
        wire::Datasets,
        wire::DatasetView,
        wire::DatasetVersionView,
        wire::VersionView,
        wire::ImportOptions,
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

/// The OpenAPI description of every route.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Contract::openapi()
}
