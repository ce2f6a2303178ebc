//! Text as VST3 has it: zero-terminated, in fields of a fixed length.

use std::ffi::{CStr, c_char};

/// Longest text that is read from a host, units: its buffers have 128.
const LONGEST: usize = 1_024;

/// Fills a UTF-16 field; what does not fit is cut, never in the middle of a character.
pub(super) fn wide<const N: usize>(text: &str) -> [u16; N] {
    let mut field = [0; N];
    let mut used = 0;
    for letter in text.chars() {
        let mut pair = [0; 2];
        let units = letter.encode_utf16(&mut pair);
        // One unit stays for the zero.
        let Some(room) = field.get_mut(used..used + units.len()).filter(|_| used + units.len() < N) else {
            break;
        };
        room.copy_from_slice(units);
        used += units.len();
    }
    field
}

/// Fills a field of bytes; what does not fit is cut.
pub(super) fn narrow<const N: usize>(text: &str) -> [c_char; N] {
    let mut field = [0; N];
    for (to, byte) in field.iter_mut().take(N.saturating_sub(1)).zip(text.bytes()) {
        *to = c_char::from_ne_bytes([byte]);
    }
    field
}

/// The text of a host's UTF-16 string.
///
/// # Safety
/// `text` is null or zero-terminated.
pub(super) unsafe fn read_wide(text: *const u16) -> Option<String> {
    if text.is_null() {
        return None;
    }
    let mut units = Vec::new();
    for offset in 0..LONGEST {
        // SAFETY: up to its zero the string may be read, and the loop ends there.
        let unit = unsafe { text.add(offset).read() };
        if unit == 0 {
            return String::from_utf16(&units).ok();
        }
        units.push(unit);
    }
    None
}

/// Whether a host's C string is this one.
///
/// # Safety
/// `text` is null or zero-terminated.
pub(super) unsafe fn is(text: *const c_char, word: *const c_char) -> bool {
    // SAFETY: not null and zero-terminated by the caller's word; `word` is a constant of the bindings.
    !text.is_null() && unsafe { CStr::from_ptr(text) == CStr::from_ptr(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_whole_characters() {
        assert_eq!(wide::<4>("abcdef"), [97, 98, 99, 0]);
        assert_eq!(wide::<4>("ab𝄞"), [97, 98, 0, 0]);
        assert_eq!(wide::<5>("ab𝄞"), [97, 98, 0xd834, 0xdd1e, 0]);
        assert_eq!(narrow::<4>("abcdef").map(|unit| unit.to_ne_bytes()[0]), *b"abc\0");
        let field = wide::<8>("ü 1 %");
        // SAFETY: `wide` ends with a zero.
        assert_eq!(unsafe { read_wide(field.as_ptr()) }.as_deref(), Some("ü 1 %"));
    }
}
