//! The parts of a page put together: markup, style and scripts in one file.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::Audio;
use super::data::PageData;

/// The drawing of lanes: a script module that also the monitor page of a server draws with.
pub const LANES_JS: &str = include_str!("assets/lanes.js");

const MARKUP: &str = include_str!("assets/page.html");
const STYLE: &str = include_str!("assets/page.css");

/// Script modules, each behind those that it imports.
const MODULES: [(&str, &str); 27] = [
    ("lanes.js", LANES_JS),
    ("dom.js", include_str!("assets/dom.js")),
    ("lists.js", include_str!("assets/lists.js")),
    ("data.js", include_str!("assets/data.js")),
    ("edits.js", include_str!("assets/edits.js")),
    ("numbers.js", include_str!("assets/numbers.js")),
    ("write/tables.js", include_str!("assets/write/tables.js")),
    ("write/speech.js", include_str!("assets/write/speech.js")),
    ("write/editors.js", include_str!("assets/write/editors.js")),
    ("write/manifests.js", include_str!("assets/write/manifests.js")),
    ("write/rates.js", include_str!("assets/write/rates.js")),
    ("write/timelines.js", include_str!("assets/write/timelines.js")),
    ("write.js", include_str!("assets/write.js")),
    ("read.js", include_str!("assets/read.js")),
    ("compare.js", include_str!("assets/compare.js")),
    ("sound.js", include_str!("assets/sound.js")),
    ("spectrum.js", include_str!("assets/spectrum.js")),
    ("player.js", include_str!("assets/player.js")),
    ("work.js", include_str!("assets/work.js")),
    ("view.js", include_str!("assets/view.js")),
    ("pointer.js", include_str!("assets/pointer.js")),
    ("table.js", include_str!("assets/table.js")),
    ("editor.js", include_str!("assets/editor.js")),
    ("panels.js", include_str!("assets/panels.js")),
    ("downloads.js", include_str!("assets/downloads.js")),
    ("index.js", include_str!("assets/index.js")),
    ("app.js", include_str!("assets/app.js")),
];

/// All modules as one. They share a scope, so no two of them declare the same name: what they import from each other is there.
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let mut script = String::from("\n");
    for (_, module) in MODULES {
        for line in module.lines().filter(|line| !line.starts_with("import ")) {
            script.push_str(line.strip_prefix("export ").unwrap_or(line));
            script.push('\n');
        }
    }
    script
});

/// The document of `data`; what is embedded follows it, in the order of the recordings.
pub(super) fn document<'a>(data: &PageData, sounds: impl Iterator<Item = &'a Audio>) -> String {
    let mut embedded = String::new();
    for (place, sound) in sounds.enumerate() {
        if let Audio::Embedded { bytes, .. } = sound {
            embedded.push_str(&format!("<script type=\"text/plain\" id=\"sound-{place}\">"));
            STANDARD.encode_string(bytes, &mut embedded);
            embedded.push_str("</script>\n");
        }
    }
    let json = data.json();
    let parts = [
        ("policy", &*policy()),
        ("style", STYLE),
        ("data", &json),
        ("embedded", &embedded),
        ("script", &SCRIPT),
    ];
    // One pass over the markup, so that nothing inside a part is taken for a place.
    let mut out =
        String::with_capacity(MARKUP.len() + STYLE.len() + json.len() + embedded.len() + SCRIPT.len());
    let mut rest = MARKUP;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (name, after) = behind.split_once("}}").expect("the markup closes what it opens");
        let (_, part) =
            parts.iter().find(|(known, _)| *known == name).expect("the markup names parts that are there");
        out.push_str(before);
        out.push_str(part);
        rest = after;
    }
    out + rest
}

/// The page's own style and script, pictures that it draws itself, and sound beside it, inside it or from the user's disk.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; media-src 'self' file: blob:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'",
        hash(&SCRIPT),
        hash(STYLE)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modules_import_only_what_stands_before_them() {
        for (place, (name, module)) in MODULES.iter().enumerate() {
            let folder = name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            for line in module.lines().filter(|line| line.starts_with("import ")) {
                let from = line.split('\'').nth(1).unwrap_or_else(|| panic!("{name}: {line}: on one line"));
                let from = match from.strip_prefix("../") {
                    Some(above) => above.to_owned(),
                    None => folder.clone() + from.trim_start_matches("./"),
                };
                assert!(MODULES[..place].iter().any(|(known, _)| *known == from), "{name}: {line}");
            }
            assert!(module.lines().count() < 400, "{name} is long");
        }
        assert!(!SCRIPT.contains("</script") && !SCRIPT.contains("<!--"));
        assert!(!SCRIPT.lines().any(|line| line.starts_with("import ") || line.starts_with("export ")));
    }
}
