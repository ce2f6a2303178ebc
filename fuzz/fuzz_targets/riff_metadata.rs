//! The chunks of a WAV beside its samples: read, changed as a cut changes them, and written into another file.
#![no_main]

mod scratch;

use std::io::Cursor;

use earmark_core::render::{Metadata, StreamFormat, WavOut};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut metadata) = Metadata::read(&scratch::write("hostile.wav", bytes)) else { return };
    let carried: usize = metadata.before.iter().chain(&metadata.after).map(|chunk| chunk.bytes.len()).sum();
    assert!(carried <= bytes.len(), "{carried} bytes of chunks in {} bytes", bytes.len());
    metadata.info();
    let again = rewritten(&metadata);
    assert_eq!(again.before, metadata.before);
    assert_eq!(again.after, metadata.after);
    metadata.remap(u64::from(u32::MAX), |sample| sample.checked_sub(1_000));
    metadata.invalidate_loudness();
    rewritten(&metadata);
});

/// Through a file of Earmark's own.
fn rewritten(metadata: &Metadata) -> Metadata {
    let format = StreamFormat { rate_hz: 48_000, channels: 1, bits: 16, float: false };
    let mut out = WavOut::new(Cursor::new(Vec::new()), format, metadata).expect("the format is a common one");
    out.write(&[0.0; 3]).expect("memory can be written");
    let file = out.finish().expect("memory can be written").into_inner();
    Metadata::read(&scratch::write("rewritten.wav", &file)).expect("its own file can be read")
}
