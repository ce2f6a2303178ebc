//! `POST /v1/audio/speech/timestamps`: in the shape that clients of the common speech detectors send and expect.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use earmark_core::decide::{SpanShape, Thresholds};

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::super::upload::receive;
use super::super::warnings::with_warnings;
use crate::jobs::{SpeechRequest, SpeechSpan};

/// The form. The names and units are those of Silero's detector.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "for the document only")]
pub struct TimestampsForm {
    /// The recording
    #[schema(format = Binary, content_media_type = "application/octet-stream", value_type = String)]
    file: Vec<u8>,
    /// Taken and not looked at: this server has one detector
    model: Option<String>,
    /// Probability at which speech begins
    #[schema(minimum = 0, maximum = 1)]
    threshold: Option<f32>,
    /// Probability below which it ends; 0.15 below the threshold unless given
    #[schema(minimum = 0, maximum = 1)]
    neg_threshold: Option<f32>,
    /// Shorter speech is dropped, ms
    min_speech_duration_ms: Option<u32>,
    /// Longer speech is split into equal parts, seconds
    max_speech_duration_s: Option<f64>,
    /// Shorter pauses are filled, ms
    min_silence_duration_ms: Option<u32>,
    /// Added before and after, ms
    speech_pad_ms: Option<u32>,
}

/// How far below the threshold speech ends, unless it is said.
const NEG_THRESHOLD_BELOW: f32 = 0.15;
/// The longest time that a field may name, ms.
const MAX_MS: u32 = 3_600_000;

/// Where somebody speaks, in milliseconds
#[utoipa::path(
    post, path = "/v1/audio/speech/timestamps", tag = "files",
    request_body(content = inline(TimestampsForm), content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "Stretches of speech, in order", body = Vec<SpeechSpan>),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn timestamps(State(app): State<Arc<App>>, request: Request) -> Result<impl IntoResponse, Problem> {
    let place = app.place()?;
    let received = receive(request, &app.config().limits, None).await?;
    let job = speech_request(&received.fields)?;
    let done = app
        .job_on("/v1/audio/speech/timestamps", place, received, move |packs, upload, watch| {
            job.run(packs, upload, watch)
        })
        .await?;
    Ok(with_warnings(Json(done.answer), &done.warnings))
}

/// Silero's defaults, but for the thresholds, which are the pack's.
fn speech_request(fields: &[(String, String)]) -> Result<SpeechRequest, Problem> {
    let mut threshold = None;
    let mut neg_threshold = None;
    let mut request = SpeechRequest {
        thresholds: None,
        min_speech_ms: 250,
        min_silence_ms: 100,
        shape: SpanShape { pad_s: 0.03, ..SpanShape::default() },
    };
    for (name, value) in fields {
        let value = value.trim();
        match name.as_str() {
            "model" => {}
            "threshold" => threshold = Some(super::super::query::probability(name, value)?),
            "neg_threshold" => neg_threshold = Some(super::super::query::probability(name, value)?),
            "min_speech_duration_ms" => request.min_speech_ms = ms(name, value)?,
            "min_silence_duration_ms" => request.min_silence_ms = ms(name, value)?,
            "speech_pad_ms" => request.shape.pad_s = f64::from(ms(name, value)?) / 1_000.0,
            "max_speech_duration_s" => {
                // As Python and JSON libraries write that there is no limit.
                let seconds = value.parse::<f64>().ok().filter(|s| *s >= 0.1);
                request.shape.max_s = seconds.ok_or_else(|| {
                    Problem::bad_request(format!("{name}: {value:?} is not a time of at least 0.1 s"))
                })?;
            }
            _ => return Err(Problem::bad_request(format!("there is no field {name:?}"))),
        }
    }
    request.thresholds = match (threshold, neg_threshold) {
        (None, None) => None,
        (Some(open), None) => Some(Thresholds { open, close: (open - NEG_THRESHOLD_BELOW).max(0.0) }),
        (Some(open), Some(close)) => Some(Thresholds { open, close }),
        (None, Some(_)) => return Err(Problem::bad_request("neg_threshold goes with threshold")),
    };
    Ok(request)
}

fn ms(name: &str, value: &str) -> Result<u32, Problem> {
    let ms = value.parse::<u32>().ok().filter(|ms| *ms <= MAX_MS);
    ms.ok_or_else(|| {
        Problem::bad_request(format!("{name}: {value:?} is not a whole number of ms from 0 to {MAX_MS}"))
    })
}
