//! The sound that a speech recogniser gets: speech, or an enrolled voice's alone.

use std::sync::Arc;

use earmark_core::Label;
use earmark_core::detect::Detector;
use earmark_core::gate::{Action, GateError, GateSettings, preset};
use earmark_core::realtime::{LiveError, StreamGate};
use earmark_core::voice::Voices;

use super::format::{Format, as_floats};

/// The preset whose times and thresholds are used; what it turns down is silent here.
const PRESET: &str = "transcription";
/// What passes is told apart in pieces of this length, counted from the beginning.
const PIECE_MS: u32 = 20;

/// How sound is filtered; each client has a [`SpeechFilter`] made of it.
#[derive(Debug, Clone)]
pub(super) struct FilterSettings {
    detector: Arc<Detector>,
    voices: Option<Voices>,
    gate: GateSettings,
}

impl FilterSettings {
    /// Speech passes; with `voices`, theirs alone. The detector must have been loaded for low latency.
    ///
    /// # Errors
    /// [`GateError`] if the detector's pack does not know speech.
    pub(super) fn new(detector: Arc<Detector>, voices: Option<Voices>) -> Result<Self, GateError> {
        let mut gate = preset(PRESET)?.gate;
        if let Some(voices) = &voices {
            gate = gate.for_voices(&voices.labels().collect::<Vec<Label>>())?;
        }
        // All that is on its way is let out when the sound ends, so a long lookahead delays no answer: the beginning of a
        // word is worth it, as in a file.
        let mut gate = gate.for_files();
        gate.rules.otherwise = Action::Mute;
        Ok(Self { detector, voices, gate })
    }

    /// Whether only enrolled voices pass.
    pub(super) fn is_for_voices(&self) -> bool {
        self.voices.is_some()
    }

    pub(super) fn filter(&self, format: Format) -> Result<SpeechFilter, LiveError> {
        let Format { rate_hz, channels, .. } = format;
        let detector = Arc::clone(&self.detector);
        let gate = match &self.voices {
            None => StreamGate::new(detector, &self.gate, rate_hz, channels)?,
            Some(voices) => StreamGate::for_voices(detector, voices, &self.gate, rate_hz, channels)?,
        };
        let channels = usize::from(channels);
        Ok(SpeechFilter {
            late: usize::try_from(gate.latency_samples()).unwrap_or(usize::MAX).saturating_mul(channels),
            gate,
            floats: Vec::new(),
            gated: Pieces {
                piece: (rate_hz * PIECE_MS / 1_000) as usize * channels,
                channels,
                values: Vec::new(),
                first_frame: 0,
            },
        })
    }
}

/// Sound that passes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Passed<'a> {
    /// Frames of the client's sound before it.
    pub(super) at_frame: u64,
    /// Interleaved.
    pub(super) samples: &'a [i16],
}

/// The gate of one client's sound. What passes has the very samples that came, but for ramps at its ends; it does not depend on
/// how the sound is cut into chunks.
#[derive(Debug)]
pub(super) struct SpeechFilter {
    gate: StreamGate,
    /// Values at the start of the gate's output that are about nothing.
    late: usize,
    floats: Vec<f32>,
    gated: Pieces,
}

impl SpeechFilter {
    /// Takes whole interleaved frames and gives what passes.
    ///
    /// # Errors
    /// That of `pass`.
    pub(super) fn push<E>(
        &mut self,
        samples: &[i16],
        pass: &mut impl FnMut(Passed<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.floats.clear();
        self.floats.extend(as_floats(samples));
        self.gate.process(&mut self.floats);
        let early = self.late.min(self.floats.len());
        self.late -= early;
        self.gated.add(&self.floats[early..]);
        self.gated.give_whole(pass)
    }

    /// The sound has ended: gives what passes of the rest.
    ///
    /// # Errors
    /// That of `pass`.
    pub(super) fn finish<E>(self, pass: &mut impl FnMut(Passed<'_>) -> Result<(), E>) -> Result<(), E> {
        let Self { gate, late, mut gated, .. } = self;
        let rest = gate.finish();
        gated.add(&rest[late.min(rest.len())..]);
        gated.give(gated.values.len(), pass)
    }
}

/// Gated sound that is looked at piece by piece.
#[derive(Debug)]
struct Pieces {
    /// Values of a piece.
    piece: usize,
    channels: usize,
    values: Vec<i16>,
    /// Frames before them.
    first_frame: u64,
}

impl Pieces {
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates at full scale")]
    fn add(&mut self, samples: &[f32]) {
        self.values.extend(samples.iter().map(|sample| (sample * 32_768.0).round() as i16));
    }

    fn give_whole<E>(&mut self, pass: &mut impl FnMut(Passed<'_>) -> Result<(), E>) -> Result<(), E> {
        self.give(self.values.len() - self.values.len() % self.piece, pass)
    }

    /// Gives the stretches of the first `count` values in which no piece is silent.
    fn give<E>(&mut self, count: usize, pass: &mut impl FnMut(Passed<'_>) -> Result<(), E>) -> Result<(), E> {
        let is_open = |piece: &&[i16]| piece.iter().any(|sample| *sample != 0);
        let mut given = Ok(());
        let mut from = 0;
        while from < count && given.is_ok() {
            let open: usize =
                self.values[from..count].chunks(self.piece).take_while(is_open).map(<[i16]>::len).sum();
            if open > 0 {
                let at_frame = self.first_frame + (from / self.channels) as u64;
                given = pass(Passed { at_frame, samples: &self.values[from..from + open] });
            }
            // What comes next is silent.
            from += open + self.piece;
        }
        self.values.drain(..count);
        self.first_frame += (count / self.channels) as u64;
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_pieces_are_left_out_and_the_rest_knows_its_place() {
        let mut pieces = Pieces { piece: 4, channels: 2, values: Vec::new(), first_frame: 10 };
        pieces.add(&[0.0; 4]);
        pieces.add(&[0.5, 0.0, 0.0, 0.0, 1.0, -1.0, 0.25, 0.0]);
        pieces.add(&[0.0; 4]);
        pieces.add(&[0.0, 0.125]);
        let mut passed: Vec<(u64, Vec<i16>)> = Vec::new();
        let mut keep = |piece: Passed<'_>| {
            passed.push((piece.at_frame, piece.samples.to_vec()));
            Ok::<(), ()>(())
        };
        pieces.give_whole(&mut keep).unwrap();
        assert_eq!(pieces.values, [0, 4_096]);
        pieces.give(2, &mut keep).unwrap();
        let first = vec![16_384, 0, 0, 0, 32_767, -32_768, 8_192, 0];
        assert_eq!(passed, [(12, first), (18, vec![0, 4_096])]);
        let refused = |_: Passed<'_>| Err("closed");
        pieces.add(&[0.5; 8]);
        assert_eq!(pieces.give_whole(&mut { refused }), Err("closed"));
    }
}
