//! The bundle, laid out as hosts want it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::built::library;

/// A bundle around the library that was built with this test.
pub fn bundle() -> &'static Path {
    static BUNDLE: OnceLock<PathBuf> = OnceLock::new();
    BUNDLE.get_or_init(|| {
        let bundle = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vst3/Earmark.vst3");
        let (folder, name) = if cfg!(target_os = "macos") {
            ("MacOS".to_owned(), "Earmark".to_owned())
        } else if cfg!(target_os = "windows") {
            (format!("{}-win", std::env::consts::ARCH), "Earmark.vst3".to_owned())
        } else {
            (format!("{}-linux", std::env::consts::ARCH), "Earmark.so".to_owned())
        };
        let folder = bundle.join("Contents").join(folder);
        std::fs::create_dir_all(&folder).expect("a folder for the bundle");
        let library = library();
        let place = folder.join(name);
        // A library that is loaded somewhere must not change under it: a new file takes its place.
        let fresh = folder.join("fresh");
        std::fs::copy(&library, &fresh).expect("a copy of the library");
        std::fs::rename(&fresh, &place).expect("the library in its place");
        bundle
    })
}
