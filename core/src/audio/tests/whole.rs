//! Whatever stands around, before, behind and between recordings, they are heard whole; what is missing is told.

use super::super::{AudioError, AudioWarning, Source};
use super::{Read, failure, fixture};

/// As a file, and as a stream with the same result.
fn read(bytes: &[u8]) -> Read {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording");
    std::fs::write(&path, bytes).unwrap();
    Read::file(&path)
}

fn whole(name: &str) -> (Vec<u8>, Read) {
    let bytes = std::fs::read(fixture(name)).unwrap();
    let read = read(&bytes);
    assert!(read.error.is_none() && read.warnings.is_empty(), "{name}: {:?} {:?}", read.error, read.warnings);
    (bytes, read)
}

/// Bytes in which nothing can be found.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x1234_5678_u32;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        })
        .collect()
}

fn id3v1() -> Vec<u8> {
    [&b"TAG"[..], &[b' '; 125]].concat()
}

fn id3v2(size: u8) -> Vec<u8> {
    [&b"ID3\x04\0\0\0\0\x01"[..], &[size], &vec![b'x'; 128 + usize::from(size)]].concat()
}

/// An APE tag, with or without the header that repeats its footer.
fn ape(header: bool) -> Vec<u8> {
    let frame = |flags: u32| {
        [&b"APETAGEX\xd0\x07\0\0"[..], &132_u32.to_le_bytes(), &[0; 4], &flags.to_le_bytes(), &[0; 8]]
            .concat()
    };
    let before = if header { frame(0xa000_0000) } else { Vec::new() };
    [before, vec![b'y'; 100], frame(0x8000_0000)].concat()
}

#[test]
fn what_stands_behind_a_recording_is_not_its_sound_and_not_its_loss() {
    let tails = [
        id3v1(),
        ape(true),
        ape(false),
        [ape(true), id3v1()].concat(),
        id3v2(90),
        vec![0; 5_000],
        [&b"LYRICSBEGININD00002100000049LYRICS200"[..], &id3v1()].concat(),
        noise(3_000),
    ];
    let names = [
        "click.flac",
        "click.mp3",
        "click.aac",
        "click.ogg",
        "click.opus",
        "click.m4a",
        "click-alac.m4a",
        "click.aiff",
        "click.caf",
        "click-vorbis.mka",
        "click-opus.webm",
    ];
    for name in names {
        let (bytes, expected) = whole(name);
        for tail in &tails {
            let with = read(&[&bytes[..], tail].concat());
            let begin = String::from_utf8_lossy(&tail[..8]).into_owned();
            assert!(
                with.samples == expected.samples,
                "{name} before {begin}: {} samples",
                with.samples.len()
            );
            assert!(
                with.error.is_none() && with.warnings.is_empty(),
                "{name}: {:?} {:?}",
                with.error,
                with.warnings
            );
        }
    }
}

#[test]
fn joined_recordings_are_heard_one_after_the_other() {
    for name in ["click.flac", "click.mp3", "click.aac", "click.ogg", "click.opus", "click.oga"] {
        let (bytes, once) = whole(name);
        for between in [Vec::new(), id3v1(), [id3v1(), id3v2(7)].concat()] {
            if name.contains(".o") && !between.is_empty() {
                continue;
            }
            let joined = [&bytes[..], &between, &bytes].concat();
            let twice = read(&joined);
            assert!(
                twice.error.is_none() && twice.warnings.is_empty(),
                "{name}: {:?} {:?}",
                twice.error,
                twice.warnings
            );
            // ADTS has no beginning, so its decoder goes on.
            let same = twice.samples == [&once.samples[..], &once.samples].concat();
            let length = twice.samples.len() == 2 * once.samples.len();
            assert!(length && (same || name.ends_with("aac")), "{name}: {} samples", twice.samples.len());
            assert!(Read::stream(joined).samples == twice.samples, "{name} as a stream");
        }
    }
}

#[test]
fn joined_recordings_may_differ_in_rate_and_channels() {
    let (first, once) = whole("click.ogg");
    let (second, other) = whole("click.opus");
    assert_ne!(once.info.rate_hz, other.info.rate_hz);
    let read = read(&[&first[..], &second, &first].concat());
    assert!(read.error.is_none(), "{:?}", read.error);
    assert_eq!((read.info.rate_hz, read.info.channels), (once.info.rate_hz, once.info.channels));
    // Each lasts a second.
    assert_eq!(read.samples.len(), 3 * once.samples.len());
    assert!(read.samples.starts_with(&once.samples) && read.samples.ends_with(&once.samples));
}

/// A FLAC file with another block behind the first.
fn with_block(kind: u8, content: &[u8]) -> Vec<u8> {
    let bytes = std::fs::read(fixture("click.flac")).unwrap();
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let block = [&[kind], &length[1..], content].concat();
    let mut out = bytes[..42].to_vec();
    // The first block was not the last, or is not any more.
    let last = out[4] & 0x80;
    out[4] &= 0x7f;
    out.extend(&block);
    let at = out.len() - block.len();
    out[at] |= last;
    out.extend(&bytes[42..]);
    out
}

