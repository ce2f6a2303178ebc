//! Vectors of speech that is not the phrase: what a pack of this task brings in `negatives.bin`.
//!
//! # Format
//!
//! One line of JSON, ended by a line feed, then `count × dim` signed bytes (a unit vector times 127), row by row in the order
//! heard:
//!
//! ```text
//! {"format": 1, "dim": 64, "count": 18000, "hop_s": 0.04, "model_sha256": "…"}
//! ```
//!
//! `model_sha256` is that of the network that made the vectors; a file for another network is refused.

use serde::Deserialize;

use super::PhraseError;
use super::law::normalise;
use super::profile::dequantise;
use crate::embed::{Embedder, Vectors};
use crate::signal::units::real;

/// The file beside `pack.json`.
pub const NEGATIVES_FILE: &str = "negatives.bin";

/// Longest first line, bytes.
const HEADER_LIMIT: usize = 4_096;

#[derive(Deserialize)]
struct Header {
    format: u32,
    dim: usize,
    count: usize,
    hop_s: f64,
    model_sha256: String,
}

/// Vectors of other speech, in stretches; within each they follow each other in time.
#[derive(Debug, Clone, Default)]
pub struct Negatives {
    pub(super) stretches: Vec<Vectors>,
}

impl Negatives {
    /// Those that the pack of `embedder` brings; none where it brings none.
    ///
    /// # Errors
    /// As [`Negatives::parse`].
    pub fn of_pack(embedder: &Embedder) -> Result<Self, PhraseError> {
        embedder
            .pack()
            .companion(NEGATIVES_FILE)
            .map_or_else(|| Ok(Self::default()), |bytes| Self::parse(bytes, embedder))
    }

    /// Reads the file of a pack for `embedder`.
    ///
    /// # Errors
    /// [`PhraseError::Negatives`] with what is wrong.
    pub fn parse(bytes: &[u8], embedder: &Embedder) -> Result<Self, PhraseError> {
        let wrong = |reason: &str| PhraseError::Negatives {
            pack: embedder.pack().origin().to_owned(),
            reason: reason.to_owned(),
        };
        let end = bytes.iter().take(HEADER_LIMIT).position(|byte| *byte == b'\n');
        let end = end.ok_or_else(|| wrong("it does not begin with a line of JSON"))?;
        let header: Header =
            serde_json::from_slice(&bytes[..end]).map_err(|error| wrong(&error.to_string()))?;
        let rows = &bytes[end + 1..];
        if header.format != 1 {
            return Err(wrong("its format is not 1"));
        }
        if !header.model_sha256.eq_ignore_ascii_case(embedder.model_sha256()) {
            return Err(wrong("its vectors are of another network"));
        }
        if header.dim != embedder.dim() || (header.hop_s - embedder.hop_s()).abs() > 1e-9 {
            return Err(wrong("its vectors have another size or hop than those of the pack"));
        }
        if header.count == 0 || header.count.checked_mul(header.dim) != Some(rows.len()) {
            return Err(wrong("it does not have the rows that it states"));
        }
        let mut values: Vec<f32> = rows.iter().map(|byte| dequantise(*byte)).collect();
        values.chunks_exact_mut(header.dim).for_each(normalise);
        let mut vectors = Vectors::new(header.dim, embedder.hop_frames());
        vectors.rows = values;
        Ok(Self { stretches: vec![vectors] })
    }

    /// Adds a recording that has not the phrase in it.
    pub fn add(&mut self, vectors: Vectors) {
        self.stretches.push(vectors);
    }

    /// Hours of speech.
    pub fn hours(&self) -> f64 {
        self.stretches.iter().map(|vectors| real(vectors.len()) * vectors.hop_s()).sum::<f64>() / 3_600.0
    }
}
