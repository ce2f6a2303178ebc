//! What a system has to bring, in Debian's names, and installing it there.

use std::collections::BTreeSet;
use std::env::consts::OS;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::python;
use crate::tools;

/// Packages that are needed together. The linker is none of them: without it this program were not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// The standalone's sound card.
    Sound,
    /// The standalone's other sound system.
    Jack,
    /// A display in memory, and what the plugin's window opens there when it runs. It is built without any of it.
    Screen,
    /// What the hosts in Python link.
    Hosts,
    /// The browser that opens the service's page, and the proxy that it is behind.
    Web,
    /// Python, for the judges and hosts of the tests.
    Python,
    /// The C compiler that makes a library of the real-time sanitizer.
    Compiler,
    /// What loads LADSPA and LV2.
    Ports,
    /// What streams come from and go to: ffmpeg, Icecast, an MQTT broker, Liquidsoap, PipeWire; what makes their certificates, and what
    /// reads the unit.
    Streams,
    /// The machine that Spark runs on.
    Java,
    /// An empty machine in a folder.
    Bare,
}

struct Spec {
    /// As a message names it.
    what: &'static str,
    /// Debian's names.
    packages: &'static [&'static str],
    /// Whether it is there, whoever brought it. Headers cannot be tried without building.
    present: Option<fn() -> bool>,
    /// Whether systems other than Linux need it, too. It may then come from anywhere on Debian as well.
    everywhere: bool,
}

impl Group {
    fn spec(self) -> Spec {
        match self {
            Self::Sound => Spec {
                what: "the headers of ALSA, for the standalone, and what links a VST3 host of the tests to the display",
                packages: &["libasound2-dev", "libxcb1-dev", "pkg-config"],
                present: None,
                everywhere: false,
            },
            Self::Jack => Spec {
                what: "the headers of JACK, for the standalone's feature `jack`",
                packages: &["libjack-jackd2-dev", "pkg-config"],
                present: None,
                everywhere: false,
            },
            Self::Screen => Spec {
                what: "xvfb-run, a display in memory on which tests open the plugin's window",
                packages: &[
                    "libegl1",
                    "libgl1",
                    "libgl1-mesa-dri",
                    "libx11-6",
                    "libx11-xcb1",
                    "libxcb1",
                    "libxkbcommon-x11-0",
                    "libxkbcommon0",
                    "xauth",
                    "xvfb",
                ],
                present: Some(|| tools::succeeds("xvfb-run", &["--help"])),
                everywhere: false,
            },
            Self::Hosts => Spec {
                what: "the libraries of GLib, OpenGL and X11, for the hosts in Python",
                packages: &["libatomic1", "libgl1", "libglib2.0-0", "libx11-6"],
                present: None,
                everywhere: false,
            },
            Self::Web => Spec {
                what: "Chromium and nginx, for the service's page and its proxy",
                packages: &["chromium", "nginx-light"],
                present: Some(|| {
                    tools::succeeds("chromium", &["--version"]) && tools::succeeds("nginx", &["-v"])
                }),
                everywhere: false,
            },
            Self::Python => Spec {
                what: "Python 3.11 or later with the module venv",
                packages: &["python3", "python3-venv"],
                present: Some(python::has_venv),
                everywhere: true,
            },
            Self::Compiler => Spec {
                what: "a C compiler and binutils, for the real-time sanitizer",
                packages: &["binutils", "gcc", "libstdc++-12-dev"],
                present: Some(|| tools::succeeds("gcc", &["--version"])),
                everywhere: false,
            },
            Self::Ports => Spec {
                what: "Ardour, ffmpeg, Liquidsoap, PipeWire, lv2apply and lv2_validate, which load the plugin",
                packages: &[
                    "ardour",
                    "ffmpeg",
                    "lilv-utils",
                    "liquidsoap",
                    "lv2-dev",
                    "pipewire",
                    "pipewire-bin",
                    "sordi",
                ],
                present: None,
                everywhere: false,
            },
            Self::Streams => Spec {
                what: "ffmpeg, icecast2, lame, liquidsoap, mkvtoolnix, mosquitto, openssl, pipewire and systemd-analyze, for the tests of streams and files",
                packages: &[
                    "dbus-daemon",
                    "ffmpeg",
                    "icecast2",
                    "lame",
                    "liquidsoap",
                    "mkvtoolnix",
                    "mosquitto",
                    "mosquitto-clients",
                    "openssl",
                    "pipewire",
                    "pipewire-bin",
                    "systemd",
                    "util-linux",
                    "wireplumber",
                ],
                present: None,
                everywhere: false,
            },
            Self::Java => Spec {
                what: "Java 17 or later, for Spark",
                packages: &["openjdk-17-jre-headless"],
                present: Some(|| tools::succeeds("java", &["-version"])),
                everywhere: true,
            },
            Self::Bare => Spec {
                what: "debootstrap, which makes an empty system in a folder",
                packages: &["debootstrap"],
                present: Some(|| tools::succeeds("debootstrap", &["--version"])),
                everywhere: false,
            },
        }
    }
}

