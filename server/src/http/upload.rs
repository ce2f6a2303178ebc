//! Bodies of requests, into files.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use earmark_core::output::is_disk_full;
use futures_util::StreamExt;

use super::problem::Problem;
use crate::config::{self, Limits};
use crate::jobs::Upload;

/// Slower uploads are ended once they have lasted [`SLOW_START`]: each holds a place in the queue.
const MIN_BYTES_PER_SECOND: u64 = 8 << 10;
/// How long an upload may be slower than that.
const SLOW_START: Duration = Duration::from_secs(30);
/// Bytes that are gathered before the disk is asked.
const GATHER_BYTES: usize = 1 << 18;
/// The longest value of a form field that is not the file, bytes.
const MAX_FIELD_BYTES: usize = 4 << 10;
/// Fields of a form.
const MAX_FIELDS: usize = 32;
/// What a form may send before something of it can be taken, bytes. The head of a field lies in memory until it is whole.
/// Far more than a connection brings at a time, so that nothing else can reach it.
const MAX_AHEAD_BYTES: usize = 2 << 20;
/// The longest name of a file, bytes.
const MAX_NAME_BYTES: usize = 1_024;
/// What a file without a name is called.
const NAMELESS: &str = "upload";

/// What a request brings: the file, and the other fields of its form.
#[derive(Debug)]
pub struct Received {
    pub upload: Upload,
    pub fields: Vec<(String, String)>,
}

/// Takes the body: a form with a field `file`, or the file itself. `name` is what the query calls it.
pub async fn receive(request: Request, limits: &Limits, name: Option<String>) -> Result<Received, Problem> {
    let headers = request.headers();
    check_length(headers, limits)?;
    let mut received = match kind(headers)? {
        Kind::Form => form(request, limits).await?,
        Kind::File => Received { upload: whole(request.into_body(), limits).await?, fields: Vec::new() },
    };
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        received.upload.name = name;
    }
    let name = &mut received.upload.name;
    if name.is_empty() {
        NAMELESS.clone_into(name);
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(Problem::bad_request(format!("the name of a file may have {MAX_NAME_BYTES} bytes")));
    }
    Ok(received)
}

enum Kind {
    Form,
    File,
}

fn kind(headers: &HeaderMap) -> Result<Kind, Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(Kind::File) };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    match kind.split_once('/') {
        Some(("multipart", "form-data")) => Ok(Kind::Form),
        Some(("audio" | "video", _))
        | Some(("application", "octet-stream" | "ogg" | "mp4"))
        // What curl says of --data-binary unless told otherwise.
        | Some(("application", "x-www-form-urlencoded")) => Ok(Kind::File),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("{kind:?} is no audio; send multipart/form-data with a field \"file\", or the bytes of the file as audio/* or application/octet-stream"),
        )),
    }
}

fn check_length(headers: &HeaderMap, limits: &Limits) -> Result<(), Problem> {
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(bytes) if bytes > limits.max_body.0 => Err(too_large(limits)),
        _ => Ok(()),
    }
}

