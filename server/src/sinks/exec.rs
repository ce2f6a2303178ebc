//! A program per event.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use earmark_core::stream::{AlertState, Event};

use super::{About, Closing, Notice, Say, next};

/// How long a program may run.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked at.
const POLL: Duration = Duration::from_millis(10);

/// Runs `program` for each event, one at a time; for none any more once the stream is over.
pub(super) fn run(program: &Path, about: &About, notices: &Receiver<Notice>, closing: &Closing, say: &Say) {
    let mut left_out = 0_u32;
    while let Some(notice) = next(notices) {
        if closing.is_late() {
            left_out += 1;
        } else if let Err(problem) = run_once(program, about, &notice, PATIENCE, closing) {
            say(&format!("{}: {problem}", program.display()));
        }
    }
    if left_out > 0 {
        say(&format!(
            "{}: the stream ended before it was run for the last {left_out} events",
            program.display()
        ));
    }
}

fn run_once(
    program: &Path,
    about: &About,
    notice: &Notice,
    limit: Duration,
    closing: &Closing,
) -> Result<(), String> {
    let mut command = Command::new(program);
    // Standard output may carry events or sound: what the program prints goes beside them.
    command.stdin(Stdio::null()).stdout(std::io::stderr()).envs(facts(about, notice));
    // What it starts belongs to its group, by which it is ended. An interrupt from the keyboard does not reach it: this process
    // answers that.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(status.to_string()),
            Ok(None) if closing.is_cut() => {
                end(&mut child);
                return Err(format!("ran for {} s and was ended with its stream", began.elapsed().as_secs()));
            }
            Ok(None) if began.elapsed() < limit => std::thread::sleep(POLL),
            Ok(None) => {
                end(&mut child);
                return Err(format!("ran for more than {} s and was ended", limit.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Ends a program that has not been waited for, and all that is still of its group: a script's own programs do not end with it. Where
/// there are no groups they are left.
fn end(child: &mut Child) {
    // It may have ended just now.
    #[cfg(unix)]
    let _ = rustix::process::kill_process_group(
        rustix::process::Pid::from_child(child),
        rustix::process::Signal::KILL,
    );
    #[cfg(not(unix))]
    let _ = child.kill();
    let _ = child.wait();
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
    use super::super::Scope;
    use super::*;

    fn about() -> About {
        About { stream: "desk".into(), scope: Scope::Labels(Vec::new()) }
    }

    #[test]
    fn an_alert_has_its_facts() {
        let event =
            Event::Alert { when: "silence>3s".into(), state: AlertState::Raised, since_s: 1.5, time_s: 4.5 };
        let facts = facts(&about(), &Notice { event, line: "{}".into() });
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

    /// A program that does not end, and what it has started: that writes until it is ended.
    #[cfg(unix)]
    struct Script {
        /// A file that is written while another test starts a program cannot be run.
        _alone: std::sync::MutexGuard<'static, ()>,
        program: std::path::PathBuf,
        written: std::path::PathBuf,
    }

    #[cfg(unix)]
    impl Script {
        fn new(name: &str) -> Self {
            use std::os::unix::fs::PermissionsExt;
            static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
            let alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let place = |kind: &str| {
                std::env::temp_dir().join(format!("earmark-exec-{name}-{}.{kind}", std::process::id()))
            };
            let (program, written) = (place("sh"), place("txt"));
            let text = format!(
                "#!/bin/sh\n( while :; do echo x >> '{}'; sleep 0.02; done ) &\nwait\n",
                written.display()
            );
            std::fs::write(&program, text).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            Self { _alone: alone, program, written }
        }

        fn run(&self, limit: Duration, closing: &Closing) -> Result<(), String> {
            let event = Event::Gap { start_s: 0.0, end_s: None, reason: "test".into() };
            run_once(&self.program, &about(), &Notice { event, line: "{}".into() }, limit, closing)
        }

        fn length(&self) -> u64 {
            std::fs::metadata(&self.written).map_or(0, |file| file.len())
        }

        /// Holds that it has begun, and writes no more.
        fn assert_over(&self) {
            let length = self.length();
            assert!(length > 0, "it never began");
            std::thread::sleep(Duration::from_millis(500));
            assert_eq!(self.length(), length, "what it started goes on");
        }
    }

    #[cfg(unix)]
    impl Drop for Script {
        fn drop(&mut self) {
            for file in [&self.program, &self.written] {
                let _ = std::fs::remove_file(file);
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_a_program_started_is_ended_with_it_at_its_limit() {
        let script = Script::new("limit");
        let problem = script.run(Duration::from_secs(2), &Closing::default()).unwrap_err();
        assert!(problem.contains("more than 2 s"), "{problem}");
        script.assert_over();
    }

    #[cfg(unix)]
    #[test]
    fn a_program_is_ended_with_its_stream() {
        let (script, closing) = (Script::new("stream"), Closing::default());
        let began = Instant::now();
        let ended = std::thread::scope(|scope| {
            let running = scope.spawn(|| script.run(PATIENCE, &closing));
            while script.length() == 0 {
                assert!(began.elapsed() < PATIENCE, "it never began");
                std::thread::sleep(POLL);
            }
            // No other would be run; this one has its time.
            closing.no_more();
            std::thread::sleep(Duration::from_millis(300));
            assert!(!running.is_finished());
            closing.cut();
            running.join().unwrap()
        });
        assert!(ended.unwrap_err().contains("ended with its stream"));
        script.assert_over();
    }
}
