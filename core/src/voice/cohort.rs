//! The impostors: embeddings of other people, which say how alike strangers are.

use serde::Deserialize;

use super::print::{cosine, normalised};
use crate::signal::units::real;

/// The form that this version reads.
const FORMAT: u32 = 1;
/// Most impostors of a pack.
const LIMIT: usize = 4_096;
/// The first line is no longer than this, bytes.
const HEADER_LIMIT: usize = 1_024;
/// A spread below this is no measure of anything.
const LEAST_DEVIATION: f64 = 0.01;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: u32,
    dim: usize,
    count: usize,
    model_sha256: String,
}

/// Unit vectors of impostors, row-major.
#[derive(Debug, Clone)]
pub(super) struct Cohort {
    dim: usize,
    rows: Vec<f32>,
    top: usize,
}

/// How alike the most alike impostors are: mean and standard deviation of their cosines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CohortStats {
    mean: f64,
    deviation: f64,
}

impl Cohort {
    /// Reads `cohort.bin`: a line of JSON, then for each impostor a scale (`f32`, little-endian) and `dim` signed bytes.
    pub(super) fn parse(bytes: &[u8], dim: usize, model_sha256: &str, top: usize) -> Result<Self, String> {
        let end = bytes.iter().take(HEADER_LIMIT).position(|byte| *byte == b'\n');
        let end = end.ok_or("it does not begin with a line of JSON")?;
        let header: Header = serde_json::from_slice(&bytes[..end]).map_err(|e| e.to_string())?;
        if header.format != FORMAT {
            return Err(format!("its format is {}, this Earmark reads {FORMAT}", header.format));
        }
        if !header.model_sha256.eq_ignore_ascii_case(model_sha256) {
            return Err("it was made with another network".to_owned());
        }
        if header.dim != dim {
            return Err(format!("its vectors have {} values, the network's {dim}", header.dim));
        }
        if !(2..=LIMIT).contains(&header.count) {
            return Err(format!("it has {} impostors; 2 to {LIMIT} are possible", header.count));
        }
        let body = &bytes[end + 1..];
        let row_bytes = size_of::<f32>() + dim;
        if body.len() != header.count * row_bytes {
            return Err(format!(
                "it is {} bytes long, its header says {}",
                body.len(),
                header.count * row_bytes
            ));
        }
        let mut rows = Vec::with_capacity(header.count * dim);
        for row in body.chunks_exact(row_bytes) {
            let (scale, values) = row.split_at(size_of::<f32>());
            let scale = f64::from(f32::from_le_bytes(scale.try_into().map_err(|_| "a row has no scale")?));
            let vector: Vec<f64> =
                values.iter().map(|&q| scale * f64::from(i8::from_le_bytes([q]))).collect();
            let length: f64 = vector.iter().map(|x| x * x).sum();
            if !(length.is_finite() && length > 0.0) {
                return Err("it has a row without a direction".to_owned());
            }
            rows.extend(normalised(&vector));
        }
        Ok(Self { dim, rows, top: top.min(header.count) })
    }

    /// How alike the impostors are to `unit`.
    pub(super) fn stats(&self, unit: &[f32]) -> CohortStats {
        let mut cosines: Vec<f64> = self.rows.chunks_exact(self.dim).map(|row| cosine(row, unit)).collect();
        if self.top < cosines.len() {
            cosines.select_nth_unstable_by(self.top, |a, b| b.total_cmp(a));
        }
        let top = &mut cosines[..self.top];
        // One order of adding, whatever order the selection left.
        top.sort_unstable_by(f64::total_cmp);
        let count = real(top.len());
        let mean = top.iter().sum::<f64>() / count;
        let variance = top.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
        CohortStats { mean, deviation: variance.sqrt().max(LEAST_DEVIATION) }
    }
}

/// Adaptive symmetric normalisation of the cosine `raw` of two prints.
pub(super) fn normalise(raw: f64, a: CohortStats, b: CohortStats) -> f64 {
    let z = |stats: CohortStats| (raw - stats.mean) / stats.deviation;
    0.5 * (z(a) + z(b))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file of these rows.
    pub(in crate::voice) fn cohort_file(rows: &[Vec<f32>], model_sha256: &str) -> Vec<u8> {
        let header = serde_json::json!({
            "format": 1, "dim": rows[0].len(), "count": rows.len(), "model_sha256": model_sha256,
        });
        let mut bytes = format!("{header}\n").into_bytes();
        for row in rows {
            let scale = row.iter().fold(0.0_f32, |most, x| most.max(x.abs())) / 127.0;
            bytes.extend(scale.to_le_bytes());
            #[expect(clippy::cast_possible_truncation, reason = "within ±127")]
            bytes.extend(row.iter().flat_map(|x| ((x / scale).round() as i8).to_le_bytes()));
        }
        bytes
    }

    fn rows() -> Vec<Vec<f32>> {
        vec![vec![1.0, 0.0, 0.0], vec![0.6, 0.8, 0.0], vec![0.0, 1.0, 0.0], vec![0.0, 0.0, -2.0]]
    }

    #[test]
    fn the_most_alike_are_counted() {
        let cohort = Cohort::parse(&cohort_file(&rows(), "AB"), 3, "ab", 2).unwrap();
        let stats = cohort.stats(&[1.0, 0.0, 0.0]);
        assert!((stats.mean - 0.8).abs() < 0.005 && (stats.deviation - 0.2).abs() < 0.005, "{stats:?}");
        // All of them, though more are asked for.
        let all = Cohort::parse(&cohort_file(&rows(), "ab"), 3, "ab", 100).unwrap();
        assert!((all.stats(&[0.0, 0.0, 1.0]).mean + 0.25).abs() < 0.005);
        let same = normalise(0.9, stats, stats);
        assert!((same - (0.9 - stats.mean) / stats.deviation).abs() < 1e-12);
        // No spread at all is not a division by zero.
        let alike = Cohort::parse(&cohort_file(&vec![vec![1.0, 1.0]; 3], "ab"), 2, "ab", 3).unwrap();
        assert_eq!(alike.stats(&[1.0, 0.0]).deviation, LEAST_DEVIATION);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let good = cohort_file(&rows(), "ab");
        let parse = |bytes: &[u8], dim, sha| Cohort::parse(bytes, dim, sha, 2).unwrap_err();
        assert!(parse(&good, 3, "cd").contains("another network"));
        assert!(parse(&good, 4, "ab").contains("have 3 values"));
        assert!(parse(&good[..good.len() - 1], 3, "ab").contains("bytes long"));
        assert!(parse(&[b'x'; 2_000], 3, "ab").contains("line of JSON"));
        let mut flat = rows();
        flat[2] = vec![0.0; 3];
        assert!(parse(&cohort_file(&flat, "ab"), 3, "ab").contains("without a direction"));
        let huge = b"{\"format\":1,\"dim\":3,\"count\":18446744073709551615,\"model_sha256\":\"ab\"}\n";
        assert!(parse(huge, 3, "ab").contains("2 to 4096"));
        let newer = b"{\"format\":2,\"dim\":3,\"count\":2,\"model_sha256\":\"ab\"}\n";
        assert!(parse(newer, 3, "ab").contains("format is 2"));
    }
}
