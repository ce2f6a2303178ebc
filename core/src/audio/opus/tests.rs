//! Headers, framing and decoding of Opus, held against what libopus gave (`tests/fixtures/audio/README.md`).

use std::fs::File;

use proptest::prelude::*;
use symphonia::core::audio::Audio;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::{Packet as Container, PacketRef};
use symphonia::core::units::{Duration, Timestamp};

use super::head::{Endian, HeadError, OpusHead};
use super::ogg_head::{checksum, reveal};
use super::packet::{MAX_PACKET_SAMPLES, Packet};
use super::{OpusDecoder, RATE_HZ};
use crate::audio::outlet::SILENCE_BLOCK_SAMPLES;
use crate::audio::tests::{Read, fixture};
use crate::audio::{AudioWarning, Source};

/// A header of the given endianness, with a mapping table where the family has one.
fn header(endian: Endian, channels: u8, family: u8, gain_q8_db: i16, table: &[u8]) -> Vec<u8> {
    let (pre_skip, rate) = (312_u16, RATE_HZ);
    let mut bytes = b"OpusHead".to_vec();
    match endian {
        Endian::Little => {
            bytes.extend([1, channels]);
            bytes.extend(pre_skip.to_le_bytes());
            bytes.extend(rate.to_le_bytes());
            bytes.extend(gain_q8_db.to_le_bytes());
        }
        Endian::Big => {
            bytes.extend([0, channels]);
            bytes.extend(pre_skip.to_be_bytes());
            bytes.extend(rate.to_be_bytes());
            bytes.extend(gain_q8_db.to_be_bytes());
        }
    }
    bytes.push(family);
    bytes.extend(table);
    bytes
}

const TABLE_5_1: [u8; 8] = [4, 2, 0, 4, 1, 2, 3, 5];

#[test]
fn headers_are_read_in_both_orders_of_bytes() {
    for (channels, family, table) in
        [(1, 0, &[][..]), (2, 0, &[]), (6, 1, &TABLE_5_1), (3, 255, &[2, 1, 2, 255, 0])]
    {
        let parse = |endian| OpusHead::parse(&header(endian, channels, family, -1_869, table), endian);
        let head = parse(Endian::Little).unwrap();
        assert_eq!(parse(Endian::Big), Ok(head.clone()));
        assert_eq!((head.pre_skip, head.gain_q8_db), (312, -1_869));
        assert!((head.gain() - 0.431_5).abs() < 1e-3, "{}", head.gain());
        assert_eq!(head.channels(), usize::from(channels));
    }
    let parse = |channels, family, table: &[u8]| {
        OpusHead::parse(&header(Endian::Little, channels, family, 0, table), Endian::Little)
    };
    let surround = parse(6, 1, &TABLE_5_1).unwrap();
    // Left, right, centre, LFE, back left, back right: the pairs are front and back.
    assert_eq!((surround.streams, surround.coupled), (4, 2));
    assert_eq!(surround.sources, [0, 1, 4, 5, 2, 3].map(Some));
    assert_eq!(parse(3, 255, &[2, 1, 2, 255, 0]).unwrap().sources, [Some(2), None, Some(0)]);
}

#[test]
fn headers_that_cannot_be_are_refused() {
    let parse = |channels, family, table: &[u8]| {
        OpusHead::parse(&header(Endian::Little, channels, family, 0, table), Endian::Little)
    };
    assert_eq!(parse(0, 0, &[]), Err(HeadError::Channels { channels: 0, family: 0 }));
    assert_eq!(parse(3, 0, &[]), Err(HeadError::Channels { channels: 3, family: 0 }));
    assert_eq!(parse(9, 1, &[9; 11]), Err(HeadError::Channels { channels: 9, family: 1 }));
    assert_eq!(parse(4, 3, &[0; 40]), Err(HeadError::Family(3)));
    assert_eq!(parse(6, 1, &TABLE_5_1[..7]), Err(HeadError::Short));
    for table in [[0, 0, 0, 1], [1, 2, 0, 1], [2, 0, 0, 2], [255, 1, 0, 1]] {
        assert_eq!(parse(2, 255, &table), Err(HeadError::Mapping), "{table:?}");
    }
    let mut unknown = header(Endian::Little, 2, 0, 0, &[]);
    unknown[8] = 16;
    assert_eq!(OpusHead::parse(&unknown, Endian::Little), Err(HeadError::Version(16)));
    assert_eq!(OpusHead::plain(3), Err(HeadError::Channels { channels: 3, family: 0 }));
}

