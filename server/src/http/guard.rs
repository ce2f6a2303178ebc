//! Who may use the service: bearers of the token, and web pages that it knows.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse;

use super::App;
use super::problem::Problem;
use crate::config::Config;

/// Browsers cannot set headers on a WebSocket; they offer the token as a protocol of this form.
pub const BEARER_PROTOCOL: &str = "bearer.";

/// Refuses web pages from elsewhere, and names that stand for this machine only because an attacker says so (DNS
/// rebinding). To be laid around everything.
pub async fn origin(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let config = app.config();
    match check_origin(&config, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Lets in who has the token. To be laid around everything that hears or tells.
pub async fn token(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let config = app.config();
    let Some(token) = &config.token else { return next.run(request).await };
    if given_token(request.headers()).is_some_and(|given| token.is(given)) {
        return next.run(request).await;
    }
    let detail = "this server wants a token: Authorization: Bearer TOKEN";
    Problem::new(StatusCode::UNAUTHORIZED, detail).into_response()
}

fn given_token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    bearer.or_else(|| {
        let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
        offered.split(',').find_map(|protocol| protocol.trim().strip_prefix(BEARER_PROTOCOL))
    })
}

fn check_origin(config: &Config, headers: &HeaderMap) -> Result<(), Problem> {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = |origin: &str| config.origins.iter().any(|known| known.eq_ignore_ascii_case(origin));
    let known_host = config
        .origins
        .iter()
        .any(|origin| origin.split_once("://").is_some_and(|(_, known)| known.eq_ignore_ascii_case(host)));
    // With a token a page that came by a wrong name has no use of it: it does not know the token.
    if config.token.is_none() && !known_host && !is_own_name(host) {
        return Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            format!(
                "this server is not known as {host:?}; name it with --origin https://HOST, or set a token"
            ),
        ));
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let same = origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host));
    if same || known(origin) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        format!("pages of {origin:?} may not use this server; allow them with --origin"),
    ))
}

/// Addresses, and the name of this very machine: no name server can say otherwise of them.
fn is_own_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ServeFlags;

    fn status(host: &str, origin: Option<&str>, origins: &[&str]) -> u16 {
        let origins = origins.iter().map(|&origin| origin.to_owned()).collect();
        let config = Config::load(&ServeFlags { origins, ..ServeFlags::default() }).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        check_origin(&config, &headers).map_or_else(|problem| problem.status.as_u16(), |()| 200)
    }

    #[test]
    fn pages_from_elsewhere_and_rebound_names_are_refused() {
        assert_eq!(status("127.0.0.1:7979", None, &[]), 200);
        assert_eq!(status("[::1]:7979", Some("http://[::1]:7979"), &[]), 200);
        assert_eq!(status("localhost:7979", Some("http://localhost:7979"), &[]), 200);
        assert_eq!(status("localhost:7979", Some("http://localhost:8000"), &[]), 403);
        assert_eq!(status("localhost:7979", Some("null"), &[]), 403);
        assert_eq!(status("evil.example:7979", Some("http://evil.example:7979"), &[]), 421);
        assert_eq!(status("evil.example:7979", None, &[]), 421);
        assert_eq!(status("127.0.0.1:7979", Some("https://radio.example"), &["https://radio.example"]), 200);
        assert_eq!(status("radio.example", Some("https://radio.example"), &["https://radio.example"]), 200);
        assert_eq!(status("radio.example", None, &["https://radio.example"]), 200);
        assert_eq!(status("radio.example", Some("http://evil.example"), &["https://radio.example"]), 403);
    }

    #[test]
    fn the_token_is_found_where_clients_put_it() {
        let mut headers = HeaderMap::new();
        assert_eq!(given_token(&headers), None);
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, "earmark, bearer.abc".parse().unwrap());
        assert_eq!(given_token(&headers), Some("abc"));
        headers.insert(header::AUTHORIZATION, "bearer xyz".parse().unwrap());
        assert_eq!(given_token(&headers), Some("xyz"));
        headers.insert(header::AUTHORIZATION, "Basic xyz".parse().unwrap());
        assert_eq!(given_token(&headers), Some("abc"));
    }
}
