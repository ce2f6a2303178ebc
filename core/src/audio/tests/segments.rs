//! Matroska in streams, and several recordings in one file.

use super::super::AudioWarning;
use super::{Read, fixture};

const NAMES: [&str; 2] = ["click-opus.webm", "click-vorbis.mka"];

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

#[test]
fn a_stream_gives_what_its_file_gives() {
    for name in NAMES {
        let (file, stream) = (Read::file(&fixture(name)), Read::stream(bytes(name)));
        assert!(stream.warnings.is_empty() && stream.error.is_none(), "{name}: {:?}", stream.warnings);
        assert_eq!(stream.samples.len(), file.samples.len(), "{name}");
        assert_eq!(stream.samples, file.samples, "{name}");
    }
}

#[test]
fn what_is_missing_at_the_end_of_a_stream_is_said() {
    for name in NAMES {
        let mut cut = bytes(name);
        cut.truncate(cut.len() * 2 / 3);
        let read = Read::stream(cut);
        assert!(matches!(read.warnings[..], [AudioWarning::Truncated { .. }]), "{name}: {:?}", read.warnings);
        assert!(read.samples.len() > 10_000, "{name}");
    }
}

#[test]
fn joined_recordings_are_heard_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("joined.mka");
    for name in NAMES {
        let one = Read::file(&fixture(name)).samples;
        std::fs::write(&path, bytes(name).repeat(3)).unwrap();
        for read in [Read::file(&path), Read::stream(bytes(name).repeat(3))] {
            assert!(read.warnings.is_empty() && read.error.is_none(), "{name}: {:?}", read.warnings);
            assert_eq!(read.samples.len(), 3 * one.len(), "{name}");
            assert_eq!(read.samples, one.repeat(3), "{name}");
        }
        // What is no recording is no part of it.
        let padded = [bytes(name), vec![0; 5_000]].concat();
        std::fs::write(&path, &padded).unwrap();
        for read in [Read::file(&path), Read::stream(padded)] {
            assert!(read.warnings.is_empty() && read.error.is_none(), "{name}: {:?}", read.warnings);
            assert_eq!(read.samples, one, "{name}");
        }
        // One that is cut off is heard as far as it goes.
        let cut = [bytes(name), bytes(name)[..bytes(name).len() * 2 / 3].to_vec()].concat();
        std::fs::write(&path, &cut).unwrap();
        for read in [Read::file(&path), Read::stream(cut)] {
            assert!(
                matches!(read.warnings[..], [AudioWarning::Truncated { .. }]),
                "{name}: {:?}",
                read.warnings
            );
            assert!(
                read.samples.len() > one.len() + 10_000 && read.samples[..one.len()] == one[..],
                "{name}"
            );
        }
    }
}
