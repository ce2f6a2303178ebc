//! Whole-program tests: the binary on real files, as a user would run it.

mod archive;
mod audio;
mod bad_input;
mod browser;
mod compare;
mod damaged;
mod decoding;
mod eval;
mod examples;
mod inputs;
mod movies;
mod noise;
mod outputs;
mod page;
mod phrase;
mod phrase_peers;
mod phrase_render;
mod program;
mod recordings;
mod render;
mod render_live;
#[path = "../required.rs"]
mod required;
mod runtime;
#[cfg(feature = "serve")]
mod serve;
mod shape;
mod singing;
mod stream;
mod stream_services;
mod stream_tls;
mod support;
mod tag;
mod timestamps;
#[path = "../tones.rs"]
mod tones;
#[cfg(unix)]
mod transport;
mod voice;
mod voice_gate;
