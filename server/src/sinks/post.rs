//! An HTTP POST per event.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::{About, Notice, Say, next};
use crate::sources::without_password;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Attempts for one event.
const ATTEMPTS: u32 = 3;
/// Wait before the second attempt; each is twice the one before.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// Why a URL cannot be posted to, if so.
pub(super) fn problem(url: &str) -> Option<String> {
    let lower = url.to_ascii_lowercase();
    if lower.starts_with("https://") {
        Some("this program speaks no TLS; use a relay on this machine, or --exec with a script that calls curl".to_owned())
    } else if lower.starts_with("http://")
        && url.parse::<ureq::http::Uri>().is_ok_and(|uri| uri.host().is_some())
    {
        None
    } else {
        Some("name an http:// URL".to_owned())
    }
}

/// Posts each event as JSON, the name of its stream beside it in the header `Earmark-Stream`.
pub(super) fn run(url: &str, about: &About, notices: &Receiver<Notice>, say: &Say) {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
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
                    say(&format!("{}: an event could not be posted: {error}", without_password(url)));
                    break;
                }
                Err(_) => std::thread::sleep(wait),
            }
            wait *= 2;
        }
    }
}

/// Whether another attempt may help: what a server refuses it refuses again.
fn may_pass(error: &ureq::Error) -> bool {
    !matches!(error, ureq::Error::StatusCode(status) if (400..500).contains(status) && *status != 429)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_cannot_be_posted_to_are_known() {
        assert_eq!(problem("http://localhost:8080/hook?a=b"), None);
        assert!(problem("https://example.org/").unwrap().contains("no TLS"));
        for url in ["ftp://example.org", "example.org", "http://", ""] {
            assert!(problem(url).unwrap().contains("http://"), "{url}");
        }
    }
}
