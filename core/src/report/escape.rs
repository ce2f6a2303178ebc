//! Free text inside formats that are not made for it.

use std::borrow::Cow;
use std::fmt::Write;

/// Writes text so that it stays on one line and `hard` characters do not occur: those, control characters, line
/// separators, a blank at either end and `%` itself become `%XX` per byte of UTF-8; empty text becomes a lone `%`.
pub(super) fn escape(text: &str, hard: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.is_empty() {
        return Cow::Borrowed("%");
    }
    let last = text.char_indices().last().map_or(0, |(at, _)| at);
    let is_hard = |at: usize, c: char| {
        let edge = (at == 0 || at == last) && (c.is_whitespace() || c == '\u{feff}');
        let never = c.is_control() || matches!(c, '%' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}');
        edge || never || hard(c)
    };
    if !text.char_indices().any(|(at, c)| is_hard(at, c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        if is_hard(at, c) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                write!(out, "%{byte:02X}").expect("writing to a string does not fail");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The reverse of [`escape`]. A `%` that begins no escape stands for itself.
pub(super) fn unescape(text: &str) -> String {
    if text == "%" {
        return String::new();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'%'));
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Text inside XML elements and attributes. Characters that XML does not allow are dropped.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}
