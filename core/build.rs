//! Says where the packs are that `embedded-packs` puts into the binary.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_EMBEDDED_PACKS").is_none() {
        return;
    }
    let Some(package) = std::env::var_os("CARGO_MANIFEST_DIR") else { return };
    // In the repository they lie beside the crate, in the published package inside it. `packs` is a link in the
    // repository, which a checkout on Windows may turn into a text file.
    let places = ["../models/packs", "packs"].map(|place| Path::new(&package).join(place));
    match places.iter().find(|place| place.join("live/pack.json").is_file()) {
        Some(place) => println!("cargo::rustc-env=EARMARK_PACKS={}", place.display()),
        None => println!(
            "cargo::error=the packs are neither in {} nor in {}; get the whole package, or build without the feature \
             `embedded-packs`",
            places[0].display(),
            places[1].display()
        ),
    }
}
