//! Errors as RFC 9457 has them: `application/problem+json`.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::jobs::{JobError, Stopped};

/// Why a request is not answered as asked, before it is known which request it was.
#[derive(Debug, Clone)]
pub struct Problem {
    pub status: StatusCode,
    /// What is wrong and what helps, one sentence.
    pub detail: String,
    /// Seconds after which the same may succeed.
    pub retry_after_s: Option<u32>,
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody<'a> {
    /// Always `about:blank`: the status says what kind of problem it is.
    r#type: &'static str,
    /// The status in words.
    title: &'a str,
    /// The status.
    status: u16,
    /// What is wrong and what helps.
    detail: &'a str,
    /// What the log calls the request.
    request_id: &'a str,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after_s: None }
    }

    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The limit is full; it may not be in a while.
    pub fn too_many(detail: impl Into<String>) -> Self {
        Self { retry_after_s: Some(RETRY_AFTER_S), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self { retry_after_s: Some(RETRY_AFTER_S), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// The response, once the request's name is known.
    pub fn render(&self, request_id: &str) -> Response<Body> {
        let body = ProblemBody {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            request_id,
        };
        let json = serde_json::to_string(&body).unwrap_or_default();
        let mut response = Response::new(Body::from(json + "\n"));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What a client is asked to wait when a limit is reached.
const RETRY_AFTER_S: u32 = 5;

impl IntoResponse for Problem {
    /// A response without a body, which the outermost layer gives its body: only that knows the request's name.
    fn into_response(self) -> Response<Body> {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Parameter(detail) => Self::bad_request(detail),
            JobError::NotAudio(detail) => Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail),
            JobError::Missing(detail) => Self::new(StatusCode::NOT_FOUND, detail),
            JobError::Conflict(detail) => Self::new(StatusCode::CONFLICT, detail),
            JobError::TooLong(detail) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail),
            JobError::Unreadable(detail) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
            JobError::Stopped(Stopped::TooLong) => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the audio is longer than this server accepts; split it, or ask for a higher --max-duration",
            ),
            JobError::Stopped(Stopped::TooSlow) => Self::unavailable(
                "the work took longer than this server allows; try again when it has less to do",
            ),
            JobError::Stopped(Stopped::NotWanted) => Self::unavailable("the server is stopping"),
            full @ JobError::DiskFull => {
                tracing::error!("an answer cannot be kept: the disk is full");
                Self::new(StatusCode::INSUFFICIENT_STORAGE, full.to_string())
            }
            JobError::Failed(detail) => {
                tracing::error!(detail, "a job failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_has_a_status_of_its_own() {
        let problem = Problem::from(JobError::DiskFull);
        assert_eq!(problem.status, StatusCode::INSUFFICIENT_STORAGE);
        assert!(problem.detail.contains("full"), "{}", problem.detail);
        assert_eq!(Problem::from(JobError::Failed(String::new())).status, StatusCode::INTERNAL_SERVER_ERROR);
    }
}
