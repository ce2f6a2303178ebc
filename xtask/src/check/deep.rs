//! Steps of `--deep` that are more than one command.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::python::Venv;
use super::session::{Session, on_screen};
use crate::bundle;
use crate::tools;

/// An input that takes longer than this many seconds is a finding too.
const SLOW: &str = "-timeout=20";

/// Makes the bundles that the validators judge.
pub fn bundles(session: &Session) -> Result<()> {
    bundle::bundle(&session.root, &bundle::Options::shipped(None)).map(drop)
}

/// Fifty plugins in real time, with the smallest blocks that are common; `ear` says which one hears.
pub fn fifty_instances(session: &Session, ear: &[&str]) -> Result<()> {
    let mut command = session.cargo(&[
        "run",
        "--release",
        "--locked",
        "--package=earmark-plugin",
        "--example=instances",
        "--",
    ]);
    command.args(["50", "30", "64", "2", "strict"]).args(ear);
    tools::run(session.prepare(&mut command))
}

/// Has the program that a variable names judge the bundle of one kind.
pub fn judge(session: &Session, variable: &str, arguments: &[&str], kind: &str) -> Result<()> {
    let program = env::var_os(variable).with_context(|| format!("{variable} names no program"))?;
    let bundle = tools::target_dir(&session.root).join("bundled").join(format!("Earmark.{kind}"));
    ensure!(bundle.exists(), "{} is missing; the step `bundles` makes it", bundle.display());
    let mut command = Command::new(program);
    command.args(arguments).arg(bundle);
    tools::run(session.prepare(&mut on_screen(command)))
}

/// Runs each target of `fuzz/` for the chosen time; cargo-fuzz ends with an error at the first crash.
pub fn fuzz(session: &Session) -> Result<()> {
    let python = Venv::Tests.python(&session.root);
    tools::run(session.prepare(Command::new(python).arg("fuzz/seeds.py")))?;
    let targets = tools::output(
        Command::new("rustup").args(["run", "nightly", "cargo", "fuzz", "list"]).current_dir(&session.root),
    )?;
    ensure!(targets.split_whitespace().next().is_some(), "fuzz/ has no targets");
    let limit = format!("-max_total_time={}", u64::from(session.fuzz_minutes) * 60);
    for target in targets.split_whitespace() {
        println!("{target}, {} min", session.fuzz_minutes);
        let mut command = Command::new("rustup");
        // Without `--release` the code of others is built with checks that it is not shipped with.
        command.args(["run", "nightly", "cargo", "fuzz", "run", "--release", target, "--", &limit, SLOW]);
        tools::run(session.prepare(&mut command))?;
    }
    Ok(())
}

/// Runs the test of the audio thread under LLVM's real-time sanitizer, whose runtime comes with a nightly compiler.
/// `docs/realtime.md` has the reasons.
pub fn real_time_sanitizer(session: &Session) -> Result<()> {
    const BEGIN: &str = "void __rtsan_ensure_initialized(void);\n\
        __attribute__((constructor(101))) static void begin(void) { __rtsan_ensure_initialized(); }\n";
    let folder = tools::target_dir(&session.root).join("rtsan");
    fs::create_dir_all(&folder)?;
    let archive = folder.join("rtsan.a");
    fs::copy(sanitizer_runtime()?, &archive)?;
    // Only a program can have this part; a library that is loaded first begins by itself.
    tools::run(Command::new("ar").arg("d").arg(&archive).arg("rtsan_preinit.cpp.o"))?;
    fs::write(folder.join("begin.c"), BEGIN)?;
    tools::run(
        Command::new("gcc")
            .current_dir(&folder)
            .args(["-fPIC", "-shared", "-o", "librtsan.so", "begin.c", "-Wl,--whole-archive", "rtsan.a"])
            .args(["-Wl,--no-whole-archive", "-lpthread", "-ldl", "-lm", "-lstdc++"]),
    )?;
    let mut test = Command::new(realtime_test(session)?);
    test.arg("--nocapture").env("LD_PRELOAD", folder.join("librtsan.so"));
    tools::run(session.prepare(&mut test))
}

fn sanitizer_runtime() -> Result<PathBuf> {
    let sysroot =
        tools::output(Command::new("rustup").args(["run", "nightly", "rustc", "--print", "sysroot"]))?;
    let libraries = format!("lib/rustlib/{}-unknown-linux-gnu/lib", env::consts::ARCH);
    let folder = Path::new(sysroot.trim_end()).join(libraries);
    fs::read_dir(&folder)
        .with_context(|| folder.display().to_string())?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.to_string_lossy().ends_with("_rt.rtsan.a"))
        .with_context(|| format!("{} has no runtime of the real-time sanitizer", folder.display()))
}

/// Builds `plugin/tests/realtime`; cargo says where the program is.
fn realtime_test(session: &Session) -> Result<PathBuf> {
    let mut command = session.cargo(&[
        "test",
        "--release",
        "--locked",
        "--workspace",
        "--exclude=xtask",
        "--exclude=earmark-python",
    ]);
    command.args([super::steps::FEATURES, "--test=realtime", "--no-run", "--message-format=json"]);
    let messages = tools::output(&mut command)?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "realtime")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo names no program for the test `realtime`")
}

/// Lets a fuzzer read the service's OpenAPI document and hold the service against it.
pub fn api(session: &Session) -> Result<()> {
    /// Killed at the end, whatever the fuzzer says.
    struct Served(Child);
    impl Drop for Served {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
    let mut serve = Command::new(session.program());
    serve.args(["serve", "--listen", "127.0.0.1:0", "--quiet"]).stdout(Stdio::piped());
    let mut served = Served(session.prepare(&mut serve).spawn().context("the service does not start")?);
    let mut line = String::new();
    let stdout = served.0.stdout.take().context("it has an output")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let url = line.trim().strip_prefix("listening on ").with_context(|| format!("it says {line:?}"))?;
    let mut fuzzer = Command::new(Venv::Api.python(&session.root));
    fuzzer.args(["-m", "schemathesis.cli", "run", &format!("{url}openapi.json"), "--max-examples", "100"]);
    // One has no end, the other is no HTTP.
    fuzzer.args(["--exclude-path-regex", "(/events|/v1/stream)$", "--request-timeout", "60"]);
    // A body that is no audio is rightly refused; no schema can say what is audio.
    fuzzer.args(["--exclude-checks", "positive_data_acceptance", "--suppress-health-check", "all"]);
    // It keeps notes in the folder where it runs.
    let notes = tools::target_dir(&session.root);
    tools::run(session.prepare(&mut fuzzer).current_dir(notes))
}

/// Proves both commands of the README in an empty system.
pub fn bare_machine(session: &Session) -> Result<()> {
    let folder = tools::target_dir(&session.root).join("bare");
    tools::run(Command::new("sh").current_dir(&session.root).arg("tests/bare.sh").arg(folder))
}
