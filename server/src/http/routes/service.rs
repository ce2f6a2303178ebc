//! What the service tells of itself: models, health, metrics.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use earmark_core::model::pack::Pack;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use crate::jobs::Packs;

/// The packs that can be asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Models {
    /// Each of them.
    models: Vec<Model>,
}

/// A pack.
#[derive(Debug, Serialize, ToSchema)]
pub struct Model {
    /// Name, as `pack` has it.
    name: String,
    /// Version.
    version: String,
    /// What it is for: activity or noise.
    task: String,
    /// What it hears.
    labels: Vec<String>,
    /// Hash of its network.
    sha256: String,
    /// Terms of its use.
    licence: String,
}

/// The packs of this server
#[utoipa::path(
    get, path = "/v1/models", tag = "service",
    responses(
        (status = 200, description = "The packs", body = Models),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn models() -> Result<Json<Models>, Problem> {
    let describe = |name| {
        let pack = Pack::find(name).map_err(|error| crate::jobs::JobError::Failed(error.to_string()))?;
        let manifest = pack.manifest();
        Ok::<_, Problem>(Model {
            name: name.to_owned(),
            version: manifest.version.clone(),
            task: manifest.task.to_string(),
            labels: manifest.labels.iter().map(|label| label.as_str().to_owned()).collect(),
            sha256: manifest.model.sha256.clone(),
            licence: manifest.licence.clone(),
        })
    };
    Ok(Json(Models { models: Packs::names().map(describe).collect::<Result<_, _>>()? }))
}

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    status: &'static str,
}

/// Whether the process answers
#[utoipa::path(
    get, path = "/health/live", tag = "service",
    responses((status = 200, description = "It does", body = Health)),
)]
pub async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether new work is accepted
#[utoipa::path(
    get, path = "/health/ready", tag = "service",
    responses(
        (status = 200, description = "It is", body = Health),
        (status = 503, description = "The server is stopping", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn ready(State(app): State<Arc<App>>) -> Result<Json<Health>, Problem> {
    if app.stopping.is_cancelled() {
        return Err(Problem::unavailable("the server is stopping"));
    }
    Ok(Json(Health { status: "ok" }))
}

/// Metrics in Prometheus' text format
#[utoipa::path(
    get, path = "/metrics", tag = "service",
    responses(
        (status = 200, description = "The metrics", body = String, content_type = "application/openmetrics-text"),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], app.metrics.text(app.jobs.taken())).into_response()
}
