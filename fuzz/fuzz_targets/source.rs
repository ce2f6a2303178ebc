//! Any container, from a file and from a stream.
#![no_main]

mod drain;
mod scratch;

use std::io::Cursor;

use drain::drain;
use earmark_core::audio::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    drain(Source::open(&scratch::write("hostile.bin", bytes)), bytes.len());
    drain(Source::from_reader("hostile".as_ref(), Box::new(Cursor::new(bytes.to_vec()))), bytes.len());
});
