//! One file for each kind of route.

pub mod documents;
pub mod files;
pub mod service;
pub mod sources;
pub mod stream;
pub mod timestamps;
pub mod voice;
