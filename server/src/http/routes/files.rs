//! What is done with a file that is sent: `/v1/tag`, `/v1/frames`, `/v1/noise`, `/v1/render`.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, header};
use earmark_core::model::pack;
use earmark_core::render::Container;
use earmark_core::report::{Format, FramesFormat, NoiseFormat};
use tokio_util::io::ReaderStream;

use super::super::App;
use super::super::media::{Media, chosen};
use super::super::problem::{Problem, ProblemBody};
use super::super::query::{FramesQuery, NoiseQuery, Params, RenderQuery, TagQuery};
use super::super::upload::{Received, receive};
use super::super::warnings::with_warnings;
use crate::jobs::{
    FramesRequest, JobError, JobWatch, NoiseRequest, Packs, Place, RenderRequest, TagRequest, Upload,
};

/// Bytes of an answer that are read at a time.
const CHUNK_BYTES: usize = 1 << 16;

/// A recording that is sent: as a form, or as the body.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "for the document only")]
pub struct FileForm {
    /// The recording
    #[schema(format = Binary, content_media_type = "application/octet-stream", value_type = String)]
    file: Vec<u8>,
}

/// Labels of a recording: what is heard when. Equal to what `earmark tag` writes, byte for byte
#[utoipa::path(
    post, path = "/v1/tag", tag = "files", params(TagQuery),
    request_body(content(
        (inline(FileForm) = "multipart/form-data"),
        (Vec<u8> = "application/octet-stream"),
        (Vec<u8> = "audio/*"),
    )),
    responses(
        (status = 200, description = "The labels", content(
            (String = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "text/tab-separated-values"), (String = "text/plain"), (String = "text/vtt"),
            (String = "application/x-subrip"), (String = "application/xml"), (String = "application/x-cue"),
        )),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn tag(
    State(app): State<Arc<App>>,
    Params(query): Params<TagQuery>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let format: Format = chosen(query.format.as_deref(), &headers)?;
    let timeline = query.timeline().changes()?;
    let pack = query.pack.unwrap_or_else(|| pack::STUDIO.to_owned());
    let job = TagRequest { pack, format, timeline };
    let done = app
        .job("/v1/tag", request, query.name, move |packs, upload, watch| job.run(packs, upload, watch))
        .await?;
    send(done, format)
}

/// What was heard every 10 ms, before any decision. Equal to what `earmark frames` writes, byte for byte
#[utoipa::path(
    post, path = "/v1/frames", tag = "files", params(FramesQuery),
    request_body(content(
        (inline(FileForm) = "multipart/form-data"),
        (Vec<u8> = "application/octet-stream"),
        (Vec<u8> = "audio/*"),
    )),
    responses(
        (status = 200, description = "A row per frame", content(
            (String = "text/csv"), (Vec<u8> = "application/octet-stream"),
        )),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn frames(
    State(app): State<Arc<App>>,
    Params(query): Params<FramesQuery>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let format: FramesFormat = chosen(query.format.as_deref(), &headers)?;
    let pack = query.pack.unwrap_or_else(|| pack::STUDIO.to_owned());
    let job = FramesRequest { pack, format, live: query.live.unwrap_or_default() };
    let done = app
        .job("/v1/frames", request, query.name, move |packs, upload, watch| job.run(packs, upload, watch))
        .await?;
    send(done, format)
}

/// The noise behind the speech of a recording. Equal to what `earmark noise` writes, byte for byte
#[utoipa::path(
    post, path = "/v1/noise", tag = "files", params(NoiseQuery),
    request_body(content(
        (inline(FileForm) = "multipart/form-data"),
        (Vec<u8> = "application/octet-stream"),
        (Vec<u8> = "audio/*"),
    )),
    responses(
        (status = 200, description = "The verdict", content(
            (String = "application/json"), (String = "text/csv"), (String = "text/plain"),
        )),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn noise(
    State(app): State<Arc<App>>,
    Params(query): Params<NoiseQuery>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let format: NoiseFormat = chosen(query.format.as_deref(), &headers)?;
    if let Some(threshold) = query.threshold.filter(|value| !(0.0..=1.0).contains(value)) {
        return Err(Problem::bad_request(format!("threshold: {threshold} is not a probability (0 to 1)")));
    }
    let job =
        NoiseRequest { format, timeline: query.timeline.unwrap_or_default(), threshold: query.threshold };
    let done = app
        .job("/v1/noise", request, query.name, move |packs, upload, watch| job.run(packs, upload, watch))
        .await?;
    send(done, format)
}

/// A recording through the gate. Equal to what `earmark render` writes, byte for byte
#[utoipa::path(
    post, path = "/v1/render", tag = "files", params(RenderQuery),
    request_body(content(
        (inline(FileForm) = "multipart/form-data"),
        (Vec<u8> = "application/octet-stream"),
        (Vec<u8> = "audio/*"),
    )),
    responses(
        (status = 200, description = "The sound", content(
            (Vec<u8> = "audio/wav"), (Vec<u8> = "audio/flac"),
        )),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn render(
    State(app): State<Arc<App>>,
    Params(query): Params<RenderQuery>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let container: Container = chosen(query.format.as_deref(), &headers)?;
    query.check()?;
    let job = RenderRequest {
        preset: query.preset.clone().unwrap_or_else(|| "podcast".to_owned()),
        gate: query.gate(),
        timeline: query.timeline().changes()?,
        pack: query.pack.clone(),
        live: query.live.unwrap_or_default(),
        adaptive: query.adaptive.unwrap_or_default(),
        sample_format: query.bits.map(|bits| bits.sample_format()),
        no_dither: query.no_dither.unwrap_or_default(),
        container,
    };
    let done = app
        .job("/v1/render", request, query.name, move |packs, upload, watch| job.run(packs, upload, watch))
        .await?;
    send(done, container)
}

/// What came of a file.
#[derive(Debug)]
pub struct Done<T> {
    /// What the client calls the file.
    pub name: String,
    /// The answer.
    pub answer: T,
    /// What was odd about the file, and stopped nothing.
    pub warnings: Vec<String>,
}

impl App {
    /// Takes a place in the queue, the upload, and has `work` done on it.
    pub async fn job<T: Send + 'static>(
        &self,
        route: &'static str,
        request: Request,
        name: Option<String>,
        work: impl FnOnce(&Packs, &Upload, &mut JobWatch) -> Result<T, JobError> + Send + 'static,
    ) -> Result<Done<T>, Problem> {
        let place = self.place()?;
        let received = receive(request, &self.config().limits, name).await?;
        self.job_on(route, place, received, work).await
    }

    /// A place in the queue.
    pub fn place(&self) -> Result<Place, Problem> {
        if self.stopping.is_cancelled() {
            return Err(Problem::unavailable("the server is stopping"));
        }
        self.jobs.place().map_err(|_| {
            Problem::too_many("this server has as many files to work on as it accepts; try again in a moment")
        })
    }

    /// Has `work` done on what was received.
    pub async fn job_on<T: Send + 'static>(
        &self,
        route: &'static str,
        place: Place,
        received: Received,
        work: impl FnOnce(&Packs, &Upload, &mut JobWatch) -> Result<T, JobError> + Send + 'static,
    ) -> Result<Done<T>, Problem> {
        /// Tells the job when nobody waits any more: this future is dropped when its client leaves.
        struct Leaving(Arc<AtomicBool>);
        impl Drop for Leaving {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let left = Leaving(Arc::default());
        let heard_ms = Arc::new(AtomicU64::new(0));
        let limits = self.config().limits;
        let (flag, total, packs) = (Arc::clone(&left.0), Arc::clone(&heard_ms), Arc::clone(&self.packs));
        let upload = received.upload;
        let name = upload.name.clone();
        let answer = self.jobs.submit(place, move || {
            let mut watch = JobWatch::new(&limits, flag, total);
            let answer = work(&packs, &upload, &mut watch);
            (answer, watch.take_warnings())
        });
        let (answer, warnings) = answer.await.map_err(|_| {
            tracing::error!(file = name, "a job panicked");
            Problem::from(JobError::Failed(
                "the work on this file broke off; this is a fault of the server".into(),
            ))
        })?;
        #[expect(clippy::cast_precision_loss, reason = "a count of milliseconds")]
        self.metrics.heard(route, heard_ms.load(Ordering::Relaxed) as f64 / 1_000.0);
        for warning in &warnings {
            tracing::warn!(file = name, warning, "a file is odd");
        }
        Ok(Done { name, answer: answer?, warnings })
    }
}

/// A file as an answer.
fn send<M: Media>(done: Done<File>, media: M) -> Result<Response<Body>, Problem> {
    let Done { name, answer: file, warnings } = done;
    let bytes = file.metadata().map_err(JobError::from)?.len();
    let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK_BYTES);
    let mut response = Response::new(Body::from_stream(stream));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    headers.insert(header::CONTENT_LENGTH, bytes.into());
    if let Ok(value) = HeaderValue::from_str(&disposition(&name, media.extension())) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(with_warnings(response, &warnings))
}

/// What a browser shall call the answer: as the file, with another ending (RFC 6266).
fn disposition(name: &str, extension: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let file = format!("{stem}.{extension}");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
    if file.chars().all(plain) {
        return format!("inline; filename=\"{file}\"");
    }
    let mut encoded = String::new();
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("inline; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn names_of_answers_cannot_break_out_of_their_header() {
        assert_eq!(disposition("a/b/talk.wav", "csv"), "inline; filename=\"talk.csv\"");
        assert_eq!(
            disposition("gr\u{fc}n\"\r\n.wav", "srt"),
            "inline; filename*=UTF-8''gr%C3%BCn%22%0D%0A.srt"
        );
        assert_eq!(disposition("..\\x", "json"), "inline; filename=\"x.json\"");
    }
}
