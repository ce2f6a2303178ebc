//! Profiles that are written, read, sealed and forged.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Print {
    #[serde(with = "packed")]
    vector: Vec<f32>,
}

impl Profile for Print {
    const KIND: ProfileKind = ProfileKind::Voice;

    fn check(&self) -> Result<(), String> {
        if self.vector.is_empty() { Err("it has no vector".to_owned()) } else { Ok(()) }
    }

    fn limit_bytes(&self) -> u64 {
        50_000
    }
}

const SHA256: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

struct Place {
    _dir: tempfile::TempDir,
    store: ProfileStore,
    name: ProfileName,
    model: ModelId,
    print: Print,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let store = ProfileStore::open(Some(&dir.path().join("profiles"))).unwrap();
    let model = ModelId { name: "voice".into(), version: "1.0.0".into(), sha256: SHA256.into() };
    let print = Print { vector: vec![0.1, -1.5e-30, f32::MAX] };
    Place { _dir: dir, store, name: "Zoë-2".parse().unwrap(), model, print }
}

impl Place {
    fn save(
        &self,
        seal: Option<&Passphrase>,
        existing: Existing,
    ) -> Result<std::path::PathBuf, ProfileError> {
        self.store.save(&self.name, &self.model, &self.print, seal, existing)
    }

    fn load(&self) -> Result<Print, ProfileError> {
        self.store.load(&self.name, SHA256, None)
    }

    /// Changes the file that was saved.
    fn forge(&self, change: impl FnOnce(&mut Value)) {
        let path = self.store.path(ProfileKind::Voice, &self.name);
        let mut value: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut value);
        std::fs::write(&path, serde_json::to_vec(&value).unwrap()).unwrap();
    }
}

#[test]
fn a_profile_comes_back_with_all_its_bits_and_is_its_owners_alone() {
    let place = place();
    let path = place.save(None, Existing::Refuse).unwrap();
    assert_eq!(place.load().unwrap(), place.print);
    assert!(matches!(place.save(None, Existing::Refuse), Err(ProfileError::Exists { .. })));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        // Not even if somebody has opened it to all.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        place.save(None, Existing::Replace).unwrap();
        assert_eq!(mode(&path), 0o600);
    }
    let list = place.store.list(ProfileKind::Voice).unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!((&list[0].name, &list[0].path), (&place.name, &path));
    assert_eq!(list[0].facts.as_ref().unwrap().model, place.model);
    assert!(place.store.list(ProfileKind::Phrase).unwrap().is_empty());
    place.store.remove(ProfileKind::Voice, &place.name).unwrap();
    let error = place.load().unwrap_err();
    assert!(error.to_string().contains("none is enrolled"), "{error}");
}

#[test]
fn of_several_that_enrol_a_name_at_once_one_does() {
    let place = place();
    for round in 0..20_u8 {
        let name: ProfileName = format!("round{round}").parse().unwrap();
        let start = std::sync::Barrier::new(4);
        let enrol = |value: u8| {
            let print = Print { vector: vec![f32::from(value)] };
            start.wait();
            (print.clone(), place.store.save(&name, &place.model, &print, None, Existing::Refuse))
        };
        let enrolled = std::thread::scope(|scope| {
            let enrol = &enrol;
            let threads = [1, 2, 3, 4].map(|value| scope.spawn(move || enrol(value)));
            threads.map(|thread| thread.join().unwrap())
        });
        let (saved, refused): (Vec<_>, Vec<_>) = enrolled.into_iter().partition(|(_, saved)| saved.is_ok());
        assert_eq!((saved.len(), refused.len()), (1, 3), "{saved:?} {refused:?}");
        // Who was told that it is enrolled is who is there.
        assert_eq!(place.store.load::<Print>(&name, SHA256, None).unwrap(), saved[0].0);
        for (_, refused) in refused {
            let refused = refused.unwrap_err();
            assert!(matches!(refused, ProfileError::Exists { .. }), "{refused}");
        }
    }
    // Nothing half-written is left beside them.
    let folder = place.store.path(ProfileKind::Voice, &place.name);
    let files = std::fs::read_dir(folder.parent().unwrap()).unwrap().count();
    assert_eq!(files, 20);
}

#[test]
fn a_profile_of_another_network_is_refused_with_the_remedy() {
    let place = place();
    place.save(None, Existing::Refuse).unwrap();
    let error = place.store.load::<Print>(&place.name, &"0".repeat(64), None).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ProfileError::Model { .. }));
    assert!(text.contains("earmark voice enrol Zoë-2") && text.contains("0f1e2d3c4b5a"), "{text}");
    // The case of a hash is no difference.
    place.store.load::<Print>(&place.name, &SHA256.to_uppercase(), None).unwrap();
}

#[test]
fn a_sealed_profile_opens_by_its_passphrase_only() {
    let place = place();
    let [right, wrong] = ["correct horse\n", "battery"].map(|text| Passphrase::new(text).unwrap());
    let path = place.save(Some(&right), Existing::Refuse).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("vector") && !text.contains("body"), "{text}");
    let load = |passphrase| place.store.load::<Print>(&place.name, SHA256, passphrase);
    assert_eq!(load(Some(&right)).unwrap(), place.print);
    assert!(matches!(load(Some(&wrong)), Err(ProfileError::WrongPassphrase { .. })));
    assert!(matches!(load(None), Err(ProfileError::Sealed { .. })));
    assert!(place.store.list(ProfileKind::Voice).unwrap()[0].facts.as_ref().unwrap().sealed);
    // What a seal holds together: another network's hash does not fit.
    place.forge(|file| file["model"]["sha256"] = "1".repeat(64).into());
    let forged = place.store.load::<Print>(&place.name, &"1".repeat(64), Some(&right));
    assert!(matches!(forged, Err(ProfileError::WrongPassphrase { .. })));
    // A seal must not take the machine's memory.
    place.forge(|file| file["sealed"]["memory_kib"] = u32::MAX.into());
    let forged = place.store.load::<Print>(&place.name, &"1".repeat(64), Some(&right));
    assert!(matches!(forged, Err(ProfileError::Invalid { .. })));
    assert!(matches!(Passphrase::new("\r\n"), Err(ProfileError::EmptyPassphrase)));
}

