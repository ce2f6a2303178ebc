//! Bytes from anywhere: an error or samples, never a panic, a hang or a flood of memory.

use std::io::Cursor;

use proptest::prelude::*;

use super::super::Source;
use super::fixture;

/// Opens and reads `bytes` to the end; returns the number of samples.
fn devour(bytes: Vec<u8>) -> usize {
    let length = bytes.len();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.bin");
    std::fs::write(&path, &bytes).unwrap();
    let file = Source::open(&path);
    let stream = Source::from_reader("hostile".as_ref(), Box::new(Cursor::new(bytes)));
    let mut most = 0;
    for mut source in [file, stream].into_iter().flatten() {
        let mut samples = 0;
        while let Ok(Some(block)) = source.next_block() {
            assert!(!block.is_empty() && block.iter().all(|s| s.is_finite()));
            samples += block.len();
            assert!(samples < 100_000_000, "{length} bytes do not hold this much");
        }
        most = most.max(samples);
    }
    most
}

fn mutated(name: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let original = std::fs::read(fixture(name)).unwrap();
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 0..12);
    (edits, any::<prop::sample::Index>(), any::<bool>()).prop_map(move |(edits, cut, shorten)| {
        let mut bytes = original.clone();
        for (at, value, early) in edits {
            // Headers are where lies do most harm.
            let range = if early { bytes.len().min(256) } else { bytes.len() };
            let at = at.index(range);
            bytes[at] = value;
        }
        if shorten {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..4_096)) {
        devour(bytes);
    }

    #[test]
    fn random_wav_headers(
        mut bytes in prop::collection::vec(any::<u8>(), 36..200),
        known in prop::collection::vec(any::<bool>(), 6),
    ) {
        let parts: [(usize, &[u8]); 6] = [
            (0, b"RIFF"), (8, b"WAVE"), (12, b"fmt "), (16, b"\x10\0\0\0"), (20, b"\x01\0\x02\0"), (32, b"\x04\0\x10\0"),
        ];
        for ((at, part), known) in parts.into_iter().zip(known) {
            if known {
                bytes[at..at + part.len()].copy_from_slice(part);
            }
        }
        bytes.splice(36..36, *b"data");
        devour(bytes);
    }

    #[test]
    fn mutated_flac(bytes in mutated("click.flac")) { devour(bytes); }

    #[test]
    fn mutated_mp3(bytes in mutated("click.mp3")) { devour(bytes); }

    #[test]
    fn mutated_opus(bytes in mutated("click.opus")) { devour(bytes); }

    #[test]
    fn mutated_vorbis(bytes in mutated("click.ogg")) { devour(bytes); }

    #[test]
    fn mutated_aac(bytes in mutated("click.m4a")) { devour(bytes); }

    #[test]
    fn mutated_matroska(bytes in mutated("click-opus.webm")) { devour(bytes); }

    #[test]
    fn mutated_opus_in_mp4(bytes in mutated("click-opus.mp4")) { devour(bytes); }

    #[test]
    fn mutated_opus_channels(bytes in mutated("tones-10.opus")) { devour(bytes); }

    #[test]
    fn mutated_wav(bytes in mutated("click-mulaw.wav")) { devour(bytes); }

    #[test]
    fn mutated_aiff(bytes in mutated("click.aiff")) { devour(bytes); }
}
