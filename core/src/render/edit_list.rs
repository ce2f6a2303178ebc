//! What a render did, as lists that editors open.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use super::CutPlan;
use super::measure::GainChange;
use crate::signal::units::samples_to_seconds;

/// What happened to a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// It is in the output as it was.
    Kept,
    /// It is in the output, turned down by at most this many dB (negative).
    Changed(f32),
    /// It is not in the output.
    Cut,
}

/// One stretch of the source and where it is in the output.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CutListEntry {
    /// What happened.
    pub kind: EditKind,
    /// First sample in the source.
    pub start: u64,
    /// First sample in the source after it.
    pub end: u64,
    /// Where it begins in the output; for a cut, the join.
    pub out_start: u64,
    /// Where it ends in the output; for a cut, the join.
    pub out_end: u64,
}

/// Forms of a written [`EditList`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListFormat {
    /// CMX 3600, for video editors.
    Cmx3600,
    /// A Reaper project.
    Reaper,
    /// Labels for Audacity.
    Audacity,
}

impl ListFormat {
    /// Frames per second of CMX 3600 lists, which have no finer time.
    const EDL_FRAMES_PER_SECOND: u32 = 25;

    /// The form that the ending of a file's name asks for: `.edl`, `.rpp` or `.txt`.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_string_lossy().to_lowercase().as_str() {
            "edl" => Some(Self::Cmx3600),
            "rpp" => Some(Self::Reaper),
            "txt" => Some(Self::Audacity),
            _ => None,
        }
    }

    /// The list as text; `source` is the recording that it is about.
    pub fn write(self, edits: &EditList, source: &Path) -> String {
        match self {
            Self::Cmx3600 => edits.to_cmx3600(source, Self::EDL_FRAMES_PER_SECOND),
            // Found from wherever the project is opened.
            Self::Reaper => {
                edits.to_reaper(&std::path::absolute(source).unwrap_or_else(|_| source.to_owned()))
            }
            Self::Audacity => edits.to_audacity(),
        }
    }
}

/// Everything that happened to one source, in order, without gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct EditList {
    edits: Vec<CutListEntry>,
    rate_hz: u32,
    stereo: bool,
    /// Half of the crossfade at a join, in samples.
    half_fade: u64,
}

impl EditList {
    /// From a cut plan (of the whole, when nothing is cut) and what the gate turned down.
    pub fn new(plan: &CutPlan, changes: &[GainChange], rate_hz: u32, channels: u16) -> Self {
        let mut edits = Vec::new();
        let mut done = 0;
        let mut changes = changes.iter().copied().peekable();
        for region in plan.regions() {
            push(&mut edits, EditKind::Cut, done, region.start, region.out, 0);
            let mut at = region.start;
            let mut place = |edits: &mut Vec<CutListEntry>, kind, to: u64| {
                push(edits, kind, at, to, region.out + (at - region.start), to.saturating_sub(at));
                at = at.max(to);
            };
            while changes.next_if(|change| change.end <= region.start).is_some() {}
            while let Some(change) = changes.peek().filter(|change| change.start < region.end).copied() {
                place(&mut edits, EditKind::Kept, change.start);
                place(&mut edits, EditKind::Changed(change.gain_db), change.end.min(region.end));
                if change.end > region.end {
                    break;
                }
                changes.next();
            }
            place(&mut edits, EditKind::Kept, region.end);
            done = region.end;
        }
        push(&mut edits, EditKind::Cut, done, plan.source_samples(), plan.out_samples(), 0);
        Self { edits, rate_hz, stereo: channels > 1, half_fade: plan.half_fade() }
    }

    /// All stretches.
    pub fn edits(&self) -> &[CutListEntry] {
        &self.edits
    }

    /// Labels for Audacity, in the output's time: one line for each change, a point for each cut.
    pub fn to_audacity(&self) -> String {
        let mut text = String::new();
        for edit in &self.edits {
            let note = match edit.kind {
                EditKind::Kept => continue,
                EditKind::Changed(gain_db) => format!("{gain_db:.1} dB"),
                EditKind::Cut => {
                    format!("cut {:.3} s", samples_to_seconds(edit.end - edit.start, self.rate_hz))
                }
            };
            let (start, end) = (
                samples_to_seconds(edit.out_start, self.rate_hz),
                samples_to_seconds(edit.out_end, self.rate_hz),
            );
            let _ = writeln!(text, "{start:.6}\t{end:.6}\t{note}");
        }
        text
    }

