//! The same sound in every container is heard alike.

use std::path::{Path, PathBuf};

use crate::support::{listing, ok, rows, workspace};

fn fixtures() -> PathBuf {
    workspace().join("tests/fixtures/audio")
}

#[test]
fn every_container_is_decoded_and_tagged() {
    let mut seen = 0;
    for name in listing(&fixtures()) {
        let path = fixtures().join(&name);
        let extension = Path::new(&name).extension().and_then(|e| e.to_str()).unwrap_or_default();
        if matches!(extension, "md" | "sh" | "py") {
            continue;
        }
        let heard = rows(&ok(["tag", path.to_str().unwrap()]));
        assert!(heard.last().is_some_and(|r| r.end_s >= 0.3), "{name}: {heard:?}");
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} containers in {}", fixtures().display());
}
