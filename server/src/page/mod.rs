//! The page: plain HTML, CSS and JavaScript inside the program. Nothing is loaded from elsewhere.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use earmark_core::Label;
use earmark_core::report::page::LANES_JS;
use earmark_core::report::plot::colour;

use crate::http::Problem;

/// The lanes of the page, from above.
static LANES: [Label; 6] =
    [Label::SPEECH, Label::SINGING, Label::MUSIC, Label::NOISE, Label::SILENCE, Label::UNKNOWN];

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

/// What the page is made of: name, type, content.
const ASSETS: [(&str, &str, &str); 8] = [
    ("page.css", CSS, include_str!("assets/page.css")),
    ("app.js", JAVASCRIPT, include_str!("assets/app.js")),
    ("service.js", JAVASCRIPT, include_str!("assets/service.js")),
    // What the pages of reports draw with, too.
    ("lanes.js", JAVASCRIPT, LANES_JS),
    ("draw.js", JAVASCRIPT, include_str!("assets/draw.js")),
    ("live.js", JAVASCRIPT, include_str!("assets/live.js")),
    ("file.js", JAVASCRIPT, include_str!("assets/file.js")),
    ("mic.js", JAVASCRIPT, include_str!("assets/mic.js")),
];

/// The colours of the labels, those of the plots.
static LABELS_CSS: LazyLock<String> = LazyLock::new(|| {
    let names = LANES.each_ref().map(|label| label.as_str()).join(" ");
    let colours = LANES
        .iter()
        .zip(0..)
        .map(|(label, place)| format!("  --label-{}: {};\n", label.as_str(), colour(label, place)));
    format!(":root {{\n  --labels: \"{names}\";\n{}}}\n", colours.collect::<String>())
});

/// `/`.
pub async fn index() -> Response {
    text("text/html; charset=utf-8", include_str!("assets/index.html"))
}

/// `/assets/NAME`.
pub async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    if name == "labels.css" {
        return Ok(text(CSS, &LABELS_CSS));
    }
    let found = ASSETS.iter().find(|(known, _, _)| *known == name);
    let (_, kind, content) =
        found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "the page has no such part"))?;
    Ok(text(kind, content))
}

fn text(kind: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        // Another version of the program has another page.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, content).into_response()
}
