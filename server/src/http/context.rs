//! The outermost layer: every request gets a name, a line in the log and a place in the metrics, every answer the headers
//! that keep browsers careful, and every error its body.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use axum::middleware::Next;

use super::App;
use super::problem::Problem;

/// Header that carries the name of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Nothing from elsewhere, no frame around it; sound and pictures that the page makes itself.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                   connect-src 'self'; media-src 'self' blob:; worker-src 'self'; base-uri 'none'; \
                   form-action 'none'; frame-ancestors 'none'";

/// Longest error text of a layer below that is passed on, bytes.
const MAX_DETAIL_BYTES: usize = 4 << 10;

/// The name of a request.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The proxy's own, if it is one; or a new one.
    fn of(request: &Request) -> Self {
        let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        match given {
            Some(id) if (1..=64).contains(&id.len()) && id.chars().all(fits) => Self(id.into()),
            _ => Self::new(),
        }
    }

    /// Unlike those of any other start: the time of the start, and a count.
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        static START: std::sync::LazyLock<u128> = std::sync::LazyLock::new(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.map_or(0, |since| since.as_millis())
        });
        Self(format!("{:x}-{:x}", *START, COUNT.fetch_add(1, Ordering::Relaxed)).into())
    }
}

/// The layer.
pub async fn context(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response<Body> {
    let begun = Instant::now();
    let id = RequestId::of(&request);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    request.extensions_mut().insert(id.clone());
    let mut response = finished(next.run(request).await, &id.0).await;
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    // Paths that are not routes are no labels: everybody could make as many as he likes.
    app.metrics.request(route.as_deref().unwrap_or("none"), status, took);
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let peer = peer.map(tracing::field::display);
    tracing::info!(request_id = &*id.0, %method, path, status, ms, peer, "request");
    response
}

/// The address that a request came from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Gives errors their body.
async fn finished(mut response: Response<Body>, id: &str) -> Response<Body> {
    let status = response.status();
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if status.is_client_error() || status.is_server_error() => {
            let detail = detail(&mut response).await;
            Problem::new(status, detail)
        }
        None => return response,
    };
    let mut rendered = problem.render(id);
    // What the layers below say of the methods or protocols that there are.
    for name in [header::ALLOW, header::UPGRADE, header::SEC_WEBSOCKET_VERSION] {
        if let Some(value) = response.headers().get(&name) {
            rendered.headers_mut().insert(name, value.clone());
        }
    }
    rendered
}

/// What a layer below wrote as its error.
async fn detail(response: &mut Response<Body>) -> String {
    let status = response.status();
    let body = std::mem::take(response.body_mut());
    if body.size_hint().upper().is_some_and(|bytes| bytes > 0)
        && let Ok(bytes) = axum::body::to_bytes(body, MAX_DETAIL_BYTES).await
    {
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    match status {
        StatusCode::METHOD_NOT_ALLOWED => "this path does not know this method; see Allow".to_owned(),
        _ => status.canonical_reason().unwrap_or("the request failed").to_owned(),
    }
}
