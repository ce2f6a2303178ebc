//! What LADSPA and LV2 share: an instance whose ports are places in the host's memory, without a window, a state or events.
//!
//! The ports are, in this order: audio in, audio out, a control for each parameter of [`controls`], and what is heard
//! ([`Output`]). Hosts save projects by these numbers: later controls come behind all others ([`Layout::ports`] says how).

mod instance;

pub use instance::Instance;
#[cfg(test)]
pub(crate) use instance::plain;

use crate::params::{Group, PARAMS, ParamSpec, id};

/// Longest piece that is worked on at once, samples. Neither format says how long blocks will be; the latency has room for
/// this, and longer blocks are worked off in pieces.
pub const PIECE: usize = 1_024;

/// The parameters that are controls: what a person sets and this kind of host can give. Names of voices and phrases it
/// cannot, nor is there a sidechain, nor a lane for labels.
pub fn controls() -> impl Iterator<Item = &'static ParamSpec> {
    let needs_more = [id::DETECTOR, id::VOICE, id::PHRASE, id::PHRASE_HOLD_S, id::PHRASE_WAIT_MS];
    PARAMS.iter().filter(move |spec| {
        let by_hand = !spec.flags.output && !spec.flags.read_only && spec.group != Group::Labels;
        by_hand && !needs_more.contains(&spec.id)
    })
}

/// What is told through output controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Probability of speech, 0 to 1.
    Speech,
    /// Probability of music.
    Music,
    /// Probability of noise.
    Noise,
    /// Probability of singing.
    Singing,
    /// How far the gate is down, dB.
    Reduction,
    /// Delay from input to output, samples.
    Latency,
}

impl Output {
    /// All of them, in the order of their ports.
    pub const ALL: [Self; 6] =
        [Self::Speech, Self::Music, Self::Noise, Self::Singing, Self::Reduction, Self::Latency];

    /// Name for people; hosts find the last one by it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Speech => "Speech",
            Self::Music => "Music",
            Self::Noise => "Noise",
            Self::Singing => "Singing",
            Self::Reduction => "Gain reduction",
            Self::Latency => "latency",
        }
    }

    /// The largest value; the least is 0.
    pub fn most(self) -> f32 {
        match self {
            Self::Speech | Self::Music | Self::Noise | Self::Singing => 1.0,
            Self::Reduction => 100.0,
            Self::Latency => 1e6,
        }
    }
}

/// What a port is.
#[derive(Debug, Clone, Copy)]
pub enum Port {
    /// A channel at the input.
    AudioIn(usize),
    /// A channel at the output.
    AudioOut(usize),
    /// A parameter.
    Control(&'static ParamSpec),
    /// What is heard.
    Told(Output),
}

/// How many channels an instance has, and how it hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Channels in and out.
    pub channels: usize,
}

impl Layout {
    /// Its ports by their numbers. Controls come last, so that parameters to come, which are appended to theirs, move no port:
    /// hosts of LADSPA keep numbers.
    pub fn ports(self) -> Vec<Port> {
        let audio = (0..self.channels).map(Port::AudioIn).chain((0..self.channels).map(Port::AudioOut));
        audio.chain(Output::ALL.map(Port::Told)).chain(controls().map(Port::Control)).collect()
    }
}
