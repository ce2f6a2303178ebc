//! What lies in `examples/`, run by the very programs that it is for.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::stream::valid;
use crate::stream_services::{Broker, Radio, Running, program};
use crate::support::{earmark, noise, workspace, write_wav};

/// Liquidsoap takes long to check a script on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

fn example(name: &str) -> String {
    std::fs::read_to_string(workspace().join("examples").join(name)).unwrap()
}

/// A line of a shell in an example's comment, without the mark of the comment.
fn command_in<'a>(example: &'a str, begins: &str) -> Vec<&'a str> {
    let lines = example.lines().filter_map(|line| line.strip_prefix("# "));
    let line = lines.into_iter().find(|line| line.starts_with(begins)).expect("it says how it is run");
    line.split(' ').map(|word| word.trim_matches('\'')).collect()
}

/// The folder of the command, for programs that look for it in `PATH`.
fn path_with_earmark() -> std::ffi::OsString {
    let command = earmark::<&str>([]);
    let folder = Path::new(command.get_program()).parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&others))).unwrap()
}

#[test]
fn liquidsoap_lets_the_gate_work_between_two_streams() {
    let (Some(liquidsoap), Some(ffmpeg)) = (program("liquidsoap"), program("ffmpeg")) else { return };
    let Some(mut radio) = Radio::new() else { return };
    radio.on();
    let dir = tempfile::tempdir().unwrap();
    let there = format!("port={}, password=\"{}\"", radio.port(), Radio::PASSWORD);
    let script =
        example("liquidsoap/gate.liq").replace("http://localhost:8000/studio", &radio.url()).replace(
            "host=\"localhost\", port=8000, password=\"hackme\"",
            &format!("host=\"127.0.0.1\", {there}"),
        );
    assert!(!script.contains("8000"), "{script}");
    std::fs::write(dir.path().join("gate.liq"), script).unwrap();
    let mut command = Command::new(liquidsoap);
    // It refuses root otherwise.
    command.args(["settings.init.allow_root.set(true)", "gate.liq"]).current_dir(dir.path());
    command.env("PATH", path_with_earmark()).stdin(Stdio::null()).stdout(Stdio::null());
    let _running = Running(command.spawn().unwrap());
    let began = Instant::now();
    let events = dir.path().join("events.jsonl");
    let heard = || {
        let text = std::fs::read_to_string(&events).unwrap_or_default();
        // The last line may be on its way.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole).to_owned();
        whole.lines().map(valid).any(|event| event["type"] == "onset" && event["label"] == "speech")
    };
    while !heard() {
        assert!(began.elapsed() < PATIENCE, "{:?}", std::fs::read_to_string(&events));
        std::thread::sleep(Duration::from_millis(100));
    }
    // What comes out is sound, and some of it is silent.
    let gated = dir.path().join("gated.wav");
    let status = Command::new(ffmpeg)
        .args(["-nostdin", "-loglevel", "error", "-t", "20", "-i"])
        .arg(format!("http://127.0.0.1:{}/gated", radio.port()))
        .args(["-ac", "1", "-ar", "16000", "-c:a", "pcm_s16le"])
        .arg(&gated)
        .status()
        .unwrap();
    assert!(status.success());
    let mut reader = hound::WavReader::open(&gated).unwrap();
    let samples: Vec<i16> = reader.samples::<i16>().map(|sample| sample.unwrap()).collect();
    assert!(samples.len() > 16_000 * 15, "{} samples", samples.len());
    assert!(samples.iter().any(|sample| sample.unsigned_abs() > 1_000), "nothing is heard");
}