#[test]
fn exports_are_taken_in_again_under_any_name() {
    let place = place();
    let right = Passphrase::new("correct horse").unwrap();
    for (seal, other) in [(None, "open"), (Some(&right), "sealed")] {
        place.save(seal, Existing::Replace).unwrap();
        let away = place._dir.path().join("away.json");
        place.store.export(ProfileKind::Voice, &place.name, &away).unwrap();
        let other: ProfileName = other.parse().unwrap();
        assert_eq!(place.store.import::<Print>(&away, Some(&other), Existing::Refuse).unwrap(), other);
        assert_eq!(place.store.load::<Print>(&other, SHA256, seal).unwrap(), place.print);
        let again = place.store.import::<Print>(&away, None, Existing::Refuse);
        assert!(matches!(again, Err(ProfileError::Exists { .. })));
    }
}

#[test]
fn forged_files_are_refused() {
    let place = place();
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 9] = [
        ("format", |file| file["format"] = 2.into()),
        ("that of a phrase", |file| file["kind"] = "phrase".into()),
        ("enrolled as", |file| file["name"] = "other".into()),
        ("cannot be a profile's name", |file| file["name"] = "../../etc/passwd".into()),
        ("unknown field", |file| file["more"] = 1.into()),
        ("unknown field", |file| file["body"]["more"] = 1.into()),
        ("no vector", |file| file["body"]["vector"] = "".into()),
        ("whole, finite", |file| file["body"]["vector"] = "AADAfw==".into()),
        ("body or a seal", |file| {
            file["body"].take();
        }),
    ];
    for (says, change) in changes {
        place.save(None, Existing::Replace).unwrap();
        place.forge(change);
        let error = place.load().unwrap_err().to_string();
        assert!(error.contains(says), "{says}: {error}");
    }
    let path = place.store.path(ProfileKind::Voice, &place.name);
    std::fs::write(&path, " ".repeat(1_000_001)).unwrap();
    assert!(matches!(place.load(), Err(ProfileError::TooLarge { limit: 1_000_000, .. })));
    // It is still listed, so that it can be removed.
    assert!(place.store.list(ProfileKind::Voice).unwrap()[0].facts.is_err());
    std::fs::write(&path, "[".repeat(40_000)).unwrap();
    assert!(matches!(place.load(), Err(ProfileError::Invalid { .. })));
    let large = Print { vector: vec![0.5; 10_000] };
    let saved = place.store.save(&place.name, &place.model, &large, None, Existing::Replace);
    assert!(matches!(saved, Err(ProfileError::TooLarge { limit: 50_000, .. })));
    // Nor is it taken in from elsewhere.
    place.save(None, Existing::Replace).unwrap();
    place.forge(|file| file["body"] = serde_json::to_value(&large).unwrap());
    let taken = place.store.import::<Print>(&path, None, Existing::Replace);
    assert!(matches!(taken, Err(ProfileError::TooLarge { limit: 50_000, .. })));
}

#[test]
fn names_that_could_leave_the_folder_are_refused() {
    for good in ["a", "Anna-Lena", "host_2", "o.neill", "声", "com", "com0", "lpt10"] {
        assert_eq!(good.parse::<ProfileName>().unwrap().as_str(), good);
    }
    let long = "x".repeat(65);
    let bad = [
        "", ".", "..", ".hidden", "-x", "a/b", "a\\b", "a b", "a:b", "end.", "\0", "NUL", "com1", "lpt9.x",
        &long,
    ];
    for bad in bad {
        assert!(matches!(bad.parse::<ProfileName>(), Err(ProfileError::Name { .. })), "{bad:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..600) {
        let place = place();
        let path = place.save(None, Existing::Refuse).unwrap();
        let mut file = std::fs::read(&path).unwrap();
        let cut = cut.min(file.len());
        file.splice(cut..(cut + bytes.len()).min(file.len()), bytes);
        std::fs::write(&path, file).unwrap();
        // Whatever it says, it is said: a value or an error, never a panic.
        if let Ok(print) = place.load() {
            prop_assert!(print.check().is_ok());
        }
    }

    #[test]
    fn a_checked_name_is_one_component_of_a_path(name in "\\PC{0,70}") {
        if let Ok(name) = name.parse::<ProfileName>() {
            let file = format!("{name}.json");
            let mut parts = std::path::Path::new(&file).components();
            prop_assert!(matches!(parts.next(), Some(std::path::Component::Normal(part)) if part == file.as_str()));
            prop_assert!(parts.next().is_none());
        }
    }
}

#[test]
fn the_json_is_as_documented() {
    let place = place();
    let path = place.save(None, Existing::Refuse).unwrap();
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(value["created_unix_s"].take().as_u64().unwrap() > 1_700_000_000);
    let body = json!({ "vector": "zczMPZBj843//39/" });
    let model = json!({ "name": "voice", "version": "1.0.0", "sha256": SHA256 });
    let wanted = json!({
        "format": 1, "kind": "voice", "name": "Zoë-2", "created_unix_s": null, "model": model, "body": body,
    });
    assert_eq!(value, wanted);
}
