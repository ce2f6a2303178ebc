//! What a file carries beside its sound, as its demuxer tells it.

use std::fs::File;
use std::path::Path;

use symphonia::core::common::Limit;
use symphonia::core::formats::FormatOptions;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{MetadataOptions, StandardTag};

use super::demux::{MAX_TAG_BYTES, PROBE};

/// Texts and pictures that a file carries.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    /// By the names of Vorbis comments.
    pub(crate) comments: Vec<(String, String)>,
    /// Media type and bytes.
    pub(crate) pictures: Vec<(String, Vec<u8>)>,
}

/// Most bytes of pictures that are carried over.
const MAX_PICTURE_BYTES: usize = 16 << 20;

/// What a file carries beside its sound, as far as its demuxer tells; nothing if there is none.
pub(crate) fn tags(path: &Path) -> Tags {
    let Ok(file) = File::open(path) else { return Tags::default() };
    let stream = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
    let limits = MetadataOptions::default()
        .limit_tag_bytes(Limit::Maximum(MAX_TAG_BYTES))
        .limit_visual_bytes(Limit::Maximum(MAX_PICTURE_BYTES));
    let Ok(mut format) = PROBE.probe(&Hint::new(), stream, FormatOptions::default(), limits) else {
        return Tags::default();
    };
    let mut tags = Tags::default();
    let mut metadata = format.metadata();
    let Some(revision) = metadata.skip_to_latest() else { return tags };
    for tag in &revision.media.tags {
        let field = match &tag.std {
            Some(StandardTag::TrackTitle(text)) => Some(("TITLE", text.to_string())),
            Some(StandardTag::Artist(text)) => Some(("ARTIST", text.to_string())),
            Some(StandardTag::Album(text)) => Some(("ALBUM", text.to_string())),
            Some(StandardTag::Genre(text)) => Some(("GENRE", text.to_string())),
            Some(StandardTag::Comment(text)) => Some(("COMMENT", text.to_string())),
            Some(StandardTag::Copyright(text)) => Some(("COPYRIGHT", text.to_string())),
            Some(StandardTag::RecordingDate(text) | StandardTag::ReleaseDate(text)) => {
                Some(("DATE", text.to_string()))
            }
            Some(StandardTag::TrackNumber(number)) => Some(("TRACKNUMBER", number.to_string())),
            _ => None,
        };
        tags.comments.extend(field.map(|(key, text)| (key.to_owned(), text)));
    }
    for visual in &revision.media.visuals {
        let media_type = visual.media_type.clone().unwrap_or_default();
        tags.pictures.push((media_type, visual.data.to_vec()));
    }
    tags
}
