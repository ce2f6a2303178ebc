//! Lists of cuts and clips beside labels.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use earmark_core::Label;
use earmark_core::batch::{Input, Outputs, in_folder};
use earmark_core::output::{SafeFile, create_folder_of};
use earmark_core::pipeline::{Clip, Observer, Recording, cut_clips, cuts_of};
use earmark_core::render::{FrameRate, ListFormat};
use earmark_core::report::Report;
use serde::Serialize;

use crate::args::CutArgs;
use crate::console::{Console, Usage};

/// Most events that CMX 3600 has numbers for.
const MOST_EDL_EVENTS: usize = 999;

/// What `tag` cuts.
#[derive(Debug, Clone)]
pub struct Cuts {
    list: Option<(PathBuf, ListFormat)>,
    rate: Option<FrameRate>,
    clips: Option<PathBuf>,
    keep: Vec<Label>,
}

/// A line of the manifest of clips, in the form of NeMo's, with where the clip is from.
#[derive(Serialize)]
struct ManifestLine<'a> {
    /// A name that is no text stands with a mark in place of what is none.
    audio_filepath: Cow<'a, str>,
    offset: f64,
    duration: f64,
    label: &'a Label,
    source: &'a str,
    /// The one that was heard and cut, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_channel: Option<u16>,
    source_start: f64,
    source_end: f64,
    confidence: f64,
}

impl Cuts {
    /// Checks what the flags ask for, before any work.
    pub fn plan(args: &CutArgs, inputs: &[Input], known: &[Label]) -> Result<Self> {
        let keep: Vec<Label> = args.keep.iter().map(|name| Label::new(name.as_str())).collect();
        let measured = [Label::SILENCE, Label::UNKNOWN];
        for label in keep.iter().filter(|label| !measured.contains(label)) {
            label.check_known(known).map_err(|error| Usage(format!("--keep: {error}")))?;
        }
        let list = args.list.as_deref().map(list_format).transpose()?;
        if list.is_some() && inputs.len() > 1 {
            return Err(
                Usage("--list is for one recording; tag a folder file by file for it".to_owned()).into()
            );
        }
        if let (Some(rate), Some((_, format))) = (args.fps, &list)
            && !format.counts_frames()
        {
            return Err(Usage(format!("--fps {rate}: that list counts no frames; leave it out")).into());
        }
        let is_read_again = list.is_some() || args.clips.is_some();
        if is_read_again && inputs.iter().any(Input::is_stdin) {
            return Err(Usage(
                "--list and --clips name the recording, so not from `-`; name a file".to_owned(),
            )
            .into());
        }
        Ok(Self { list, rate: args.fps, clips: args.clips.clone(), keep })
    }

    /// The file of the list, and what says of one input that its clips are done.
    pub fn files(&self, input: &Input) -> Vec<PathBuf> {
        let list = self.list.as_ref().map(|(path, _)| path.clone());
        let manifest = self.clips.as_deref().map(|folder| in_folder(folder, &input.stem, "clips.jsonl"));
        list.into_iter().chain(manifest).collect()
    }

    /// Claims every file whose name is known before, and makes sure that no clip will replace a recording.
    pub fn claim(&self, inputs: &[Input], outputs: &mut Outputs) -> Result<()> {
        for path in inputs.iter().flat_map(|input| self.files(input)) {
            outputs.claim_file(&path)?;
        }
        let Some(folder) = &self.clips else { return Ok(()) };
        // How many clips there will be is known once a recording is heard; what was cut before may be heard now.
        for input in inputs {
            outputs.check_folder(&folder.join(&input.stem), same_clip)?;
        }
        Ok(())
    }

    /// Writes the list and the clips of one recording.
    pub fn write(
        &self,
        report: &Report,
        recording: &Recording,
        input: &Input,
        observer: &mut dyn Observer,
        console: &Console,
    ) -> Result<()> {
        if let Some((path, format)) = &self.list {
            let edits = cuts_of(&Recording::named(&input.path), &report.timeline, &self.keep)?;
            let text = format.write(&edits, &input.path, self.rate);
            tell_events(path, *format, &text, console);
            create_folder_of(path)?;
            SafeFile::write_all_to(path, text.as_bytes())?;
        }
        match &self.clips {
            Some(folder) => self.write_clips(folder, report, recording, input, observer),
            None => Ok(()),
        }
    }