/// Installs what is missing of all groups at once. Where that cannot be done, the error names what is missing.
pub fn install(groups: &[Group]) -> Result<()> {
    let specs = groups.iter().map(|group| group.spec());
    if tools::succeeds("dpkg-query", &["--version"]) {
        let there = |spec: &Spec| spec.everywhere && spec.present.is_some_and(|present| present());
        let wanted = specs.filter(|spec| !there(spec)).flat_map(|spec| spec.packages).copied().collect();
        let missing = not_installed(&wanted)?;
        return if missing.is_empty() { Ok(()) } else { install_on_debian(&missing) };
    }
    let mut missing = Vec::new();
    for spec in specs.filter(|spec| OS == "linux" || spec.everywhere) {
        match spec.present {
            Some(present) if present() => {}
            Some(_) => missing.push(spec.what),
            // The build tells.
            None => println!("needed: {} (Debian's packages: {})", spec.what, spec.packages.join(" ")),
        }
    }
    if missing.is_empty() { Ok(()) } else { bail!("please install {}", missing.join("; ")) }
}

fn not_installed(wanted: &BTreeSet<&'static str>) -> Result<Vec<&'static str>> {
    // It fails for packages that it never heard of, which is an answer as well.
    let known = Command::new("dpkg-query")
        .args(["--show", "--showformat=${Package} ${db:Status-Status}\\n"])
        .args(wanted)
        .output()
        .context("cannot start dpkg-query")?;
    Ok(lacking(wanted, &String::from_utf8_lossy(&known.stdout)))
}

/// What of `wanted` is not among the packages that `dpkg-query` calls installed.
fn lacking(wanted: &BTreeSet<&'static str>, known: &str) -> Vec<&'static str> {
    let installed: BTreeSet<&str> =
        known.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    wanted.iter().copied().filter(|name| !installed.contains(name)).collect()
}

fn install_on_debian(missing: &[&str]) -> Result<()> {
    let list = missing.join(" ");
    let root = tools::output(Command::new("id").arg("-u"))?.trim() == "0";
    if !root && !tools::succeeds("sudo", &["--version"]) {
        bail!("please install, as root: apt-get install {list}");
    }
    println!("installing {list}");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(if root { "apt-get" } else { "sudo" });
        if !root {
            command.arg("apt-get");
        }
        command.args(["--quiet", "--yes"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    tools::run(&mut apt(&["update"]))?;
    tools::run(apt(&["install", "--no-install-recommends"]).args(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_removed_or_never_heard_of_is_lacking() {
        let wanted = BTreeSet::from(["xauth", "xvfb", "libgl1"]);
        assert_eq!(lacking(&wanted, "xauth installed\nxvfb config-files\n"), ["libgl1", "xvfb"]);
        assert!(lacking(&wanted, "xauth installed\nxvfb installed\nlibgl1 installed\n").is_empty());
    }
}
