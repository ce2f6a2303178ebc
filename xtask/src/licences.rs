//! `cargo xtask licences`: what the command and the plugin contain of others, with the texts of the licences.
//!
//! Which licences may be there stands in `deny.toml` alone; packages and texts are those that cargo fetched for this lock
//! file and this system, without what only builds and tests use.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::tools;

/// Where the list goes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The file; stdout otherwise
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The packages whose closure is shipped, and the features with which they are.
const SHIPPED: &[&str] = &["earmark", "earmark-plugin"];

/// What is read here of `cargo metadata`.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_members: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    license_file: Option<PathBuf>,
    repository: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Debug, Deserialize)]
struct DependencyKind {
    /// None for what is linked; `dev` and `build` are not shipped.
    kind: Option<String>,
}

/// The part of `deny.toml` that is read here.
#[derive(Debug, Deserialize)]
struct Deny {
    licenses: Allowed,
}

#[derive(Debug, Deserialize)]
struct Allowed {
    allow: Vec<String>,
}

/// Writes the list.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let text = list(root)?;
    match &options.output {
        Some(path) => fs::write(path, text).with_context(|| format!("cannot write {}", path.display())),
        None => {
            print!("{text}");
            Ok(())
        }
    }
}

/// Makes the list and says how long it is: every package has a licence that `deny.toml` allows.
pub fn complete(root: &Path) -> Result<()> {
    let packages = shipped(root)?;
    let list = render(&packages)?;
    println!("{} packages of others, {} KiB of licences", packages.len(), list.len() / 1024);
    Ok(())
}

/// The list as text.
pub fn list(root: &Path) -> Result<String> {
    render(&shipped(root)?)
}

/// What is linked into what is shipped, sorted by name, each with an allowed licence.
fn shipped(root: &Path) -> Result<Vec<Package>> {
    let host = tools::host()?;
    let arguments = ["metadata", "--format-version=1", "--locked", "--filter-platform", &host];
    let metadata: Metadata = serde_json::from_str(&tools::output(tools::cargo(root).args(arguments))?)
        .context("the output of `cargo metadata`")?;
    let deny = fs::read_to_string(root.join("deny.toml")).context("deny.toml")?;
    let deny: Deny = toml::from_str(&deny).context("deny.toml")?;
    let packages = closure(metadata)?;
    for package in &packages {
        check(package, &deny.licenses.allow)?;
    }
    Ok(packages)
}

/// Everything that the shipped packages link, without the workspace's own.
fn closure(metadata: Metadata) -> Result<Vec<Package>> {
    let nodes: BTreeMap<&str, &Node> =
        metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let mut open: Vec<&str> = metadata
        .packages
        .iter()
        .filter(|package| SHIPPED.contains(&package.name.as_str()))
        .map(|package| package.id.as_str())
        .collect();
    ensure!(open.len() == SHIPPED.len(), "the workspace lacks one of {SHIPPED:?}");
    let mut seen: BTreeSet<&str> = open.iter().copied().collect();
    while let Some(id) = open.pop() {
        let node = nodes.get(id).with_context(|| format!("cargo resolved nothing for {id}"))?;
        for dependency in &node.deps {
            let linked = dependency.dep_kinds.iter().any(|kind| kind.kind.is_none());
            if linked && seen.insert(&dependency.pkg) {
                open.push(&dependency.pkg);
            }
        }
    }
    let ids: BTreeSet<String> = seen.into_iter().map(str::to_owned).collect();
    let own: BTreeSet<String> = metadata.workspace_members.into_iter().collect();
    let mut packages: Vec<Package> = metadata
        .packages
        .into_iter()
        .filter(|package| ids.contains(&package.id) && !own.contains(&package.id))
        .collect();
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(packages)
}

