//! The service over HTTP: routes, and the layers round them.
//!
//! ```text
//! connection ─▶ context: name, log, metrics, bodies of errors ─▶ panics ─▶ origin ─▶ token ─▶ route ─▶ jobs, hearing
//! (listener)
//! ```

mod context;
mod guard;
mod lingering;
mod listener;
mod media;
mod outbox;
mod problem;
mod query;
mod routes;
mod upload;
mod warnings;

use std::any::Any;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{Response, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use earmark_core::phrase::Phrases;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;

use crate::config::Config;
use crate::hearing::Pool;
use crate::jobs::{Jobs, Packs};
use crate::metrics::Metrics;
use crate::page;
use crate::stations::Stations;
pub use listener::accept;
pub use problem::Problem;

/// What all requests share.
#[derive(Debug)]
pub struct App {
    config: RwLock<Arc<Config>>,
    pub packs: Arc<Packs>,
    /// Enrolled phrases that are told in all streams.
    pub phrases: Option<Arc<Phrases>>,
    pub jobs: Jobs,
    pub hearing: Pool,
    pub stations: Stations,
    pub metrics: Arc<Metrics>,
    /// WebSocket streams that are open.
    pub streams_open: AtomicUsize,
    /// What is under way: connections, and the streams that grew out of them.
    pub under_way: TaskTracker,
    /// Cancelled when the service is to end.
    pub stopping: CancellationToken,
}

impl App {
    pub fn new(
        config: Config,
        packs: Arc<Packs>,
        phrases: Option<Arc<Phrases>>,
        jobs: Jobs,
        hearing: Pool,
    ) -> Self {
        Self {
            config: RwLock::new(Arc::new(config)),
            packs,
            phrases,
            jobs,
            hearing,
            stations: Stations::default(),
            metrics: Arc::new(Metrics::new()),
            streams_open: AtomicUsize::new(0),
            under_way: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }
    }

    /// What the service is told at this moment.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What it is told from now on.
    pub fn reconfigure(&self, config: Config) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }
}

/// All routes below the base path.
pub fn router(app: &Arc<App>) -> Router {
    let guarded = Router::new()
        .route("/v1/tag", post(routes::files::tag))
        .route("/v1/frames", post(routes::files::frames))
        .route("/v1/noise", post(routes::files::noise))
        .route("/v1/render", post(routes::files::render))
        .route("/v1/audio/speech/timestamps", post(routes::timestamps::timestamps))
        .route("/v1/voice/verify", post(routes::voice::verify))
        .route("/predict", post(routes::voice::predict))
        .route("/v1/stream", get(routes::stream::stream))
        .route("/v1/streams", get(routes::sources::list))
        .route("/v1/streams/{name}/status", get(routes::sources::status))
        .route("/v1/streams/{name}/events", get(routes::sources::events))
        .route("/v1/models", get(routes::service::models))
        .route("/metrics", get(routes::service::metrics))
        .route_layer(from_fn_with_state(Arc::clone(app), guard::token));
    let open = Router::new()
        .route("/health/live", get(routes::service::live))
        .route("/health/ready", get(routes::service::ready))
        .route("/assets/{name}", get(page::asset))
        .route("/asyncapi.json", get(routes::documents::asyncapi))
        .route("/openapi.json", get(routes::documents::openapi));
    let routes = guarded.merge(open);
    let base = app.config().base_path.clone();
    let routes = if base.is_empty() {
        routes.route("/", get(page::index))
    } else {
        // The page's own links are seen from a path with a slash at its end.
        let with_slash = format!("{base}/");
        let to = with_slash.clone();
        let redirect = get(move || async move { Redirect::permanent(&to) });
        Router::new().route(&base, redirect).route(&with_slash, get(page::index)).nest(&base, routes)
    };
    routes
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "there is nothing at this path") })
        // axum's own 2 MB would count for forms alone. Whatever reads a body here has a bound of its own: `upload`.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(app), guard::origin))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(app), context::context))
        .with_state(Arc::clone(app))
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "this is a fault of the server").into_response()
}
