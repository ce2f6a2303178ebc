//! `cargo xtask bundle` and `install`: the plugin's library in the folders and names that hosts look for.
//!
//! | | Linux | macOS | Windows |
//! |---|---|---|---|
//! | CLAP | `Earmark.clap` (the library) | `Earmark.clap/Contents/MacOS/Earmark` | `Earmark.clap` (the library) |
//! | VST3 | `Earmark.vst3/Contents/<arch>-linux/Earmark.so` | `Earmark.vst3/Contents/MacOS/Earmark` | `Earmark.vst3/Contents/<arch>-win/Earmark.vst3` |
//!
//! On Linux there are LADSPA and LV2, too: `earmark.so`, which goes to `~/.ladspa`, and the folder `earmark.lv2` with the files
//! of `plugin/lv2`.
//!
//! Names and ids come from `bundler.toml`.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::tools::{built_for, cargo, copy, remove};

/// No bundle is meant to be larger, networks included.
const LIMIT_BYTES: u64 = 25 << 20;
/// The profile of what is shipped.
const SHIPPED: &str = "dist";

/// One entry of `bundler.toml`.
#[derive(Debug, Deserialize)]
struct Names {
    name: String,
    vendor: String,
    clap_id: String,
}

/// How the library is built.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Cargo profile; `release` is faster to build, `dist` smaller
    #[arg(long, default_value = SHIPPED)]
    profile: String,
    /// Target triple, if it is not this machine
    #[arg(long)]
    target: Option<String>,
}

impl Options {
    /// As it is shipped, for this machine or the one that is named.
    pub fn shipped(target: Option<String>) -> Self {
        Self { profile: SHIPPED.to_owned(), target }
    }
}

/// A system that hosts run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// And those that are called so.
    Linux,
    /// Of Apple's.
    MacOs,
    /// With either C library.
    Windows,
}

impl System {
    /// What a target triple names, or this machine.
    pub fn of(target: Option<&str>) -> Result<Self> {
        let system = target.unwrap_or(env::consts::OS);
        Ok(if system.contains("windows") {
            Self::Windows
        } else if system.contains("darwin") || system.contains("macos") {
            Self::MacOs
        } else if system.contains("linux") {
            Self::Linux
        } else {
            bail!("there is no bundle layout for {system}");
        })
    }

    /// What the name of a program ends with.
    pub fn program_ending(self) -> &'static str {
        if self == Self::Windows { ".exe" } else { "" }
    }

    /// The folder of a VST3 bundle that has the library.
    fn vst3_folder(self, arch: &str) -> String {
        match (self, arch) {
            (Self::MacOs, _) => "MacOS".to_owned(),
            (Self::Linux, arch) => format!("{arch}-linux"),
            // Steinberg's names for them.
            (Self::Windows, "aarch64") => "arm64-win".to_owned(),
            (Self::Windows, "i586" | "i686") => "x86-win".to_owned(),
            (Self::Windows, arch) => format!("{arch}-win"),
        }
    }
}

/// A bundle that was made.
#[derive(Debug)]
pub struct Bundle {
    /// What it is for: `clap`, `vst3`, `ladspa` or `lv2`.
    kind: &'static str,
    path: PathBuf,
    bytes: u64,
}

