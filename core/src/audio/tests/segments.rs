//! Matroska in streams, and several recordings in one file.

use super::super::{AudioError, AudioWarning, Source};
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

#[test]
fn packed_tracks_are_not_taken_for_sound_and_encrypted_ones_are_given_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("packed.webm");
    let mut packed = bytes("click-opus.webm");
    // In place of what says how late the codec is.
    let at = packed.windows(3).position(|name| name == [0x56, 0xaa, 0x83]).unwrap();
    for (kind, said) in [(0, "a compressed Matroska track"), (1, "an encrypted Matroska track")] {
        packed[at..at + 13].copy_from_slice(b"\x6d\x80\x8a\x62\x40\x87\x50\x33\x84\0\0\0\0");
        packed[at + 12] = kind;
        std::fs::write(&path, &packed).unwrap();
        let stream = Box::new(std::io::Cursor::new(packed.clone()));
        for opened in [Source::open_as(&path, &path), Source::from_reader(&path, stream)] {
            let error = opened.err().unwrap();
            assert!(matches!(&error, AudioError::Unsupported { what, .. } if what == said), "{error}");
        }
    }
    let error = Source::open(&path).err().unwrap().to_string();
    assert!(error.contains("encrypted") && !error.contains("ffmpeg"), "{error}");
    // The recording behind another one.
    std::fs::write(&path, [bytes("click-opus.webm"), packed].concat()).unwrap();
    let read = Read::file(&path);
    assert!(read.samples == Read::file(&fixture("click-opus.webm")).samples, "{}", read.samples.len());
    assert!(matches!(read.error, Some(AudioError::Unsupported { .. })), "{:?}", read.error);
}
