//! WAV: every sample format, and every lie that headers tell.

use std::path::Path;

use hound::{SampleFormat as Hound, WavSpec};

use super::super::{AudioError, AudioWarning, PcmEncoding, PcmFormat, SampleFormat, Source, read_mono};
use super::{Read, failure};

fn header(tag: u16, channels: u16, rate_hz: u32, bits: u16, riff: u32, data: u32) -> Vec<u8> {
    let align = channels.wrapping_mul(bits.div_ceil(8));
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend(riff.to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend((rate_hz.wrapping_mul(u32::from(align))).to_le_bytes());
    bytes.extend(align.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    bytes
}

fn saved(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn integers_of_all_sizes_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    for (bits, values) in [
        (8_u16, vec![-128_i32, -1, 0, 1, 127]),
        (16, vec![-32_768, -1, 0, 1, 32_767]),
        (24, vec![-8_388_608, -1, 0, 1, 8_388_607, 1_234_567]),
        (32, vec![i32::MIN, -65_536, 0, 65_536, 1 << 30]),
    ] {
        for channels in [1_u16, 2, 5] {
            let path = folder.path().join(format!("{bits}-{channels}.wav"));
            let spec =
                WavSpec { channels, sample_rate: 44_100, bits_per_sample: bits, sample_format: Hound::Int };
            let mut writer = hound::WavWriter::create(&path, spec).unwrap();
            for &value in &values {
                for _ in 0..channels {
                    writer.write_sample(value).unwrap();
                }
            }
            writer.finalize().unwrap();
            let read = Read::file(&path);
            assert!(read.error.is_none() && read.warnings.is_empty(), "{:?}", read.warnings);
            assert_eq!((read.info.channels, read.info.rate_hz), (channels, 44_100));
            assert_eq!(read.info.sample_format, SampleFormat { bits, float: false });
            assert_eq!(read.info.samples, Some(values.len() as u64));
            let scale = 2_f64.powi(i32::from(bits) - 1);
            for (frame, &value) in read.samples.chunks(usize::from(channels)).zip(&values) {
                assert!(
                    frame.iter().all(|&s| f64::from(s) == f64::from(value) / scale),
                    "{bits} bits: {value}"
                );
            }
        }
    }
}

#[test]
fn integers_of_64_bits_are_heard_by_their_upper_half() {
    let folder = tempfile::tempdir().unwrap();
    let values = [i64::MIN, -(1 << 62), 0, 1 << 40, 1 << 62];
    let mut bytes = header(1, 1, 44_100, 64, 0, 5 * 8);
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    let read = Read::file(&saved(folder.path(), "s64.wav", &bytes));
    assert_eq!(read.samples, [-1.0, -0.5, 0.0, 2_f32.powi(-23), 0.5]);
    assert_eq!(read.info.sample_format, SampleFormat { bits: 32, float: false });
}

#[test]
fn floats_pass_and_nan_is_refused_with_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = header(3, 2, 8_000, 64, 0, 40_000 * 16);
    for n in 0..40_000_u32 {
        let value = f64::from(n) / 65_536.0;
        bytes.extend(value.to_le_bytes());
        bytes.extend((-value).to_le_bytes());
    }
    let read = Read::file(&saved(folder.path(), "f64.wav", &bytes));
    assert_eq!(read.samples.len(), 80_000);
    assert_eq!(read.samples[65_536], 0.5);
    assert_eq!(read.info.sample_format, SampleFormat { bits: 64, float: true });

    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut bytes = header(3, 1, 8_000, 32, 0, 16_000 * 4);
        for n in 0..16_000 {
            bytes.extend(if n == 12_000 { bad } else { 0.1 }.to_le_bytes());
        }
        match failure(&saved(folder.path(), "bad.wav", &bytes)) {
            AudioError::NotFinite { at_s, .. } => assert_eq!(at_s, 1.5),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn lying_lengths() {
    let folder = tempfile::tempdir().unwrap();
    let audio = [0x34_u8, 0x12].repeat(1_000);
    let with = |riff, data, tail: &[u8]| {
        let mut bytes = header(1, 1, 16_000, 16, riff, data);
        bytes.extend(&audio);
        bytes.extend(tail);
        bytes
    };
    // Streaming writers.
    for (riff, data) in [
        (0, 0),
        (u32::MAX, u32::MAX),
        (0xffff_ffff, 0xffff_f000),
        (36, 0),
        (0x7fff_f024, 0x7fff_f000),
        (0x8000_0024, 0x8000_0000),
        (0x7fff_ffff, 0x7fff_ffff),
    ] {
        let read = Read::file(&saved(folder.path(), "streamed.wav", &with(riff, data, b"")));
        assert_eq!((read.samples.len(), read.info.samples), (1_000, Some(1_000)));
        assert_eq!(read.warnings, [AudioWarning::LengthUnknown]);
        let read = Read::stream(with(riff, data, b""));
        assert_eq!((read.samples.len(), read.info.samples), (1_000, None));
    }
    // Cut off, in the middle of a sample too.
    for tail in [&b""[..], b"\x01"] {
        let read = Read::file(&saved(folder.path(), "short.wav", &with(8_036, 8_000, tail)));
        assert_eq!((read.samples.len(), read.info.samples), (1_000, Some(1_000)));
        let told = AudioWarning::Truncated { after_s: 0.0625, told_s: Some(0.25) };
        assert_eq!(read.warnings, [told]);
    }
    // What follows the data is no audio.
    let read = Read::file(&saved(folder.path(), "tail.wav", &with(2_048, 2_000, b"LIST\x04\0\0\0INFO")));
    assert_eq!((read.samples.len(), read.warnings.len()), (1_000, 0));
    // Nothing at all, honestly.
    let read = Read::file(&saved(folder.path(), "none.wav", &header(1, 1, 16_000, 16, 36, 0)));
    assert_eq!((read.samples.len(), read.info.samples, read.warnings.len()), (0, Some(0), 0));
    assert!(read.error.is_none());
}

#[test]
fn a_file_that_goes_on_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let with = |tail: &[u8]| {
        let mut bytes = header(1, 1, 8_000, 16, 36 + 16_000, 16_000);
        bytes.extend([1; 16_000]);
        bytes.extend(tail);
        Read::file(&saved(folder.path(), "on.wav", &bytes))
    };
    // Three seconds that the header knows nothing of, loud or digital silence.
    for value in [0_u8, 0x81] {
        let read = with(&[value; 48_000]);
        assert_eq!(read.samples.len(), 8_000);
        assert_eq!(read.warnings, [AudioWarning::GoesOn { told_s: 1.0, unheard_s: 3.0 }]);
    }
    assert_eq!(with(&[0; 4_000]).warnings, [], "padding");
    let list = [&b"LIST\xc0\x5d\0\0"[..], &[0; 24_000]].concat();
    assert_eq!(with(&list).warnings, [], "a chunk, however long");
}

#[test]
fn an_odd_chunk_without_its_padding_before_the_samples() {
    let folder = tempfile::tempdir().unwrap();
    for pad in [&b""[..], b"\0"] {
        let plain = header(1, 1, 16_000, 16, 0, 20);
        let list = [&b"LIST\x11\0\0\0INFOISFT\x05\0\0\0Tape"[..], &[0], pad].concat();
        let bytes = [&plain[..36], &list, &plain[36..], &[0, 0x20].repeat(10)].concat();
        let read = Read::file(&saved(folder.path(), "odd.wav", &bytes));
        assert_eq!((read.samples, read.warnings.len()), (vec![0.25; 10], 0), "{pad:?}");
    }
}

#[test]
fn sizes_beyond_32_bits() {
    let folder = tempfile::tempdir().unwrap();
    let audio = [0_u8, 0x40].repeat(500);
    let mut bytes = b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0".to_vec();
    bytes.extend(2_000_u64.to_le_bytes());
    bytes.extend(1_000_u64.to_le_bytes());
    bytes.extend([0; 12]);
    bytes.extend(&header(1, 1, 16_000, 16, 0, u32::MAX)[12..]);
    bytes.extend(&audio);
    bytes.extend([0x55; 50]);
    let read = Read::file(&saved(folder.path(), "rf64.wav", &bytes));
    assert_eq!((read.samples.len(), read.samples[499]), (500, 0.5));

    let tail = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a";
    let mut bytes = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00".to_vec();
    bytes.extend(1_104_u64.to_le_bytes());
    bytes.extend(b"wave".iter().chain(tail));
    bytes.extend(b"fmt ".iter().chain(tail));
    bytes.extend(40_u64.to_le_bytes());
    bytes.extend(&header(1, 1, 16_000, 16, 0, 0)[20..36]);
    bytes.extend(b"data".iter().chain(tail));
    bytes.extend(1_024_u64.to_le_bytes());
    bytes.extend(&audio);
    let read = Read::file(&saved(folder.path(), "sony.w64", &bytes));
    assert_eq!((read.samples.len(), read.samples[499]), (500, 0.5));
}

#[test]
fn what_is_no_audio_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| failure(&saved(folder.path(), name, bytes));
    assert!(matches!(at("empty.wav", b""), AudioError::Empty { .. }));
    assert!(matches!(at("notes.wav", b"Dear diary, today I wrote no audio."), AudioError::NotAudio { .. }));
    let text = "lorem ipsum ".repeat(10_000);
    assert!(matches!(at("long-notes.mp3", text.as_bytes()), AudioError::NotAudio { .. }));
    assert!(matches!(at("zero.wav", &header(1, 0, 16_000, 16, 36, 0)), AudioError::NoChannels { .. }));
    assert!(matches!(at("slow.wav", &header(1, 1, 999, 16, 36, 0)), AudioError::Rate { rate_hz: 999, .. }));
    assert!(matches!(at("fast.wav", &header(1, 1, 768_001, 16, 36, 0)), AudioError::Rate { .. }));
    assert!(matches!(at("cut.wav", &header(1, 1, 16_000, 16, 36, 0)[..30]), AudioError::Header { .. }));
    assert!(matches!(at("bits.wav", &header(1, 1, 16_000, 48, 36, 0)), AudioError::Header { .. }));
    assert!(matches!(failure(folder.path()), AudioError::Folder { .. }));
    assert!(matches!(failure(&folder.path().join("missing.wav")), AudioError::Open { .. }));
}

#[test]
fn many_channels() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = header(1, 20_000, 1_000, 16, 0, 3 * 40_000);
    bytes.extend([0_u8, 0x20].repeat(3 * 20_000));
    let path = saved(folder.path(), "wide.wav", &bytes);
    assert_eq!(Read::file(&path).samples.len(), 60_000);
    assert_eq!(read_mono(&path, 1_000).unwrap(), [0.25; 3]);
}

