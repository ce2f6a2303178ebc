//! The layouts of every system, made here.

use super::*;

fn names() -> Names {
    Names { name: "Name".into(), vendor: "Vendor".into(), clap_id: "an.id".into() }
}

#[test]
fn every_system_gets_its_layout() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("lib");
    fs::write(&library, b"code").unwrap();
    for (triple, clap, vst3) in [
        ("x86_64-unknown-linux-gnu", "Name.clap", "Name.vst3/Contents/x86_64-linux/Name.so"),
        ("aarch64-unknown-linux-gnu", "Name.clap", "Name.vst3/Contents/aarch64-linux/Name.so"),
        ("x86_64-pc-windows-msvc", "Name.clap", "Name.vst3/Contents/x86_64-win/Name.vst3"),
        ("x86_64-pc-windows-gnu", "Name.clap", "Name.vst3/Contents/x86_64-win/Name.vst3"),
        ("aarch64-pc-windows-msvc", "Name.clap", "Name.vst3/Contents/arm64-win/Name.vst3"),
        ("i686-pc-windows-msvc", "Name.clap", "Name.vst3/Contents/x86-win/Name.vst3"),
        ("aarch64-apple-darwin", "Name.clap/Contents/MacOS/Name", "Name.vst3/Contents/MacOS/Name"),
    ] {
        let (system, arch) = (System::of(Some(triple)).unwrap(), architecture(Some(triple)));
        let out = folder.path().join(triple);
        for (kind, file) in [("clap", clap), ("vst3", vst3)] {
            // Twice: what lies there is replaced.
            lay_out(&library, &out, &names(), kind, system, arch).unwrap();
            let made = lay_out(&library, &out, &names(), kind, system, arch).unwrap();
            assert_eq!(fs::read(out.join(file)).unwrap(), b"code", "{triple}");
            assert!(made.bytes >= 4);
        }
    }
    assert!(System::of(Some("wasm32-unknown-unknown")).is_err());
}

/// The keys of a property list with their texts.
fn texts(plist: &str) -> BTreeMap<&str, &str> {
    plist
        .split("<key>")
        .skip(1)
        .filter_map(|entry| {
            let (key, value) = entry.split_once("</key>")?;
            let value = value.trim_start().strip_prefix("<string>")?;
            Some((key, value.split_once("</string>")?.0))
        })
        .collect()
}

#[test]
fn macos_is_told_what_lies_in_a_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("lib");
    fs::write(&library, b"code").unwrap();
    for kind in ["clap", "vst3"] {
        let made = lay_out(&library, folder.path(), &names(), kind, System::MacOs, "aarch64").unwrap();
        let contents = made.path().join("Contents");
        assert_eq!(fs::read(contents.join("PkgInfo")).unwrap(), b"BNDL????");
        let plist = fs::read_to_string(contents.join("Info.plist")).unwrap();
        let texts = texts(&plist);
        assert!(contents.join("MacOS").join(texts["CFBundleExecutable"]).is_file());
        assert_eq!(texts["CFBundleIdentifier"], format!("an.id.{kind}"));
        // The same type and creator as in `PkgInfo`.
        assert_eq!([texts["CFBundlePackageType"], texts["CFBundleSignature"]].concat(), "BNDL????");
        assert_eq!(texts["CFBundleVersion"], env!("CARGO_PKG_VERSION"));
    }
}

#[test]
fn ladspa_and_lv2_have_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("lib");
    fs::write(&library, b"code").unwrap();
    let texts = crate::workspace().join("plugin/lv2");
    for _ in 0..2 {
        assert_eq!(ladspa(&library, folder.path()).unwrap().path, folder.path().join("earmark.so"));
        let made = lv2(&library, folder.path(), &texts).unwrap();
        // What the manifest names lies beside it.
        let manifest = fs::read_to_string(made.path.join("manifest.ttl")).unwrap();
        for named in ["earmark.so", "earmark.ttl"] {
            assert!(manifest.contains(&format!("<{named}>")) && made.path.join(named).is_file());
        }
    }
}

#[test]
fn the_ids_are_those_of_the_plugin() {
    let root = crate::workspace();
    let text = fs::read_to_string(root.join("bundler.toml")).unwrap();
    let entries: BTreeMap<String, Names> = toml::from_str(&text).unwrap();
    let source = fs::read_to_string(root.join("plugin/src/clap/mod.rs")).unwrap();
    assert!(source.contains(&format!("\"{}\"", entries["earmark-plugin"].clap_id)));
}
