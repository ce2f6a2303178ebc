//! Cue points with their labels, as chunks of WAVE.

use super::Chunk;

/// A place in the sound.
pub(in crate::render) struct CuePoint {
    pub(in crate::render) id: u32,
    /// Samples from the start.
    pub(in crate::render) at: u32,
    /// May be empty.
    pub(in crate::render) name: Vec<u8>,
}

/// A chunk in a `LIST`, padded.
pub(in crate::render) fn sub_chunk(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes();
    let pad: &[u8] = if content.len() % 2 == 1 { &[0] } else { &[] };
    [&id[..], &length, content, pad].concat()
}

/// `cue ` and, where something is said of the points, their labels and notes (the number of a point, and a text with its 0 at the
/// end). Nothing where there are no points.
pub(in crate::render) fn cue_chunks(points: &[CuePoint], notes: &[(u16, Vec<u8>)]) -> Vec<Chunk> {
    if points.is_empty() {
        return Vec::new();
    }
    let mut cue = u32::try_from(points.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
    let mut labels = b"adtl".to_vec();
    for CuePoint { id, at, name } in points {
        for field in [*id, *at, u32::from_le_bytes(*b"data"), 0, 0, *at] {
            cue.extend(field.to_le_bytes());
        }
        if !name.is_empty() {
            labels.extend(sub_chunk(b"labl", &[&id.to_le_bytes()[..], name, &[0]].concat()));
        }
    }
    for (id, text) in notes {
        labels.extend(sub_chunk(b"note", &[&u32::from(*id).to_le_bytes()[..], text].concat()));
    }
    let cue = Chunk { id: *b"cue ", bytes: cue };
    let labels = (labels.len() > 4).then_some(Chunk { id: *b"LIST", bytes: labels });
    std::iter::once(cue).chain(labels).collect()
}