    /// A CMX 3600 list at a whole number of frames per second, non-drop. Times are rounded to frames, the
    /// record side without gaps; stretches shorter than a frame vanish. Above 999 events the numbers have
    /// four digits, which most readers take.
    pub fn to_cmx3600(&self, source: &Path, frames_per_second: u32) -> String {
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        let mut text = format!(
            "TITLE: {}\nFCM: NON-DROP FRAME\n\n",
            source.file_stem().unwrap_or_default().to_string_lossy()
        );
        let frames = |sample: u64| {
            let rate = u64::from(self.rate_hz.max(1));
            (sample * u64::from(frames_per_second) + rate / 2) / rate
        };
        let code = |frame: u64| timecode(frame, frames_per_second);
        let tracks = if self.stereo { "AA" } else { "A" };
        let mut number = 0;
        for edit in self.edits.iter().filter(|edit| edit.kind != EditKind::Cut) {
            let (record_in, record_out) = (frames(edit.out_start), frames(edit.out_end));
            if record_in == record_out {
                continue;
            }
            number += 1;
            let source_in = frames(edit.start);
            let source_out = source_in + (record_out - record_in);
            let _ = writeln!(
                text,
                "{number:03}  {:<8} {tracks:<5} C        {} {} {} {}\n* FROM CLIP NAME: {name}",
                "AX",
                code(source_in),
                code(source_out),
                code(record_in),
                code(record_out)
            );
            if let EditKind::Changed(gain_db) = edit.kind {
                let _ = writeln!(
                    text,
                    "* AUDIO LEVEL AT {} IS {gain_db:.2} DB (REEL AX {tracks})",
                    code(source_in)
                );
            }
        }
        text
    }

    /// A Reaper project with one item per stretch, which plays the source with the same cuts, crossfades and
    /// levels.
    pub fn to_reaper(&self, source: &Path) -> String {
        let name = quoted(&source.file_name().unwrap_or_default().to_string_lossy());
        let file = quoted(&source.to_string_lossy());
        let kind = match source.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).as_deref() {
            Some("flac") => "FLAC",
            Some("mp3") => "MP3",
            Some("ogg") => "VORBIS",
            _ => "WAVE",
        };
        let mut text = format!(
            "<REAPER_PROJECT 0.1 \"6.0\" 0\n  SAMPLERATE {} 1 0\n  <TRACK\n    NAME {name}\n",
            self.rate_hz
        );
        let time = |samples| samples_to_seconds(samples, self.rate_hz);
        for (index, edit) in self.edits.iter().enumerate() {
            let gain = match edit.kind {
                EditKind::Cut => continue,
                EditKind::Kept => 1.0,
                EditKind::Changed(gain_db) => 10.0_f32.powf(gain_db / 20.0),
            };
            let next_to_cut =
                |i: Option<usize>| i.and_then(|i| self.edits.get(i)).is_some_and(|e| e.kind == EditKind::Cut);
            // At the ends of the file there is nothing to fade into.
            let joined_before = next_to_cut(index.checked_sub(1)) && edit.out_start > 0;
            let joined_after = next_to_cut(Some(index + 1)) && index + 2 < self.edits.len();
            let before = if joined_before { self.half_fade } else { 0 };
            let after = if joined_after { self.half_fade } else { 0 };
            let _ = writeln!(
                text,
                "    <ITEM\n      POSITION {:.9}\n      LENGTH {:.9}\n      LOOP 0\n      FADEIN 1 {:.9} 0\n      FADEOUT 1 {:.9} 0\n      \
                 SOFFS {:.9}\n      VOLPAN {gain:.6} 0 1 -1\n      NAME {name}\n      <SOURCE {kind}\n        FILE {file}\n      >\n    >",
                time(edit.out_start - before),
                time(edit.out_end - edit.out_start + before + after),
                time(2 * before),
                time(2 * after),
                time(edit.start - before),
            );
        }
        text.push_str("  >\n>\n");
        text
    }
}

