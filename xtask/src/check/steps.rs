//! The steps of the check, as data: what a change must pass, in the order in which it is run.

use super::deep;
use super::features;
use super::needs::Need::{self, Nightly, Packages, Python, Rust, Variable};
use super::packages::Group::{Bare, Compiler, Hosts, Jack, Java, Ports, Screen, Sound, Streams, Web};
use super::python::Venv;
use super::session::Session;
use super::wheel;
use crate::{licences, models, readme};

/// When a step is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Always.
    Quick,
    /// Only with `--deep`: it is long, or wants what is large.
    Deep,
}

/// What a step does.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// Runs cargo with these arguments.
    Cargo(&'static [&'static str]),
    /// Runs tests of the command as a user runs it: their names, or flags of theirs.
    Program(&'static [&'static str]),
    /// As `Cargo`, on a display in memory, where windows need one.
    CargoOnScreen(&'static [&'static str]),
    /// Runs a Python with these arguments.
    Python(Venv, &'static [&'static str]),
    /// What is not one command.
    Task(fn(&Session) -> anyhow::Result<()>),
}

/// One line of the check.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// What `--only` and the table call it.
    pub name: &'static str,
    /// When it is run.
    pub kind: Kind,
    /// What must be there.
    pub needs: &'static [Need],
    /// Variables that it is run with.
    pub variables: &'static [(&'static str, &'static str)],
    /// What is done.
    pub work: Work,
}

const fn quick(name: &'static str, needs: &'static [Need], work: Work) -> Step {
    Step { name, kind: Kind::Quick, needs, variables: &[], work }
}

const fn deep(name: &'static str, needs: &'static [Need], work: Work) -> Step {
    Step { name, kind: Kind::Deep, needs, variables: &[], work }
}

/// What building everything takes beside Rust and its linker: the standalone's sound card.
const BUILD: &[Need] = &[Packages(Sound)];
/// What the tests hold the product against: ONNX Runtime, hosts in Python, a display, what streams come from and go to, a
/// browser and a proxy.
const TESTS: &[Need] = &[
    Packages(Sound),
    Packages(Screen),
    Packages(Hosts),
    Packages(Ports),
    Packages(Streams),
    Packages(Web),
    Python(Venv::Tests),
];
/// All that can be had without JACK.
pub const FEATURES: &str = "--features=earmark-plugin/standalone";

/// What runs tests of the command; their names follow.
pub const PROGRAM_TESTS: &[&str] =
    &["test", "--release", "--locked", "--package=earmark", "--test=program", "--"];

/// The Python module is linked by what builds the wheel, which knows the Python.
const NO_WHEEL: &str = "--exclude=earmark-python";

