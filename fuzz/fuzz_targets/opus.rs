//! Opus: a header and packets, each behind its length in one byte.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| earmark_core::audio::fuzzing::opus(bytes));
