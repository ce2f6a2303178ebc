//! The first command of the README on a machine that has Rust and its linker, and nothing else.

use std::path::Path;
use std::process::Command;

/// What asks for CMake, pkg-config, libclang or a C compiler.
const FORBIDDEN: &[&str] =
    &["autotools", "bindgen", "cc", "cmake", "metadeps", "pkg-config", "system-deps", "vcpkg"];

/// Crates whose names say that they bind a library of the system, and why these few may be there: none of them looks for
/// anything when it is built.
const BINDINGS: &[(&str, &str)] = &[
    (
        "core-foundation-sys",
        "declarations of macOS' own functions, for the time zone that Parquet's dates could ask for",
    ),
    ("linux-raw-sys", "numbers and structures of Linux's system calls, written out"),
    ("ort-sys", "with `load-dynamic` the library is named when the program runs"),
    (
        "security-framework-sys",
        "declarations of macOS' own functions, for the authorities that its keychain trusts",
    ),
    ("windows-sys", "declarations of Windows' own functions, written out"),
];

/// The systems that Earmark is for.
const SYSTEMS: &[&str] = &[
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-pc-windows-msvc",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
];

/// The packages of one of ours on a system, with what builds them.
fn packages(package: &str, system: &str) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace holds xtask/");
    let output = Command::new(cargo)
        .current_dir(root)
        .args(["tree", "--locked", "--package", package, "--edges=normal,build", "--target", system])
        .args(["--prefix=none", "--no-dedupe", "--format={p}"])
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("names are UTF-8");
    let mut names: Vec<String> =
        text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// The packages that a bare machine could not build.
fn refused(names: &[String]) -> Vec<&str> {
    let is_refused = |name: &str| {
        FORBIDDEN.contains(&name)
            || (name.ends_with("-sys") && !BINDINGS.iter().any(|(allowed, _)| *allowed == name))
    };
    names.iter().map(String::as_str).filter(|name| is_refused(name)).collect()
}

#[test]
fn the_command_needs_nothing_but_rust_and_its_linker() {
    for system in SYSTEMS {
        let names = packages("earmark", system);
        assert!(names.iter().any(|name| name == "earmark-core"), "this is not the command's tree: {names:?}");
        let refused = refused(&names);
        assert!(
            refused.is_empty(),
            "{system}: {refused:?} want a C compiler, CMake or headers of the system; \
             `cargo tree --package earmark --invert NAME` says who brings them"
        );
    }
}

/// Once a fresh machine could not build the bundle, because `jack-sys` looked for JACK's headers, and
/// ALSA's were needed as well; only the standalone plays.
#[test]
fn the_plugins_bundle_needs_no_sound_system() {
    for system in SYSTEMS {
        let names = packages("earmark-plugin", system);
        assert!(names.iter().any(|name| name == "clack-plugin"), "this is not the plugin's tree: {names:?}");
        let plays = |name: &&String| name.contains("jack") || name.contains("alsa") || *name == "cpal";
        let found: Vec<&String> = names.iter().filter(plays).collect();
        assert!(found.is_empty(), "{system}: {found:?}; they stand behind the feature `standalone`");
    }
}

#[test]
fn planted_packages_are_refused() {
    let names: Vec<String> =
        ["cmake", "cc", "opus-sys", "ort-sys", "pkg-config", "serde"].map(str::to_owned).to_vec();
    assert_eq!(refused(&names), ["cmake", "cc", "opus-sys", "pkg-config"]);
}
