//! The rules as data, and what breaks them.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::Import;

/// `module` of core never imports `never`.
pub struct CoreRule {
    pub module: &'static str,
    pub never: &'static str,
    pub because: &'static str,
}

const fn core(module: &'static str, never: &'static str, because: &'static str) -> CoreRule {
    CoreRule { module, never, because }
}

pub const CORE_RULES: &[CoreRule] = &[
    core("decide", "model", "scores are scores, whatever pack they come from"),
    core("decide", "detect", "a decision is made of scores, not of audio"),
    core("decide", "gate", "data flows one way: the gate follows decisions"),
    core("gate", "model", "the gate knows labels and levels, no pack format"),
    core("gate", "detect", "the gate follows decisions, not networks"),
    core("report", "eval", "writing labels down is not judging them"),
    core("report", "detect", "scores are scores, whatever heard them"),
    core("report", "pipeline", "data flows one way: pipelines measure what a page shows"),
    core("report", "render", "labels are written the same way whether or not audio is"),
    core("realtime", "render", "they share decisions, gate and mixer, and nothing of each other"),
    core("render", "realtime", "they share decisions, gate and mixer, and nothing of each other"),
    core("realtime", "pipeline", "a pipeline runs to the end of a file, which live audio has not"),
    core("stream", "audio", "a stream is samples, wherever these come from"),
    core("stream", "gate", "a stream tells what is on; what is done about it is another's"),
    core("stream", "pipeline", "a pipeline runs to the end of a file, which a stream has not"),
    core("decide", "stream", "data flows one way: streams follow decisions"),
    core("realtime", "stream", "both follow the causal law, and know nothing of each other"),
    core("batch", "pipeline", "which files a run reads and writes is known before any work"),
    core("profile", "detect", "a profile is kept, not heard"),
    core("profile", "audio", "a profile holds measurements, never a recording"),
    core("profile", "decide", "what a profile means is decided by the module that enrols"),
    core("embed", "audio", "vectors are made of samples, wherever these come from"),
    core("detect", "embed", "both stand on the same front; scores need no vectors"),
    core("voice", "audio", "a voice is heard in samples, wherever these come from"),
    core("voice", "gate", "whose voice it is does not depend on what is done about it"),
    core("voice", "realtime", "data flows one way: the worker follows voices"),
    core("gate", "voice", "to the gate a voice is a label"),
    core("gate", "phrase", "to the gate a phrase is a label"),
    core("phrase", "realtime", "data flows one way: the worker hears phrases"),
    core("decide", "voice", "to the law of decision a voice is a column of scores"),
    core("phrase", "audio", "phrases are found in samples, wherever these come from"),
    core("phrase", "gate", "a phrase is told; what is done about it is another's"),
    core("phrase", "pipeline", "data flows one way: pipelines enrol and spot"),
    core("detect", "phrase", "scores know no phrases"),
    core("features", "audio", "features are made of samples, wherever these come from"),
    core("features", "model", "a pack states its features, not the other way round"),
];

/// Sources under `folder` never name a path of core that begins with one of `never`.
pub struct FaceRule {
    pub folder: &'static str,
    pub never: &'static [&'static str],
    pub because: &'static str,
}

/// What multiplies samples or makes a decision; a face calls what calls these.
const INSIDES: &[&str] = &[
    "decide::Hysteresis",
    "decide::Segmenter",
    "decide::hysteresis",
    "decide::silence",
    "gate::CausalDecider",
    "gate::GainComputer",
    "gate::RuleSet",
    "gate::apply_gains",
    "gate::edges_from_segments",
    "gate::mix_dry",
    "gate::spans_at_full_gain",
];

pub const FACE_RULES: &[FaceRule] = &[
    FaceRule {
        folder: "cli/src",
        never: INSIDES,
        because: "the command line turns arguments into one call of core each",
    },
    FaceRule { folder: "server/src", never: INSIDES, because: "the server moves bytes and events" },
    FaceRule {
        folder: "server/src/hearing",
        never: &["audio", "render", "report", "eval", "pipeline"],
        because: "what hears streams waits for no file",
    },
    FaceRule {
        folder: "python/src",
        never: INSIDES,
        because: "the wheel turns Python's arguments into one call of core each",
    },
    FaceRule {
        folder: "plugin/src",
        never: INSIDES,
        because: "the plugin hands parameters and blocks to the processor in core",
    },
    FaceRule {
        folder: "plugin/src/processor",
        never: &["audio", "render", "report", "eval", "pipeline"],
        because: "what a host calls back reads no file and writes none",
    },
];

