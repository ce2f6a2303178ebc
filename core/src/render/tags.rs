//! Texts and pictures between the forms in which containers keep them.

use std::path::Path;

use super::metadata::cue_sheet::track_starts;
use super::metadata::points::{CuePoint, cue_chunks, sub_chunk};
use super::metadata::{Chunk, Metadata, Picture};

/// `INFO` keys, the comment fields that mean the same, and the frames of ID3.
pub(super) const FIELDS: [(&str, &str, &str); 8] = [
    ("INAM", "TITLE", "TIT2"),
    ("IART", "ARTIST", "TPE1"),
    ("IPRD", "ALBUM", "TALB"),
    ("ICRD", "DATE", "TDRC"),
    ("IGNR", "GENRE", "TCON"),
    ("ICMT", "COMMENT", "COMM"),
    ("ICOP", "COPYRIGHT", "TCOP"),
    ("ITRK", "TRACKNUMBER", "TRCK"),
];

/// A reader of lengths and what they count.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, count: u32) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn le32(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().copied().map(u32::from_le_bytes)
    }

    pub(super) fn be32(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().copied().map(u32::from_be_bytes)
    }
}

impl Metadata {
    /// The texts and pictures of a file that has no chunks (MP3, M4A, Ogg, Matroska …).
    pub(super) fn of_tags(path: &Path) -> Self {
        let tags = crate::audio::tags(path);
        let pictures = tags.pictures.into_iter().map(|picture| Picture {
            kind: picture.kind,
            media_type: picture.media_type,
            data: picture.data,
            ..Picture::default()
        });
        Self { comments: tags.comments, pictures: pictures.collect(), ..Self::default() }
    }

    /// The comments: those that came as such, or else the `INFO` texts, and of ID3 what these do not say.
    pub(super) fn comments(&self) -> Vec<(String, String)> {
        if !self.comments.is_empty() {
            return self.comments.clone();
        }
        let field = |(key, text): (String, String)| {
            FIELDS.iter().find(|(info, ..)| *info == key).map(|(_, field, _)| ((*field).to_owned(), text))
        };
        let mut comments: Vec<_> = self.info().into_iter().filter_map(field).collect();
        let of_info = comments.len();
        for (key, text) in self.of_id3().0 {
            if !comments[..of_info].iter().any(|(known, _)| known.eq_ignore_ascii_case(&key)) {
                comments.push((key, text));
            }
        }
        comments
    }

    /// The pictures: those that came as such, or else those of ID3.
    pub(super) fn all_pictures(&self) -> Vec<Picture> {
        if self.pictures.is_empty() { self.of_id3().1 } else { self.pictures.clone() }
    }

    /// The tracks of a cue sheet as cue points with labels, where there are none.
    fn cue_points(&self) -> Vec<Chunk> {
        let has_points = self.chunks().any(|chunk| &chunk.id == b"cue ");
        let tracks = self.cue_sheet.as_deref().filter(|_| !has_points).map(track_starts).unwrap_or_default();
        let point = |(number, start): (u8, u64)| CuePoint {
            id: number.into(),
            at: u32::try_from(start).unwrap_or(u32::MAX),
            name: format!("Track {number:02}").into_bytes(),
        };
        cue_chunks(&tracks.into_iter().map(point).collect::<Vec<_>>(), &[])
    }

    /// What WAV needs to hold the comments and pictures: `INFO` texts, and ID3 for what these cannot say.
    pub(super) fn for_wav(&self) -> Self {
        let mut wav = self.clone();
        wav.after.extend(self.cue_points());
        if !self.comments.is_empty() && self.info().is_empty() {
            let texts = self.comments.iter().filter_map(|(key, text)| {
                let (info, ..) = FIELDS.iter().find(|(_, field, _)| field.eq_ignore_ascii_case(key))?;
                Some(sub_chunk(info.as_bytes().first_chunk()?, &[text.as_bytes(), &[0]].concat()))
            });
            let bytes = [b"INFO".to_vec(), texts.collect::<Vec<_>>().concat()].concat();
            if bytes.len() > 4 {
                wav.after.push(Chunk { id: *b"LIST", bytes });
            }
        }
        let known = |key: &str| FIELDS.iter().any(|(_, field, _)| field.eq_ignore_ascii_case(key));
        let more = !self.pictures.is_empty() || self.comments.iter().any(|(key, _)| !known(key));
        if more && !wav.chunks().any(|chunk| chunk.id.eq_ignore_ascii_case(b"id3 ")) {
            wav.after.push(Chunk { id: *b"id3 ", bytes: id3(&self.comments, &self.pictures) });
        }
        wav
    }
}

/// ID3v2.4 with texts in UTF-8.
fn id3(comments: &[(String, String)], pictures: &[Picture]) -> Vec<u8> {
    const UTF_8: u8 = 3;
    let mut frames = Vec::new();
    for (key, text) in comments {
        let frame =
            FIELDS.iter().find(|(_, field, _)| field.eq_ignore_ascii_case(key)).map(|(.., frame)| *frame);
        let (frame, before) = match frame {
            Some("COMM") => ("COMM", b"XXX\0".to_vec()),
            Some(frame) => (frame, Vec::new()),
            None => ("TXXX", [key.as_bytes(), &[0]].concat()),
        };
        frames.extend(id3_frame(frame, &[&[UTF_8], &before[..], text.as_bytes()].concat()));
    }
    for picture in pictures {
        let kind = u8::try_from(picture.kind).unwrap_or(0);
        let head =
            [&[UTF_8], picture.media_type.as_bytes(), &[0, kind], picture.description.as_bytes(), &[0]]
                .concat();
        frames.extend(id3_frame("APIC", &[&head[..], &picture.data].concat()));
    }
    [&b"ID3\x04\0\0"[..], &synchsafe(frames.len()), &frames].concat()
}

fn id3_frame(name: &str, content: &[u8]) -> Vec<u8> {
    [name.as_bytes(), &synchsafe(content.len()), &[0, 0], content].concat()
}

/// A length in seven bits a byte.
fn synchsafe(length: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| u8::try_from(length >> shift & 0x7f).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_info_texts_are_one() {
        let field = |key: &str, text: &str| (key.to_owned(), text.to_owned());
        let picture = Picture {
            kind: 3,
            media_type: "image/png".to_owned(),
            data: vec![1, 2, 3],
            ..Picture::default()
        };
        let from_flac = Metadata {
            comments: vec![field("title", "Talk"), field("ARTIST", "Änne"), field("MOOD", "calm")],
            pictures: vec![picture],
            ..Metadata::default()
        };
        let wav = from_flac.for_wav();
        assert_eq!(wav.info(), [field("INAM", "Talk"), field("IART", "Änne")]);
        let id3 = &wav.after.iter().find(|chunk| &chunk.id == b"id3 ").unwrap().bytes;
        for part in [
            &b"TIT2\0\0\0\x05\0\0\x03Talk"[..],
            b"TXXX\0\0\0\x0a\0\0\x03MOOD\0calm",
            b"image/png\0\x03\0\x01\x02\x03",
        ] {
            assert!(
                id3.windows(part.len()).any(|window| window == part),
                "{}",
                String::from_utf8_lossy(part)
            );
        }
        assert_eq!(synchsafe(id3.len() - 10), id3[6..10]);
        let back = Metadata { after: wav.after, ..Metadata::default() };
        assert_eq!(back.comments(), [field("TITLE", "Talk"), field("ARTIST", "Änne"), field("MOOD", "calm")]);
        assert_eq!(back.all_pictures(), from_flac.pictures);
        assert!(Metadata::default().for_wav().is_empty());
    }
}