#[test]
fn systemd_understands_the_unit() {
    let Some(analyze) = program("systemd-analyze") else { return };
    let dir = tempfile::tempdir().unwrap();
    let binary = earmark::<&str>([]).get_program().to_str().unwrap().to_owned();
    let unit = example("systemd/earmark-stream@.service").replace("/usr/local/bin/earmark", &binary);
    assert!(unit.contains(&binary));
    let verify = |unit: &str| {
        std::fs::write(dir.path().join("earmark-stream@.service"), unit).unwrap();
        let mut command = Command::new(&analyze);
        command.args(["verify", "--man=no"]).arg(dir.path().join("earmark-stream@studio-1.service"));
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let about_ours = |(ran, said): (bool, String)| {
        let lines: Vec<String> =
            said.lines().filter(|line| line.contains("earmark-stream")).map(str::to_owned).collect();
        (ran, lines)
    };
    assert_eq!(about_ours(verify(&unit)), (true, Vec::new()));
    // It would say so.
    let (_, said) = about_ours(verify(&unit.replace("DynamicUser", "DynamicUsr")));
    assert!(said.iter().any(|line| line.contains("DynamicUsr")), "{said:?}");
}

/// The topic that the automation waits for is the one that the command in it publishes.
#[test]
fn home_assistants_automation_waits_for_a_topic_that_comes() {
    let Some(broker) = Broker::start() else { return };
    let automation = example("home-assistant/automation.yaml");
    let line = |key: &str| {
        let found = automation.lines().find_map(|line| line.trim().strip_prefix(key));
        found.unwrap_or_else(|| panic!("no {key}")).trim().trim_matches('"').to_owned()
    };
    let (topic, payload) = (line("topic:"), line("payload:"));
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("studio.wav");
    let mut samples = noise(16_000 * 2, 3);
    samples.extend(vec![0.0; 16_000 * 40]);
    write_wav(&wav, 16_000, 1, &samples);
    let url = broker.url();
    let words = command_in(&automation, "earmark stream");
    // "Studio 1" is one word.
    let joined = words.join(" ").replace("\"Studio 1\"", "Studio\u{a0}1");
    let arguments: Vec<String> = joined
        .split(' ')
        .skip(1)
        .map(|word| match word {
            "http://radio.example:8000/live" => wav.display().to_string(),
            "mqtt://localhost" => url.trim_end_matches("/home").to_owned(),
            word => word.replace('\u{a0}', " "),
        })
        .collect();
    let output = earmark(&arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    // It is retained until it no longer holds; the end of a stream is that, too.
    let told = broker.until(&topic, "OFF");
    assert_eq!(payload, "ON");
    let is_discovery = |place: &str| place.starts_with("homeassistant/") && place.ends_with("/config");
    let found = told.iter().any(|(place, config)| is_discovery(place) && config.contains(&topic));
    assert!(found, "{told:?}");
}

/// OBS shows a file; this is what stands in it.
#[test]
fn obs_is_told_what_is_on_now() {
    let script = workspace().join("examples/obs/on_now.sh");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("on-now.txt");
    let tell = |event: &str, label: &str| {
        let variables = [("EARMARK_EVENT", event), ("EARMARK_LABEL", label)];
        let status = Command::new(&script).envs(variables).env("ON_NOW", &file).status().unwrap();
        assert!(status.success());
        std::fs::read_to_string(&file).unwrap()
    };
    assert_eq!(tell("begin", ""), "");
    assert_eq!(tell("onset", "speech"), "speech\n");
    assert_eq!(tell("onset", "music"), "speech\nmusic\n");
    assert_eq!(tell("frame", ""), "speech\nmusic\n");
    assert_eq!(tell("offset", "speech"), "music\n");
    // As the command calls it: nothing is on at the end.
    let wav = dir.path().join("in.wav");
    write_wav(&wav, 16_000, 1, &noise(16_000 * 2, 3));
    let (wav, script) = (wav.to_str().unwrap(), script.to_str().unwrap());
    let output = earmark(["stream", wav, "--exec", script]).env("ON_NOW", &file).output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
}

/// What the container runs is a command that this program takes.
#[test]
fn the_containers_command_is_taken() {
    let file = example("container/Containerfile");
    let list = file.lines().find_map(|line| line.strip_prefix("CMD ")).expect("it has a command");
    let dir = tempfile::tempdir().unwrap();
    let (token, config) = (dir.path().join("token"), dir.path().join("serve.toml"));
    std::fs::write(&token, "a-token-of-sixteen-letters").unwrap();
    std::fs::write(&config, "").unwrap();
    let arguments: Vec<String> = serde_json::from_str::<Vec<String>>(list)
        .unwrap()
        .into_iter()
        .map(|word| match word.as_str() {
            "/etc/earmark/serve.toml" => config.display().to_string(),
            "/run/secrets/earmark-token" => token.display().to_string(),
            "0.0.0.0:7979" => "0.0.0.0:0".to_owned(),
            _ => word,
        })
        .collect();
    let mut served =
        Running(earmark(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(served.0.stdout.take().unwrap()), &mut line)
        .unwrap();
    assert!(line.starts_with("listening on http://0.0.0.0:"), "{line:?}");
}

/// A PipeWire of its own, with a sink on which the programme plays.
#[test]
fn pipewire_tells_what_plays() {
    for name in ["dbus-run-session", "pipewire", "wireplumber", "pw-cli", "pw-play", "pw-record"] {
        if program(name).is_none() {
            return;
        }
    }
    const SESSION: &str = r#"
        pipewire & first=$!
        until [ -S "$XDG_RUNTIME_DIR/pipewire-0" ]; do sleep 0.1; done
        wireplumber & second=$!
        until pw-cli list-objects Client | grep -q WirePlumber; do sleep 0.1; done
        pw-cli create-node adapter '{ factory.name=support.null-audio-sink node.name=studio media.class=Audio/Sink
            object.linger=true audio.position=[MONO] }'
        until pw-cli list-objects Node | grep -q studio; do sleep 0.1; done
        pw-play --target studio "$PROGRAMME" & third=$!
        SINK=studio timeout 40 "$EXAMPLE" >"$EVENTS" & fourth=$!
        until grep -q '"label":"speech"' "$EVENTS" || ! kill -0 $fourth; do sleep 0.1; done
        kill $fourth $third $second $first
        wait
    "#;
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("programme.wav");
    let samples = earmark_core::audio::read_mono(&crate::support::programme(), 48_000).unwrap();
    write_wav(&wav, 48_000, 1, &samples);
    let events = dir.path().join("events.jsonl");
    let mut session = Command::new("timeout");
    session.args(["120", "dbus-run-session", "--", "sh", "-c", SESSION]);
    session.env("XDG_RUNTIME_DIR", dir.path()).env("PATH", path_with_earmark());
    session.env("EXAMPLE", workspace().join("examples/pipewire/hear.sh"));
    let output = session.env("PROGRAMME", &wav).env("EVENTS", &events).output().unwrap();
    let told = std::fs::read_to_string(&events).unwrap_or_default();
    let said = String::from_utf8_lossy(&output.stderr);
    let events: Vec<serde_json::Value> = told.lines().map(valid).collect();
    assert!(events.first().is_some_and(|event| event["stream"] == "studio"), "{told}{said}");
    assert!(
        events.iter().any(|event| event["type"] == "onset" && event["label"] == "speech"),
        "{told}{said}"
    );
}
