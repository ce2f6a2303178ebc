//! Pictures of timelines.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use earmark_core::batch::{Input, Outputs, in_folder, names_folder};
use earmark_core::output::{SafeFile, create_folder_of};
use earmark_core::pipeline::PlotData;
use earmark_core::report::plot::{self, PlotInput, PlotOptions};
use earmark_core::report::{Report, decimals};

use crate::args::TagArgs;
use crate::console::Usage;

/// Pixels per unit of a PNG: sharp on today's screens and in print.
const PNG_SCALE: f32 = 2.0;

/// Where the pictures of `--plot` go and what they show.
#[derive(Debug, Clone)]
pub struct Pictures {
    /// A file each, as `--plot` wants them.
    plot: Option<PathBuf>,
    /// Below `plot`, or `plot` itself.
    in_folder: bool,
    options: PlotOptions,
}

impl Pictures {
    /// Checks what the flags ask for, before any work.
    pub fn plan(args: &TagArgs, several: bool) -> Result<Self> {
        let plot = args.plot.as_deref();
        let in_folder = several || plot.is_some_and(names_folder);
        if let Some(path) = plot.filter(|_| !in_folder) {
            check_picture(path)?;
        }
        if args.from.zip(args.to).is_some_and(|(from, to)| from >= to) {
            return Err(Usage("--from is not before --to".to_owned()).into());
        }
        if args.from.or(args.to).is_some() && args.plot.is_none() && args.report.is_none() {
            return Err(Usage(
                "--from and --to are about pictures: ask for one with --plot or --report".to_owned(),
            )
            .into());
        }
        let options = PlotOptions { from_s: args.from, to_s: args.to, ..PlotOptions::default() };
        Ok(Self { plot: args.plot.clone(), in_folder, options })
    }

    /// Claims the files of all pictures.
    pub fn claim(&self, inputs: &[Input], outputs: &mut Outputs) -> Result<()> {
        for input in inputs {
            if let Some(path) = self.path(&input.stem) {
                outputs.claim_file(&path)?;
            }
        }
        Ok(())
    }

    /// The picture of one recording.
    fn path(&self, stem: &Path) -> Option<PathBuf> {
        let plot = self.plot.as_deref()?;
        Some(if self.in_folder { in_folder(plot, stem, "svg") } else { plot.to_owned() })
    }

    /// The picture of one recording, if there is to be one.
    pub fn file(&self, input: &Input) -> Option<PathBuf> {
        self.path(&input.stem)
    }

    /// Whether any picture is wanted at all.
    pub fn wanted(&self) -> bool {
        self.plot.is_some()
    }

    /// Refuses a recording that ends before what is to be seen begins: its picture, or its page, would be empty.
    pub fn check_view(&self, report: &Report) -> Result<()> {
        let duration_s = report.timeline.duration_s;
        match self.options.from_s {
            Some(from_s) if from_s > 0.0 && from_s >= duration_s => Err(Usage(format!(
                "{}: --from {from_s} is not before its end, it is {} s long",
                report.name(),
                decimals(duration_s, 3)
            ))
            .into()),
            _ => Ok(()),
        }
    }

    /// Draws one recording, if there shall be a picture of it.
    pub fn draw(&self, report: &Report, data: &PlotData, stem: &Path) -> Result<()> {
        let Some(path) = self.path(stem) else { return Ok(()) };
        let name = report.name();
        let title = Path::new(&*name).file_name().map_or(name.clone(), |n| n.to_string_lossy());
        let input = PlotInput {
            title: &title,
            timeline: &report.timeline,
            envelope: Some(&data.envelope),
            activity: Some(&data.scores),
        };
        write_picture(&path, &plot::render(&input, &self.options))
    }
}

/// Draws into FILE.svg or FILE.png, by its ending.
pub fn write_picture(path: &Path, svg: &str) -> Result<()> {
    create_folder_of(path)?;
    match kind(path) {
        Some(Kind::Png) => {
            let png = plot::png(svg, PNG_SCALE).with_context(|| path.display().to_string())?;
            Ok(SafeFile::write_all_to(path, &png)?)
        }
        _ => Ok(SafeFile::write_all_to(path, svg.as_bytes())?),
    }
}

/// Refuses a picture whose name does not say what it is, before any work.
pub fn check_picture(path: &Path) -> Result<()> {
    match kind(path) {
        Some(_) => Ok(()),
        None => Err(Usage(format!("--plot {}: name a FILE.svg or FILE.png", path.display())).into()),
    }
}

enum Kind {
    Svg,
    Png,
}

fn kind(path: &Path) -> Option<Kind> {
    let extension = path.extension()?;
    if extension.eq_ignore_ascii_case("svg") {
        Some(Kind::Svg)
    } else if extension.eq_ignore_ascii_case("png") {
        Some(Kind::Png)
    } else {
        None
    }
}
