//! ID3v2: its texts and pictures as comments, and its chapters where their sound went.

use super::Picture;
use super::comments::moved_comment;
use super::encoding::Encoding;
use super::remap::Places;
use crate::render::tags::FIELDS;

const HEAD_BYTES: usize = 10;
/// Flags of the tag.
const UNSYNCHRONISED: u8 = 0x80;
const EXTENDED: u8 = 0x40;
/// Frames that none of [`FIELDS`] means, by the names of comments.
const MORE: [(&str, &str); 13] = [
    ("TYER", "DATE"),
    ("TCOM", "COMPOSER"),
    ("TPE2", "ALBUMARTIST"),
    ("TPE3", "CONDUCTOR"),
    ("TEXT", "LYRICIST"),
    ("TMOO", "MOOD"),
    ("TPOS", "DISCNUMBER"),
    ("TPUB", "ORGANIZATION"),
    ("TSRC", "ISRC"),
    ("TBPM", "BPM"),
    ("TLAN", "LANGUAGE"),
    ("TENC", "ENCODED-BY"),
    ("TIT3", "SUBTITLE"),
];
/// Frames that hold times which are not moved.
const TIMED: [&[u8; 4]; 6] = [b"SYLT", b"ETCO", b"SYTC", b"POSS", b"MLLT", b"ASPI"];

/// Texts by the names of comments, and pictures.
pub(super) type Found = (Vec<(String, String)>, Vec<Picture>);

/// A frame: its name, its flags, and where its content lies.
type Frame = ([u8; 4], u16, std::ops::Range<usize>);

fn synchsafe(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |size, &byte| size << 7 | usize::from(byte & 0x7f))
}

fn big_endian(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |size, &byte| size << 8 | usize::from(byte))
}

/// The frames from `at` to the end of the bytes.
fn frames(tag: &[u8], major: u8, mut at: usize) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some(head) = tag.get(at..at + HEAD_BYTES).filter(|head| head[0].is_ascii_uppercase()) {
        let size = if major == 4 { synchsafe(&head[4..8]) } else { big_endian(&head[4..8]) };
        let start = at + HEAD_BYTES;
        let Some(end) = start.checked_add(size).filter(|&end| end <= tag.len()) else { break };
        let id = [head[0], head[1], head[2], head[3]];
        frames.push((id, u16::from_be_bytes([head[8], head[9]]), start..end));
        at = end;
    }
    frames
}

/// The version of a tag of version 3 or 4, its flags, and where its frames begin.
fn head(tag: &[u8]) -> Option<(u8, u8, usize)> {
    let &[b'I', b'D', b'3', major @ (3 | 4), _, flags, _, _, _, _, ..] = tag else { return None };
    let extended = match flags & EXTENDED {
        0 => 0,
        // Only version 4 counts the size itself.
        _ if major == 4 => synchsafe(tag.get(10..14)?),
        _ => 4 + big_endian(tag.get(10..14)?),
    };
    Some((major, flags, HEAD_BYTES.checked_add(extended)?))
}

/// Takes out the zeros that keep a tag from looking like sound.
fn synchronised(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut before = 0;
    for &byte in bytes {
        if before != 0xff || byte != 0 {
            plain.push(byte);
        }
        before = byte;
    }
    plain
}

/// Texts, chapters and pictures of a tag.
pub(super) fn read(tag: &[u8]) -> Found {
    let (mut comments, mut pictures, mut chapters) = (Vec::new(), Vec::new(), Vec::new());
    let Some((major, flags, start)) = head(tag) else { return (comments, pictures) };
    let whole = if major == 3 && flags & UNSYNCHRONISED != 0 { synchronised(tag) } else { tag.to_vec() };
    for (id, flags, range) in frames(&whole, major, start) {
        let mut content = whole[range].to_vec();
        if major == 4 && flags & 2 != 0 {
            content = synchronised(&content);
        }
        if major == 4 && flags & 1 != 0 {
            content.drain(..content.len().min(4));
        }
        let packed = if major == 4 { 0x0c } else { 0xc0 };
        if flags & packed != 0 {
            continue;
        }
        match &id {
            b"APIC" => pictures.extend(picture(&content)),
            b"CHAP" => chapters.extend(chapter(&content, major)),
            b"COMM" => {
                let text = content.get(..1).zip(content.get(4..)).and_then(|(encoding, rest)| {
                    let (description, text) = split(encoding[0], rest)?;
                    (!description.starts_with("iTun")).then(|| text_of(encoding[0], text))
                });
                comments.extend(text.map(|text| ("COMMENT".to_owned(), text)));
            }
            b"TXXX" => {
                if let Some((&encoding, rest)) = content.split_first()
                    && let Some((key, text)) = split(encoding, rest)
                {
                    comments.push((key.replace('=', "-"), text_of(encoding, text)));
                }
            }
            _ => {
                let name = String::from_utf8_lossy(&id);
                let field = FIELDS.iter().map(|&(_, field, frame)| (frame, field)).chain(MORE);
                if let Some((_, field)) = field.into_iter().find(|(frame, _)| *frame == name)
                    && let Some((&encoding, text)) = content.split_first()
                {
                    let text = text_of(encoding, text);
                    comments.extend(text.split('\0').map(|text| (field.to_owned(), text.to_owned())));
                }
            }
        }
    }
    chapters.sort();
    for (number, (start_ms, name)) in (1..).zip(chapters) {
        let (s, ms) = (start_ms / 1_000, start_ms % 1_000);
        let clock = format!("{:02}:{:02}:{:02}.{ms:03}", s / 3_600, s / 60 % 60, s % 60);
        comments.push((format!("CHAPTER{number:03}"), clock));
        comments.push((format!("CHAPTER{number:03}NAME"), name));
    }
    comments.retain(|(key, text)| !key.is_empty() && !text.is_empty());
    (comments, pictures)
}

