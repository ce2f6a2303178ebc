//! What the flags ask for: a gate, perhaps a cut, and where everything goes.

use std::path::{Path, PathBuf};

use anyhow::Result;
use earmark_core::Label;
use earmark_core::decide::TimelineSettings;
use earmark_core::gate::{Action, CutSettings, GateError, GateSettings, Preset, RuleSet, load_preset};
use earmark_core::model::pack::Pack;
use earmark_core::report::Format;

use super::super::hearing::timeline_settings;
use crate::args::{RenderAction, RenderArgs};
use crate::console::Usage;
use crate::inputs::Input;

/// The gate of all recordings and where their outputs go.
#[derive(Debug)]
pub struct Plan {
    pub preset: Preset,
    /// How what is heard becomes segments: the pack's way, as the preset and the flags change it.
    pub timeline: TimelineSettings,
    pub rules: RuleSet,
    /// Of `--labels`, by its ending.
    pub label_format: Option<Format>,
    /// Of `--list`, by its ending.
    pub list_format: Option<ListFormat>,
    in_folder: bool,
}

/// Kinds of edit lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    Cmx3600,
    Reaper,
    Audacity,
}

impl Plan {
    /// Checks everything that can be checked before any work.
    pub fn new(args: &RenderArgs, inputs: &[Input], pack: &Pack) -> Result<Self> {
        let usage = |e: GateError| anyhow::Error::from(Usage(e.to_string()));
        let mut preset = load_preset(&args.preset).map_err(usage)?;
        apply_flags(args, &mut preset);
        let timeline = timeline_settings(&args.timeline, pack, Some(&preset.gate))?;
        for (name, _) in &args.timeline.threshold {
            let label = Label::new(name.as_str());
            let thresholds = timeline.of(&label).thresholds();
            preset.gate.thresholds.insert(label, thresholds);
        }
        if let Some(cut) = &preset.cut {
            cut.validate().map_err(usage)?;
        }
        let rules = RuleSet::new(&preset.gate, &pack.manifest().labels).map_err(usage)?;
        let folder_named =
            args.output.is_dir() || args.output.as_os_str().to_string_lossy().ends_with(['/', '\\']);
        let in_folder = args.output.as_os_str() != "-" && (folder_named || inputs.len() > 1);
        if args.output.as_os_str() == "-" && inputs.len() > 1 {
            return Err(Usage("several inputs need a folder: name one with -o".to_owned()).into());
        }
        if inputs.len() > 1 && (args.list.is_some() || args.labels.is_some()) {
            return Err(Usage(
                "--list and --labels are for one input; render a folder file by file for them".to_owned(),
            )
            .into());
        }
        let label_format = args.labels.as_deref().map(label_format).transpose()?;
        let list_format = args.list.as_deref().map(list_format).transpose()?;
        let plan = Self { preset, timeline, rules, label_format, list_format, in_folder };
        for input in inputs {
            plan.refuse_overwriting(args, input)?;
        }
        Ok(plan)
    }

    /// The output of one recording; nothing for stdout.
    pub fn output(&self, args: &RenderArgs, input: &Input) -> Option<PathBuf> {
        (args.output.as_os_str() != "-").then(|| self.place(&args.output, input))
    }

    /// Where `--listen` puts what was removed from one recording.
    pub fn listen(&self, args: &RenderArgs, input: &Input) -> Option<PathBuf> {
        args.listen.as_deref().map(|path| self.place(path, input))
    }

    fn place(&self, path: &Path, input: &Input) -> PathBuf {
        if !self.in_folder {
            return path.to_owned();
        }
        let flac = input.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("flac"));
        path.join(format!("{}.{}", input.stem.display(), if flac { "flac" } else { "wav" }))
    }

    fn refuse_overwriting(&self, args: &RenderArgs, input: &Input) -> Result<()> {
        let same = |path: &Path| same_file::is_same_file(path, &input.path).unwrap_or(false);
        let outputs =
            [self.output(args, input), self.listen(args, input), args.list.clone(), args.labels.clone()];
        match outputs.into_iter().flatten().find(|path| same(path)) {
            Some(path) => Err(Usage(format!(
                "{}: this is the input; name another output, it would be lost",
                path.display()
            ))
            .into()),
            None => Ok(()),
        }
    }
}

/// What single flags change about the preset.
fn apply_flags(args: &RenderArgs, preset: &mut Preset) {
    let gate = &mut preset.gate;
    for (flag, setting) in [
        (args.range_db, &mut gate.range_db),
        (args.attack_ms, &mut gate.attack_ms),
        (args.hold_ms, &mut gate.hold_ms),
        (args.release_ms, &mut gate.release_ms),
        (args.lookahead_ms, &mut gate.lookahead_ms),
        (args.pre_roll_ms, &mut gate.pre_roll_ms),
        (args.reach_ms, &mut gate.reach_ms),
        (args.wet, &mut gate.wet),
    ] {
        if let Some(value) = flag {
            *setting = value;
        }
    }
    if args.keep.is_some() || args.action.is_some() {
        let action = match args.action {
            None | Some(RenderAction::Gate | RenderAction::Cut) => Action::Gate,
            Some(RenderAction::Duck) => Action::duck(gate.range_db),
            Some(RenderAction::Mute) => Action::Mute,
        };
        let kept: Vec<Label> = match &args.keep {
            Some(names) => names.iter().map(|name| Label::new(name.as_str())).collect(),
            None => vec![Label::SPEECH],
        };
        let rules = GateSettings::keep(kept, action);
        gate.rules = rules.rules;
        gate.otherwise = rules.otherwise;
    }
    if args.action == Some(RenderAction::Cut) || args.max_pause_ms.is_some() {
        preset.cut.get_or_insert_with(CutSettings::default);
    } else if args.action.is_some() {
        preset.cut = None;
    }
    if let (Some(cut), Some(max_pause_ms)) = (&mut preset.cut, args.max_pause_ms) {
        cut.max_pause_ms = max_pause_ms;
        cut.pad_ms = cut.pad_ms.min(max_pause_ms / 2.0);
    }
}

fn label_format(path: &Path) -> Result<Format> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    // The longest ending wins: `a.labels.txt` is Audacity's, `a.txt` is text.
    let ending = |format: &Format| format!(".{}", format.extension().to_lowercase());
    let fits = Format::ALL.into_iter().filter(|format| name.ends_with(&ending(format)));
    fits.max_by_key(|format| format.extension().len()).ok_or_else(|| {
        let known = Format::ALL.map(|f| format!(".{}", f.extension())).join(", ");
        Usage(format!("--labels {}: its ending says no format; known are {known}", path.display())).into()
    })
}

fn list_format(path: &Path) -> Result<ListFormat> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match ending.as_str() {
        "edl" => Ok(ListFormat::Cmx3600),
        "rpp" => Ok(ListFormat::Reaper),
        "txt" => Ok(ListFormat::Audacity),
        _ => Err(Usage(format!("--list {}: name a FILE.edl, FILE.rpp or FILE.txt", path.display())).into()),
    }
}