/// A pipe that gives what was written at one time at one time.
struct Pieces(std::collections::VecDeque<Vec<u8>>);

impl std::io::Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Some(mut piece) = self.0.pop_front() else { return Ok(0) };
        let taken = piece.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&piece[..taken]);
        if taken < piece.len() {
            self.0.push_front(piece.split_off(taken));
        }
        Ok(taken)
    }
}

#[test]
fn what_comes_through_a_pipe_is_heard_as_it_comes() {
    let samples: Vec<u8> = (0..100_i16).flat_map(|value| (value * 64).to_le_bytes()).collect();
    // Pieces end within samples of two channels.
    let pieces = |head: Vec<u8>| {
        let parts = [&samples[..7], &samples[7..9], &samples[9..200]].map(<[u8]>::to_vec);
        Box::new(Pieces([head].into_iter().filter(|head| !head.is_empty()).chain(parts).collect()))
    };
    let format = PcmFormat { rate_hz: 8_000, channels: 2, encoding: PcmEncoding::S16Le };
    let raw = Source::from_pcm("pipe".as_ref(), pieces(Vec::new()), format).unwrap();
    let wav =
        Source::from_reader("pipe".as_ref(), pieces(header(1, 2, 8_000, 16, u32::MAX, u32::MAX))).unwrap();
    for (mut source, expected) in [(raw, Some([4, 2, 94])), (wav, None)] {
        let mut sizes = Vec::new();
        let mut heard = Vec::new();
        while let Some(block) = source.next_block().unwrap() {
            sizes.push(block.len());
            heard.extend_from_slice(block);
        }
        // The first bytes of a container are looked at together.
        if let Some(expected) = expected {
            assert_eq!(sizes, expected, "a sample that was cut waits for its rest, and nothing else does");
        }
        assert!(heard.iter().zip(0_u8..).all(|(sample, index)| *sample == f32::from(index) / 512.0));
    }
    let bytes: Vec<u8> =
        [0.5, f32::NAN, f32::INFINITY, -0.5].iter().flat_map(|x: &f32| x.to_le_bytes()).collect();
    let format = PcmFormat { channels: 1, encoding: PcmEncoding::F32Le, ..format };
    let read = |sanitised: bool| {
        let source =
            Source::from_pcm("pipe".as_ref(), Box::new(std::io::Cursor::new(bytes.clone())), format).unwrap();
        let mut source = if sanitised { source.sanitised() } else { source };
        source.next_block().map(|block| block.unwrap_or_default().to_vec())
    };
    assert_eq!(read(true).unwrap(), [0.5, 0.0, 0.0, -0.5]);
    assert!(matches!(read(false), Err(AudioError::NotFinite { .. })));
    assert_eq!("S24LE".parse(), Ok(PcmEncoding::S24Le));
    assert_eq!(PcmEncoding::F32Le.to_string(), "f32le");
    assert!("mp3".parse::<PcmEncoding>().unwrap_err().contains("s16le, s24le, s32le, f32le"));
}