/// All steps. Builds and test runs are apart so that each says what it took.
pub const STEPS: &[Step] = &[
    quick("format", &[Rust("rustfmt")], Work::Cargo(&["fmt", "--all", "--check"])),
    quick(
        "chores",
        &[],
        Work::Cargo(&["test", "--profile=chores", "--locked", "--no-fail-fast", "--package=xtask"]),
    ),
    quick(
        "build",
        BUILD,
        Work::Cargo(&[
            "build",
            "--release",
            "--locked",
            "--workspace",
            "--exclude=xtask",
            NO_WHEEL,
            FEATURES,
        ]),
    ),
    quick("features", &[Rust("clippy")], Work::Task(features::check)),
    quick("figures", &[], Work::Task(|session| readme::update(&session.root, true))),
    quick("packs", BUILD, Work::Task(|session| models::verify(&session.root, &session.program()))),
    quick("licences", &[], Work::Task(|session| licences::complete(&session.root))),
    quick(
        "lints",
        &[Packages(Sound), Rust("clippy")],
        Work::Cargo(&[
            "clippy",
            "--release",
            "--locked",
            "--workspace",
            "--all-targets",
            FEATURES,
            "--",
            "--deny=warnings",
        ]),
    ),
    Step {
        variables: &[("RUSTDOCFLAGS", "--deny=warnings")],
        ..quick(
            "docs",
            BUILD,
            Work::Cargo(&["doc", "--release", "--locked", "--workspace", "--no-deps", FEATURES]),
        )
    },
    quick(
        "tests, build",
        BUILD,
        Work::Cargo(&[
            "test",
            "--release",
            "--locked",
            "--workspace",
            "--exclude=xtask",
            NO_WHEEL,
            FEATURES,
            "--no-run",
        ]),
    ),
    quick(
        "tests, units",
        TESTS,
        Work::CargoOnScreen(&[
            "test",
            "--release",
            "--locked",
            "--no-fail-fast",
            "--workspace",
            "--exclude=xtask",
            NO_WHEEL,
            FEATURES,
            "--lib",
            "--bins",
        ]),
    ),
    quick(
        "tests, whole",
        TESTS,
        Work::CargoOnScreen(&[
            "test",
            "--release",
            "--locked",
            "--no-fail-fast",
            "--workspace",
            "--exclude=xtask",
            NO_WHEEL,
            FEATURES,
            "--test=*",
        ]),
    ),
    quick(
        "tests, examples in docs",
        TESTS,
        Work::Cargo(&[
            "test",
            "--release",
            "--locked",
            "--no-fail-fast",
            "--workspace",
            "--exclude=xtask",
            NO_WHEEL,
            FEATURES,
            "--doc",
        ]),
    ),
    quick(
        "judges of lists",
        &[Python(Venv::Tests), Packages(Streams)],
        Work::Python(Venv::Tests, &["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/judges"]),
    ),
    quick("wheel", &[Python(Venv::Wheel)], Work::Task(wheel::check)),
    quick(
        "training",
        &[Python(Venv::Tests)],
        Work::Python(
            Venv::Tests,
            &["-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not torch", "models/training"],
        ),
    ),
    quick(
        "training, style",
        &[Python(Venv::Tests)],
        Work::Python(Venv::Tests, &["-m", "ruff", "check", "--no-cache", "models/training"]),
    ),
    deep(
        "training with torch",
        &[Python(Venv::Torch)],
        Work::Python(Venv::Torch, &["-m", "pytest", "-q", "-p", "no:cacheprovider", "models/training"]),
    ),
    deep(
        "judges with torch",
        &[Python(Venv::Torch)],
        Work::Python(Venv::Torch, &["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/judges_torch"]),
    ),
    deep(
        "jack",
        &[Packages(Sound), Packages(Jack)],
        Work::Cargo(&[
            "check",
            "--release",
            "--locked",
            "--package=earmark-plugin",
            "--features=jack",
            "--bins",
        ]),
    ),
    deep(
        "sound cards of streams",
        &[Packages(Sound), Rust("clippy")],
        Work::Cargo(&[
            "clippy",
            "--release",
            "--locked",
            "--package=earmark",
            "--features=sound-card",
            "--bins",
            "--",
            "--deny=warnings",
        ]),
    ),
    deep("fifty instances", BUILD, Work::Task(|session| deep::fifty_instances(session, &[]))),
    deep(
        "fifty instances, fast ear",
        BUILD,
        Work::Task(|session| deep::fifty_instances(session, &["swift"])),
    ),
    Step {
        // A folder of its own: the flag would have everything else built anew.
        variables: &[("RUSTFLAGS", "--cfg loom"), ("CARGO_TARGET_DIR", "target/loom")],
        ..deep(
            "threads in all orders",
            &[],
            Work::Cargo(&["test", "--release", "--locked", "--package=earmark-sync", "--lib"]),
        )
    },
    Step {
        variables: &[("EARMARK_FUZZ_SECONDS", "3600")],
        ..deep(
            "audio thread, an hour of audio",
            BUILD,
            Work::Cargo(&[
                "test",
                "--release",
                "--locked",
                "--workspace",
                "--exclude=xtask",
                NO_WHEEL,
                FEATURES,
                "--test=realtime",
            ]),
        )
    },
    Step {
        variables: &[
            ("EARMARK_STREAM_SECONDS", "3600"),
            ("EARMARK_STREAM_FLAPS", "50"),
            ("EARMARK_STREAM_HOURS", "24"),
        ],
        ..deep(
            "streams, an hour, a day, fifty losses",
            &[Packages(Streams)],
            Work::Program(&[
                "--nocapture",
                "an_event_comes_at_most",
                "memory_stays_flat",
                "a_station_that_comes_and_goes",
            ]),
        )
    },
    Step {
        variables: &[("EARMARK_ARCHIVE_FILES", "1000")],
        ..deep("a thousand recordings, killed ten times", &[], Work::Program(&["a_folder_that_was_killed"]))
    },
    Step {
        variables: &[("EARMARK_TRANSPORT_SECONDS", "3600")],
        ..deep(
            "an hour of MPEG-TS through ffmpeg",
            &[Packages(Streams)],
            Work::Program(&["--nocapture", "mpeg_ts_costs"]),
        )
    },
    Step {
        variables: &[("EARMARK_DAMAGED_FILES", "2000")],
        ..deep("two thousand damaged recordings", &[], Work::Program(&["damaged_recordings_do_no_harm"]))
    },
    deep(
        "audio thread, real-time sanitizer",
        &[Packages(Sound), Packages(Compiler), Nightly],
        Work::Task(deep::real_time_sanitizer),
    ),
    deep("fuzz", &[Nightly, Need::Program("cargo-fuzz"), Python(Venv::Tests)], Work::Task(deep::fuzz)),
    deep(
        "engines",
        &[Python(Venv::Wheel), Python(Venv::Engines), Packages(Java)],
        Work::Task(wheel::engines),
    ),
    deep("api fuzzer", &[Python(Venv::Api)], Work::Task(deep::api)),
    deep(
        "dependencies",
        &[Need::Program("cargo-deny")],
        Work::Cargo(&["deny", "--all-features", "check", "bans", "licenses", "sources"]),
    ),
    deep("bundles", BUILD, Work::Task(deep::bundles)),
    deep(
        "clap-validator",
        &[Variable("EARMARK_JUDGE_CLAP_VALIDATOR")],
        Work::Task(|session| deep::judge(session, "EARMARK_JUDGE_CLAP_VALIDATOR", &["validate"], "clap")),
    ),
    deep(
        "vst3-validator",
        &[Variable("EARMARK_JUDGE_VST3_VALIDATOR")],
        Work::Task(|session| deep::judge(session, "EARMARK_JUDGE_VST3_VALIDATOR", &[], "vst3")),
    ),
    deep(
        "pluginval",
        &[Variable("EARMARK_JUDGE_PLUGINVAL"), Packages(Screen)],
        Work::Task(|session| {
            let strict = &["--strictness-level", "10", "--validate"];
            deep::judge(session, "EARMARK_JUDGE_PLUGINVAL", strict, "vst3")
        }),
    ),
    deep("bare machine", &[Packages(Bare)], Work::Task(deep::bare_machine)),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_step_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = STEPS.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), STEPS.len());
    }

    #[test]
    fn what_is_built_is_built_from_the_lock_file() {
        for step in STEPS {
            let (Work::Cargo(arguments) | Work::CargoOnScreen(arguments)) = step.work else { continue };
            assert!(
                arguments.contains(&"--locked") || ["fmt", "deny"].contains(&arguments[0]),
                "{}: {arguments:?}",
                step.name
            );
        }
    }
}
