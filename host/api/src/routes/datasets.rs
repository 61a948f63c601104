//! Datasets: import, look, compare.

use std::path::PathBuf;

use axum::Json;
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use refrain_domain::Table;
use refrain_runner::ImportRequest;
use tokio::io::AsyncWriteExt;

use super::Json as Body;
use super::sources::remember;
use crate::app::App;
use crate::problem::Problem;
use crate::progress::answer;
use crate::wire::{
    DatasetVersionView, DatasetView, Datasets, ImportOptions, ImportPath, Imported, VersionView,
};

/// All datasets.
#[utoipa::path(get, operation_id = "list_datasets", path = "/v1/datasets", tag = "datasets", responses((status = 200, body = Datasets)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Datasets>, Problem> {
    let datasets = app.runner().datasets().map_err(app.refuse())?;
    Ok(Json(Datasets { datasets: datasets.into_iter().map(DatasetView::from).collect() }))
}

/// The latest version of a dataset.
#[utoipa::path(get, operation_id = "show_dataset", path = "/v1/datasets/{name}", tag = "datasets", params(("name" = String, Path)),
    responses((status = 200, body = DatasetVersionView), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<DatasetVersionView>, Problem> {
    view(&app, &name).map(Json)
}

/// A version of a dataset.
#[utoipa::path(get, operation_id = "show_dataset_version", path = "/v1/datasets/{name}/versions/{version}", tag = "datasets",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = DatasetVersionView), (status = 404, body = Problem)))]
pub(crate) async fn show_version(
    State(app): State<App>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<DatasetVersionView>, Problem> {
    view(&app, &address(&name, &version)).map(Json)
}

fn address(name: &str, version: &str) -> String {
    if version == "latest" { name.to_owned() } else { format!("{name}@{version}") }
}

fn view(app: &App, address: &str) -> Result<DatasetVersionView, Problem> {
    let (digest, manifest) = app.runner().dataset(address).map_err(app.refuse())?;
    let history = app.runner().dataset_history(&manifest.name).map_err(app.refuse())?;
    let table = app.runner().read_manifest::<Table>("table", &manifest.table);
    let history = history.into_iter().map(|version| VersionView { version: version.to_string() });
    Ok(DatasetVersionView {
        version: digest.to_string(),
        history: history.collect(),
        schema: table.map_err(app.refuse())?.schema,
        manifest,
    })
}

/// Makes a version of a source: a multipart body with the parts `options` (JSON, first) and `file`.
/// A source that was imported in the same way before is recognised by its digest.
#[utoipa::path(post, operation_id = "import_dataset", path = "/v1/datasets/{name}/versions", tag = "datasets",
    params(("name" = String, Path)),
    request_body(content = ImportOptions, content_type = "multipart/form-data"),
    responses((status = 201, body = Imported), (status = 413, body = Problem),
        (status = 422, body = Problem), (status = 507, body = Problem)))]
pub(crate) async fn import(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/json")) {
        let Body(local) = Body::<ImportPath>::from_request(request, &()).await?;
        if !app.options().has_local_files {
            let detail = "this server reads no files of its own: send the bytes as multipart";
            return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
        }
        let path = PathBuf::from(local.path);
        return Ok(run(app, name, path, None, local.options, &headers).await);
    }
    let (spooled, file_name, options) = spool(&app, request).await?;
    let path = spooled.path().to_owned();
    let response = run(app, name, path, Some((file_name, spooled)), options, &headers).await;
    Ok(response)
}

async fn run(
    app: App,
    name: String,
    path: PathBuf,
    spooled: Option<(String, tempfile::NamedTempFile)>,
    options: ImportOptions,
    headers: &HeaderMap,
) -> Response {
    answer(headers, StatusCode::CREATED, move |report| {
        let append = options.append;
        let input = options.clone().into_input(&name);
        let file_name = spooled.as_ref().map(|(file_name, _)| file_name.clone());
        let request = ImportRequest { name, path, file_name, input, append };
        let mut watch = |progress: refrain_data::Progress| {
            report(serde_json::json!({"rows": progress.rows, "bytes": progress.bytes}));
        };
        let (digest, version) = app.runner().import(&request, &mut watch).map_err(app.refuse())?;
        if let Err(error) = remember(app.runner(), &digest, &version, &options) {
            tracing::warn!(%error, "a source is not remembered");
        }
        Ok(Imported::new(&digest, &version))
    })
    .await
}