/// A text without the zeros behind it; zeros inside part several values.
fn text_of(encoding: u8, bytes: &[u8]) -> String {
    let text = match encoding {
        0 => Some(bytes.iter().map(|&byte| char::from(byte)).collect()),
        1 => Encoding::decode(bytes).map(|(text, _)| text.replace('\u{feff}', "")),
        2 => Encoding::decode(&[&[0xfe, 0xff], bytes].concat()).map(|(text, _)| text.replace('\u{feff}', "")),
        _ => Some(String::from_utf8_lossy(bytes).into_owned()),
    };
    text.unwrap_or_default().trim_end_matches('\0').to_owned()
}

/// A text that a zero ends, and what follows.
fn split(encoding: u8, bytes: &[u8]) -> Option<(String, &[u8])> {
    let wide = matches!(encoding, 1 | 2);
    let (end, zeros) = if wide {
        (2 * bytes.as_chunks::<2>().0.iter().position(|pair| pair == &[0, 0])?, 2)
    } else {
        (bytes.iter().position(|&byte| byte == 0)?, 1)
    };
    Some((text_of(encoding, &bytes[..end]), &bytes[end + zeros..]))
}

fn picture(content: &[u8]) -> Option<Picture> {
    let (&encoding, rest) = content.split_first()?;
    let (media_type, rest) = split(0, rest)?;
    let (&kind, rest) = rest.split_first()?;
    let (description, data) = split(encoding, rest)?;
    Some(Picture { kind: kind.into(), media_type, description, data: data.to_vec(), ..Picture::default() })
}

/// When a chapter begins, in milliseconds, and its name.
fn chapter(content: &[u8], major: u8) -> Option<(usize, String)> {
    let (element, rest) = split(0, content)?;
    let start = big_endian(rest.get(..4)?);
    let title =
        frames(rest, major, 16).into_iter().find(|(id, ..)| id == b"TIT2").and_then(|(_, _, range)| {
            let (&encoding, text) = rest[range].split_first()?;
            Some(text_of(encoding, text))
        });
    Some((start, title.unwrap_or(element)))
}

/// Moves the chapters of a tag in place. Names of frames with times that stay as they are go to `unmoved`.
pub(super) fn remap(tag: &mut [u8], places: &Places<'_>, unmoved: &mut Vec<String>) {
    let Some((major, flags, start)) = head(tag) else {
        unmoved.push("id3".to_owned());
        return;
    };
    let stuffed = flags & UNSYNCHRONISED != 0 && major == 3;
    for (id, flags, range) in frames(tag, major, start) {
        let content = &mut tag[range];
        let name = String::from_utf8_lossy(&id).into_owned();
        let moved = match &id {
            // Lengths of frames in a stuffed tag are those without the stuffing.
            b"CHAP" => !stuffed && flags & 0xff == 0 && move_chapter(content, places).is_some(),
            b"TXXX" => move_text(content, places),
            _ => !TIMED.contains(&&id),
        };
        if !moved {
            unmoved.push(format!("id3 {name}"));
        }
    }
}

fn move_chapter(content: &mut [u8], places: &Places<'_>) -> Option<()> {
    let element = content.iter().position(|&byte| byte == 0)? + 1;
    let times = content.get_mut(element..element + 16)?;
    for at in [0, 4] {
        let ms = u32::from_be_bytes(*times[at..].first_chunk()?);
        let rate_hz = u64::from(places.rate_hz.max(1));
        let sample = (u64::from(ms) * rate_hz).div_ceil(1_000);
        // A chapter ends where it may not begin: only beginnings are markers.
        let place = if at == 0 { places.point(sample) } else { places.at(sample) };
        let moved = (place.saturating_mul(1_000) + rate_hz / 2) / rate_hz;
        times[at..at + 4].copy_from_slice(&u32::try_from(moved).unwrap_or(u32::MAX).to_be_bytes());
    }
    // Offsets in bytes are those of another file; all ones say that there are none.
    times[8..16].fill(0xff);
    Some(())
}

/// A comment that came from another container: its time has as many digits as before.
fn move_text(content: &mut [u8], places: &Places<'_>) -> bool {
    let Some((&encoding, rest)) = content.split_first() else { return true };
    let Some((key, text)) = split(encoding, rest) else { return true };
    let length = text.len();
    let at = content.len() - length;
    match moved_comment(&key, &text_of(encoding, &content[at..]), places) {
        Ok(None) => true,
        Ok(Some(moved)) if moved.len() == length => {
            content[at..].copy_from_slice(moved.as_bytes());
            true
        }
        Ok(Some(_)) | Err(()) => false,
    }
}
