//! One file per command, and what several of them share: [`hearing`], [`label_files`], [`label_format`],
//! [`pages`] and [`picture`].

pub mod bench;
pub mod compare;
mod cuts;
pub mod docs;
pub mod eval;
pub mod features;
pub mod frames;
pub mod hearing;
mod label_files;
mod label_format;
pub mod mix;
pub mod models;
pub mod noise;
mod pages;
pub mod phrase;
mod picture;
pub mod profiles;
pub mod render;
#[cfg(feature = "serve")]
pub mod serve;
pub mod stream;
pub mod tag;
pub mod voice;
