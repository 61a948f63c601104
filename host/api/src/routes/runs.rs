//! Runs: plan, submit, watch, cancel, resume.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use refrain_domain::Digest;
use refrain_domain::canonical::digest_of;
use refrain_domain::plan::Plan;
use refrain_domain::run::{Run, Status};
use refrain_runner::{
    PipelineSpec, RunnerError, StoreCatalog, plan as plan_training, plan_decision,
};
use serde::Deserialize;
use tokio::sync::watch;
use utoipa::IntoParams;

use super::Json as Body;
use super::plugins::ended;
use super::run_view::{run_summary, run_view};
use crate::app::App;
use crate::problem::Problem;
use crate::progress::event;
use crate::wire::{
    PlanView, PlannedStepView, Purpose, ResumeRequest, RunRequest, RunView, Runs, Submitted,
};

const RUNS_MAX: usize = 1_000;

/// The plan that a pipeline would have now; nothing is run.
#[utoipa::path(post, operation_id = "plan_run", path = "/v1/plans", tag = "runs", request_body = RunRequest,
    responses((status = 200, body = PlanView), (status = 400, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn plan(
    State(app): State<App>,
    Body(request): Body<RunRequest>,
) -> Result<Json<PlanView>, Problem> {
    let (plan, _) = planned(&app, request).await?;
    let steps = plan.steps.iter().map(|step| PlannedStepView {
        step: step.name.clone(),
        op: step.op.name().to_owned(),
        plugin: step.op.plugin().map(|plugin| format!("{}@{}", plugin.name, plugin.version)),
        inputs: step.inputs.iter().map(ToString::to_string).collect(),
    });
    let digest = digest_of(&plan).map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(Json(PlanView {
        plan: digest.to_string(),
        pipeline: plan.pipeline.clone(),
        steps: steps.collect(),
        manifest: plan,
    }))
}

/// Plans a pipeline; answers the wall-clock budget too, which is not part of a plan.
async fn planned(app: &App, request: RunRequest) -> Result<(Plan, Option<Duration>), Problem> {
    let mut versions = BTreeMap::new();
    for (input, version) in request.inputs {
        let parsed = version
            .parse::<Digest>()
            .map_err(|error| Problem::bad_request(format!("input `{input}`: {error}")))?;
        versions.insert(input, parsed);
    }
    let (app, refuse) = (app.clone(), app.refuse());
    let work = move || -> Result<_, RunnerError> {
        let spec = PipelineSpec::parse(&request.pipeline)?;
        let catalog = StoreCatalog::resolve(app.runner(), &spec, &versions)?;
        let plan = match request.purpose {
            Purpose::Train => plan_training(&spec, &catalog)?,
            Purpose::Decide => plan_decision(&spec, &catalog)?,
        };
        let wall = spec.budget.wall.map(|span| Duration::from_micros(span.us.unsigned_abs()));
        Ok((plan, wall))
    };
    tokio::task::spawn_blocking(work).await.map_err(ended)?.map_err(refuse)
}

/// Plans a pipeline and begins to run it.
#[utoipa::path(post, operation_id = "submit_run", path = "/v1/runs", tag = "runs", request_body = RunRequest,
    responses((status = 202, body = Submitted), (status = 400, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn submit(
    State(app): State<App>,
    Body(request): Body<RunRequest>,
) -> Result<Response, Problem> {
    let (plan, wall) = planned(&app, request).await?;
    let (run, plan) = app.runner().submit(&plan).map_err(app.refuse())?;
    app.jobs().start(&run, wall);
    let location = [(header::LOCATION, format!("/v1/runs/{run}"))];
    let submitted = Submitted { run, plan: plan.to_string() };
    Ok((StatusCode::ACCEPTED, location, Json(submitted)).into_response())
}

/// Which runs to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only those of this pipeline.
    pipeline: Option<String>,
    /// Only those in this state.
    status: Option<String>,
    /// At most so many; 100 unless told, 1000 at most.
    limit: Option<usize>,
}

/// Runs, newest first within a pipeline.
#[utoipa::path(get, operation_id = "list_runs", path = "/v1/runs", tag = "runs", params(Filter), responses((status = 200, body = Runs)))]
pub(crate) async fn list(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Runs>, Problem> {
    let mut ids = app.runner().run_ids().map_err(app.refuse())?;
    if let Some(pipeline) = &filter.pipeline {
        ids.retain(|id| id.rsplit_once('-').is_some_and(|(name, _)| name == pipeline));
    }
    let limit = filter.limit.unwrap_or(100).min(RUNS_MAX);
    let wanted = filter.status.as_deref().map(status).transpose()?;
    let (mut runs, mut total) = (Vec::new(), if wanted.is_some() { 0 } else { ids.len() as u64 });
    for id in ids.iter().rev() {
        if runs.len() == limit && wanted.is_none() {
            break;
        }
        let (run, _) = app.runner().run(id).map_err(app.refuse())?;
        if let Some(wanted) = wanted {
            if run.status != wanted {
                continue;
            }
            total += 1;
        }
        if runs.len() < limit {
            runs.push(run_summary(id, &run));
        }
    }
    Ok(Json(Runs { runs, total }))
}

fn status(text: &str) -> Result<Status, Problem> {
    serde_json::from_value(text.into()).map_err(|_| {
        let states = "submitted, running, succeeded, failed, aborted or cancelled";
        Problem::bad_request(format!("`{text}` is no state of a run: write {states}"))
    })
}

/// A run.
#[utoipa::path(get, operation_id = "show_run", path = "/v1/runs/{run}", tag = "runs", params(("run" = String, Path)),
    responses((status = 200, body = RunView), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<RunView>, Problem> {
    let (run, _) = app.runner().run(&id).map_err(app.refuse())?;
    view(&app, &id, &run)
}

fn view(app: &App, id: &str, run: &Run) -> Result<Json<RunView>, Problem> {
    run_view(app.runner(), id, run).map(Json).map_err(app.refuse())
}

/// Ends a run for good.
#[utoipa::path(post, operation_id = "cancel_run", path = "/v1/runs/{run}/cancel", tag = "runs", params(("run" = String, Path)),
    responses((status = 202, body = RunView), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (mut run, _) = app.runner().run(&id).map_err(app.refuse())?;
    if !app.jobs().cancel(&id) {
        run = app.runner().cancel(&id).map_err(app.refuse())?;
    }
    Ok((StatusCode::ACCEPTED, view(&app, &id, &run)?).into_response())
}

/// Takes up a run that was aborted, or that a crash left behind.
#[utoipa::path(post, operation_id = "resume_run", path = "/v1/runs/{run}/resume", tag = "runs", params(("run" = String, Path)),
    request_body = ResumeRequest,
    responses((status = 202, body = RunView), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn resume(
    State(app): State<App>,
    Path(id): Path<String>,
    Body(request): Body<ResumeRequest>,
) -> Result<Response, Problem> {
    let (run, _) = app.runner().run(&id).map_err(app.refuse())?;
    if !run.is_resumable() {
        let detail = format!("run `{id}` has {}: there is nothing to resume", run.status);
        return Err(Problem::bad_request(detail));
    }
    app.jobs().start(&id, request.wall_ms.map(Duration::from_millis));
    Ok((StatusCode::ACCEPTED, view(&app, &id, &run)?).into_response())
}

/// The events of a run, from the first (or from `Last-Event-ID` on) to its end, as they happen.
#[utoipa::path(get, operation_id = "watch_run", path = "/v1/runs/{run}/events", tag = "runs", params(("run" = String, Path)),
    responses((status = 200, content_type = "text/event-stream", body = String),
        (status = 404, body = Problem)))]
pub(crate) async fn events(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    const LAST: HeaderName = HeaderName::from_static("last-event-id");
    app.runner().run(&id).map_err(app.refuse())?;
    let last = headers.get(LAST).and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let tail = Tail {
        bell: app.jobs().bell(),
        app,
        run: id,
        next: last.map_or(0, |last| last.saturating_add(1)),
        ready: VecDeque::new(),
        has_ended: false,
    };
    Ok(Sse::new(follow(tail)).keep_alive(KeepAlive::default()).into_response())
}

/// A reader at the end of a run's event stream.
struct Tail {
    app: App,
    run: String,
    next: u64,
    ready: VecDeque<Event>,
    bell: watch::Receiver<u64>,
    has_ended: bool,
}

fn follow(tail: Tail) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(tail, |mut tail| async move {
        loop {
            if let Some(event) = tail.ready.pop_front() {
                return Some((Ok(event), tail));
            }
            if tail.has_ended {
                return None;
            }
            // Marked before reading: what comes after the read rings again.
            tail.bell.mark_unchanged();
            if !tail.read() {
                tail.bell.changed().await.ok()?;
            }
        }
    })
}

impl Tail {
    /// Reads what is new; false if there is nothing, and more will come.
    fn read(&mut self) -> bool {
        // Asked first: a run that was not under way before the read writes nothing after it.
        let is_under_way = self.app.jobs().is_under_way(&self.run);
        let events = match self.app.runner().events(&self.run, self.next) {
            Ok(events) => events,
            Err(error) => {
                self.ready.push_back(event("problem", &self.app.problem(&error)));
                self.has_ended = true;
                return true;
            }
        };
        for one in &events {
            let id = self.next.to_string();
            self.ready.push_back(event(one.name(), one).id(id));
            self.next += 1;
        }
        self.has_ended = !is_under_way;
        self.has_ended || !events.is_empty()
    }
}