/// Signal over difference of two recordings, dB.
fn likeness_db(got: &[f32], reference: &[f32]) -> f64 {
    assert_eq!(got.len(), reference.len());
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        got.iter().zip(reference).map(|(&g, &r)| f(f64::from(g), f64::from(r))).sum()
    };
    10.0 * (sum(&|_, r| r * r) / sum(&|g, r| (g - r) * (g - r))).log10()
}

#[test]
fn every_mode_sounds_as_from_libopus() {
    for mode in ["silk", "hybrid", "celt"] {
        let got = Read::file(&fixture(&format!("voice-{mode}.opus")));
        // 16 bits, which alone are about 75 dB from the signal.
        let reference = Read::file(&fixture(&format!("voice-{mode}.libopus.flac")));
        let likeness_db = likeness_db(&got.samples, &reference.samples);
        println!("{mode}: {likeness_db:.1} dB");
        assert!(likeness_db >= 59.0, "{mode}: {likeness_db:.1} dB");
        assert!(got.error.is_none() && got.warnings.is_empty(), "{mode}: {:?}", got.warnings);
    }
}

/// Power of a tone in one channel.
fn power_at(samples: &[f32], channels: usize, channel: usize, hz: f64) -> f64 {
    let mut sum = (0.0, 0.0);
    for (n, frame) in (0_u32..).zip(samples.chunks_exact(channels)) {
        let (sin, cos) = (std::f64::consts::TAU * hz * f64::from(n) / f64::from(RATE_HZ)).sin_cos();
        sum = (sum.0 + sin * f64::from(frame[channel]), sum.1 + cos * f64::from(frame[channel]));
    }
    sum.0 * sum.0 + sum.1 * sum.1
}

/// Which of the tones of `make.sh` is in each channel.
fn tones(read: &Read) -> Vec<u32> {
    let channels = usize::from(read.info.channels);
    let tone = |channel| {
        let hz = |k: u32| if k == 3 { 60.0 } else { 300.0 + 150.0 * f64::from(k) };
        let power = |k: u32| power_at(&read.samples, channels, channel, hz(k));
        (0..16).max_by(|&a, &b| power(a).total_cmp(&power(b))).unwrap()
    };
    (0..channels).map(tone).collect()
}

#[test]
fn channels_come_in_the_order_in_which_they_were_given() {
    for channels in [6_u16, 8, 10] {
        let bytes = std::fs::read(fixture(&format!("tones-{channels}.opus"))).unwrap();
        for read in [Read::file(&fixture(&format!("tones-{channels}.opus"))), Read::stream(bytes)] {
            assert!(read.error.is_none() && read.warnings.is_empty(), "{:?} {:?}", read.error, read.warnings);
            assert_eq!((read.info.channels, read.samples.len()), (channels, usize::from(channels) * 14_400));
            assert_eq!(tones(&read), (0..u32::from(channels)).collect::<Vec<_>>());
        }
    }
}

/// A fixture in Ogg with another header, as a recording.
fn with_header(name: &str, change: impl Fn(&mut [u8])) -> Read {
    let mut bytes = std::fs::read(fixture(name)).unwrap();
    let payload = 27 + usize::from(bytes[26]);
    let end = payload + usize::from(bytes[27]);
    change(&mut bytes[payload..end]);
    let sum = checksum(&bytes[..end]);
    bytes[22..26].copy_from_slice(&sum);
    Read::stream(bytes)
}

#[test]
fn the_gain_of_the_header_is_applied() {
    for name in ["voice-celt.opus", "tones-6.opus", "tones-10.opus"] {
        let plain = with_header(name, |_| {});
        let quiet = with_header(name, |head| head[16..18].copy_from_slice(&(-20_i16 * 256).to_le_bytes()));
        assert_eq!(plain.samples.len(), quiet.samples.len());
        for (plain, quiet) in plain.samples.iter().zip(&quiet.samples) {
            assert!((plain / 10.0 - quiet).abs() < 1e-6, "{name}: {plain} became {quiet}");
        }
        assert!(quiet.samples.iter().any(|s| s.abs() > 0.005), "{name} is silent");
    }
}

