//! What is odd about a file that was answered: in the log, and in a header beside the answer, which stays the command's.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response};
use axum::response::IntoResponse;

/// Header with one warning; there may be several.
pub const WARNING: HeaderName = HeaderName::from_static("earmark-warning");

/// The longest warning, characters: clients bound the head of an answer.
const MAX_CHARS: usize = 500;

/// The response with these warnings in its head.
pub fn with_warnings(response: impl IntoResponse, warnings: &[String]) -> Response<Body> {
    let mut response = response.into_response();
    for warning in warnings {
        response.headers_mut().append(WARNING, value(warning));
    }
    response
}

/// A warning as a header may hold it. Names within a file may be any text, and nothing of them may end the header.
fn value(warning: &str) -> HeaderValue {
    let plain = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    let text: String = warning.chars().take(MAX_CHARS).map(plain).collect();
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_cannot_break_out_of_its_header() {
        let long = "x".repeat(2 * MAX_CHARS);
        let warnings =
            ["truncated after 1.000 s".to_owned(), "gr\u{fc}n\r\nSet-Cookie: a\t\0".to_owned(), long];
        let response = with_warnings("the answer", &warnings);
        let told: Vec<&str> =
            response.headers().get_all(WARNING).iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(told[..2], ["truncated after 1.000 s", "gr?n??Set-Cookie: a??"]);
        assert_eq!(told[2].len(), MAX_CHARS);
    }
}
