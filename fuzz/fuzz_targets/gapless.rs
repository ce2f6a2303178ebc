//! Edit lists of MPEG-4 and Apple's comment, which tell of an encoder's delay.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| earmark_core::audio::fuzzing::gapless(bytes));