fn push(edits: &mut Vec<CutListEntry>, kind: EditKind, start: u64, end: u64, out_start: u64, out_len: u64) {
    if end > start {
        edits.push(CutListEntry { kind, start, end, out_start, out_end: out_start + out_len });
    }
}

fn timecode(frame: u64, frames_per_second: u32) -> String {
    let rate = u64::from(frames_per_second.max(1));
    let (second, frame) = (frame / rate, frame % rate);
    format!("{:02}:{:02}:{:02}:{frame:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// Reaper has no escapes: it takes whichever quote does not occur.
fn quoted(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    match (text.contains('"'), text.contains('\'')) {
        (false, _) => format!("\"{text}\""),
        (true, false) => format!("'{text}'"),
        (true, true) => format!("`{}`", text.replace('`', "'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{CutSettings, Fade};

    fn list() -> EditList {
        let settings =
            CutSettings { max_pause_ms: 1_000.0, pad_ms: 500.0, crossfade_ms: 20.0, fade: Fade::Linear };
        let plan = CutPlan::new([1_000..3_000, 9_000..10_000], &settings, 1_000, 12_000).expect("valid");
        let changes = [(0, 900), (3_200, 8_700), (9_900, 12_000)].map(|(start, end)| GainChange {
            start,
            end,
            gain_db: -12.0,
        });
        EditList::new(&plan, &changes, 1_000, 2)
    }

    #[test]
    fn stretches_cover_source_and_output() {
        let list = list();
        let edits = list.edits();
        assert_eq!((edits[0].start, edits.last().expect("edits").end), (0, 12_000));
        assert_eq!((edits[0].out_start, edits.last().expect("edits").out_end), (0, 5_000));
        for pair in edits.windows(2) {
            assert_eq!((pair[0].end, pair[0].out_end), (pair[1].start, pair[1].out_start));
        }
        let changed = |e: &&CutListEntry| matches!(e.kind, EditKind::Changed(_));
        let spans: Vec<_> = edits.iter().filter(changed).map(|e| (e.start, e.end)).collect();
        assert_eq!(spans, [(500, 900), (3_200, 3_500), (8_500, 8_700), (9_900, 10_500)]);
    }

    #[test]
    fn the_ending_says_the_form() {
        let of = |name: &str| ListFormat::of_path(Path::new(name));
        assert_eq!(of("a.EDL"), Some(ListFormat::Cmx3600));
        assert_eq!((of("a.rpp"), of("a.txt")), (Some(ListFormat::Reaper), Some(ListFormat::Audacity)));
        assert_eq!((of("a.wav"), of("edl")), (None, None));
        let reaper = ListFormat::Reaper.write(&list(), Path::new("talk.wav"));
        let whole = std::path::absolute("talk.wav").expect("a folder");
        assert!(reaper.contains(&format!("FILE \"{}\"", whole.display())), "{reaper}");
    }

    #[test]
    fn editors_get_the_new_positions() {
        let list = list();
        let audacity = list.to_audacity();
        let lines: Vec<&str> = audacity.lines().collect();
        assert_eq!(lines[0], "0.000000\t0.000000\tcut 0.500 s");
        assert_eq!(lines[1], "0.000000\t0.400000\t-12.0 dB");
        assert_eq!(lines[3], "3.000000\t3.000000\tcut 5.000 s");
        let edl = list.to_cmx3600(Path::new("/tapes/talk 1.wav"), 25);
        let events: Vec<&str> =
            edl.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
        assert_eq!(events[0], "001  AX       AA    C        00:00:00:13 00:00:00:23 00:00:00:00 00:00:00:10");
        assert_eq!(events.len(), 6);
        assert!(edl.contains("TITLE: talk 1\n") && edl.contains("* FROM CLIP NAME: talk 1.wav"));
        assert!(
            events.windows(2).all(|pair| pair[0][65..76] == pair[1][53..64]),
            "the record side has no gaps"
        );
        let reaper = list.to_reaper(Path::new("/tapes/say \"hi\".flac"));
        assert!(reaper.contains("FILE '/tapes/say \"hi\".flac'") && reaper.contains("<SOURCE FLAC"));
        assert!(reaper.contains("POSITION 2.990000000") && reaper.contains("SOFFS 8.490000000"), "{reaper}");
        assert_eq!(reaper.matches('<').count(), reaper.lines().filter(|line| line.trim() == ">").count());
    }
}
