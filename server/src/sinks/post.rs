//! An HTTP POST per event.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::{About, Notice, Say, next, tls};
use crate::sources::without_password;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Attempts for one event.
const ATTEMPTS: u32 = 3;
/// Wait before the second attempt; each is twice the one before.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// Why a URL cannot be posted to, if so.
pub(super) fn problem(url: &str) -> Option<String> {
    let has_host = url.parse::<ureq::http::Uri>().is_ok_and(|uri| uri.host().is_some());
    match scheme(url).as_str() {
        "http" if has_host => None,
        "https" if has_host => tls::problem(),
        _ => Some("name an http:// or https:// URL".to_owned()),
    }
}

fn scheme(url: &str) -> String {
    url.split("://").next().unwrap_or_default().to_ascii_lowercase()
}

/// Posts each event as JSON, the name of its stream beside it in the header `Earmark-Stream`.
pub(super) fn run(url: &str, about: &About, notices: &Receiver<Notice>, say: &Say) {
    let mut config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE));
    if scheme(url) == "https" {
        config = match tls::for_http(config) {
            Ok(config) => config,
            Err(problem) => return say(&format!("{}: {problem}", without_password(url))),
        };
    }
    let agent: ureq::Agent = config.build().into();
    // A header has no line breaks and no letters beyond ASCII.
    let stream: String =
        about.stream.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
    while let Some(notice) = next(notices) {
        let mut wait = FIRST_WAIT;
        for attempt in 1..=ATTEMPTS {
            let sent = agent
                .post(url)
                .header("Content-Type", "application/json")
                .header("Earmark-Stream", &stream)
                .send(notice.line.as_bytes());
            match sent {
                Ok(_) => break,
                Err(error) if attempt == ATTEMPTS || !may_pass(&error) => {
                    let why = tls::explained(&error);
                    say(&format!("{}: an event could not be posted: {why}", without_password(url)));
                    break;
                }
                Err(_) => std::thread::sleep(wait),
            }
            wait *= 2;
        }
    }
}

/// Whether another attempt may help: what a server refuses it refuses again, and it does not change its certificate.
fn may_pass(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::StatusCode(status) => !(400..500).contains(status) || *status == 429,
        #[cfg(feature = "tls")]
        ureq::Error::Rustls(_) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_cannot_be_posted_to_are_known() {
        assert_eq!(problem("http://localhost:8080/hook?a=b"), None);
        assert_eq!(problem("https://example.org/"), tls::problem());
        for url in ["ftp://example.org", "example.org", "http://", "https://", ""] {
            assert!(problem(url).unwrap().contains("http://"), "{url}");
        }
    }
}
