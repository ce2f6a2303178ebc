//! Exports of Ardour: the same bytes each time, and the same sound from every start.
#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "a test program")]

#[path = "../../tests/required.rs"]
#[allow(dead_code, reason = "no variable is asked for here")]
mod required;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use earmark_core::audio::Source;

const RATE_HZ: usize = 48_000;
/// Samples of the region, and where every export ends.
const LENGTH: usize = 20 * RATE_HZ;
const END: usize = LENGTH - RATE_HZ;
/// Ardour's units of time in a sample.
const SUPERCLOCK: usize = 508_032_000 / RATE_HZ;

/// A home of its own, with the plugin where Ardour looks for it and a session with one track.
struct Studio {
    home: tempfile::TempDir,
}

impl Studio {
    fn open() -> Self {
        let studio = Self { home: tempfile::tempdir().expect("a temporary folder") };
        let inside = format!(".vst3/Earmark.vst3/Contents/{}-linux", std::env::consts::ARCH);
        let inside = studio.home.path().join(inside);
        fs::create_dir_all(&inside).expect("a folder");
        let test = std::env::current_exe().expect("this test's path");
        let library = test.parent().expect("a folder").join("libearmark_plugin.so");
        fs::copy(library, inside.join("Earmark.so")).expect("built with this test");
        // Ardour holds a cache that is no older than the plugin for stale.
        let hour = std::time::Duration::from_secs(3_600);
        for old in [&inside.join("Earmark.so"), &studio.home.path().join(".vst3/Earmark.vst3")] {
            let file = fs::File::open(old).expect("it is there");
            file.set_modified(std::time::SystemTime::now() - hour).expect("its own");
        }
        fs::create_dir(studio.home.path().join("out")).expect("a folder");
        let bundle = studio.home.path().join(".vst3/Earmark.vst3");
        let mut scanner = studio.program("/usr/lib/ardour7/ardour-vst3-scanner");
        let scanned =
            scanner.env("LD_LIBRARY_PATH", "/usr/lib/ardour7").arg(bundle).output().expect("it starts");
        assert!(scanned.status.success(), "{}", String::from_utf8_lossy(&scanned.stderr));
        studio
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.env("HOME", self.home.path()).env_remove("DISPLAY");
        for (variable, value) in [
            ("ARDOUR_DATA_PATH", "/usr/share/ardour7"),
            ("ARDOUR_CONFIG_PATH", "/etc/ardour7"),
            ("ARDOUR_DLL_PATH", "/usr/lib/ardour7"),
        ] {
            command.env(variable, value);
        }
        command
    }

    fn session(&self) -> PathBuf {
        self.home.path().join("session")
    }

