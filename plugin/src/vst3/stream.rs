//! Whole states through a host's stream.

use vst3::ComRef;
use vst3::Steinberg::{IBStream, IBStreamTrait, kResultOk};

use super::com::count;

/// More than any state of ours: the rest of a longer stream is not read.
const LIMIT_BYTES: usize = 1 << 21;
const PIECE_BYTES: usize = 4_096;

/// Everything from here to the end of the stream.
///
/// # Safety
/// `stream` is null or a stream of the host that lives for this call.
pub(super) unsafe fn read_all(stream: *mut IBStream) -> Option<Vec<u8>> {
    // SAFETY: a live COM object by the caller's word.
    let stream = unsafe { ComRef::from_raw(stream) }?;
    let mut bytes = Vec::new();
    let mut piece = [0_u8; PIECE_BYTES];
    while bytes.len() < LIMIT_BYTES {
        let mut got = 0;
        // SAFETY: the stream writes at most as many bytes as `piece` has.
        let result = unsafe { stream.read(piece.as_mut_ptr().cast(), count(piece.len()), &raw mut got) };
        let got = usize::try_from(got).unwrap_or(0).min(piece.len());
        bytes.extend_from_slice(&piece[..got]);
        // At the end some hosts say so with an error, others with zero bytes.
        if result != kResultOk || got == 0 {
            break;
        }
    }
    Some(bytes)
}

/// Writes all bytes; says whether the stream took them.
///
/// # Safety
/// `stream` is null or a stream of the host that lives for this call.
pub(super) unsafe fn write_all(stream: *mut IBStream, bytes: &[u8]) -> bool {
    // SAFETY: a live COM object by the caller's word.
    let Some(stream) = (unsafe { ComRef::from_raw(stream) }) else { return false };
    let mut left = bytes;
    while !left.is_empty() {
        let piece = &left[..left.len().min(1 << 16)];
        let mut took = 0;
        // SAFETY: the stream reads no more than `piece` has; its parameter is only for that reason not const.
        let result =
            unsafe { stream.write(piece.as_ptr().cast_mut().cast(), count(piece.len()), &raw mut took) };
        let took = usize::try_from(took).unwrap_or(0).min(piece.len());
        if result != kResultOk || took == 0 {
            return false;
        }
        left = &left[took..];
    }
    true
}
