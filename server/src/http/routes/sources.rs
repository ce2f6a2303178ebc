//! `/v1/streams`: the configured sources, how they are and what they tell.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use utoipa::{IntoParams, ToSchema};

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::super::query::Params;
use crate::stations::{Board, Status};

/// How often a line is sent where nothing happens, so that proxies do not take the stream for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The configured sources.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sources {
    /// Each as it is at this moment.
    streams: Vec<Status>,
}

/// The configured sources, each as it is at this moment
#[utoipa::path(
    get, path = "/v1/streams", tag = "streams",
    responses(
        (status = 200, description = "The sources", body = Sources),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn list(State(app): State<Arc<App>>) -> Json<Sources> {
    Json(Sources { streams: app.stations.boards().iter().map(|board| board.status()).collect() })
}

/// One source as it is at this moment
#[utoipa::path(
    get, path = "/v1/streams/{name}/status", tag = "streams",
    params(("name" = String, Path, description = "Name of the source")),
    responses(
        (status = 200, description = "The source", body = Status),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn status(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Json<Status>, Problem> {
    Ok(Json(app.board(&name)?.status()))
}

/// Query of `GET /v1/streams/{name}/events`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Frame events, too: scores and level every 100 ms; the default
    pub frames: Option<bool>,
}

/// What a source tells, as server-sent events: the last minutes at once, then all that happens
#[utoipa::path(
    get, path = "/v1/streams/{name}/events", tag = "streams",
    params(("name" = String, Path, description = "Name of the source"), EventsQuery),
    responses(
        (status = 200, description = "Events without end", body = String, content_type = "text/event-stream"),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn events(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Params(query): Params<EventsQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let (past, live) = app.board(&name)?.follow();
    let frames = query.frames.unwrap_or(true);
    // Who is too slow is cut off: when it comes again, it gets the last minutes anew.
    let live = stream::unfold(live, |mut live| async move {
        match live.recv().await {
            Ok(told) => Some((told, live)),
            Err(RecvError::Lagged(_) | RecvError::Closed) => None,
        }
    });
    let stopping = app.stopping.clone();
    let told = stream::iter(past).chain(live).filter(move |told| std::future::ready(frames || !told.frame));
    let told = told.take_until(async move { stopping.cancelled().await });
    let events = told.map(|told| Ok(Event::default().data(&*told.json)));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

impl App {
    fn board(&self, name: &str) -> Result<Arc<Board>, Problem> {
        let missing = || Problem::new(StatusCode::NOT_FOUND, format!("there is no source named {name:?}"));
        self.stations.board(name).ok_or_else(missing)
    }
}
