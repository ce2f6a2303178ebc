//! Is it the owner: `POST /v1/voice/verify`, and `POST /predict` in the shape that a lock with one owner sends.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use earmark_core::profile::ProfileName;

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::super::query::{Params, VerifyQuery};
use super::super::upload::in_memory;
use super::super::warnings::with_warnings;
use super::files::FileForm;
use crate::jobs::{JobError, PredictBody, PredictRequest, Prediction, VerifyAnswer, VerifyRequest};

/// The largest body of `/predict`, bytes: a minute of samples as decimals, and many short clips.
const MAX_PREDICT_BYTES: u64 = 64 << 20;

/// Whether a clip is an enrolled voice. Nothing protects against a recording that is played back
#[utoipa::path(
    post, path = "/v1/voice/verify", tag = "voices", params(VerifyQuery),
    request_body(content(
        (inline(FileForm) = "multipart/form-data"),
        (Vec<u8> = "application/octet-stream"),
        (Vec<u8> = "audio/*"),
    )),
    responses(
        (status = 200, description = "The answer, granted or not", body = VerifyAnswer),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn verify(
    State(app): State<Arc<App>>,
    Params(query): Params<VerifyQuery>,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let name: ProfileName = query.name.parse().map_err(|e| Problem::bad_request(format!("name: {e}")))?;
    let (job, config) = (VerifyRequest { name, word: query.word }, app.config());
    let work = move |packs: &_, upload: &_, watch: &mut _| job.run(packs, &config, upload, watch);
    let done = app.job("/v1/voice/verify", request, None, work).await?;
    let response = ([(CONTENT_TYPE, "application/json")], done.answer.line());
    Ok(with_warnings(response, &done.warnings))
}

/// The probabilities of the word and of the owner for each of some clips
#[utoipa::path(
    post, path = "/predict", tag = "voices",
    request_body(content = PredictBody, content_type = "application/json"),
    responses(
        (status = 200, description = "A value for each clip", body = Prediction),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn predict(State(app): State<Arc<App>>, request: Request) -> Result<Json<Prediction>, Problem> {
    let config = app.config();
    // Whoever asks in vain neither takes a place nor sends his clips.
    PredictRequest::owner(&config.voice)?;
    let place = app.place()?;
    let body = in_memory(request, &config.limits, MAX_PREDICT_BYTES).await?;
    let (packs, voice) = (Arc::clone(&app.packs), config.voice.clone());
    let answer = app.jobs.submit(place, move || PredictRequest::parse(&body)?.run(&packs, &voice));
    let broke_off = |_| JobError::Failed("the work broke off; this is a fault of the server".to_owned());
    Ok(Json(answer.await.map_err(broke_off)??))
}
