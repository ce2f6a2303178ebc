//! Connections: bounded in number, and closed when nothing moves on them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use super::App;
use super::context::Peer;
use super::lingering::{Lingering, Unread, Watched};

/// Bytes of a request's head, and of what is read ahead of a body.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// What is waited after the system gave no connection, because it has none left, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until the service stops, and waits for those that are under way, but not longer than the grace.
pub async fn accept(listener: TcpListener, app: Arc<App>, router: Router) {
    let places = Arc::new(Semaphore::new(app.config().limits.max_connections));
    let connections = app.under_way.clone();
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = app.stopping.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = app.stopping.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let connection = serve(stream, Peer(peer), Arc::clone(&app), router.clone());
        connections.spawn(async move {
            connection.await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    let grace = app.config().limits.grace.duration();
    if tokio::time::timeout(grace, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "not all requests ended in time; they are cut off");
    }
}

async fn serve(stream: TcpStream, peer: Peer, app: Arc<App>, router: Router) {
    // Events are small and are to arrive at once.
    let _ = stream.set_nodelay(true);
    let limits = app.config().limits;
    let mut stream = TimeoutStream::new(stream);
    // Who does not take his answer loses it. What is slow to send is waited for where it is known what is to come.
    stream.set_write_timeout(Some(limits.stall_timeout.duration()));
    let unread = Unread::default();
    let stream = Lingering::new(Box::pin(stream), unread.clone());
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let watched = |body| axum::body::Body::new(Watched::new(body, unread.clone()));
        router.clone().oneshot(request.map(watched))
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout.duration())
        .max_buf_size(MAX_HEAD_BYTES);
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = app.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, peer = %peer.0, "a connection broke");
    }
}
