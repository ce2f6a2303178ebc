//! What strangers send: an exported profile, and what a pack brings for phrases. The first byte says which.
#![no_main]

mod scratch;

use std::path::Path;
use std::sync::LazyLock;

use earmark_core::detect::DetectorMode;
use earmark_core::embed::{Embedder, Vectors};
use earmark_core::model::pack::{Pack, Task};
use earmark_core::model::runtime::Runtime;
use earmark_core::phrase::{Negatives, PhraseProfile, peaks};
use earmark_core::profile::{Existing, Profile, ProfileName, ProfileStore};
use earmark_core::voice::VoiceProfile;
use libfuzzer_sys::fuzz_target;

/// Vectors that a profile is tried on.
const HOPS: usize = 32;

static EMBEDDER: LazyLock<Embedder> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/embed/phrase");
    let pack = Pack::open(&folder).and_then(|pack| pack.for_task(Task::Phrase)).expect("a fixture");
    let runtime = Runtime::embedded().expect("it is built in");
    Embedder::load(&runtime, pack, DetectorMode::Throughput).expect("a fixture")
});

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((0, profile)) => {
            if let Some(profile) = taken_in::<PhraseProfile>(profile) {
                spot(&profile);
            }
        }
        Some((1, profile)) => {
            if let Some(profile) = taken_in::<VoiceProfile>(profile) {
                assert!(profile.speech_s() >= 0.0);
            }
        }
        Some((_, negatives)) => {
            if let Ok(negatives) = Negatives::parse(negatives, &EMBEDDER) {
                assert!(negatives.hours() > 0.0);
            }
        }
        None => {}
    }
});

/// What is accepted can be read again for the network that it names, unless it is sealed.
fn taken_in<P: Profile>(bytes: &[u8]) -> Option<P> {
    let file = scratch::write("profile.json", bytes);
    let store = ProfileStore::open(Some(&file.with_file_name("store"))).expect("a plain path");
    let name: ProfileName = "taken".parse().expect("a plain name");
    store.import::<P>(&file, Some(&name), Existing::Replace).ok()?;
    let entries = store.list(P::KIND).expect("it can be read");
    assert_eq!(entries.len(), 1);
    let sha256 = serde_json::from_slice::<serde_json::Value>(bytes).ok()?["model"]["sha256"].as_str()?.to_owned();
    store.load(&name, &sha256, None).ok()
}

/// Any accepted profile gives scores that are numbers.
fn spot(profile: &PhraseProfile) {
    let mut vectors = Vectors::new(profile.dim(), 4);
    vectors.rows = (0..HOPS * profile.dim()).map(|i| (i as f32 * 0.37).sin()).collect();
    let (each, highest) = peaks(profile, &vectors);
    assert!(highest.is_finite() && each.iter().all(|score| score.is_finite()));
}
