use std::io::Cursor;

use super::*;
use crate::audio::riff::{Chunks, Head, Sequential};

fn format(bits: u16, float: bool, channels: u16) -> StreamFormat {
    StreamFormat { rate_hz: 48_000, channels, bits, float }
}

fn metadata() -> Metadata {
    let chunk = |id: &[u8; 4], bytes: &[u8]| Chunk { id: *id, bytes: bytes.to_vec() };
    Metadata {
        before: vec![chunk(b"bext", &[7; 603]), chunk(b"iXML", b"<BWFXML/>")],
        after: vec![chunk(b"cue ", &[0; 4]), chunk(b"LIST", b"INFOISFT\x02\0\0\0ab"), chunk(b"odd!", b"xyz")],
        ..Metadata::default()
    }
}

fn written(format: StreamFormat, metadata: &Metadata, samples: &[f32], limit: u64) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut wav = WavOut::with_riff_limit(&mut file, format, metadata, limit).expect("fits");
    samples.chunks(usize::from(format.channels) * 777).for_each(|piece| wav.write(piece).expect("memory"));
    wav.finish().expect("memory");
    file.into_inner()
}

fn heads(bytes: &[u8]) -> Vec<Head> {
    let length = Some(bytes.len() as u64);
    let mut chunks = Chunks::begin(Sequential(bytes), length).expect("memory").expect("a WAVE file");
    std::iter::from_fn(|| chunks.next().ok().flatten()).collect()
}

fn ids(bytes: &[u8]) -> Vec<String> {
    heads(bytes).iter().map(|head| String::from_utf8_lossy(&head.id).into_owned()).collect()
}

#[test]
fn another_reader_agrees_on_every_format() {
    for (bits, float) in [(8, false), (16, false), (24, false), (32, false), (32, true)] {
        for channels in [1, 2, 6] {
            let samples: Vec<f32> =
                (0..6 * 1_000).map(|i: i32| ((i * 37) % 255 - 127) as f32 / 128.0).collect();
            // Without chunks of odd length: hound does not know their padding.
            let bytes =
                written(format(bits, float, channels), &Metadata::default(), &samples, MAX_RIFF_BYTES);
            let mut reader = hound::WavReader::new(Cursor::new(&bytes)).expect("valid");
            let spec = reader.spec();
            assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (channels, 48_000, bits));
            let decoded: Vec<f32> = if float {
                reader.samples::<f32>().map(|s| s.expect("valid")).collect()
            } else {
                let full = 2.0_f32.powi(i32::from(bits) - 1);
                reader.samples::<i32>().map(|s| s.expect("valid") as f32 / full).collect()
            };
            assert_eq!(decoded, samples, "{bits} bits, float {float}, {channels} channels");
        }
    }
}

#[test]
fn metadata_comes_back_verbatim() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("a.wav");
    // An odd number of bytes of samples, so that padding matters.
    std::fs::write(&path, written(format(24, false, 1), &metadata(), &[0.5; 333], MAX_RIFF_BYTES))
        .expect("written");
    assert_eq!(Metadata::read(&path).expect("valid"), metadata());
    assert_eq!(
        ids(&std::fs::read(&path).expect("read")),
        ["JUNK", "fmt ", "bext", "iXML", "data", "cue ", "LIST", "odd!"]
    );
    let masked = Metadata { channel_mask: 0x3f, ..metadata() };
    std::fs::write(&path, written(format(16, false, 6), &masked, &[0.5; 600], 100)).expect("written");
    assert_eq!(Metadata::read(&path).expect("valid"), masked, "also through RF64");
    std::fs::write(&path, "no audio at all").expect("written");
    assert!(Metadata::read(&path).expect("readable").is_empty());
}

#[test]
fn a_file_that_outgrows_riff_becomes_rf64() {
    let samples = vec![0.25; 1_001];
    let small = written(format(24, false, 1), &metadata(), &samples, MAX_RIFF_BYTES);
    let exact = small.len() as u64 - 8;
    assert_eq!(
        &written(format(24, false, 1), &metadata(), &samples, exact),
        &small,
        "the limit itself still is RIFF"
    );
    let large = written(format(24, false, 1), &metadata(), &samples, exact - 1);
    assert_eq!(&small[..4], b"RIFF");
    assert_eq!(&large[..8], b"RF64\xff\xff\xff\xff");
    assert_eq!(&large[12..20], b"ds64\x1c\0\0\0");
    assert_eq!(large[20..28], exact.to_le_bytes());
    assert_eq!(large[28..36], 3_003_u64.to_le_bytes());
    assert_eq!(large[36..44], 1_001_u64.to_le_bytes());
    let data = heads(&large).into_iter().find(|head| &head.id == b"data").expect("data");
    assert_eq!(data.bytes, Some(3_003));
    // `ds64` is the walk's own.
    assert_eq!(ids(&large), ids(&small)[1..]);
}

#[test]
fn a_pipe_gets_a_header_that_needs_no_correction() {
    let samples = vec![0.25; 2_000];
    let mut wav = WavOut::for_pipe(Vec::new(), format(16, false, 2), &metadata(), Some(1_000)).expect("fits");
    wav.write(&samples).expect("memory");
    assert_eq!(
        wav.finish_pipe().expect("complete"),
        written(format(16, false, 2), &metadata(), &samples, MAX_RIFF_BYTES)
    );
    let mut unknown = WavOut::for_pipe(Vec::new(), format(16, false, 2), &metadata(), None).expect("fits");
    unknown.write(&samples).expect("memory");
    let bytes = unknown.finish_pipe().expect("complete");
    assert_eq!(&bytes[4..8], &[255; 4]);
    let data = heads(&bytes).pop().expect("data");
    assert_eq!((&data.id, data.bytes), (b"data", None), "until the end");
    let mut lying = WavOut::for_pipe(Vec::new(), format(16, false, 2), &metadata(), Some(5)).expect("fits");
    lying.write(&samples).expect("memory");
    assert!(matches!(lying.finish_pipe(), Err(RenderError::Length { announced: 5, written: 1_000 })));
    let long = WavOut::for_pipe(Vec::new(), format(16, false, 2), &metadata(), Some(1 << 33)).expect("fits");
    assert_eq!(&long.out[..4], b"RF64");
    assert_eq!(long.out[28..36], (1_u64 << 35).to_le_bytes());
}

#[test]
fn odd_formats_are_refused() {
    for (bits, float, channels) in
        [(16, true, 1), (12, false, 1), (16, false, 0), (24, false, 65_535), (64, true, 2)]
    {
        assert!(WavOut::new(Vec::new(), format(bits, float, channels), &Metadata::default()).is_err());
    }
}

#[test]
fn integers_are_limited() {
    assert_eq!(to_integer(1.0, 16), 32_767);
    assert_eq!(to_integer(-3.0, 24), -8_388_608);
    assert_eq!(to_integer(f32::NAN, 16), 0);
    assert_eq!(to_integer(1.0, 32), i32::MAX);
    assert_eq!(to_integer(f32::NEG_INFINITY, 32), i32::MIN);
}

#[test]
fn a_length_beyond_all_sizes_is_refused() {
    for samples in [u64::MAX, u64::MAX / 4, 1 << 62] {
        let wav = WavOut::for_pipe(Vec::new(), format(16, false, 2), &metadata(), Some(samples));
        assert!(matches!(wav, Err(RenderError::Format { .. })), "{samples}");
    }
}