/// Takes an upload to the disk, part by part.
async fn spool(
    app: &App,
    request: Request,
) -> Result<(tempfile::NamedTempFile, String, ImportOptions), Problem> {
    let multipart = Multipart::from_request(request, &()).await;
    let mut multipart = multipart.map_err(|error| Problem::bad_request(error.body_text()))?;
    let broken = |error: axum::extract::multipart::MultipartError| {
        Problem::new(error.status(), "bad-request", error.body_text())
    };
    let (mut options, mut spooled) = (ImportOptions::default(), None);
    while let Some(mut field) = multipart.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "options" => {
                let text = field.bytes().await.map_err(broken)?;
                let said = |error| Problem::bad_request(format!("part `options`: {error}"));
                options = serde_json::from_slice(&text).map_err(said)?;
            }
            "file" => {
                let file_name = field.file_name().unwrap_or("upload").to_owned();
                let file = temporary(app)?;
                let mut writer = tokio::fs::File::from_std(file.reopen().map_err(no_room)?);
                while let Some(bytes) = field.chunk().await.map_err(broken)? {
                    writer.write_all(&bytes).await.map_err(no_room)?;
                }
                writer.flush().await.map_err(no_room)?;
                spooled = Some((file, file_name));
            }
            other => {
                let detail = format!("unknown part `{other}`: send `options`, then `file`");
                return Err(Problem::bad_request(detail));
            }
        }
    }
    let missing = || Problem::bad_request("part `file` is missing");
    let (file, file_name) = spooled.ok_or_else(missing)?;
    Ok((file, file_name, options))
}

fn temporary(app: &App) -> Result<tempfile::NamedTempFile, Problem> {
    match &app.options().spool_dir {
        Some(dir) => tempfile::NamedTempFile::new_in(dir),
        None => tempfile::NamedTempFile::new(),
    }
    .map_err(no_room)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn no_room(error: std::io::Error) -> Problem {
    let detail = format!("the upload cannot be kept: {error}");
    if error.kind() == std::io::ErrorKind::StorageFull {
        return Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", detail);
    }
    tracing::error!(%error, "spooling failed");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
}

/// How two versions differ: schema, chunks, statistics. `latest` and `parent` are words for
/// versions too.
#[utoipa::path(get, operation_id = "diff_dataset_versions", path = "/v1/datasets/{name}/diff/{from}/{to}", tag = "datasets",
    params(("name" = String, Path), ("from" = String, Path), ("to" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn diff(
    State(app): State<App>,
    Path((name, from, to)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let (from, to) = (address(&name, &from), address(&name, &to));
    let diff = app.runner().diff_datasets(&from, &to).map_err(app.refuse())?;
    Ok(Json(diff).into_response())
}

/// How rows are to be written.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportOptions {
    /// `csv`, `ndjson`, `parquet`, `arrow` or `arrow-stream`.
    format: String,
}

/// The rows of a dataset version. `latest` is a word for a version too.
#[utoipa::path(get, operation_id = "export_dataset_version", path = "/v1/datasets/{name}/versions/{version}/rows", tag = "datasets",
    params(("name" = String, Path), ("version" = String, Path), ExportOptions),
    responses((status = 200, body = Vec<u8>), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn export(
    State(app): State<App>,
    Path((name, version)): Path<(String, String)>,
    Query(options): Query<ExportOptions>,
) -> Result<Response, Problem> {
    let format = options.format.parse::<refrain_data::Format>().map_err(Problem::bad_request)?;
    let (_, manifest) = app.runner().dataset(&address(&name, &version)).map_err(app.refuse())?;
    let table = app.runner().read_manifest::<Table>("table", &manifest.table);
    let table = table.map_err(app.refuse())?;
    let runner = app.runner().clone();
    Ok(crate::pieces::stream(content_type(format), move |to| {
        runner.export(&table, format, to).map_err(|error| error.to_string())
    }))
}

const fn content_type(format: refrain_data::Format) -> &'static str {
    use refrain_data::Format;
    match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::NdJson => "application/x-ndjson",
        Format::Parquet => "application/vnd.apache.parquet",
        Format::ArrowFile => "application/vnd.apache.arrow.file",
        Format::ArrowStream => "application/vnd.apache.arrow.stream",
    }
}
