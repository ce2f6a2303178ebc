//! What symphonia says in words, and is understood by: another version may say it otherwise, and must fail here.

use std::io::Cursor;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use super::super::coded::FORMAT_CHANGED;
use super::super::demux::NO_FORMAT;
use super::fixture;

fn probe(bytes: Vec<u8>) -> Result<Box<dyn FormatReader>, Error> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    symphonia::default::get_probe().probe(
        &Hint::new(),
        stream,
        FormatOptions::default(),
        MetadataOptions::default(),
    )
}

#[test]
fn bytes_that_are_no_known_format() {
    match probe(b"lorem ipsum ".repeat(10_000)).map(|_| "a format") {
        Err(Error::Unsupported(text)) => assert!(text.contains(NO_FORMAT), "the probe now says: {text}"),
        other => panic!("the probe now says: {other:?}"),
    }
}

#[test]
fn an_mpeg_frame_with_other_channels() {
    let mut format = probe(std::fs::read(fixture("click.mp3")).unwrap()).unwrap();
    let track = format.default_track(TrackType::Audio).unwrap();
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else { panic!("no sound") };
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .unwrap();
    let mut packet = format.next_packet().unwrap().unwrap();
    decoder.decode(&packet).unwrap();
    // From mono to stereo: two bits of the fourth byte.
    assert_eq!(packet.data[3] & 0xc0, 0xc0);
    packet.data[3] &= 0x3f;
    match decoder.decode(&packet).map(|_| "samples") {
        Err(Error::DecodeError(text)) => {
            assert!(text.contains(FORMAT_CHANGED), "the decoder now says: {text}")
        }
        other => panic!("the decoder now says: {other:?}"),
    }
}
