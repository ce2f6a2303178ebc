//! Running other programs, and folders.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The cargo that runs this program.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Where cargo puts what it builds.
pub fn target_dir(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

/// Where cargo puts what it builds for this machine, or for the target that is named.
pub fn built_for(root: &Path, target: Option<&str>) -> PathBuf {
    target.map_or_else(|| target_dir(root), |target| target_dir(root).join(target))
}

/// The `earmark` program of a profile's folder, built or not.
pub fn program(root: &Path, profile: &str) -> PathBuf {
    target_dir(root).join(profile).join(format!("earmark{}", env::consts::EXE_SUFFIX))
}

/// Builds the `earmark` program with the release profile.
pub fn build_program(root: &Path) -> Result<PathBuf> {
    run(cargo(root).args(["build", "--release", "--locked", "--package", "earmark"]))?;
    Ok(program(root, "release"))
}

/// Runs to the end, which must be a success.
pub fn run(command: &mut Command) -> Result<()> {
    let name = text(command);
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    ensure!(status.success(), "{name}: {status}");
    Ok(())
}

/// Runs to the end, which must be a success, and returns what it wrote to stdout.
pub fn output(command: &mut Command) -> Result<String> {
    let name = text(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {name}"))?;
    ensure!(output.status.success(), "{name}: {}", output.status);
    String::from_utf8(output.stdout).with_context(|| format!("{name}: its output is not UTF-8"))
}

/// Whether a command can be started and succeeds, without its output.
pub fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// A command as one would type it.
pub fn text(command: &Command) -> String {
    let mut words: Vec<OsString> = vec![
        Path::new(command.get_program())
            .file_name()
            .map_or_else(|| command.get_program().to_owned(), std::borrow::ToOwned::to_owned),
    ];
    words.extend(command.get_args().map(std::borrow::ToOwned::to_owned));
    words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Removes a file or a folder with all that is in it, if it is there.
pub fn remove(path: &Path) -> Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    if found.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
        .with_context(|| format!("cannot remove {}", path.display()))
}

/// Copies a file, or a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::copy(from, to).with_context(|| format!("cannot write {}", to.display()))?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The target triple of this machine's toolchain.
pub fn host() -> Result<String> {
    let about = output(Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}