    /// Runs a script until it has said that it is done. Ardour 7.3 sometimes writes its log from two threads at once and dies of
    /// that, with any plugin or none; then it is begun again. `fresh` is what the script makes and must not be there.
    fn run(&self, script: &str, fresh: Option<&Path>) {
        let path = self.home.path().join("script.lua");
        let head = "AudioEngine:set_backend(\"None (Dummy)\", \"\", \"\")\n";
        fs::write(&path, format!("{head}{script}\nprint(\"all is done\")\n")).expect("written");
        let mut told = String::new();
        for _ in 0..5 {
            if let Some(half_made) = fresh.filter(|fresh| fresh.exists()) {
                fs::remove_dir_all(half_made).expect("removed");
            }
            let output = self.program("ardour7-lua").arg(&path).output().expect("it starts");
            told = format!(
                "{:?}\n{}\n{}",
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            if told.contains("all is done") {
                return;
            }
        }
        panic!("Ardour was not done five times; the last time it said\n{told}");
    }

    /// One track with the plugin and the programme, at the beginning of the timeline.
    fn record(&self) {
        let session = self.session();
        let script = format!(
            r#"
            local s = create_session("{}", "session", {RATE_HZ})
            ARDOUR.LuaAPI.list_plugins()
            local t = s:new_audio_track(1, 2, nil, 1, "voice", ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true):front()
            t:set_strict_io(true)
            local p = ARDOUR.LuaAPI.new_plugin(s, "Earmark", ARDOUR.PluginType.VST3, "")
            assert(not p:isnil())
            t:add_processor_by_index(p, 0, nil, true)
            s:save_state("")"#,
            session.display()
        );
        self.run(&script, Some(&session));
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 48_000,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let wav = session.join("interchange/session/audiofiles/programme.wav");
        let mut writer = hound::WavWriter::create(wav, spec).expect("a file");
        // At twice its rate: every sample twice will do for an ear.
        for sample in programme().into_iter().flat_map(|sample| [sample, sample]).take(LENGTH) {
            writer.write_sample(sample).expect("written");
        }
        writer.finalize().expect("a whole file");
        // Scripts cannot import; the session's file can be told.
        let file = session.join("session.ardour");
        let text = fs::read_to_string(&file).expect("a session");
        let length = LENGTH * SUPERCLOCK;
        let region = |id: u32| {
            format!(
                "<Region name=\"programme\" muted=\"0\" opaque=\"1\" locked=\"0\" automatic=\"0\" whole-file=\"0\" import=\"0\" \
                 external=\"0\" hidden=\"0\" position-locked=\"0\" valid-transients=\"0\" start=\"a0\" length=\"a{length}@a0\" \
                 sync-position=\"a0\" stretch=\"1\" shift=\"1\" layering-index=\"0\" envelope-active=\"0\" default-fade-in=\"0\" \
                 default-fade-out=\"0\" fade-in-active=\"0\" fade-out-active=\"0\" scale-amplitude=\"1\" id=\"{id}\" type=\"audio\" \
                 first-edit=\"nothing\" layer=\"0\" source-0=\"9000\" master-source-0=\"9000\" channels=\"1\"/>"
            )
        };
        let source = "<Sources><Source name=\"programme.wav\" take-id=\"\" type=\"audio\" flags=\"\" id=\"9000\" \
                      natural-position=\"a0\" channel=\"0\" origin=\"\" gain=\"1\"/></Sources>";
        let text = text.replace("<Sources/>", source);
        let text = text.replace("<Regions/>", &format!("<Regions>{}</Regions>", region(9001)));
        let at = text.find("name=\"voice\" type=\"audio\" orig-track-id").expect("the track's playlist");
        let end = at + text[at..].find("/>").expect("it is empty");
        let playlist = format!("{}>{}</Playlist>{}", &text[..end], region(9002), &text[end + 2..]);
        fs::write(&file, playlist.replacen("id-counter=\"", "id-counter=\"1", 1)).expect("written");
    }

    /// Exports from a sample to the end; gives the file.
    fn export(&self, name: &str, from: usize) -> PathBuf {
        let out = self.home.path().join("out");
        let script = format!(
            r#"
            s = load_session("{}", "session")
            e = s:simple_export()
            e:set_name("{name}")
            e:set_folder("{}")
            e:set_range({from}, {END})
            -- Of this name there is none: the session's own formats, one of which is FLAC with 24 bits.
            e:set_preset("none")
            e:check_outputs()
            assert(e:run_export())"#,
            self.session().display(),
            out.display()
        );
        self.run(&script, None);
        out.join(format!("{name}.flac"))
    }
}

fn decoded(path: &Path) -> Vec<f32> {
    let mut source = Source::open(path).expect("it opens");
    let channels = usize::from(source.info().channels);
    let mut samples = Vec::new();
    while let Some(block) = source.next_block().expect("it decodes") {
        samples.extend(block.iter().step_by(channels));
    }
    samples
}

fn programme() -> Vec<f32> {
    decoded(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac"))
}

fn peaks(samples: &[f32]) -> Vec<f32> {
    let peak = |frame: &[f32]| frame.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    samples.chunks_exact(RATE_HZ / 100).map(peak).collect()
}

/// Once three exports of the same session differed in 292 of 5 000 frames, and a start that lay 240 samples later in one of ten.
#[test]
fn exports_are_equal_and_do_not_depend_on_where_they_begin() {
    if Command::new("ardour7-lua").arg("--version").output().is_err() {
        return required::skip("Ardour 7 is missing; `cargo xtask check` installs it");
    }
    let studio = Studio::open();
    studio.record();
    let exports =
        ["first", "second", "third"].map(|name| fs::read(studio.export(name, 0)).expect("an export"));
    assert!(exports[0] == exports[1] && exports[0] == exports[2], "three times the same bytes");
    let whole = decoded(&studio.home.path().join("out/first.flac"));
    let input = peaks(&whole);
    assert!(input.iter().any(|peak| *peak > 0.05) && input.iter().filter(|peak| **peak < 0.01).count() > 50);
    for from in [1, 240, 1_920, 123_457] {
        let part = decoded(&studio.export(&format!("from{from}"), from));
        let settled = (from + 3 * RATE_HZ).next_multiple_of(RATE_HZ / 100);
        let pairs = || peaks(&whole[settled..]).into_iter().zip(peaks(&part[settled - from..]));
        let apart = |(a, b): &(f32, f32)| (20.0 * (a.max(1e-9) / b.max(1e-9)).log10()).abs() > 3.0;
        let heard = pairs().filter(|(a, _)| *a > 1e-5).count();
        let apart = pairs().filter(|(a, _)| *a > 1e-5).filter(apart).count();
        assert!(heard > 500 && 200 * apart <= heard, "from sample {from}: {apart} of {heard} frames");
    }
}
