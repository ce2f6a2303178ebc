//! Buses and their channels, as negotiated with the host.

use vst3::Steinberg::Vst::BusInfo_::BusFlags_::{kDefaultActive, kIsControlVoltage};
use vst3::Steinberg::Vst::BusTypes_::{kAux, kMain};
use vst3::Steinberg::Vst::{BusDirections_, BusInfo, MediaTypes_, SpeakerArr, SpeakerArrangement};

use super::com::{count, index, int, unsigned};
use super::text::wide;
use crate::processor::MAX_CHANNELS;

/// Index of the main bus, in and out.
pub(super) const MAIN: usize = 0;
/// Index of the sidechain among the inputs, of the labels' control voltages among the outputs.
pub(super) const AUX: usize = 1;
/// Audio buses of each direction.
pub(super) const BUSES: usize = 2;
const LABELS: SpeakerArrangement = SpeakerArr::k30Cine;

/// A direction of a bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    In,
    Out,
}

impl Direction {
    pub(super) fn from_host(direction: i32) -> Option<Self> {
        match direction {
            d if d == int(BusDirections_::kInput) => Some(Self::In),
            d if d == int(BusDirections_::kOutput) => Some(Self::Out),
            _ => None,
        }
    }
}

/// Which channels every bus has, and which buses the host uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    main: SpeakerArrangement,
    sidechain: SpeakerArrangement,
    labels: SpeakerArrangement,
    sidechain_active: bool,
    labels_active: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            main: SpeakerArr::kStereo,
            sidechain: SpeakerArr::kStereo,
            labels: LABELS,
            sidechain_active: false,
            labels_active: false,
        }
    }
}

/// Channels of an arrangement: one bit each.
pub(super) fn channels(arrangement: SpeakerArrangement) -> usize {
    usize::try_from(arrangement.count_ones()).unwrap_or(0)
}

impl Layout {
    /// Takes over what the host proposes, all or nothing: the main output has the channels of the main input, in any
    /// arrangement from mono to surround, the sidechain any or none, the labels three or none. Buses that the host does
    /// not mention stay.
    pub(super) fn propose(&mut self, inputs: &[SpeakerArrangement], outputs: &[SpeakerArrangement]) -> bool {
        if inputs.len() > BUSES || outputs.len() > BUSES {
            return false;
        }
        let main = inputs.first().copied().unwrap_or(self.main);
        let fits = |arrangement| (1..=MAX_CHANNELS).contains(&channels(arrangement));
        if !fits(main)
            || outputs.first().copied().unwrap_or(main) != main
            || inputs.is_empty() != outputs.is_empty()
        {
            return false;
        }
        let sidechain = inputs.get(AUX).copied().unwrap_or(self.sidechain);
        let labels = outputs.get(AUX).copied().unwrap_or(self.labels);
        if channels(sidechain) > MAX_CHANNELS || !(labels == SpeakerArr::kEmpty || labels == LABELS) {
            return false;
        }
        (self.main, self.sidechain, self.labels) = (main, sidechain, labels);
        true
    }

    /// The arrangement of one bus.
    pub(super) fn arrangement(&self, direction: Direction, bus: usize) -> Option<SpeakerArrangement> {
        match (direction, bus) {
            (_, MAIN) => Some(self.main),
            (Direction::In, AUX) => Some(self.sidechain),
            (Direction::Out, AUX) => Some(self.labels),
            _ => None,
        }
    }

    /// The host begins or ends to use a bus.
    pub(super) fn activate(&mut self, direction: Direction, bus: usize, active: bool) -> bool {
        match (direction, bus) {
            // Without its main buses the effect has nothing to do; they are always taken as used.
            (_, MAIN) => true,
            (Direction::In, AUX) => {
                self.sidechain_active = active;
                true
            }
            (Direction::Out, AUX) => {
                self.labels_active = active;
                true
            }
            _ => false,
        }
    }

    /// Channels of the main buses.
    pub(super) fn main_channels(&self) -> usize {
        channels(self.main)
    }

    /// Channels of the sidechain, 0 while it is not used.
    pub(super) fn sidechain_channels(&self) -> usize {
        if self.sidechain_active { channels(self.sidechain) } else { 0 }
    }

    /// Channels of the label bus, 0 while it is not used.
    pub(super) fn label_channels(&self) -> usize {
        if self.labels_active { channels(self.labels) } else { 0 }
    }

    /// What a host is told of an audio bus.
    pub(super) fn info(&self, direction: Direction, bus: i32) -> Option<BusInfo> {
        let arrangement = self.arrangement(direction, index(bus))?;
        let (name, kind, flags) = match (direction, index(bus)) {
            (Direction::In, MAIN) => ("Input", kMain, kDefaultActive),
            (Direction::Out, MAIN) => ("Output", kMain, kDefaultActive),
            (Direction::In, _) => ("Sidechain", kAux, 0),
            (Direction::Out, _) => ("Labels", kAux, kIsControlVoltage),
        };
        Some(BusInfo {
            mediaType: int(MediaTypes_::kAudio),
            direction: match direction {
                Direction::In => int(BusDirections_::kInput),
                Direction::Out => int(BusDirections_::kOutput),
            },
            channelCount: count(channels(arrangement)),
            name: wide(name),
            busType: int(kind),
            flags: unsigned(flags),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_is_taken_whole_or_not_at_all() {
        let (mono, stereo, empty) = (SpeakerArr::kMono, SpeakerArr::kStereo, SpeakerArr::kEmpty);
        let mut layout = Layout::default();
        assert!(layout.propose(&[mono, empty], &[mono, empty]));
        assert_eq!(layout.main_channels(), 1);
        assert_eq!(layout.arrangement(Direction::In, AUX), Some(empty));
        let before = layout;
        for (inputs, outputs) in [
            (&[mono, mono][..], &[stereo, empty][..]),
            (&[empty, mono], &[empty, empty]),
            (&[stereo, mono], &[stereo, mono]),
            (&[stereo; 3], &[stereo]),
            (&[], &[stereo]),
            (&[stereo], &[]),
        ] {
            assert!(!layout.propose(inputs, outputs), "{inputs:?} {outputs:?}");
            assert_eq!(layout, before);
        }
        for surround in [SpeakerArr::k51, SpeakerArr::k71_4, SpeakerArr::k222] {
            assert!(layout.propose(&[surround, mono], &[surround, LABELS]));
            assert_eq!(layout.main_channels(), channels(surround));
        }
        assert!(layout.propose(&[stereo], &[stereo]), "a host that knows only main buses");
        assert_eq!(layout.sidechain_channels(), 0, "not used by default");
        assert!(layout.activate(Direction::In, AUX, true));
        assert_eq!(layout.sidechain_channels(), 1);
    }
}
