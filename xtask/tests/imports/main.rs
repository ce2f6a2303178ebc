//! Who may know whom: the picture in `docs/ARCHITECTURE.md`, held against the sources.
//!
//! Only what is shipped counts: items under `#[cfg(test)]`, and files that only these include, may import what they like.

mod rules;
mod sources;

use std::path::Path;

use rules::{CORE_RULES, FACE_RULES};
use sources::{Import, crate_imports};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace holds xtask/")
}

fn core() -> Vec<Import> {
    crate_imports(&root().join("core/src"), "crate")
}

#[test]
fn the_rules_are_about_modules_that_are_there() {
    let imports = core();
    for rule in CORE_RULES {
        for name in [rule.module, rule.never] {
            assert!(imports.iter().any(|import| import.module == name), "core has no module {name:?}");
        }
    }
}

#[test]
fn core_keeps_its_rules() {
    let broken = rules::broken_in_core(&core(), CORE_RULES);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn no_modules_of_core_import_each_other_in_a_circle() {
    let circles = rules::circles(&core());
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn the_faces_leave_signals_and_decisions_to_core() {
    let mut broken = Vec::new();
    for rule in FACE_RULES {
        let folder = root().join(rule.folder);
        broken.extend(rules::broken_in_face(&crate_imports(&folder, "earmark_core"), rule));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn core_knows_no_face_and_the_chores_know_no_core() {
    for (manifest, never) in [
        (
            "core/Cargo.toml",
            &["clap", "anyhow", "indicatif", "egui", "clack-plugin", "vst3", "tokio", "axum"][..],
        ),
        ("xtask/Cargo.toml", &["earmark-core"]),
    ] {
        let text = std::fs::read_to_string(root().join(manifest)).expect("a manifest");
        let manifest: toml::Table = text.parse().expect("a manifest is TOML");
        let dependencies = manifest["dependencies"].as_table().expect("dependencies");
        for name in never {
            assert!(!dependencies.contains_key(*name), "{name} is a dependency");
        }
    }
}