#[test]
fn channels_without_a_source_are_silent_and_families_without_a_decoder_refused() {
    let silent = with_header("tones-6.opus", |head| head[21 + 2] = 255);
    let powers: Vec<bool> =
        (0..6).map(|c| silent.samples.iter().skip(c).step_by(6).any(|&s| s != 0.0)).collect();
    // The third in Vorbis' order is the right one.
    assert_eq!(powers, [true, false, true, true, true, true]);

    let mut bytes = std::fs::read(fixture("tones-10.opus")).unwrap();
    bytes[28 + 18] = 3;
    let end = 28 + usize::from(bytes[27]);
    let sum = checksum(&bytes[..end]);
    bytes[22..26].copy_from_slice(&sum);
    let refused = Source::from_reader("matrix.opus".as_ref(), Box::new(std::io::Cursor::new(bytes)));
    let text = refused.expect_err("family 3 cannot be decoded").to_string();
    assert!(text.contains("matrix.opus uses Opus in mapping family 3"), "{text}");
}

#[test]
fn pauses_of_the_encoder_last_as_long_as_they_did() {
    let read = Read::file(&fixture("pause.opus"));
    let (head, packets) = packets("pause.opus");
    assert!(packets.iter().filter(|packet| packet.data.len() == 1).count() > 10, "no pause in {head:?}");
    assert_eq!((read.samples.len(), read.warnings.len()), (57_600, 0));
    let loudest =
        |range: std::ops::Range<usize>| read.samples[range].iter().fold(0.0_f32, |m, s| m.max(s.abs()));
    assert!(loudest(4_800..9_600) > 0.2 && loudest(33_600..57_600) < 0.01);
}

#[test]
fn packets_without_bytes_last_as_long_as_the_container_says() {
    let (head, packets) = packets("voice-celt.opus");
    let mut decoder = decoder(&head);
    // The last one is cut.
    for (k, packet) in packets.iter().take(50).enumerate() {
        let n = decoder.decode(packet).unwrap().frames();
        assert_eq!(n, 480);
        let (told, made_up) =
            [(0, 0), (120, 120), (959, 840), (960, 960), (1 << 40, MAX_PACKET_SAMPLES)][k % 5];
        let empty = PacketRef::new(0, Timestamp::ZERO, Duration::new(told), &[]);
        assert_eq!(decoder.decode_ref(&empty).unwrap().frames(), made_up);
    }
}

#[test]
fn gaps_are_filled_in_blocks() {
    const GAP_S: u64 = 9;
    let mut bytes = std::fs::read(fixture("click-short-frames.opus")).unwrap();
    // The later half of the pages says that it lies nine seconds later.
    let (mut at, middle) = (0, bytes.len() / 2);
    while at < bytes.len() {
        let body = at + 27 + usize::from(bytes[at + 26]);
        let end = body + bytes[at + 27..body].iter().map(|&n| usize::from(n)).sum::<usize>();
        if at > middle {
            let position = u64::from_le_bytes(bytes[at + 6..at + 14].try_into().unwrap());
            let later = position + GAP_S * u64::from(RATE_HZ);
            bytes[at + 6..at + 14].copy_from_slice(&later.to_le_bytes());
            let sum = checksum(&bytes[at..end]);
            bytes[at + 22..at + 26].copy_from_slice(&sum);
        }
        at = end;
    }
    let mut source = Source::from_reader("gap.opus".as_ref(), Box::new(std::io::Cursor::new(bytes))).unwrap();
    let (mut frames, mut longest) = (0, 0);
    while let Some(block) = source.next_block().unwrap() {
        frames += block.len() / 2;
        longest = longest.max(block.len());
    }
    assert_eq!(frames as u64, (1 + GAP_S) * u64::from(RATE_HZ));
    assert!(longest as u64 <= SILENCE_BLOCK_SAMPLES, "{longest} samples at once");
    assert!(
        matches!(source.warnings(), [AudioWarning::BadPackets { count: 1, .. }]),
        "{:?}",
        source.warnings()
    );
}