impl Bundle {
    /// The file or folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Builds the plugin and lays out its bundles in `target/bundled`, or in `target/TRIPLE/bundled` for a target that is named.
pub fn bundle(root: &Path, options: &Options) -> Result<Vec<Bundle>> {
    let mut all = Vec::new();
    let text = fs::read_to_string(root.join("bundler.toml")).context("bundler.toml")?;
    let entries: BTreeMap<String, Names> = toml::from_str(&text).context("bundler.toml")?;
    for (package, names) in &entries {
        let target = options.target.as_deref();
        let (system, arch) = (System::of(target)?, architecture(target));
        let library = build(root, package, options, system)?;
        let out = built_for(root, target).join("bundled");
        all.push(lay_out(&library, &out, names, "clap", system, arch)?);
        all.push(lay_out(&library, &out, names, "vst3", system, arch)?);
        if system == System::Linux {
            all.push(ladspa(&library, &out)?);
            all.push(lv2(&library, &out, &root.join("plugin/lv2"))?);
        }
    }
    for made in &all {
        println!("{}: {:.1} MB", made.path.display(), megabytes(made.bytes));
        if made.bytes > LIMIT_BYTES {
            // It works all the same: who builds it shall have it, and know.
            eprintln!(
                "warning: that is over the {:.0} MB that a bundle is meant to have",
                megabytes(LIMIT_BYTES)
            );
        }
    }
    Ok(all)
}

/// Makes the bundles and copies them to where hosts look for this user's plugins.
pub fn install(root: &Path, options: &Options) -> Result<()> {
    let bundles = bundle(root, options)?;
    let system = System::of(options.target.as_deref())?;
    for bundle in bundles {
        let folder = plugin_folder(system, bundle.kind)?;
        let name = bundle.path.file_name().context("a bundle has a name")?;
        let to = folder.join(name);
        // Beside it first: a host that scans meanwhile never sees half a bundle.
        let fresh = folder.join(format!(".{}.new", name.to_string_lossy()));
        fs::create_dir_all(&folder)?;
        remove(&fresh)?;
        copy(&bundle.path, &fresh)?;
        remove(&to)?;
        fs::rename(&fresh, &to).with_context(|| format!("cannot replace {}", to.display()))?;
        println!("installed {}", to.display());
    }
    Ok(())
}

fn architecture(target: Option<&str>) -> &str {
    target.map_or(env::consts::ARCH, |triple| triple.split('-').next().unwrap_or_default())
}

/// Where the compiler brings its own linker, which can do more than some systems'.
fn links_with_lld(target: Option<&str>) -> bool {
    const TRIPLE: &str = "x86_64-unknown-linux-gnu";
    let here = cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"));
    target.map_or(here, |target| target == TRIPLE)
}

fn build(root: &Path, package: &str, options: &Options, system: System) -> Result<PathBuf> {
    let mut command = cargo(root);
    command.args(["rustc", "--package", package, "--lib", "--profile", &options.profile]);
    let mut folder = built_for(root, options.target.as_deref());
    if let Some(target) = &options.target {
        command.args(["--target", target]);
    }
    if options.profile == SHIPPED && links_with_lld(options.target.as_deref()) {
        // Functions whose code is the same are kept once.
        command.args(["--", "-C", "link-arg=-Wl,--icf=all"]);
    }
    ensure!(command.status().context("cannot run cargo")?.success(), "{package} did not build");
    folder.push(if options.profile == "dev" { "debug" } else { &options.profile });
    let stem = package.replace('-', "_");
    let library = folder.join(match system {
        System::Linux => format!("lib{stem}.so"),
        System::MacOs => format!("lib{stem}.dylib"),
        System::Windows => format!("{stem}.dll"),
    });
    ensure!(library.is_file(), "{} was not made", library.display());
    Ok(library)
}

fn lay_out(
    library: &Path,
    out: &Path,
    names: &Names,
    kind: &'static str,
    system: System,
    arch: &str,
) -> Result<Bundle> {
    let path = out.join(format!("{}.{kind}", names.name));
    remove(&path)?;
    let contents = path.join("Contents");
    let folder = contents.join(system.vst3_folder(arch));
    let inside = match (system, kind) {
        (System::MacOs, _) => folder.join(&names.name),
        (System::Linux, "vst3") => folder.join(format!("{}.so", names.name)),
        (System::Windows, "vst3") => folder.join(format!("{}.vst3", names.name)),
        (System::Linux | System::Windows, _) => path.clone(),
    };
    fs::create_dir_all(inside.parent().context("a file has a folder")?)?;
    fs::copy(library, &inside).with_context(|| format!("cannot write {}", inside.display()))?;
    if system == System::MacOs {
        fs::write(contents.join("PkgInfo"), "BNDL????")?;
        fs::write(contents.join("Info.plist"), info_plist(names, kind))?;
        sign(&path)?;
    }
    Ok(Bundle { kind, bytes: size(&path)?, path })
}

/// The library under the name by which LADSPA hosts ask for it.
fn ladspa(library: &Path, out: &Path) -> Result<Bundle> {
    let path = out.join("earmark.so");
    remove(&path)?;
    fs::create_dir_all(out)?;
    fs::copy(library, &path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Bundle { kind: "ladspa", bytes: size(&path)?, path })
}

/// The library with what describes it.
fn lv2(library: &Path, out: &Path, texts: &Path) -> Result<Bundle> {
    let path = out.join("earmark.lv2");
    remove(&path)?;
    fs::create_dir_all(&path)?;
    for name in ["manifest.ttl", "earmark.ttl"] {
        let from = texts.join(name);
        fs::copy(&from, path.join(name)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    fs::copy(library, path.join("earmark.so")).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Bundle { kind: "lv2", bytes: size(&path)?, path })
}

/// macOS runs nothing unsigned on its own processors; a signature without an identity will do on the machine itself.
fn sign(bundle: &Path) -> Result<()> {
    if env::consts::OS != "macos" {
        eprintln!("{}: not signed; that needs macOS's codesign", bundle.display());
        return Ok(());
    }
    let status = Command::new("codesign").args(["--force", "--sign", "-"]).arg(bundle).status()?;
    ensure!(status.success(), "codesign refused {}", bundle.display());
    Ok(())
}

fn info_plist(names: &Names, kind: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let Names { name, vendor, clap_id } = names;
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>CFBundleExecutable</key><string>{name}</string>
  <key>CFBundleIdentifier</key><string>{clap_id}.{kind}</string>
  <key>CFBundleName</key><string>{name}</string>
  <key>CFBundleGetInfoString</key><string>{name} {version}, {vendor}</string>
  <key>CFBundlePackageType</key><string>BNDL</string>
  <key>CFBundleSignature</key><string>????</string>
  <key>CFBundleShortVersionString</key><string>{version}</string>
  <key>CFBundleVersion</key><string>{version}</string>
  <key>NSHighResolutionCapable</key><true/>
</dict>
</plist>
"#
    )
}

/// Where hosts look for the plugins of this user.
fn plugin_folder(system: System, kind: &str) -> Result<PathBuf> {
    let from = |variable: &str| {
        env::var_os(variable).map(PathBuf::from).with_context(|| format!("{variable} is not set"))
    };
    Ok(match system {
        System::Linux => from("HOME")?.join(format!(".{kind}")),
        System::MacOs => from("HOME")?.join("Library/Audio/Plug-Ins").join(kind.to_uppercase()),
        System::Windows => from("LOCALAPPDATA")?.join("Programs").join("Common").join(kind.to_uppercase()),
    })
}

fn size(path: &Path) -> Result<u64> {
    if !path.is_dir() {
        return Ok(fs::metadata(path)?.len());
    }
    fs::read_dir(path)?.map(|entry| size(&entry?.path())).sum()
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests;
