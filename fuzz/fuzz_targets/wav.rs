//! RIFF, RF64 and W64: the header and the samples behind it, from a file and from a stream.
#![no_main]

mod drain;
mod scratch;

use std::io::Cursor;

use drain::drain;
use earmark_core::audio::Source;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !matches!(bytes.get(..4), Some(b"RIFF" | b"RF64" | b"BW64" | b"riff")) {
        return Corpus::Reject;
    }
    drain(Source::open(&scratch::write("hostile.wav", bytes)), bytes.len());
    drain(Source::from_reader("hostile".as_ref(), Box::new(Cursor::new(bytes.to_vec()))), bytes.len());
    Corpus::Keep
});
