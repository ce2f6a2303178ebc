//! `earmark eval voice`: how well enrolled voices are told from others.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use earmark_core::audio::read_mono;
use earmark_core::batch::Outputs;
use earmark_core::eval::{Condition, MANIFEST, Speaker, SpeakerClip, VoiceEvaluation, voice_trials};
use earmark_core::output::SafeFile;
use earmark_core::report::json_pretty;
use earmark_core::voice::VoicePrint;
use serde_json::json;

use crate::args::{EvalVoiceArgs, Global};
use crate::commands::voice;
use crate::console::{Console, Usage};
use crate::interrupt;
use crate::jobs::Jobs;

/// The rate at which noise is read; that of the clips.
const RATE_HZ: u32 = 16_000;

pub fn run(args: &EvalVoiceArgs, global: &Global, console: &Console) -> Result<()> {
    let mut clips = Vec::new();
    for folder in &args.inputs {
        clips.extend(SpeakerClip::read_folder(folder).map_err(|e| Usage(e.to_string()))?);
    }
    let mut outputs = Outputs::beside_paths(clips.iter().map(|clip| clip.path.as_path()));
    args.noise.iter().for_each(|path| outputs.protect(path));
    args.inputs.iter().for_each(|folder| outputs.protect(&folder.join(MANIFEST)));
    args.output.as_deref().map_or(Ok(()), |path| outputs.claim_file(path))?;
    let noise = args.noise.as_deref().map(|path| read_mono(path, RATE_HZ)).transpose()?.unwrap_or_default();
    let ear = voice::ear(&args.pack.voice_pack, false, global, console)?;
    let pack = ear.model.embedder().pack().manifest().clone();
    let heard = hear(args, &clips, &noise, &ear, (global, console))?;
    let (speakers, tests) = split(args.enrol, &clips, heard);
    if speakers.is_empty() || tests.is_empty() {
        bail!("no trial can be made: each speaker needs {} clips to enrol and others to try", args.enrol);
    }
    let trials = voice_trials(&ear, &speakers, &tests)?;
    let evaluation = VoiceEvaluation::new(&trials);
    evaluation.write_text(&mut std::io::stdout().lock()).context("stdout")?;
    let Some(path) = &args.output else { return Ok(()) };
    let json = json!({
        "format": 1,
        "what": "earmark eval voice",
        "version": env!("CARGO_PKG_VERSION"),
        "command": std::env::args().collect::<Vec<_>>(),
        "data": args.inputs.iter().map(|p| p.display().to_string()).collect::<Vec<_>>(),
        "pack": { "name": pack.name, "version": pack.version, "sha256": pack.model.sha256 },
        "enrolled_clips": args.enrol,
        "figures": evaluation,
    });
    Ok(SafeFile::write_all_to(path, json_pretty(&json)?.as_bytes())?)
}

/// A clip in one condition, by its number.
type Heard = (usize, Condition, VoicePrint);

/// Hears every clip in every condition. What cannot be heard is told and left out.
fn hear(
    args: &EvalVoiceArgs,
    clips: &[SpeakerClip],
    noise: &[f32],
    ear: &earmark_core::voice::VoiceEar,
    (global, console): (&Global, &Console),
) -> Result<Vec<Heard>> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut work: Vec<(usize, Condition)> = Vec::new();
    for (index, clip) in clips.iter().enumerate() {
        let of_speaker = seen.entry(clip.speaker.as_str()).or_default();
        *of_speaker += 1;
        if *of_speaker <= args.enrol {
            work.push((index, Condition::default()));
            continue;
        }
        let lengths: Vec<Option<f64>> = if args.length_s.is_empty() {
            vec![None]
        } else {
            args.length_s.iter().copied().map(Some).collect()
        };
        let ratios = std::iter::once(None).chain(args.snr_db.iter().copied().map(Some));
        for snr_db in ratios {
            work.extend(lengths.iter().map(|length_s| (index, Condition { length_s: *length_s, snr_db })));
        }
    }
    let jobs =
        Jobs { pack: "", pace: crate::commands::hearing::mode(false), jobs: args.jobs, global, console };
    let heard = jobs.run_with(
        (),
        || Ok(()),
        &work,
        |(), (index, condition)| Ok((*index, condition.clone(), clips[*index].hear(ear, noise, condition)?)),
    )?;
    interrupt::check()?;
    Ok(heard.into_iter().flatten().collect())
}

type Test = (String, VoicePrint, BTreeMap<String, String>);

/// The first clips of each speaker are enrolled, the others tried.
fn split(enrol: usize, clips: &[SpeakerClip], heard: Vec<Heard>) -> (Vec<Speaker>, Vec<Test>) {
    let mut speakers: Vec<Speaker> = Vec::new();
    let mut enrolled: BTreeSet<usize> = BTreeSet::new();
    let mut tests = Vec::new();
    for (index, condition, print) in heard {
        let clip = &clips[index];
        let place = speakers.iter().position(|speaker| speaker.name == clip.speaker).unwrap_or_else(|| {
            speakers.push(Speaker { name: clip.speaker.clone(), enrolled: Vec::new() });
            speakers.len() - 1
        });
        if condition == Condition::default()
            && speakers[place].enrolled.len() < enrol
            && !enrolled.contains(&index)
        {
            speakers[place].enrolled.push(print);
            enrolled.insert(index);
            continue;
        }
        let mut groups = clip.groups.clone();
        let length = condition.length_s.map_or("whole".to_owned(), |s| format!("{s} s"));
        groups.insert("length".to_owned(), length);
        let snr = condition.snr_db.map_or("clean".to_owned(), |db| format!("{db} dB"));
        groups.insert("snr".to_owned(), snr);
        tests.push((clip.speaker.clone(), print, groups));
    }
    speakers.retain(|speaker| speaker.enrolled.len() == enrol);
    (speakers, tests)
}