    fn write_clips(
        &self,
        folder: &Path,
        report: &Report,
        recording: &Recording,
        input: &Input,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        // A stretch of two labels would be cut twice: each label has its pass.
        let mut lines = String::new();
        let mut number = 0;
        for label in &self.keep {
            let segments: Vec<_> = report.timeline.of(label).collect();
            let names = segments.iter().map(|_| {
                number += 1;
                input.stem.join(clip_name(number))
            });
            let names: Vec<PathBuf> = names.collect();
            let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
            let clips = paths.iter().zip(&segments);
            let clips: Vec<Clip<'_>> =
                clips.map(|(path, s)| Clip { path, start_s: s.start_s, end_s: s.end_s }).collect();
            if !clips.is_empty() {
                cut_clips(recording, &clips, observer)?;
            }
            for (name, segment) in names.iter().zip(&segments) {
                let ms = |seconds: f64| (seconds * 1_000.0).round() / 1_000.0;
                let line = ManifestLine {
                    audio_filepath: name.to_string_lossy(),
                    offset: 0.0,
                    duration: ms(segment.duration_s()),
                    label,
                    source: &report.file,
                    source_channel: report.channel,
                    source_start: ms(segment.start_s),
                    source_end: ms(segment.end_s),
                    confidence: ms(f64::from(segment.confidence)),
                };
                lines.push_str(&serde_json::to_string(&line)?);
                lines.push('\n');
            }
        }
        // Last: where it is, all clips are.
        let manifest = in_folder(folder, &input.stem, "clips.jsonl");
        create_folder_of(&manifest)?;
        Ok(SafeFile::write_all_to(&manifest, lines.as_bytes())?)
    }
}

/// The name of the clip of this number, from 1.
fn clip_name(number: usize) -> String {
    format!("{number:04}.wav")
}

/// The clip that a file system may take a name for; some do not tell cases apart.
fn same_clip(name: &str) -> Option<String> {
    let number = name.split_once('.').filter(|(_, ending)| ending.eq_ignore_ascii_case("wav"))?.0;
    let clip = clip_name(number.parse().ok()?);
    clip.eq_ignore_ascii_case(name).then_some(clip)
}

/// How many events a list has, if its form has no numbers for so many.
fn too_many_events(format: ListFormat, text: &str) -> Option<usize> {
    // A line of an event begins with its number, every other one with a word or a star.
    let events = || text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count();
    (format == ListFormat::Cmx3600).then(events).filter(|&count| count > MOST_EDL_EVENTS)
}

/// Tells of a list with more events than its form has numbers for; `text` is what is written to `path`.
pub fn tell_events(path: &Path, format: ListFormat, text: &str, console: &Console) {
    if let Some(count) = too_many_events(format, text) {
        console.warn(&format!(
            "{}: an EDL has {MOST_EDL_EVENTS} events and this is {count}; all are written, but programs that keep to the \
             standard read the first {MOST_EDL_EVENTS} or none",
            path.display()
        ));
    }
}

/// The form of a list by its ending.
pub fn list_format(path: &Path) -> Result<(PathBuf, ListFormat)> {
    let format = ListFormat::of_path(path).ok_or_else(|| {
        let known = ListFormat::ALL.map(|(_, ending)| format!("FILE.{ending}")).join(", ");
        Usage(format!("--list {}: its ending says no form; name one of {known}", path.display()))
    })?;
    Ok((path.to_owned(), format))
}

#[cfg(test)]
mod tests {
    use earmark_core::render::EditList;

    use super::*;

    #[test]
    fn names_of_clips_are_known_as_such() {
        for (name, clip) in [("0001.wav", "0001.wav"), ("12345.wav", "12345.wav"), ("0002.WAV", "0002.wav")] {
            assert_eq!(same_clip(name).as_deref(), Some(clip));
        }
        for name in ["1.wav", "00001.wav", "+001.wav", "0001.flac", "0001", "talk.wav", "0001.take.wav"] {
            assert_eq!(same_clip(name), None, "{name}");
        }
    }

    #[test]
    fn more_events_than_an_edl_has_numbers_are_counted() {
        let list = |events: u64| {
            let spans = (0..events).map(|number| number * 96_000..number * 96_000 + 48_000);
            EditList::keeping(spans, 48_000, 1, events * 96_000)
        };
        let count = |format: ListFormat, events: u64| {
            too_many_events(format, &format.write(&list(events), Path::new("9 lives.wav"), None))
        };
        assert_eq!(count(ListFormat::Cmx3600, 999), None);
        assert_eq!(count(ListFormat::Cmx3600, 1_000), Some(1_000));
        assert_eq!(count(ListFormat::Audacity, 1_000), None);
    }
}
