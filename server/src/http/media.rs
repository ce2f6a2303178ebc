//! Which form an answer takes: `?format=` if it is there, or what `Accept` likes best.

use axum::http::{HeaderMap, StatusCode, header};
use earmark_core::render::Container;
use earmark_core::report::{Format, FramesFormat, NoiseFormat};

use super::problem::Problem;

/// A form that an answer may take.
pub trait Media: Copy + 'static {
    /// All of them, the one for whoever does not care first.
    const ALL: &'static [Self];

    /// As `?format=` has it.
    fn name(self) -> &'static str;

    /// As `Content-Type` has it.
    fn content_type(self) -> &'static str;

    /// Ending of a file with it, without the dot.
    fn extension(self) -> &'static str;
}

impl Media for Format {
    const ALL: &'static [Self] = &[
        Self::Json,
        Self::Jsonl,
        Self::Csv,
        Self::Tsv,
        Self::Text,
        Self::Vtt,
        Self::Srt,
        Self::Audacity,
        Self::Rttm,
        Self::TextGrid,
        Self::Eaf,
        Self::Cue,
        Self::Reaper,
        Self::Matrix,
        Self::Clips,
        Self::Nemo,
        Self::Lhotse,
        Self::Iiif,
        Self::Ffmetadata,
        Self::Chapters,
    ];

    fn name(self) -> &'static str {
        Format::name(self)
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Jsonl => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Tsv => "text/tab-separated-values; charset=utf-8",
            Self::Vtt => "text/vtt; charset=utf-8",
            Self::Srt => "application/x-subrip; charset=utf-8",
            Self::Eaf => "application/xml",
            Self::Cue => "application/x-cue; charset=utf-8",
            Self::Nemo | Self::Lhotse => "application/x-ndjson",
            Self::Iiif => "application/ld+json",
            Self::Chapters => "application/json+chapters",
            _ => "text/plain; charset=utf-8",
        }
    }

    fn extension(self) -> &'static str {
        Format::extension(self)
    }
}

impl Media for FramesFormat {
    const ALL: &'static [Self] = &[Self::Csv, Self::Npy];

    fn name(self) -> &'static str {
        if self == Self::Npy { "npy" } else { "csv" }
    }

    fn content_type(self) -> &'static str {
        if self == Self::Npy { "application/octet-stream" } else { "text/csv; charset=utf-8" }
    }

    fn extension(self) -> &'static str {
        self.name()
    }
}

impl Media for NoiseFormat {
    const ALL: &'static [Self] = &[Self::Json, Self::Csv, Self::Text];

    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Text => "text",
            _ => "json",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
            _ => "application/json",
        }
    }

    fn extension(self) -> &'static str {
        if self == Self::Text { "txt" } else { Media::name(self) }
    }
}

impl Media for Container {
    const ALL: &'static [Self] = &[Self::Wav, Self::Flac];

    fn name(self) -> &'static str {
        if self == Self::Flac { "flac" } else { "wav" }
    }

    fn content_type(self) -> &'static str {
        if self == Self::Flac { "audio/flac" } else { "audio/wav" }
    }

    fn extension(self) -> &'static str {
        self.name()
    }
}

/// The form that is asked for.
pub fn chosen<M: Media>(format: Option<&str>, headers: &HeaderMap) -> Result<M, Problem> {
    if let Some(name) = format {
        let found = M::ALL.iter().copied().find(|media| media.name().eq_ignore_ascii_case(name));
        return found.ok_or_else(|| {
            let known = M::ALL.iter().map(|media| media.name()).collect::<Vec<_>>().join(", ");
            Problem::bad_request(format!("there is no format named {name:?}; the formats here are {known}"))
        });
    }
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let accept = accept.collect::<Vec<_>>().join(",");
    if accept.trim().is_empty() {
        return Ok(M::ALL[0]);
    }
    let liked = M::ALL.iter().map(|media| (quality(&accept, media.content_type()), *media));
    // Of those that are liked equally, the first.
    let best = liked.fold(None, |best: Option<(u16, M)>, (quality, media)| match best {
        Some((highest, _)) if highest >= quality => best,
        _ => Some((quality, media)),
    });
    match best {
        Some((1.., media)) => Ok(media),
        _ => {
            let known = M::ALL.iter().map(|media| media.content_type()).collect::<Vec<_>>().join(", ");
            let detail =
                format!("nothing that Accept names can be written; here there are {known}, and ?format=");
            Err(Problem::new(StatusCode::NOT_ACCEPTABLE, detail))
        }
    }
}

/// How much an `Accept` header likes a type, in thousandths; what names it most exactly counts.
fn quality(accept: &str, content_type: &str) -> u16 {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let group = kind.split('/').next().unwrap_or_default();
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next()?.to_ascii_lowercase();
        let exactness = if name == kind {
            3
        } else if name == format!("{group}/*") {
            2
        } else if name == "*/*" {
            1
        } else {
            return None;
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        Some((exactness, quality.map_or(Some(1_000), thousandths)?))
    });
    ranges.max_by_key(|(exactness, _)| *exactness).map_or(0, |(_, quality)| quality)
}

fn thousandths(text: &str) -> Option<u16> {
    let value: f32 = text.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 1000 by the line before"
    )]
    (0.0..=1.0).contains(&value).then(|| (value * 1_000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_accept(accept: &str) -> Option<Format> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        chosen(None, &headers).ok()
    }

    #[test]
    fn accept_is_followed() {
        assert_eq!(by_accept("*/*"), Some(Format::Json));
        assert_eq!(by_accept("text/csv"), Some(Format::Csv));
        assert_eq!(by_accept("text/*, application/json;q=0.5"), Some(Format::Csv));
        assert_eq!(by_accept("text/vtt;q=0.9, text/csv;q=0.8"), Some(Format::Vtt));
        assert_eq!(by_accept("*/*, application/json;q=0"), Some(Format::Jsonl));
        assert_eq!(by_accept("image/png"), None);
        assert_eq!(by_accept("application/json;q=nonsense"), None);
        assert_eq!(by_accept("text/plain"), Some(Format::Text));
    }

    #[test]
    fn every_format_of_core_can_be_asked_for_by_name() {
        for format in Format::ALL {
            assert_eq!(chosen::<Format>(Some(format.name()), &HeaderMap::new()).unwrap(), format);
        }
        let refused = chosen::<Format>(Some("mp3"), &HeaderMap::new()).unwrap_err();
        assert!(refused.detail.contains("json, jsonl"), "{}", refused.detail);
    }
}
