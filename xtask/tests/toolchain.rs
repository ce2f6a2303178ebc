//! One oldest compiler, told once and meant everywhere.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace holds xtask/")
}

fn manifest(path: &Path) -> toml::Table {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn members() -> Vec<PathBuf> {
    let workspace = manifest(&root().join("Cargo.toml"));
    let members = workspace["workspace"]["members"].as_array().expect("members");
    members.iter().map(|name| root().join(name.as_str().expect("a name")).join("Cargo.toml")).collect()
}

#[test]
fn all_packages_and_pages_name_the_same_compiler() {
    let workspace = manifest(&root().join("Cargo.toml"));
    let oldest = workspace["workspace"]["package"]["rust-version"].as_str().expect("a version").to_owned();
    for path in members() {
        let inherited = manifest(&path)["package"]["rust-version"].get("workspace").cloned();
        assert_eq!(inherited, Some(true.into()), "{}: rust-version.workspace = true", path.display());
    }
    for (file, said) in [
        ("README.md", format!("[Rust](https://rustup.rs) {oldest}")),
        ("CONTRIBUTING.md", format!("Rust {oldest}")),
        (".github/workflows/check.yml", format!("RUST_OLDEST: \"{oldest}\"")),
    ] {
        let text = fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(text.contains(&said), "{file} does not say {said:?}");
    }
}

#[test]
fn every_package_keeps_the_workspaces_lints_and_names_no_address_by_itself() {
    for path in members() {
        let manifest = manifest(&path);
        assert_eq!(manifest["lints"]["workspace"], true.into(), "{}", path.display());
        let package = manifest["package"].as_table().expect("a package");
        for key in ["homepage", "documentation", "repository"] {
            assert!(package.get(key).is_none_or(|value| !value.is_str()), "{}: {key}", path.display());
        }
    }
}
