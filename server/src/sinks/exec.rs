//! A program per event.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use earmark_core::stream::{AlertState, Event};

use super::{About, Notice, Say, next};

/// How long a program may run.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked at.
const POLL: Duration = Duration::from_millis(10);

/// Runs `program` for each event, one at a time.
pub(super) fn run(program: &Path, about: &About, notices: &Receiver<Notice>, say: &Say) {
    while let Some(notice) = next(notices) {
        if let Err(problem) = run_once(program, about, &notice) {
            say(&format!("{}: {problem}", program.display()));
        }
    }
}

fn run_once(program: &Path, about: &About, notice: &Notice) -> Result<(), String> {
    let mut command = Command::new(program);
    // Standard output may carry events or sound: what the program prints goes beside them.
    command.stdin(Stdio::null()).stdout(std::io::stderr()).envs(facts(about, notice));
    let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
    let until = Instant::now() + PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(status.to_string()),
            Ok(None) if Instant::now() < until => std::thread::sleep(POLL),
            Ok(None) => {
                // It may have ended just now.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("ran for more than {} s and was ended", PATIENCE.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// The facts of an event as environment variables.
fn facts(about: &About, notice: &Notice) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("EARMARK_EVENT", notice.event.kind().to_owned()),
        ("EARMARK_STREAM", about.stream.clone()),
        ("EARMARK_TIME", notice.event.time_s().to_string()),
        ("EARMARK_JSON", notice.line.to_string()),
    ];
    match &notice.event {
        Event::Onset { label, start_s, confidence, .. } => facts.extend([
            ("EARMARK_LABEL", label.to_string()),
            ("EARMARK_START", start_s.to_string()),
            ("EARMARK_CONFIDENCE", confidence.to_string()),
        ]),
        Event::Offset { label, start_s, end_s, confidence, .. } => facts.extend([
            ("EARMARK_LABEL", label.to_string()),
            ("EARMARK_START", start_s.to_string()),
            ("EARMARK_END", end_s.to_string()),
            ("EARMARK_CONFIDENCE", confidence.to_string()),
        ]),
        Event::Gap { start_s, end_s, reason } => {
            facts.extend([("EARMARK_START", start_s.to_string()), ("EARMARK_REASON", reason.clone())]);
            facts.extend(end_s.map(|end_s| ("EARMARK_END", end_s.to_string())));
        }
        Event::Alert { when, state, since_s, .. } => facts.extend([
            ("EARMARK_WHEN", when.clone()),
            ("EARMARK_STATE", state_name(*state).to_owned()),
            ("EARMARK_START", since_s.to_string()),
        ]),
        _ => {}
    }
    facts
}

/// What the JSON calls it.
fn state_name(state: AlertState) -> &'static str {
    match state {
        AlertState::Raised => "raised",
        AlertState::Cleared => "cleared",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_has_its_facts() {
        let event =
            Event::Alert { when: "silence>3s".into(), state: AlertState::Raised, since_s: 1.5, time_s: 4.5 };
        let about = About { stream: "desk".into(), labels: Vec::new() };
        let facts = facts(&about, &Notice { event, line: "{}".into() });
        for fact in [
            ("EARMARK_EVENT", "alert"),
            ("EARMARK_STREAM", "desk"),
            ("EARMARK_WHEN", "silence>3s"),
            ("EARMARK_STATE", "raised"),
            ("EARMARK_START", "1.5"),
            ("EARMARK_TIME", "4.5"),
        ] {
            assert!(facts.contains(&(fact.0, fact.1.to_owned())), "{fact:?} in {facts:?}");
        }
    }
}