#[test]
fn metadata_of_flac_may_be_as_wrong_as_it_likes() {
    let (bytes, expected) = whole("click.flac");
    let blocks: [(u8, Vec<u8>); 9] = [
        (5, [&[0; 128][..], &[0, 0, 0, 0, 0, 0, 9, 9], &[0; 300]].concat()),
        (5, vec![0xff; 500]),
        (6, [&[0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff][..], &noise(3 << 20)].concat()),
        (4, vec![0xff; 40]),
        (3, vec![1; 19]),
        (2, vec![b'r']),
        (1, vec![9; 3]),
        (77, noise(100)),
        (0, bytes[8..42].to_vec()),
    ];
    for (kind, content) in blocks {
        let wrong = with_block(kind, &content);
        let heard = read(&wrong);
        assert!(heard.samples == expected.samples, "block {kind}: {} samples", heard.samples.len());
        assert!(
            heard.error.is_none() && heard.warnings.is_empty(),
            "{kind}: {:?} {:?}",
            heard.error,
            heard.warnings
        );
        assert!(Read::stream(wrong).samples == expected.samples, "block {kind} as a stream");
    }
    // The number of samples is unknown or too small, the blocks' lengths are none.
    for (at, change) in [(22, [0; 4]), (22, [0, 0, 0, 9]), (8, [0, 0, 0, 0])] {
        let mut wrong = bytes.clone();
        wrong[at..at + 4].copy_from_slice(&change);
        let heard = read(&wrong);
        assert!(heard.samples == expected.samples && heard.error.is_none(), "{at}: {:?}", heard.error);
    }
}

#[test]
fn the_frame_count_of_an_mp3_may_be_wrong() {
    let (bytes, expected) = whole("click.mp3");
    let tag = bytes.windows(4).position(|w| w == b"Info" || w == b"Xing").unwrap();
    for frames in [0_u32, 3, 100_000, u32::MAX] {
        let mut wrong = bytes.clone();
        wrong[tag + 8..tag + 12].copy_from_slice(&frames.to_be_bytes());
        let heard = read(&wrong);
        assert!(heard.samples == expected.samples, "{frames}: {} samples", heard.samples.len());
        assert!(heard.warnings.is_empty(), "{frames}: {:?}", heard.warnings);
    }
}

#[test]
fn sizes_of_aiff_and_caf_are_claims() {
    let (bytes, expected) = whole("click.aiff");
    let sound = bytes.windows(4).position(|w| w == b"SSND").unwrap();
    for size in [0, 0x7f00_0008, u32::MAX, 5_000] {
        for places in [&[4][..], &[sound + 4], &[4, sound + 4]] {
            let mut wrong = bytes.clone();
            places.iter().for_each(|&at| wrong[at..at + 4].copy_from_slice(&size.to_be_bytes()));
            let heard = read(&wrong);
            assert!(heard.samples == expected.samples, "{size:x} at {places:?}: {}", heard.samples.len());
        }
    }
    let frames = expected.samples.len() / usize::from(expected.info.channels);
    let half = read(&bytes[..bytes.len() / 2]);
    assert!(half.samples.len() / usize::from(half.info.channels) < frames);
    assert!(matches!(half.warnings[..], [AudioWarning::Truncated { .. }]), "{:?}", half.warnings);

    let (bytes, expected) = whole("click.caf");
    let data = bytes.windows(4).position(|w| w == b"data").unwrap();
    // Compressed, and the samples are the last part: until the end.
    if data > bytes.windows(4).position(|w| w == b"pakt").unwrap() {
        let mut wrong = bytes.clone();
        wrong[data + 4..data + 12].copy_from_slice(&u64::MAX.to_be_bytes());
        assert!(read(&wrong).samples == expected.samples);
    }
}

#[test]
fn sizes_of_mp4_and_matroska_are_claims() {
    for name in ["click.m4a", "click-alac.m4a", "click-opus.mp4"] {
        let (bytes, expected) = whole(name);
        let data = bytes.windows(4).position(|w| w == b"mdat").unwrap() - 4;
        for size in [0, 1 << 30, 60] {
            let mut wrong = bytes.clone();
            wrong[data..data + 4].copy_from_slice(&u32::to_be_bytes(size));
            let heard = read(&wrong);
            assert!(heard.samples == expected.samples, "{name}, {size}: {} samples", heard.samples.len());
        }
    }
    for name in ["click-vorbis.mka", "click-opus.webm"] {
        let (bytes, expected) = whole(name);
        let segment = bytes.windows(4).position(|w| w == b"\x18\x53\x80\x67").unwrap() + 4;
        assert_eq!(bytes[segment], 1, "a size of eight bytes");
        let mut endless = bytes.clone();
        endless[segment + 1..segment + 8].fill(0xff);
        let heard = read(&endless);
        assert!(
            heard.samples == expected.samples && heard.warnings.is_empty(),
            "{name}: {:?}",
            heard.warnings
        );
        let cut = read(&bytes[..bytes.len() * 7 / 10]);
        assert!(matches!(cut.warnings[..], [AudioWarning::Truncated { .. }]), "{name}: {:?}", cut.warnings);
        assert!(cut.samples.len() * 10 > expected.samples.len() * 3, "{name}: {} samples", cut.samples.len());
    }
}

