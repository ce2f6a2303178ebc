//! The flags of `earmark stream`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueEnum, value_parser};
use earmark_core::audio::PcmEncoding;
use earmark_core::model::pack;
use earmark_core::profile::ProfileName;
use earmark_server::rules::Rule;
use earmark_server::sinks::Target;
use earmark_server::stream::Reaction;

#[derive(Debug, Args)]
#[command(after_help = "Lines are JSON, one event each: docs/streams.md and docs/events.schema.json.\n\
                        A sink before the first --when gets all events but frames; after one, the alerts of that rule.\n\
                        The end of the input, SIGTERM, SIGINT and a reader that went away end a stream well: exit code 0.")]
pub struct StreamArgs {
    /// `-` for stdin, a file or named pipe, or a URL for the system's ffmpeg
    #[arg(default_value = "-", value_name = "-|FILE|URL")]
    pub input: String,
    /// Record from a sound card: its name, or `default`
    #[arg(long = "input", value_name = "DEVICE", conflicts_with_all = ["input", "encoding"])]
    pub sound_card: Option<String>,
    /// List the sound cards that record, and end
    #[arg(long = "inputs")]
    pub list_inputs: bool,
    /// Rate of samples without a header, or of what a URL is decoded to, Hz. Default: 48000
    #[arg(long, value_name = "HZ", value_parser = value_parser!(u32).range(1_000..=768_000))]
    pub rate: Option<u32>,
    /// Their channels. Default: 2
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=64))]
    pub channels: Option<u16>,
    /// The input is samples without a header: s16le, s24le, s32le or f32le
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<PcmEncoding>,
    /// What the stream is called in its events. Default: the input
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Also tell the scores every so many milliseconds: a multiple of 10
    #[arg(long, value_name = "MS")]
    pub frames: Option<u32>,
    /// Add to each event the wall time that it is about, as `wall`
    #[arg(long)]
    pub wall_clock: bool,
    /// Probability at which a label begins, as LABEL=P (0 to 1); repeatable
    #[arg(long, value_name = "LABEL=P", value_parser = super::label_value)]
    pub threshold: Vec<(String, f32)>,
    /// Level at or below which all is silence, dBFS
    #[arg(long, value_name = "DB", allow_hyphen_values = true)]
    pub silence_dbfs: Option<f32>,
    /// An onset is told once its label has been on for so long, ms. Default: 100
    #[arg(long, value_name = "MS")]
    pub min_on_ms: Option<u32>,
    /// An offset is told once its label has been off for so long, ms. Default: 200
    #[arg(long, value_name = "MS")]
    pub min_gap_ms: Option<u32>,
    #[command(flatten)]
    pub shape: super::ShapeArgs,
    #[command(flatten)]
    pub reactions: Reactions,
    /// Let the sound through, gated and with a constant delay, as WAV on stdout
    #[arg(long, value_enum, value_name = "HOW", requires = "events")]
    pub through: Option<Through>,
    /// With --through: a preset, or a FILE.json of the same form
    #[arg(long, value_name = "NAME|FILE", default_value = "podcast", requires = "through")]
    pub preset: String,
    /// With --through: sample format of the output
    #[arg(long, value_enum, default_value = "16", requires = "through")]
    pub bits: super::Bits,
    /// Where events go in place of stdout: a file, which is added to, or a descriptor that is open, as fd:3
    #[arg(long, value_name = "FILE|fd:N")]
    pub events: Option<String>,
    /// Longest wait before a URL is connected again, seconds. Default: 120, and 600 after 20 failures without a sound
    #[arg(long, value_name = "S")]
    pub reconnect_max_s: Option<u64>,
    /// Tell an enrolled phrase too, as label phrase:NAME; repeatable
    #[arg(long = "phrase", value_name = "NAME")]
    pub phrases: Vec<ProfileName>,
    #[command(flatten)]
    pub phrase_pack: super::BesidePhraseArgs,
    #[command(flatten)]
    pub telling: super::TellingArgs,
    /// Pack: an embedded name, or the folder of any other
    #[arg(long, value_name = "NAME|DIR", default_value = pack::LIVE)]
    pub pack: String,
    #[command(flatten)]
    pub follow: super::FollowArgs,
    /// With --voice: what happens to speech should the network of the voices fail
    #[arg(long, value_enum, default_value = "open", requires = "voice")]
    pub voice_failure: super::VoiceFailure,
}

