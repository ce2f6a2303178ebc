//! The forms of a written list.

use std::path::Path;

use super::{EditList, FrameRate, audacity, cmx3600, fcpxml, otio, reaper, v1};

/// Forms of a written [`EditList`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListFormat {
    /// CMX 3600, for video editors.
    Cmx3600,
    /// OpenTimelineIO.
    Otio,
    /// Final Cut Pro XML.
    Fcpxml,
    /// auto-editor's v1.
    AutoEditor,
    /// A Reaper project.
    Reaper,
    /// Labels for Audacity.
    Audacity,
}

impl ListFormat {
    /// All forms, with the ending of their files.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Cmx3600, "edl"),
        (Self::Otio, "otio"),
        (Self::Fcpxml, "fcpxml"),
        (Self::AutoEditor, "v1"),
        (Self::Reaper, "rpp"),
        (Self::Audacity, "txt"),
    ];

    /// The form that the ending of a file's name asks for: `.edl`, `.otio`, `.fcpxml`, `.v1`, `.rpp` or `.txt`.
    pub fn of_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_string_lossy().to_lowercase();
        Self::ALL.into_iter().find(|(_, known)| *known == ending).map(|(format, _)| format)
    }

    /// Whether times are frames of a picture, or may be.
    pub fn counts_frames(self) -> bool {
        !matches!(self, Self::Reaper | Self::Audacity)
    }

    /// The list as text; `source` is the recording that it is about. `rate` is for those forms that
    /// [count frames](Self::counts_frames); without one they count those of the [source's picture](EditList::of_file), and where
    /// it has none of a known rate, an EDL and Final Cut 25, auto-editor 30 frames per second, and OpenTimelineIO samples.
    pub fn write(self, edits: &EditList, source: &Path, rate: Option<FrameRate>) -> String {
        let rate = rate.or(edits.picture_rate());
        // Found from wherever the list is opened.
        let absolute = || std::path::absolute(source).unwrap_or_else(|_| source.to_owned());
        match self {
            Self::Cmx3600 => cmx3600::write(edits, source, rate.unwrap_or(FrameRate::PAL)),
            Self::Otio => otio::write(edits, &absolute(), rate),
            Self::Fcpxml => fcpxml::write(edits, &absolute(), rate.unwrap_or(FrameRate::PAL)),
            Self::AutoEditor => v1::write(edits, &absolute(), rate.unwrap_or(FrameRate::THIRTY)),
            Self::Reaper => reaper::write(edits, &absolute()),
            Self::Audacity => audacity::write(edits),
        }
    }
}
