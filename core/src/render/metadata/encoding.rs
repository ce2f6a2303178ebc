//! Texts in chunks that do not say how they are encoded: UTF-8, UTF-16 or Latin-1, read and written alike.

/// How a text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// Also Windows-1252: every byte is kept.
    Latin1,
}

impl Encoding {
    /// The text and how it is stored; nothing if it is damaged UTF-16.
    pub(super) fn decode(bytes: &[u8]) -> Option<(String, Self)> {
        let encoding = match bytes {
            [0xff, 0xfe, ..] | [b'<', 0, ..] => Self::Utf16Le,
            [0xfe, 0xff, ..] | [0, b'<', ..] => Self::Utf16Be,
            _ if std::str::from_utf8(bytes).is_ok() => Self::Utf8,
            _ => Self::Latin1,
        };
        let text = match encoding {
            Self::Utf8 => String::from_utf8(bytes.to_vec()).ok()?,
            Self::Latin1 => bytes.iter().map(|&byte| char::from(byte)).collect(),
            Self::Utf16Le | Self::Utf16Be => {
                // A lone byte behind the text is padding that was counted.
                let word = if encoding == Self::Utf16Le { u16::from_le_bytes } else { u16::from_be_bytes };
                let words: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|&pair| word(pair)).collect();
                String::from_utf16(&words).ok()?
            }
        };
        Some((text, encoding))
    }

    /// The text as it was stored.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }
}