/// Header and packets of a fixture.
fn packets(name: &str) -> (OpusHead, Vec<Container>) {
    let stream = MediaSourceStream::new(Box::new(File::open(fixture(name)).unwrap()), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .unwrap();
    let track = format.default_track(TrackType::Audio).unwrap();
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else { panic!("{name} has no sound") };
    let head = OpusHead::parse(parameters.extra_data.as_deref().unwrap(), Endian::Little).unwrap();
    let packets = std::iter::from_fn(|| format.next_packet().unwrap()).collect();
    (head, packets)
}

fn decoder(head: &OpusHead) -> OpusDecoder {
    OpusDecoder::new(&AudioCodecParameters::new(), head.clone(), None).unwrap()
}

/// The packet in appendix B's form, which states its length.
fn delimited(bytes: &[u8]) -> Vec<u8> {
    let packet = Packet::parse(bytes).unwrap();
    let length = |frame: &[u8]| match frame.len() {
        n @ 0..252 => vec![u8::try_from(n).unwrap()],
        n => vec![252 + u8::try_from(n % 4).unwrap(), u8::try_from((n - 252) / 4).unwrap()],
    };
    // As frames of their own lengths, whatever they were.
    let count = u8::try_from(packet.frames().len()).unwrap();
    let mut out = vec![packet.toc | 3, 0x80 | count];
    packet.frames().iter().for_each(|frame| out.extend(length(frame)));
    packet.frames().iter().for_each(|frame| out.extend_from_slice(frame));
    out
}

#[test]
fn packets_can_follow_each_other() {
    let (_, first) = packets("voice-celt.opus");
    let (_, second) = packets("pause.opus");
    for (a, b) in first.iter().zip(&second) {
        let joined = [delimited(&a.data), b.data.to_vec()].concat();
        let (packet, rest) = Packet::parse_delimited(&joined).unwrap();
        assert_eq!(packet.frames(), Packet::parse(&a.data).unwrap().frames());
        assert_eq!(rest, &*b.data);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_header(mut bytes in prop::collection::vec(any::<u8>(), 0..300), likely in any::<[bool; 3]>()) {
        if likely[0] && bytes.len() > 19 {
            bytes[..9].copy_from_slice(b"OpusHead\x01");
        }
        if likely[1] && bytes.len() > 20 {
            bytes[18] = [0, 1, 2, 255][usize::from(bytes[18] % 4)];
        }
        if likely[2] && bytes.len() > 21 {
            (bytes[19], bytes[20]) = (200, 20);
        }
        for endian in [Endian::Little, Endian::Big] {
            let Ok(head) = OpusHead::parse(&bytes, endian) else { continue };
            prop_assert_eq!(head.channels(), usize::from(bytes[9]));
            prop_assert!(head.coupled <= head.streams && head.streams + head.coupled <= 255);
            let decoded = head.streams + head.coupled;
            prop_assert!(head.sources.iter().flatten().all(|&source| usize::from(source) < decoded));
            prop_assert!(head.gain() > 0.0 && head.gain() < 1e7);
        }
    }

    #[test]
    fn any_first_page(mut bytes in prop::collection::vec(any::<u8>(), 0..320), at in any::<prop::sample::Index>(), value in any::<u8>()) {
        prop_assert_eq!(reveal(&mut bytes), None);
        // Damage anywhere shows in the checksum.
        let mut page = std::fs::read(fixture("tones-10.opus")).unwrap();
        page.truncate(60);
        let at = at.index(50);
        let same = page[at] == value;
        page[at] = value;
        prop_assert_eq!(reveal(&mut page).is_some(), same);
    }

    #[test]
    fn any_framing(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let plain = Packet::parse(&bytes);
        let delimited = Packet::parse_delimited(&bytes);
        for (packet, used) in plain.map(|p| (p, bytes.len())).into_iter().chain(delimited.map(|(p, rest)| (p, bytes.len() - rest.len()))) {
            prop_assert!((1..=48).contains(&packet.frames().len()) && packet.samples() <= MAX_PACKET_SAMPLES);
            prop_assert!(packet.frames().iter().map(|frame| frame.len()).sum::<usize>() < used);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn mutated_packets(
        name in prop::sample::select(vec!["voice-silk.opus", "voice-hybrid.opus", "voice-celt.opus", "pause.opus", "tones-8.opus"]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..60),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
    ) {
        let (head, mut packets) = packets(name);
        for (packet, at, value) in edits {
            let packet = packet.index(packets.len());
            let data = &mut packets[packet].data;
            // The first bytes frame the rest.
            let at = at.index(if value % 2 == 0 { data.len() } else { data.len().min(3) });
            data[at] = value;
        }
        for (packet, at) in cuts {
            let packet = packet.index(packets.len());
            let length = at.index(packets[packet].data.len() + 1);
            packets[packet].data = packets[packet].data[..length].into();
        }
        let mut decoder = decoder(&head);
        for packet in &packets {
            match decoder.decode(packet) {
                Ok(buffer) => {
                    let frames = buffer.frames();
                    prop_assert!(frames <= MAX_PACKET_SAMPLES);
                    let finite = |plane| decoder.buffer.plane(plane).unwrap().iter().all(|s| s.is_finite());
                    prop_assert!((0..head.channels()).all(finite));
                }
                Err(_) => prop_assert_eq!(decoder.last_decoded().frames(), 0),
            }
        }
    }
}