/// A sentence for each import that a rule forbids.
pub fn broken_in_core(imports: &[Import], rules: &[CoreRule]) -> Vec<String> {
    let mut broken = Vec::new();
    for rule in rules {
        for import in imports {
            if import.module == rule.module && import.head() == rule.never {
                broken.push(format!(
                    "{}: {} imports {}, but {}",
                    import.place, rule.module, import.path, rule.because
                ));
            }
        }
    }
    broken
}

/// The same for a face.
pub fn broken_in_face(imports: &[Import], rule: &FaceRule) -> Vec<String> {
    let begins = |path: &str, start: &str| {
        path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    imports
        .iter()
        .filter(|import| rule.never.iter().any(|never| begins(&import.path, never)))
        .map(|import| format!("{}: imports {}, but {}", import.place, import.path, rule.because))
        .collect()
}

/// Each circle of modules as a chain of names with a place for each link.
pub fn circles(imports: &[Import]) -> Vec<String> {
    let mut edges: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for import in imports {
        if !import.head().is_empty() && import.head() != import.module {
            edges.entry(&import.module).or_default().entry(import.head()).or_insert(&import.place);
        }
    }
    let mut found = BTreeSet::new();
    for start in edges.keys() {
        // The shortest way back to where it began.
        let mut ways: Vec<Vec<&str>> = vec![vec![start]];
        let mut seen = BTreeSet::new();
        while let Some(way) = (!ways.is_empty()).then(|| ways.remove(0)) {
            let last = way[way.len() - 1];
            for next in edges.get(last).into_iter().flat_map(BTreeMap::keys) {
                if next == start {
                    // Told once, from its first name in the alphabet.
                    if way.iter().min() == Some(start) {
                        found.insert(chain(&way, &edges));
                    }
                } else if seen.insert(*next) {
                    ways.push(way.iter().copied().chain([*next]).collect());
                }
            }
        }
    }
    found.into_iter().collect()
}

fn chain(way: &[&str], edges: &BTreeMap<&str, BTreeMap<&str, &str>>) -> String {
    let links = way.iter().zip(way.iter().cycle().skip(1));
    let links: Vec<String> = links.map(|(from, to)| format!("{from} → {to} ({})", edges[from][to])).collect();
    links.join(", ")
}

mod tests {
    use super::*;

    fn import(module: &str, path: &str) -> Import {
        Import { module: module.into(), path: path.into(), place: format!("{module}.rs:1") }
    }

    #[test]
    fn a_planted_import_is_found() {
        let planted = [import("gate", "signal::Label"), import("gate", "model::Pack")];
        let broken = broken_in_core(&planted, CORE_RULES);
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert!(broken[0].starts_with("gate.rs:1: gate imports model::Pack"), "{broken:?}");
    }

    #[test]
    fn a_planted_multiplication_in_a_face_is_found() {
        let planted = [
            import("a", "gate::apply_gains"),
            import("b", "gate::GainComputer"),
            import("c", "gate::RuleSet::new"),
            import("d", "gate::apply_gains_elsewhere"),
            import("e", "pipeline::tag_file"),
        ];
        let broken = broken_in_face(&planted, &FACE_RULES[0]);
        let files: Vec<&str> = broken.iter().map(|text| &text[..4]).collect();
        assert_eq!(files, ["a.rs", "b.rs", "c.rs"]);
    }

    #[test]
    fn a_planted_circle_is_found_once() {
        let chain = [import("a", "b::X"), import("b", "c::Y"), import("a", "c::Y"), import("b", "b::own")];
        assert!(circles(&chain).is_empty());
        let mut circle = chain.to_vec();
        circle.push(import("c", "a::Z"));
        let found = circles(&circle);
        assert_eq!(found, ["a → c (a.rs:1), c → a (c.rs:1)"]);
        circle.retain(|import| (import.module.as_str(), import.head()) != ("a", "c"));
        assert_eq!(circles(&circle), ["a → b (a.rs:1), b → c (b.rs:1), c → a (c.rs:1)"]);
    }
}
