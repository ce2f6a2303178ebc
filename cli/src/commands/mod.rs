//! One file per command, and what several of them share: [`hearing`] and [`picture`].

pub mod bench;
pub mod docs;
pub mod eval;
pub mod features;
pub mod frames;
pub mod hearing;
pub mod mix;
pub mod models;
pub mod noise;
mod picture;
pub mod profiles;
pub mod render;
#[cfg(feature = "serve")]
pub mod serve;
pub mod stream;
pub mod tag;
pub mod voice;
