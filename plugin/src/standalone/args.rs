//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, ValueEnum};

/// Hear, gate and see: the Earmark plugin as a program of its own.
#[derive(Debug, Parser)]
#[command(name = "earmark-standalone", version)]
pub struct Args {
    /// Plays this file through instead of the input device: any format that `earmark tag` reads.
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,

    /// Begins the file again at its end.
    #[arg(long = "loop", requires = "input")]
    pub repeat: bool,

    /// Where it goes: `device`; `none` on a machine without sound; or a WAV file. The latter two keep real time.
    #[arg(long, value_name = "device|none|FILE", default_value = "device")]
    pub output: Output,

    /// Lists the sound systems and devices, and ends.
    #[arg(long)]
    pub list_devices: bool,

    /// The sound system, as `--list-devices` names it (ALSA, JACK, CoreAudio, WASAPI …); the default one otherwise.
    #[arg(long, value_name = "NAME")]
    pub system: Option<String>,

    /// The output device: its name, or a part of it.
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,

    /// The input device: its name, or a part of it.
    #[arg(long, value_name = "NAME")]
    pub input_device: Option<String>,

    /// Samples per block; the device's own choice otherwise.
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(16..=8192))]
    pub buffer: Option<u32>,

    /// Sample rate; the file's or the device's otherwise.
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1_000..=768_000))]
    pub rate: Option<u32>,

    /// A preset to begin with: a built-in name, or a JSON file.
    #[arg(long, value_name = "NAME|FILE")]
    pub preset: Option<String>,

    /// The window's theme.
    #[arg(long)]
    pub theme: Option<Theme>,

    /// Seconds that the lanes show.
    #[arg(long, value_name = "10|20|40", value_parser = span)]
    pub span: Option<u32>,

    /// Opens no window; ends with the file.
    #[arg(long)]
    pub no_window: bool,
}

/// The themes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// For dark rooms.
    Dark,
    /// For bright ones.
    Light,
}

/// Where the sound goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To a device.
    Device,
    /// Nowhere, in real time.
    None,
    /// To a WAV file, in real time.
    File(PathBuf),
}

impl FromStr for Output {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "device" => Self::Device,
            "none" => Self::None,
            path => Self::File(path.into()),
        })
    }
}

fn span(text: &str) -> Result<u32, String> {
    match text {
        "10" => Ok(10),
        "20" => Ok(20),
        "40" => Ok(40),
        _ => Err("the lanes show 10, 20 or 40 seconds".to_owned()),
    }
}

impl Args {
    /// Samples per block where no device chooses.
    pub fn block(&self) -> usize {
        const DEFAULT: usize = 480;
        self.buffer.and_then(|samples| usize::try_from(samples).ok()).unwrap_or(DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_whole() {
        Args::command().debug_assert();
        let parse = |line: &str| Args::try_parse_from(line.split(' '));
        let args =
            parse("earmark-standalone --input a.wav --output none --span 40 --theme light").expect("valid");
        assert_eq!((args.output, args.span, args.theme), (Output::None, Some(40), Some(Theme::Light)));
        let args = parse("earmark-standalone --output out/x.wav").expect("valid");
        assert_eq!(args.output, Output::File("out/x.wav".into()));
        for wrong in ["--span 15", "--loop", "--buffer 1", "--rate 10"] {
            assert!(parse(&format!("earmark-standalone {wrong}")).is_err(), "{wrong}");
        }
    }
}
