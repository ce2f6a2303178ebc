//! `cargo xtask dist`: what is given to others, in `target/archives`.
//!
//! | archive | contents |
//! |---|---|
//! | `earmark-VERSION-TRIPLE` | the stripped command, man page, completions |
//! | `earmark-plugin-VERSION-TRIPLE` | the CLAP and VST3 bundles, on Linux LADSPA and LV2 |
//!
//! Both have README, changelog, licences and the licences of others; `SHA256SUMS` is what `sha256sum --check` reads. They
//! are zip files for Windows, tar.gz for all others, and the same bytes each time they are made of the same files.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::bundle::System;
use crate::{bundle, licences, sha256, tools};

/// What is made.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Leave out the plugin
    #[arg(long)]
    command_only: bool,
    /// Target triple, if it is not this machine
    #[arg(long)]
    target: Option<String>,
}

/// What lies in every archive.
const ALWAYS: &[&str] = &["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];
/// The licences of others, as a file of every archive.
const THIRD_PARTY: &str = "THIRD-PARTY-LICENCES.txt";
/// What `earmark docs` writes, and the file's name.
const GENERATED: &[(&str, &str)] = &[
    ("man", "earmark.1"),
    ("bash", "completions/earmark.bash"),
    ("zsh", "completions/_earmark"),
    ("fish", "completions/earmark.fish"),
    ("powershell", "completions/earmark.ps1"),
];

/// How an archive is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    TarGz,
    Zip,
}

impl Packing {
    /// What a system opens without further programs.
    fn usual(system: System) -> Self {
        if system == System::Windows { Self::Zip } else { Self::TarGz }
    }
}

/// Builds and packs everything.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let target = options.target.as_deref();
    let triple = target.map_or_else(tools::host, |target| Ok(target.to_owned()))?;
    let system = System::of(Some(&triple))?;
    let archives = tools::target_dir(root).join("archives");
    tools::remove(&archives)?;
    fs::create_dir_all(&archives)?;
    let third_party = licences::list(root)?;
    let version = env!("CARGO_PKG_VERSION");
    let mut made = Vec::new();
    let mut finish = |folder: PathBuf| -> Result<()> {
        for name in ALWAYS {
            tools::copy(&root.join(name), &folder.join(name))?;
        }
        fs::write(folder.join(THIRD_PARTY), &third_party)?;
        made.push(pack(&folder, Packing::usual(system))?);
        tools::remove(&folder)
    };

    let folder = archives.join(format!("earmark-{version}-{triple}"));
    command(root, &folder, target, system)?;
    finish(folder)?;
    if !options.command_only {
        let folder = archives.join(format!("earmark-plugin-{version}-{triple}"));
        fs::create_dir_all(&folder)?;
        for bundle in bundle::bundle(root, &bundle::Options::shipped(options.target.clone()))? {
            let name = bundle.path().file_name().context("a bundle has a name")?.to_owned();
            tools::copy(bundle.path(), &folder.join(name))?;
        }
        finish(folder)?;
    }

    let mut sums = String::new();
    for path in &made {
        let bytes = fs::read(path)?;
        let name = path.file_name().context("an archive has a name")?.to_string_lossy();
        sums += &format!("{}  {name}\n", sha256(&bytes));
        println!("{}: {} KiB", path.display(), bytes.len() / 1024);
    }
    Ok(fs::write(archives.join("SHA256SUMS"), sums)?)
}

/// Builds the command and lays it out with its man page and completions.
fn command(root: &Path, folder: &Path, target: Option<&str>, system: System) -> Result<()> {
    let mut build = tools::cargo(root);
    build.args(["build", "--profile=dist", "--locked", "--package=earmark"]);
    if let Some(target) = target {
        build.args(["--target", target]);
    }
    tools::run(&mut build)?;
    // What it writes about itself is the same on all systems; what is built for another cannot be asked here.
    let here = if target.is_some() { tools::build_program(root)? } else { tools::program(root, "dist") };
    let name = format!("earmark{}", system.program_ending());
    fs::create_dir_all(folder.join("completions"))?;
    tools::copy(&tools::built_for(root, target).join("dist").join(&name), &folder.join(&name))?;
    for (kind, file) in GENERATED {
        fs::write(folder.join(file), tools::output(Command::new(&here).args(["docs", kind]))?)?;
    }
    Ok(())
}

