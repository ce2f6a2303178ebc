//! Tests of the whole path from samples to features.

mod blocks;
mod conformance;
