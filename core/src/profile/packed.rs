//! Vectors in JSON, a third of the size and with all their bits: `#[serde(with = "packed")]` on a `Vec<f32>` writes base64 of
//! its little-endian bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serializer, de};

/// Writes the bits.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(values: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    serializer.serialize_str(&STANDARD.encode(bytes))
}

/// Reads them back; refuses numbers that are not finite.
///
/// # Errors
/// What is no base64 of whole finite values.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = STANDARD.decode(text).map_err(de::Error::custom)?;
    let (words, rest) = bytes.as_chunks::<4>();
    let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    if !rest.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return Err(de::Error::custom("a vector is not of whole, finite values"));
    }
    Ok(values)
}

/// The same for bytes.
pub(crate) mod bytes {
    use super::{Deserialize, Deserializer, Engine, STANDARD, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
