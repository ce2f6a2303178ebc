//! Vectors of speech that is not the phrase: what a pack of this task brings in `negatives.bin`.
//!
//! # Format
//!
//! One line of JSON, ended by a line feed, then the rows in the order heard:
//!
//! ```text
//! {"format": 2, "dim": 64, "count": 90000, "hop_s": 0.04, "model_sha256": "…",
//!  "usual": {"clips": [3, 10], "false_alarms_per_hour": [0.1, 0.5], "whole": [[0.07, 0.03], [0.25, 0.21]], "early": […]}}
//! ```
//!
//! In format 2 a byte holds two values of a row, the first in its low half: whole numbers from −7 to 7 in two's complement, in
//! proportion to the vector; only its direction counts. In format 1 a value is a signed byte and there is no `usual`.
//! `model_sha256` is that of the network that made the vectors; a file for another network is refused.
//! `usual` says which limits other phrases turned out to need ([`UsualLimits`]).

use serde::Deserialize;

use super::PhraseError;
use super::law::normalise;
use super::profile::dequantise;
use super::usual::UsualLimits;
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
    usual: Option<UsualLimits>,
}

/// Vectors of other speech, in stretches; within each they follow each other in time.
#[derive(Debug, Clone, Default)]
pub struct Negatives {
    pub(super) stretches: Vec<Vectors>,
    pub(super) usual: Option<UsualLimits>,
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
        let per_byte = match header.format {
            1 => 1,
            2 => 2,
            _ => return Err(wrong("its format is neither 1 nor 2")),
        };
        if !header.model_sha256.eq_ignore_ascii_case(embedder.model_sha256()) {
            return Err(wrong("its vectors are of another network"));
        }
        if header.dim != embedder.dim() || (header.hop_s - embedder.hop_s()).abs() > 1e-9 {
            return Err(wrong("its vectors have another size or hop than those of the pack"));
        }
        if header.count == 0
            || !header.dim.is_multiple_of(per_byte)
            || header.count.checked_mul(header.dim / per_byte) != Some(rows.len())
        {
            return Err(wrong("it does not have the rows that it states"));
        }
        if let Some(reason) = header.usual.as_ref().and_then(UsualLimits::fault) {
            return Err(wrong(reason));
        }
        let mut values: Vec<f32> = if per_byte == 1 {
            rows.iter().map(|byte| dequantise(*byte)).collect()
        } else {
            rows.iter().flat_map(|byte| [low_half(*byte), low_half(byte >> 4)]).collect()
        };
        values.chunks_exact_mut(header.dim).for_each(normalise);
        let mut vectors = Vectors::new(header.dim, embedder.hop_frames());
        vectors.rows = values;
        Ok(Self { stretches: vec![vectors], usual: header.usual })
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

/// The low half of a byte as a number from −8 to 7.
fn low_half(byte: u8) -> f32 {
    f32::from((byte << 4).cast_signed() >> 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_signed() {
        let halves: Vec<f32> =
            [0x7F, 0x91].into_iter().flat_map(|b: u8| [low_half(b), low_half(b >> 4)]).collect();
        assert_eq!(halves, [-1.0, 7.0, 1.0, -7.0]);
    }
}
