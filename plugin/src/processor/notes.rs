//! How long notes last.
//!
//! A gate decides every 10 ms, and between two syllables nothing may be heard for a frame or two. A note is a region for
//! people: it begins with its label, at once, lasts [`LEAST_FRAMES`] at least, and ends when its label has been gone for
//! [`GAP_FRAMES`], the gap that label files fill as well. Silence and unknown sound where no label does.

/// Keys of the notes: middle C and up.
pub const NOTES: [(u8, &str); 6] =
    [(60, "Speech"), (61, "Music"), (62, "Noise"), (63, "Silence"), (64, "Unknown"), (65, "Singing")];

/// The bits of silence and unknown, by their places in [`NOTES`]; the others are labels.
pub(super) const SILENCE_NOTE: u8 = 1 << 3;
pub(super) const UNKNOWN_NOTE: u8 = 1 << 4;
const REST: u8 = SILENCE_NOTE | UNKNOWN_NOTE;

/// Shortest note, frames of 10 ms.
pub const LEAST_FRAMES: u16 = 25;
/// A note goes on through gaps that are shorter, frames of 10 ms: `LabelSettings::min_gap_ms` of core.
pub const GAP_FRAMES: u16 = 20;

/// Which notes sound, and for how long.
#[derive(Debug, Default)]
pub(super) struct NoteLengths {
    sounding: u8,
    /// Frames since each began, and since its label was last heard.
    age: [u16; NOTES.len()],
    gone: [u16; NOTES.len()],
}

impl NoteLengths {
    /// Nothing sounds.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A frame has the labels `wanted`, one bit for each of [`NOTES`]; gives what sounds in it.
    pub(super) fn frame(&mut self, wanted: u8) -> u8 {
        for note in 0..NOTES.len() {
            let bit = 1 << note;
            self.age[note] = self.age[note].saturating_add(1);
            self.gone[note] = if wanted & bit != 0 { 0 } else { self.gone[note].saturating_add(1) };
            let is_rest = REST & bit != 0;
            let is_over = self.gone[note] >= GAP_FRAMES && self.age[note] >= LEAST_FRAMES;
            if self.sounding & bit != 0 && is_over {
                self.sounding &= !bit;
            } else if wanted & bit != 0 && self.sounding & bit == 0 && !is_rest {
                self.begin(note);
            }
        }
        if self.sounding & !REST != 0 {
            self.sounding &= !REST;
        } else if self.sounding == 0
            && let Some(note) = (0..NOTES.len()).find(|note| REST & wanted & (1 << note) != 0)
        {
            self.begin(note);
        }
        self.sounding
    }

    fn begin(&mut self, note: usize) {
        self.sounding |= 1 << note;
        self.age[note] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEECH: u8 = 1;
    const MUSIC: u8 = 2;

    /// Runs of frames in, runs of what sounds out.
    fn sounding(runs: &[(u8, usize)]) -> Vec<(u8, usize)> {
        let mut lengths = NoteLengths::default();
        let mut out: Vec<(u8, usize)> = Vec::new();
        for wanted in runs.iter().flat_map(|&(bits, frames)| std::iter::repeat_n(bits, frames)) {
            let now = lengths.frame(wanted);
            match out.last_mut() {
                Some((bits, frames)) if *bits == now => *frames += 1,
                _ => out.push((now, 1)),
            }
        }
        out
    }

    /// Once a frame of silence between syllables ended the note of speech.
    #[test]
    fn a_gap_between_syllables_ends_nothing() {
        let got =
            sounding(&[(SPEECH, 40), (SILENCE_NOTE, 1), (SPEECH, 30), (UNKNOWN_NOTE, 19), (SPEECH, 10)]);
        assert_eq!(got, [(SPEECH, 100)]);
    }

    /// Once there were notes of 10 ms.
    #[test]
    fn no_note_is_shorter_than_the_least() {
        let got = sounding(&[(SPEECH, 1), (SILENCE_NOTE, 60)]);
        assert_eq!(got, [(SPEECH, 25), (SILENCE_NOTE, 36)]);
        let got = sounding(&[(SPEECH, 40), (UNKNOWN_NOTE, 22), (SILENCE_NOTE, 40)]);
        assert_eq!(got, [(SPEECH, 59), (UNKNOWN_NOTE, 25), (SILENCE_NOTE, 18)]);
    }

    #[test]
    fn labels_sound_together_and_end_the_rest_at_once() {
        let got = sounding(&[(SILENCE_NOTE, 5), (MUSIC, 30), (MUSIC | SPEECH, 30), (SPEECH, 30)]);
        assert_eq!(got, [(SILENCE_NOTE, 5), (MUSIC, 30), (MUSIC | SPEECH, 49), (SPEECH, 11)]);
    }
}
