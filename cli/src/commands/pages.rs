//! The page of `--report`: one for all recordings, or a folder with one for each and a list of them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use earmark_core::batch::{Input, Outputs, in_folder, names_folder};
use earmark_core::output::{SafeFile, create_folder_of};
use earmark_core::pipeline::PageMeasurements;
use earmark_core::report::page::{
    self, Audio, Detail, FirstView, IndexRow, PageRecording, media_type, url_from,
};
use earmark_core::report::{Format, Report};

use crate::args::TagArgs;
use crate::console::{Console, Usage};

/// Browsers take no text much longer than what this becomes in a page, bytes.
const MOST_EMBEDDED: u64 = 256 << 20;
/// The list in a folder of pages.
const INDEX: &str = "index.html";

/// Where pages go and what is in them.
#[derive(Debug, Clone)]
pub struct Pages {
    path: Option<PathBuf>,
    in_folder: bool,
    embed: bool,
    /// Lists to be compared with.
    against: Vec<Report>,
    view: FirstView,
    detail: Detail,
    /// Whether there is one recording, which a list without names is about.
    only_one: bool,
}

/// What one recording leaves for the end.
pub enum Part {
    /// For the page of all.
    Recording(Box<PageRecording>),
    /// For the list: its page is written.
    Row(Box<IndexRow>),
}

impl Pages {
    /// Checks what the flags ask for, before any work.
    pub fn plan(args: &TagArgs, inputs: usize) -> Result<Self> {
        let path = args.report.clone();
        if path.is_none() && (args.embed || args.against.is_some()) {
            return Err(Usage(
                "--embed and --against are about the page: ask for one with --report".to_owned(),
            )
            .into());
        }
        let in_folder = path.as_deref().is_some_and(names_folder);
        let against = args.against.as_deref().map_or(Ok(Vec::new()), read_lists)?;
        Ok(Self {
            path,
            in_folder,
            embed: args.embed,
            against,
            view: FirstView { from_s: args.from, to_s: args.to },
            detail: if in_folder { Detail::FULL } else { Detail::shared_by(inputs) },
            only_one: inputs == 1,
        })
    }

    /// Whether there shall be any.
    pub fn wanted(&self) -> bool {
        self.path.is_some()
    }

    /// Claims all pages.
    pub fn claim(&self, inputs: &[Input], outputs: &mut Outputs) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        if !self.in_folder {
            return Ok(outputs.claim_file(path)?);
        }
        outputs.claim_file(&path.join(INDEX))?;
        for input in inputs {
            outputs.claim_file(&in_folder(path, &input.stem, "html"))?;
        }
        Ok(())
    }

    /// The part of one recording, if there is a page.
    pub fn take(
        &self,
        report: &Report,
        measured: &PageMeasurements,
        input: &Input,
        console: &Console,
    ) -> Result<Option<Part>> {
        let Some(target) = &self.path else { return Ok(None) };
        let page = if self.in_folder { in_folder(target, &input.stem, "html") } else { target.clone() };
        create_folder_of(&page)?;
        let folder = page.parent().unwrap_or(Path::new(""));
        let recording = PageRecording {
            report: report.clone(),
            compared: self.compared(report),
            figures: measured.figures(),
            overview: measured.overview(self.detail),
            audio: self.audio(input, folder, console)?,
            rate_hz: measured.rate_hz,
            channels: measured.channels,
        };
        if !self.in_folder {
            return Ok(Some(Part::Recording(Box::new(recording))));
        }
        // The list must be there to be linked; it is replaced at the end.
        let index = format!("{}{INDEX}", "../".repeat(input.stem.components().count().saturating_sub(1)));
        SafeFile::write_all_to(&page, page::page_below(&recording, self.view, &index).as_bytes())?;
        let address = url_from(target, &page).with_context(|| page.display().to_string())?;
        Ok(Some(Part::Row(Box::new(IndexRow::new(&recording, &address)))))
    }

    /// Writes what is made of all parts.
    pub fn finish(&self, parts: Vec<Part>) -> Result<()> {
        let Some(path) = self.path.as_deref().filter(|_| !parts.is_empty()) else { return Ok(()) };
        let (mut recordings, mut rows) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::Recording(recording) => recordings.push(*recording),
                Part::Row(row) => rows.push(*row),
            }
        }
        if self.in_folder {
            return Ok(SafeFile::write_all_to(&path.join(INDEX), page::index(rows).as_bytes())?);
        }
        Ok(SafeFile::write_all_to(path, page::page(&recordings, self.view).as_bytes())?)
    }

    /// The list that is about the same recording: by its whole name, by its file's name, or because there is one of each.
    fn compared(&self, report: &Report) -> Option<Report> {
        let name = |file: &str| Path::new(file).file_name().map(ToOwned::to_owned);
        let same_name = |list: &&Report| name(&list.name()) == name(&report.name());
        let only = || self.against.first().filter(|_| self.only_one && self.against.len() == 1);
        let whole = self.against.iter().find(|list| list.name() == report.name());
        whole.or_else(|| self.against.iter().find(same_name)).or_else(only).cloned()
    }

    fn audio(&self, input: &Input, folder: &Path, console: &Console) -> Result<Audio> {
        let path = &input.path;
        if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
            return Ok(Audio::Absent);
        }
        match media_type(path).filter(|_| self.embed) {
            Some(kind) => {
                let size = std::fs::metadata(path).with_context(|| path.display().to_string())?.len();
                if size > MOST_EMBEDDED {
                    bail!(
                        "{}: {} MB are too many to put into a page; leave out --embed, and the page links it",
                        path.display(),
                        size >> 20
                    );
                }
                let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
                Ok(Audio::Embedded { kind, bytes })
            }
            None => {
                if self.embed {
                    console.warn(&format!(
                        "{}: browsers do not play this kind of file; it is linked, not embedded",
                        path.display()
                    ));
                }
                Ok(url_from(folder, path).map_or(Audio::Absent, Audio::Linked))
            }
        }
    }
}

/// The lists in a label file, by the ending of its name.
fn read_lists(path: &Path) -> Result<Vec<Report>> {
    let format = Format::of_path(path).ok_or_else(|| {
        Usage(format!("--against {}: its ending names no format of label files", path.display()))
    })?;
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut lists = format.parse_all(&text).with_context(|| path.display().to_string())?;
    for list in &mut lists {
        if list.file.is_empty() {
            list.file = path.display().to_string();
        }
    }
    Ok(lists)
}