fn check(package: &Package, allowed: &[String]) -> Result<()> {
    let Package { name, version, .. } = package;
    let Some(licence) = &package.license else {
        // The text tells; cargo-deny reads it and knows it by heart.
        ensure!(package.license_file.is_some(), "{name} {version} says nothing of a licence");
        return Ok(());
    };
    let expression = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX)
        .with_context(|| format!("{name} {version}: its licence {licence:?}"))?;
    let fits = expression.evaluate(|requirement| allowed.contains(&requirement.to_string()));
    if fits { Ok(()) } else { bail!("{name} {version}: deny.toml allows nothing of {licence:?}") }
}

fn render(packages: &[Package]) -> Result<String> {
    let mut out = String::from(
        "Software of others in Earmark's command and plugin\n\
         ==================================================\n\n\
         Packages, with their licences as their authors state them; the texts follow. A package whose own archive has no text\n\
         is under the standard text of the licence that it names.\n\n",
    );
    let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages {
        let Package { name, version, .. } = package;
        let licence = package.license.as_deref().unwrap_or("see its text");
        writeln!(out, "{name} {version}  {licence}  {}", package.repository.as_deref().unwrap_or(""))?;
        for text in texts(package)? {
            by_text.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    for (text, packages) in by_text {
        writeln!(out, "\n{}\n{}\n\n{}", "-".repeat(80), packages.join(", "), text.trim_end())?;
    }
    Ok(out)
}

/// The licence texts in a package's archive, by name.
fn texts(package: &Package) -> Result<Vec<String>> {
    let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
    let mut files: BTreeSet<PathBuf> = package.license_file.iter().map(|file| folder.join(file)).collect();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        let is_licence = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"]
            .iter()
            .any(|start| name.starts_with(start));
        if is_licence && path.is_file() {
            files.insert(path);
        }
    }
    files
        .iter()
        .map(|path| {
            let bytes = fs::read(path).with_context(|| path.display().to_string())?;
            Ok(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(license: Option<&str>) -> Package {
        Package {
            id: "id".into(),
            name: "name".into(),
            version: "1.0.0".into(),
            license: license.map(str::to_owned),
            license_file: None,
            repository: None,
            manifest_path: PathBuf::from("/nowhere/Cargo.toml"),
        }
    }

    #[test]
    fn only_allowed_licences_pass() {
        let allowed = ["MIT".to_owned(), "Unicode-3.0".to_owned()];
        for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0-only OR MIT", "(Apache-2.0 OR MIT) AND Unicode-3.0"] {
            check(&package(Some(good)), &allowed).unwrap();
        }
        for bad in [Some("GPL-3.0-only"), Some("MIT AND GPL-3.0-only"), Some("whatever"), None] {
            assert!(check(&package(bad), &allowed).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_only_builds_or_tests_use_is_not_listed() {
        let metadata = serde_json::json!({
            "workspace_members": ["a", "p"],
            "packages": [
                {"id": "a", "name": "earmark", "version": "1.0.0", "manifest_path": "a"},
                {"id": "p", "name": "earmark-plugin", "version": "1.0.0", "manifest_path": "p"},
                {"id": "l", "name": "linked", "version": "1.0.0", "manifest_path": "l"},
                {"id": "d", "name": "deeper", "version": "1.0.0", "manifest_path": "d"},
                {"id": "t", "name": "tests", "version": "1.0.0", "manifest_path": "t"}
            ],
            "resolve": {"nodes": [
                {"id": "a", "deps": [{"pkg": "l", "dep_kinds": [{"kind": null}, {"kind": "dev"}]}]},
                {"id": "p", "deps": [{"pkg": "a", "dep_kinds": [{"kind": null}]}, {"pkg": "t", "dep_kinds": [{"kind": "dev"}]}]},
                {"id": "l", "deps": [{"pkg": "d", "dep_kinds": [{"kind": null}]}, {"pkg": "t", "dep_kinds": [{"kind": "build"}]}]},
                {"id": "d", "deps": []},
                {"id": "t", "deps": []}
            ]}
        });
        let names: Vec<String> = closure(serde_json::from_value(metadata).unwrap())
            .unwrap()
            .into_iter()
            .map(|package| package.name)
            .collect();
        assert_eq!(names, ["deeper", "linked"]);
    }
}