fn too_large(limits: &Limits) -> Problem {
    let detail =
        format!("this server takes bodies of up to {}; compress the file or split it", limits.max_body);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

async fn whole(body: Body, limits: &Limits) -> Result<Upload, Problem> {
    let mut stream = body.into_data_stream();
    let mut spool = Spool::new(limits)?;
    while let Some(chunk) = spool.in_time(stream.next()).await? {
        let chunk = chunk.map_err(|error| broken(&error))?;
        spool.push(&chunk).await?;
    }
    spool.finish().await
}

/// Takes a short body into memory, of `--max-body` and `most` bytes at most. Slow ones are ended as files are.
pub async fn in_memory(request: Request, limits: &Limits, most: u64) -> Result<Vec<u8>, Problem> {
    let limits = &Limits { max_body: config::Bytes(limits.max_body.0.min(most)), ..*limits };
    check_length(request.headers(), limits)?;
    let mut stream = request.into_body().into_data_stream();
    let mut pace = Pace::new(limits);
    let mut whole = Vec::new();
    while let Some(chunk) = pace.in_time(stream.next()).await? {
        let chunk = chunk.map_err(|error| broken(&error))?;
        pace.count(&chunk)?;
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}

async fn form(request: Request, limits: &Limits) -> Result<Received, Problem> {
    let (request, ahead) = counted(request);
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let mut upload = None;
    let mut fields = Vec::new();
    let mut spool = Spool::new(limits)?;
    loop {
        let Some(mut field) = spool.in_time(form.next_field()).await?.map_err(|e| broken_form(&e))? else {
            break;
        };
        ahead.store(0, Ordering::Relaxed);
        let name = field.name().unwrap_or_default().to_owned();
        if fields.len() >= MAX_FIELDS {
            return Err(Problem::bad_request(format!("a form may have {MAX_FIELDS} fields")));
        }
        if name == "file" {
            if upload.is_some() {
                return Err(Problem::bad_request(
                    "the form has two fields \"file\"; send one file per request",
                ));
            }
            let file_name = field.file_name().unwrap_or_default().to_owned();
            while let Some(chunk) = spool.in_time(field.chunk()).await?.map_err(|e| broken_form(&e))? {
                ahead.store(0, Ordering::Relaxed);
                spool.push(&chunk).await?;
            }
            let next = Spool::new(limits)?;
            let mut done = std::mem::replace(&mut spool, next).finish().await?;
            done.name = file_name;
            upload = Some(done);
            continue;
        }
        let mut value = Vec::new();
        while let Some(chunk) = spool.in_time(field.chunk()).await?.map_err(|e| broken_form(&e))? {
            ahead.store(0, Ordering::Relaxed);
            value.extend_from_slice(&chunk);
            if value.len() > MAX_FIELD_BYTES {
                return Err(Problem::bad_request(format!("the field {name:?} is too long")));
            }
        }
        let value = String::from_utf8(value)
            .map_err(|_| Problem::bad_request(format!("the field {name:?} is not UTF-8")))?;
        fields.push((name, value));
    }
    let upload = upload.ok_or_else(|| Problem::bad_request("the form has no field \"file\""))?;
    Ok(Received { upload, fields })
}

/// The request, with a count of what is read of its body; the body breaks off where the count passes [`MAX_AHEAD_BYTES`].
/// Whoever takes something sets it back.
fn counted(request: Request) -> (Request, Arc<AtomicUsize>) {
    let ahead = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ahead);
    let (parts, body) = request.into_parts();
    let chunks = body.into_data_stream().map(move |chunk| {
        let chunk = chunk?;
        let before = count.fetch_add(chunk.len(), Ordering::Relaxed);
        if before + chunk.len() > MAX_AHEAD_BYTES {
            return Err(axum::Error::new("the head of a field is too long"));
        }
        Ok(chunk)
    });
    (Request::from_parts(parts, Body::from_stream(chunks)), ahead)
}

fn broken(error: &dyn std::fmt::Display) -> Problem {
    Problem::bad_request(format!("the body ends or breaks in the middle: {error}"))
}

fn broken_form(error: &axum::extract::multipart::MultipartError) -> Problem {
    Problem::bad_request(format!("the form cannot be read: {}", error.body_text()))
}

/// How fast a body comes.
struct Pace<'a> {
    limits: &'a Limits,
    bytes: u64,
    begun: Instant,
}