/// What happens to the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Through {
    /// As `earmark render --live` gates
    Gate,
}

/// `--when`, and the sinks, in the order in which they were given.
#[derive(Debug)]
pub struct Reactions(pub Vec<Reaction>);

const WHEN: &str = "when";
const EXEC: &str = "exec";
const POST: &str = "post";
const MQTT: &str = "mqtt";

impl Args for Reactions {
    fn augment_args(command: Command) -> Command {
        let repeated = |id: &'static str, value: &'static str, help: &'static str| {
            Arg::new(id).long(id).value_name(value).help(help).action(ArgAction::Append)
        };
        command
            .arg(
                repeated(WHEN, "RULE", "Raise an alert: 'silence>30s/2s' (cleared after 2 s), 'no speech>10m', 'gap>5s'; repeatable")
                    .value_parser(value_parser!(Rule)),
            )
            .arg(
                repeated(EXEC, "PROGRAM", "Run a program for each event, with its facts in EARMARK_… variables; repeatable")
                    .value_parser(value_parser!(PathBuf)),
            )
            .arg(repeated(POST, "URL", "Post each event as JSON to an http:// or https:// URL; repeatable"))
            .arg(repeated(MQTT, "URL", "Publish to mqtt://[user:password@]host[:port][/base] (mqtts:// by TLS), with Home Assistant's discovery; repeatable"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Reactions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        enum Given {
            Rule(Rule),
            Target(Target),
        }
        let mut given: Vec<(usize, Given)> = Vec::new();
        let mut take = |id: &str, values: Vec<Given>| {
            given.extend(matches.indices_of(id).into_iter().flatten().zip(values));
        };
        let rules = matches.get_many::<Rule>(WHEN).into_iter().flatten().cloned();
        take(WHEN, rules.map(Given::Rule).collect());
        let programs = matches.get_many::<PathBuf>(EXEC).into_iter().flatten().cloned();
        take(EXEC, programs.map(|path| Given::Target(Target::Exec(path))).collect());
        for (id, target) in [(POST, Target::Post as fn(String) -> Target), (MQTT, Target::Mqtt)] {
            let urls = matches.get_many::<String>(id).into_iter().flatten().cloned();
            take(id, urls.map(|url| Given::Target(target(url))).collect());
        }
        given.sort_by_key(|(index, _)| *index);
        let mut reactions = vec![Reaction { rule: None, targets: Vec::new() }];
        for (_, given) in given {
            match (given, reactions.last_mut()) {
                (Given::Rule(rule), _) => reactions.push(Reaction { rule: Some(rule), targets: Vec::new() }),
                (Given::Target(target), Some(last)) => last.targets.push(target),
                (Given::Target(_), None) => {}
            }
        }
        Ok(Self(reactions))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        reactions: Reactions,
    }

    #[test]
    fn sinks_belong_to_the_rule_before_them() {
        let line = "x --exec all --when silence>3s --post http://a --mqtt mqtt://b --when music>1s --exec c";
        let Reactions(reactions) = Only::try_parse_from(line.split(' ')).unwrap().reactions;
        let told: Vec<(Option<&str>, Vec<String>)> = reactions
            .iter()
            .map(|reaction| {
                let targets = reaction.targets.iter().map(Target::name).collect();
                (reaction.rule.as_ref().map(Rule::text), targets)
            })
            .collect();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            told,
            [
                (None, names(&["all"])),
                (Some("silence>3s"), names(&["http://a", "mqtt://b"])),
                (Some("music>1s"), names(&["c"])),
            ]
        );
        assert!(Only::try_parse_from(["x", "--when", "loud"]).unwrap_err().to_string().contains("no rule"));
    }
}