#[test]
fn a_stream_whose_index_comes_last_is_heard() {
    for name in ["click.m4a", "click-alac.m4a", "click-opus.mp4", "click-fragmented.mp4"] {
        let (bytes, expected) = whole(name);
        assert!(Read::stream(bytes).samples == expected.samples, "{name}");
    }
}

#[test]
fn a_pause_at_the_start_of_mp4_is_a_pause() {
    let (bytes, expected) = whole("click.m4a");
    let list = bytes.windows(4).position(|w| w == b"elst").unwrap() - 4;
    let tracks =
        ["trak", "edts", "moov"].map(|name| bytes.windows(4).position(|w| w == name.as_bytes()).unwrap() - 4);
    let scale_at = bytes.windows(4).position(|w| w == b"mvhd").unwrap() + 16;
    let scale = u32::from_be_bytes(*bytes[scale_at..].first_chunk().unwrap());
    // An empty edit of a quarter of a second before the one that is there. The index is the last box, so offsets hold.
    let mut late = bytes.clone();
    for at in tracks.into_iter().chain([list]) {
        let size = u32::from_be_bytes(*late[at..].first_chunk().unwrap()) + 12;
        late[at..at + 4].copy_from_slice(&size.to_be_bytes());
    }
    let count = u32::from_be_bytes(*late[list + 12..].first_chunk().unwrap()) + 1;
    late[list + 12..list + 16].copy_from_slice(&count.to_be_bytes());
    let empty = [&(scale / 4).to_be_bytes()[..], &u32::MAX.to_be_bytes(), &[0, 1, 0, 0]].concat();
    late.splice(list + 16..list + 16, empty);
    let heard = read(&late);
    let pause = usize::try_from(heard.info.rate_hz / 4).unwrap() * usize::from(heard.info.channels);
    assert!(heard.samples[..pause].iter().all(|&sample| sample == 0.0));
    assert!(heard.samples[pause..] == expected.samples, "{}", heard.samples.len());
    assert_eq!(
        heard.info.samples.map(|n| n * u64::from(heard.info.channels)),
        Some(heard.samples.len() as u64)
    );
    assert!(Read::stream(late).samples == heard.samples);
}

#[test]
fn big_endian_wav_and_au_hold_what_wav_holds() {
    let samples: Vec<i16> = noise(2_000).chunks(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    let expected: Vec<f32> = samples.iter().map(|&s| f32::from(s) / 32_768.0).collect();
    let big: Vec<u8> = samples.iter().flat_map(|s| s.to_be_bytes()).collect();
    let format =
        [&[0, 1, 0, 1][..], &8_000_u32.to_be_bytes(), &16_000_u32.to_be_bytes(), &[0, 2, 0, 16]].concat();
    let rifx = |size: u32| {
        let sizes = [36 + size, 16, size].map(u32::to_be_bytes);
        [b"RIFX", &sizes[0][..], b"WAVEfmt ", &sizes[1], &format, b"data", &sizes[2], &big].concat()
    };
    let au = |size: u32| {
        let fields = [24, size, 3, 8_000, 1].map(u32::to_be_bytes).concat();
        [&b".snd"[..], &fields, &big].concat()
    };
    for bytes in [rifx(2_000), rifx(0), au(2_000), au(u32::MAX)] {
        let heard = read(&bytes);
        assert!(heard.samples == expected, "{:?}", String::from_utf8_lossy(&bytes[..12]));
        assert_eq!(heard.info.sample_format.bits, 16);
        assert!(Read::stream(bytes).samples == expected);
    }
}

#[test]
fn an_empty_part_before_the_samples_of_a_wav_is_passed_over() {
    let bytes = [
        &b"RIFF\x36\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0data\x0a\0\0\0"[..],
        &[7; 10],
    ]
    .concat();
    assert_eq!(read(&bytes).samples.len(), 5);
}

#[test]
fn a_lossless_recording_that_is_cut_off_says_when() {
    let bytes = std::fs::read(fixture("click.flac")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.flac");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = Read::all(Source::open(&path).unwrap()).error.unwrap();
    let AudioError::Truncated { at_s, told_s, .. } = error else { panic!("{error}") };
    assert!(at_s > 0.2 && at_s < 0.8 && (told_s - 1.0).abs() < 1e-9, "{at_s} of {told_s}");
}

#[test]
fn free_format_beyond_the_listed_rates_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fast.mp3");
    let mut frame = vec![0; 1_200];
    frame[..4].copy_from_slice(&[0xff, 0xfb, 0x04, 0xc0]);
    std::fs::write(&path, frame.repeat(8)).unwrap();
    let error = failure(&path);
    assert!(matches!(error, AudioError::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("free format at more than 320 kbit/s"), "{error}");
}
