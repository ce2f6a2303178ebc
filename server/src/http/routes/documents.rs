//! The interface described for programs.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use super::super::App;
use super::super::query::{Action, Bits};
use crate::hearing::Encoding;

use super::{files, service, sources, stream, timestamps, voice};

/// Routes that take a recording.
const OF_FILES: [&str; 6] =
    ["/v1/tag", "/v1/frames", "/v1/noise", "/v1/render", "/v1/audio/speech/timestamps", "/v1/voice/verify"];

/// The document without what depends on the server that gives it.
#[derive(OpenApi)]
#[openapi(
    info(title = "Earmark", description = "Hears speech, music and noise in recordings and streams."),
    paths(
        files::tag, files::frames, files::noise, files::render, timestamps::timestamps, voice::verify, voice::predict, stream::stream, sources::list, sources::status, sources::events,
        service::models, service::live, service::ready, service::metrics,
    ),
    components(schemas(Action, Bits, Encoding)),
    tags(
        (name = "files", description = "A recording is sent, an answer comes back"),
        (name = "voices", description = "Is it the enrolled voice"),
        (name = "streams", description = "Sound is sent while it sounds, events come back at once"),
        (name = "service", description = "The server itself"),
    ),
)]
struct Document;

/// The streams, as AsyncAPI has them; the events are those of the published schema.
pub async fn asyncapi() -> Json<Value> {
    Json(ASYNCAPI.clone())
}

static ASYNCAPI: LazyLock<Value> = LazyLock::new(|| {
    let template = include_str!("asyncapi.json").replace("VERSION", env!("CARGO_PKG_VERSION"));
    let mut document: Value = serde_json::from_str(&template).unwrap_or_default();
    let events = crate::EVENTS_SCHEMA.replace("#/$defs/", "#/components/schemas/event/$defs/");
    let mut events: Value = serde_json::from_str(&events).unwrap_or_default();
    if let Some(events) = events.as_object_mut() {
        events.remove("$schema");
        events.remove("$id");
    }
    document["components"]["schemas"]["event"] = events;
    document
});

/// The interface over HTTP, as OpenAPI has it.
pub async fn openapi(State(app): State<Arc<App>>) -> Json<Value> {
    let config = app.config();
    let mut document = Document::openapi();
    let base = if config.base_path.is_empty() { "/" } else { &config.base_path };
    document.servers = Some(vec![utoipa::openapi::Server::new(base)]);
    if config.token.is_some() {
        let components = document.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("token", bearer);
        let none: [&str; 0] = [];
        document.security = Some(vec![utoipa::openapi::security::SecurityRequirement::new("token", none)]);
    }
    let mut document = serde_json::to_value(document).unwrap_or_default();
    for path in OF_FILES {
        document["paths"][path]["post"]["responses"]["200"]["headers"] = json!({
            "Earmark-Warning": {
                "description": "What was odd about the file, and stopped nothing: that it was cut short, for one. One header per warning",
                "schema": { "type": "string" },
            },
        });
    }
    Json(document)
}
