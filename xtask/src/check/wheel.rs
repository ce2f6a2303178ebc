//! The Python package: built, installed where nothing else is, and tested.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::python::{SYSTEM_PYTHON, Venv};
use super::session::Session;
use crate::tools;

/// Hears what ships with the project, in an environment that has NumPy and nothing else.
const HEAR: &str = "import importlib.metadata, sys, earmark\n\
    others = {d.name.lower() for d in importlib.metadata.distributions()} - {'pip', 'setuptools', 'numpy', 'earmark'}\n\
    assert not others, others\n\
    heard = earmark.tag(sys.argv[1])\n\
    assert 19 < heard.total('speech') < 25, heard.total('speech')\n\
    print(heard)";

/// Builds the wheel, hears the shipped programme from it in an environment with NumPy only, then checks its types and runs its
/// tests against the command.
pub fn check(session: &Session) -> Result<()> {
    let root = &session.root;
    let python = Venv::Wheel.python(root);
    let wheel = build(session, &python)?;
    alone(session, &wheel)?;
    let run = |arguments: &[&str]| run(session, &python, arguments);
    install(session, &python, &wheel)?;
    let cache = tools::target_dir(root).join("mypy");
    let cache = cache.to_str().context("the path of the build folder is no text")?;
    run(&["-m", "mypy", "--cache-dir", cache, "--package", "earmark"])?;
    run(&["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", "--pyargs", "earmark"])
}

/// Runs the examples for archives on the engines themselves.
pub fn engines(session: &Session) -> Result<()> {
    let python = Venv::Engines.python(&session.root);
    install(session, &python, &build(session, &Venv::Wheel.python(&session.root))?)?;
    // Not where other runs of pytest clean up.
    let place = tools::target_dir(&session.root).join("engines");
    let place = format!("--basetemp={}", place.display());
    run(session, &python, &["-m", "pytest", "-q", "-p", "no:cacheprovider", &place, "engines"])
}

fn run(session: &Session, python: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(python);
    command.args(arguments).env("PYTHONDONTWRITEBYTECODE", "1").env("EARMARK", session.program());
    tools::run(session.prepare(&mut command).current_dir(session.root.join("python")))
}

fn install(session: &Session, python: &Path, wheel: &Path) -> Result<()> {
    let name = wheel.to_str().context("the path of the wheel is no text")?;
    run(
        session,
        python,
        &["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--force-reinstall", name],
    )
}

fn build(session: &Session, python: &Path) -> Result<PathBuf> {
    let out = tools::target_dir(&session.root).join("wheel");
    tools::remove(&out)?;
    let mut maturin = Command::new(python);
    maturin.args(["-m", "maturin", "build", "--release", "--locked", "--manifest-path", "python/Cargo.toml"]);
    maturin.arg("--interpreter").arg(python).arg("--out").arg(&out);
    tools::run(session.prepare(&mut maturin))?;
    let mut wheels = Vec::new();
    for entry in fs::read_dir(&out).with_context(|| out.display().to_string())? {
        wheels.push(entry?.path());
    }
    ensure!(wheels.len() == 1, "{} should hold one wheel, not {}", out.display(), wheels.len());
    Ok(wheels.remove(0))
}

fn alone(session: &Session, wheel: &Path) -> Result<()> {
    let folder = tools::target_dir(&session.root).join("venv-alone");
    tools::run(Command::new(SYSTEM_PYTHON).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let python = if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") };
    let mut pip = Command::new(&python);
    tools::run(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).arg(wheel))?;
    let programme = session.root.join("examples/programme.flac");
    // Outside the project, so that nothing is imported from its folders.
    tools::run(Command::new(&python).current_dir(&folder).args(["-c", HEAR]).arg(&programme))?;
    // The command comes with it.
    let script = python.with_file_name(if cfg!(windows) { "earmark.exe" } else { "earmark" });
    tools::run(Command::new(script).current_dir(&folder).args(["tag", "--quiet"]).arg(programme))
}