impl<'a> Pace<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self { limits, bytes: 0, begun: Instant::now() }
    }

    /// Counts what has come, unless that is too much.
    fn count(&mut self, chunk: &Bytes) -> Result<(), Problem> {
        self.bytes += chunk.len() as u64;
        if self.bytes > self.limits.max_body.0 { Err(too_large(self.limits)) } else { Ok(()) }
    }

    /// What comes next, unless the client lets everybody wait.
    async fn in_time<T>(&self, next: impl Future<Output = T>) -> Result<T, Problem> {
        let timeout = || {
            let detail = "the body came too slowly; send it again over a better connection";
            Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
        };
        let lasted = self.begun.elapsed();
        if lasted > SLOW_START && self.bytes < lasted.as_secs() * MIN_BYTES_PER_SECOND {
            return Err(timeout());
        }
        tokio::time::timeout(self.limits.stall_timeout.duration(), next).await.map_err(|_| timeout())
    }
}

/// A file on its way to the disk.
struct Spool<'a> {
    pace: Pace<'a>,
    upload: Upload,
    file: std::fs::File,
    gathered: Vec<u8>,
}

impl<'a> Spool<'a> {
    fn new(limits: &'a Limits) -> Result<Self, Problem> {
        let upload = Upload::create().map_err(|error| disk(&error))?;
        let file = upload.writer().map_err(|error| disk(&error))?;
        Ok(Self { pace: Pace::new(limits), upload, file, gathered: Vec::new() })
    }

    /// What comes next, unless the client lets everybody wait.
    async fn in_time<T>(&self, next: impl Future<Output = T>) -> Result<T, Problem> {
        self.pace.in_time(next).await
    }

    async fn push(&mut self, chunk: &Bytes) -> Result<(), Problem> {
        self.pace.count(chunk)?;
        self.gathered.extend_from_slice(chunk);
        if self.gathered.len() >= GATHER_BYTES { self.write().await } else { Ok(()) }
    }

    /// The disk may be slow, so this is done where waiting is allowed.
    async fn write(&mut self) -> Result<(), Problem> {
        let mut file = self.file.try_clone().map_err(|error| disk(&error))?;
        let mut gathered = std::mem::take(&mut self.gathered);
        let written = tokio::task::spawn_blocking(move || {
            file.write_all(&gathered)?;
            gathered.clear();
            Ok::<_, std::io::Error>(gathered)
        });
        self.gathered = written.await.map_err(|error| broken(&error))?.map_err(|error| disk(&error))?;
        Ok(())
    }

    async fn finish(mut self) -> Result<Upload, Problem> {
        self.write().await?;
        Ok(self.upload)
    }
}

fn disk(error: &std::io::Error) -> Problem {
    tracing::error!(%error, "an upload cannot be kept");
    let status = if is_disk_full(error) {
        StatusCode::INSUFFICIENT_STORAGE
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    };
    Problem::new(status, "the upload cannot be kept in the server's folder for temporary files")
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{iter, pending};

    use super::*;

    const BROKEN: std::io::ErrorKind = std::io::ErrorKind::UnexpectedEof;

    fn limits(max_body: u64) -> Limits {
        let stall_timeout = config::Seconds(1);
        Limits { max_body: config::Bytes(max_body), stall_timeout, ..Limits::default() }
    }

    async fn taken(body: Body, limits: &Limits, most: u64) -> Result<Vec<u8>, StatusCode> {
        in_memory(Request::new(body), limits, most).await.map_err(|problem| problem.status)
    }

    #[tokio::test]
    async fn a_body_in_memory_is_bounded_whole_and_in_time() {
        let large = limits(1_000);
        assert_eq!(taken(Body::from("{}"), &large, 2).await, Ok(b"{}".to_vec()));
        assert_eq!(taken(Body::from("{}"), &large, 1).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(taken(Body::from("{}"), &limits(1), 2).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        // It breaks in the middle.
        let broken = iter([Ok("{"), Err(std::io::Error::from(BROKEN))]);
        assert_eq!(taken(Body::from_stream(broken), &large, 9).await, Err(StatusCode::BAD_REQUEST));
        // It begins, and then nothing comes.
        let stalled = iter([Ok::<_, std::io::Error>("{")]).chain(pending());
        assert_eq!(taken(Body::from_stream(stalled), &large, 9).await, Err(StatusCode::REQUEST_TIMEOUT));
    }
}
