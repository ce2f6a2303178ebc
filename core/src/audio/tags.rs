//! What a file carries beside its sound, as its demuxer tells it.

use std::fs::File;
use std::path::Path;

use symphonia::core::common::Limit;
use symphonia::core::formats::FormatOptions;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{MetadataOptions, StandardTag, StandardVisualKey};

use super::demux::{MAX_TAG_BYTES, PROBE};

/// Texts and pictures that a file carries.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    /// By the names of Vorbis comments.
    pub(crate) comments: Vec<(String, String)>,
    pub(crate) pictures: Vec<TagPicture>,
}

/// A picture as its demuxer tells it.
#[derive(Debug)]
pub(crate) struct TagPicture {
    /// What it shows, by the numbers of ID3 and FLAC.
    pub(crate) kind: u32,
    pub(crate) media_type: String,
    pub(crate) data: Vec<u8>,
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
            Some(StandardTag::Composer(text)) => Some(("COMPOSER", text.to_string())),
            Some(StandardTag::Conductor(text)) => Some(("CONDUCTOR", text.to_string())),
            Some(StandardTag::Mood(text)) => Some(("MOOD", text.to_string())),
            Some(StandardTag::AlbumArtist(text)) => Some(("ALBUMARTIST", text.to_string())),
            Some(StandardTag::Description(text)) => Some(("DESCRIPTION", text.to_string())),
            Some(StandardTag::TrackNumber(number)) => Some(("TRACKNUMBER", number.to_string())),
            _ => None,
        };
        tags.comments.extend(field.map(|(key, text)| (key.to_owned(), text)));
    }
    for visual in &revision.media.visuals {
        let media_type = visual.media_type.clone().unwrap_or_default();
        tags.pictures.push(TagPicture {
            kind: visual.usage.map_or(FRONT_COVER, kind),
            media_type,
            data: visual.data.to_vec(),
        });
    }
    tags
}

/// What players show where no kind is told.
const FRONT_COVER: u32 = 3;

fn kind(usage: StandardVisualKey) -> u32 {
    match usage {
        StandardVisualKey::FileIcon => 1,
        StandardVisualKey::OtherIcon => 2,
        StandardVisualKey::FrontCover => FRONT_COVER,
        StandardVisualKey::BackCover => 4,
        StandardVisualKey::Leaflet => 5,
        StandardVisualKey::Media => 6,
        StandardVisualKey::LeadArtistPerformerSoloist => 7,
        StandardVisualKey::ArtistPerformer => 8,
        StandardVisualKey::Conductor => 9,
        StandardVisualKey::BandOrchestra => 10,
        StandardVisualKey::Composer => 11,
        StandardVisualKey::Lyricist => 12,
        StandardVisualKey::RecordingLocation => 13,
        StandardVisualKey::RecordingSession => 14,
        StandardVisualKey::Performance => 15,
        StandardVisualKey::ScreenCapture => 16,
        StandardVisualKey::Illustration => 18,
        StandardVisualKey::BandArtistLogo => 19,
        StandardVisualKey::PublisherStudioLogo => 20,
        _ => 0,
    }
}