/// Packs a folder into an archive beside it that holds the folder under its name.
fn pack(folder: &Path, packing: Packing) -> Result<PathBuf> {
    let name = folder.file_name().context("a folder has a name")?.to_string_lossy().into_owned();
    let mut files = Vec::new();
    list(folder, &mut files)?;
    let ending = if packing == Packing::Zip { "zip" } else { "tar.gz" };
    let path = folder.with_file_name(format!("{name}.{ending}"));
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let entries = files.iter().map(|file| {
        let inside = file.strip_prefix(folder).unwrap_or(file);
        let inside: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        (file.as_path(), format!("{name}/{}", inside.join("/")))
    });
    match packing {
        Packing::TarGz => tar_gz(file, entries)?,
        Packing::Zip => zip(file, entries)?,
    }
    Ok(path)
}

fn tar_gz<'a>(file: File, entries: impl Iterator<Item = (&'a Path, String)>) -> Result<()> {
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::best()));
    for (path, inside) in entries {
        let bytes = fs::read(path)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(bytes.len())?);
        header.set_mode(if is_program(path, &bytes) { 0o755 } else { 0o644 });
        // Neither owner nor time: the same files give the same archive.
        header.set_mtime(0);
        archive.append_data(&mut header, inside, bytes.as_slice())?;
    }
    archive.into_inner()?.finish()?.flush()?;
    Ok(())
}

fn zip<'a>(file: File, entries: impl Iterator<Item = (&'a Path, String)>) -> Result<()> {
    let mut archive = zip::ZipWriter::new(file);
    for (path, inside) in entries {
        let bytes = fs::read(path)?;
        let mode = if is_program(path, &bytes) { 0o755 } else { 0o644 };
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .unix_permissions(mode);
        archive.start_file(inside, options)?;
        archive.write_all(&bytes)?;
    }
    archive.finish()?.flush()?;
    Ok(())
}

/// Programs and libraries, by what they begin with: ELF, Mach-O, or PE. Windows has no modes to ask for.
fn is_program(path: &Path, bytes: &[u8]) -> bool {
    let begins = [&b"\x7fELF"[..], b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ"];
    let text = path.extension().is_some_and(|ending| ["md", "txt"].iter().any(|other| ending == *other));
    !text && begins.iter().any(|start| bytes.starts_with(start))
}

/// All files under a folder, sorted.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn folder(parent: &Path) -> PathBuf {
        let folder = parent.join("earmark-1.0");
        fs::create_dir_all(folder.join("completions")).unwrap();
        fs::write(folder.join("earmark"), b"\x7fELF and so on").unwrap();
        fs::write(folder.join("README.md"), b"# Earmark").unwrap();
        fs::write(folder.join("completions/_earmark"), b"#compdef").unwrap();
        folder
    }

    const INSIDE: [&str; 3] =
        ["earmark-1.0/README.md", "earmark-1.0/completions/_earmark", "earmark-1.0/earmark"];

    #[test]
    fn tar_gz_holds_the_folder_and_is_the_same_each_time() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = folder(temporary.path());
        let path = pack(&folder, Packing::TarGz).unwrap();
        let first = fs::read(&path).unwrap();
        fs::write(folder.join("README.md"), b"# Earmark").unwrap();
        assert_eq!(fs::read(pack(&folder, Packing::TarGz).unwrap()).unwrap(), first);
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(first.as_slice()));
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let (name, mode) = (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap());
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            assert_eq!(mode == 0o755, bytes.starts_with(b"\x7fELF"), "{name}");
            found.push(name);
        }
        assert_eq!(found, INSIDE);
    }

    #[test]
    fn zip_holds_the_folder() {
        let temporary = tempfile::tempdir().unwrap();
        let path = pack(&folder(temporary.path()), Packing::Zip).unwrap();
        let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
        let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
        assert_eq!(names, INSIDE);
        for (triple, packing, ending) in [
            ("x86_64-pc-windows-gnu", Packing::Zip, ".exe"),
            ("aarch64-apple-darwin", Packing::TarGz, ""),
            ("x86_64-unknown-linux-gnu", Packing::TarGz, ""),
        ] {
            let system = System::of(Some(triple)).unwrap();
            assert_eq!((Packing::usual(system), system.program_ending()), (packing, ending));
        }
        let mut text = String::new();
        archive.by_name(INSIDE[0]).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "# Earmark");
    }
}
