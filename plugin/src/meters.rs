//! What the window draws: the last 40 s of frames, and peaks.
//!
//! The audio thread writes and never waits; any number of readers look back as far as they like, so a window that was
//! just opened has its lanes full. Each frame carries its number, so a reader that is overtaken notices and skips: no
//! lock, no `unsafe`.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use atomic_float::AtomicF32;
use crossbeam::utils::CachePadded;
use earmark_sync::StampedSlot;

/// Frames that are remembered: 40.96 s.
pub const HISTORY_FRAMES: usize = 4_096;

/// One 10 ms frame as it left the output.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MeterFrame {
    /// Probability of speech, 0 to 1.
    pub speech: f32,
    /// Probability of music.
    pub music: f32,
    /// Probability of noise.
    pub noise: f32,
    /// Probability of singing; 0 with an ear that does not tell it from music.
    pub singing: f32,
    /// Level that the ear heard, dBFS (RMS over all channels).
    pub level_dbfs: f32,
    /// Gain of the gate at the frame's start, dB, zero or negative; minus infinity is silence.
    pub gain_db: f32,
    /// Largest sample of the frame before the gate, over all channels.
    pub input_peak: f32,
    /// Largest sample at the output.
    pub output_peak: f32,
    /// What was heard, for colours.
    pub class: Class,
    /// Whether the decision came too late or the ear is not working: the last one held.
    pub late: bool,
    /// Its number on the host's timeline, in frames of 10 ms from its zero.
    pub place: i64,
}

/// The one class of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Class {
    /// Not silent, no label reached its threshold.
    Unknown,
    /// Under the silence threshold.
    #[default]
    Silence,
    /// Noise alone.
    Noise,
    /// Music without speech, and nobody sings, as far as the ear can tell.
    Music,
    /// Speech, whatever else.
    Speech,
    /// Somebody sings and nobody speaks.
    Singing,
}

impl Class {
    /// The classes of the parameter; the index is its plain value. Its list was released without singing.
    pub const ALL: [Self; 5] = [Self::Unknown, Self::Silence, Self::Noise, Self::Music, Self::Speech];

    /// The plain value of the class parameter, to which singing is music.
    pub fn plain(self) -> f64 {
        f64::from(if self == Self::Singing { Self::Music.code() } else { self.code() })
    }

    /// The class of a plain value.
    pub fn from_index(index: usize) -> Self {
        Self::ALL.get(index).copied().unwrap_or_default()
    }

    fn code(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Silence => 1,
            Self::Noise => 2,
            Self::Music => 3,
            Self::Speech => 4,
            Self::Singing => 5,
        }
    }

    fn from_code(code: u32) -> Self {
        if code == u32::from(Self::Singing.code()) {
            return Self::Singing;
        }
        Self::from_index(usize::try_from(code).unwrap_or(0))
    }
}

const WORDS: usize = 11;

/// A frame, stamped with its number plus one.
type Slot = StampedSlot<WORDS>;

impl MeterFrame {
    fn to_words(self) -> [u32; WORDS] {
        let [a, b, c, d, e, f, g, h] = self.place.to_le_bytes();
        let place = [[a, b, c, d], [e, f, g, h]].map(u32::from_le_bytes);
        [
            self.speech.to_bits(),
            self.music.to_bits(),
            self.noise.to_bits(),
            self.singing.to_bits(),
            self.level_dbfs.to_bits(),
            self.gain_db.to_bits(),
            self.input_peak.to_bits(),
            self.output_peak.to_bits(),
            u32::from(self.class.code()) | u32::from(self.late) << 8,
            place[0],
            place[1],
        ]
    }

    fn from_words(words: [u32; WORDS]) -> Self {
        let [speech, music, noise, singing, level, gain, input, output, rest, low, high] = words;
        Self {
            speech: f32::from_bits(speech),
            music: f32::from_bits(music),
            noise: f32::from_bits(noise),
            singing: f32::from_bits(singing),
            level_dbfs: f32::from_bits(level),
            gain_db: f32::from_bits(gain),
            input_peak: f32::from_bits(input),
            output_peak: f32::from_bits(output),
            class: Class::from_code(rest & 0xff),
            late: rest & 0x100 != 0,
            place: (u64::from(high) << 32 | u64::from(low)).cast_signed(),
        }
    }
}

/// The frames of one instance.
#[derive(Debug)]
pub struct Meters {
    slots: Box<[Slot]>,
    /// Alone on its cache line: the window asks for it again and again while the audio thread writes the rest.
    written: CachePadded<AtomicU64>,
    gain_db: AtomicF32,
    input_peak: AtomicU32,
    output_peak: AtomicU32,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            slots: (0..HISTORY_FRAMES).map(|_| Slot::default()).collect(),
            written: CachePadded::new(AtomicU64::new(0)),
            gain_db: AtomicF32::new(0.0),
            input_peak: AtomicU32::new(0),
            output_peak: AtomicU32::new(0),
        }
    }
}

impl Meters {
    /// Appends a frame. One thread at a time: the audio thread.
    pub fn push(&self, frame: MeterFrame) {
        let number = self.written.load(Ordering::Relaxed);
        self.slot(number).write(number + 1, frame.to_words());
        self.written.store(number + 1, Ordering::Release);
    }

    /// Frames written since the instance was made; the last one has this number less one.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// The frame with this number, if it is still there.
    pub fn frame(&self, number: u64) -> Option<MeterFrame> {
        self.slot(number).read(number + 1).map(MeterFrame::from_words)
    }

    /// Appends the frames from number `next` on to `out` (as far back as they are remembered) and gives the number to go
    /// on with.
    pub fn read_from(&self, next: u64, out: &mut Vec<MeterFrame>) -> u64 {
        let written = self.written();
        let oldest = written.saturating_sub(HISTORY_FRAMES as u64 - 1);
        out.extend((next.max(oldest)..written).filter_map(|number| self.frame(number)));
        written
    }

    fn slot(&self, number: u64) -> &Slot {
        // The remainder is below the length, which is a usize.
        &self.slots[usize::try_from(number % HISTORY_FRAMES as u64).unwrap_or(0)]
    }

    /// Notes the peaks of a block (the larger stays until it is taken) and the gain at its end.
    pub fn note_block(&self, input_peak: f32, output_peak: f32, gain_db: f32) {
        // Bit patterns of non-negative floats sort as the floats do.
        self.input_peak.fetch_max(input_peak.max(0.0).to_bits(), Ordering::Relaxed);
        self.output_peak.fetch_max(output_peak.max(0.0).to_bits(), Ordering::Relaxed);
        self.gain_db.store(gain_db, Ordering::Relaxed);
    }

    /// The largest samples before and behind the gate since this was last asked.
    pub fn take_peaks(&self) -> (f32, f32) {
        let take = |peak: &AtomicU32| f32::from_bits(peak.swap(0, Ordering::Relaxed));
        (take(&self.input_peak), take(&self.output_peak))
    }

    /// Gain of the gate now, dB, zero or negative.
    pub fn gain_db(&self) -> f32 {
        self.gain_db.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_reader_gets_what_is_remembered() {
        let meters = Meters::default();
        for number in 0..10_000_u16 {
            meters.push(MeterFrame {
                speech: f32::from(number),
                singing: 0.5,
                class: Class::Singing,
                late: true,
                place: -5_000_000_000 - i64::from(number),
                ..MeterFrame::default()
            });
        }
        let mut frames = Vec::new();
        assert_eq!(meters.read_from(0, &mut frames), 10_000);
        assert_eq!(frames.len(), HISTORY_FRAMES - 1);
        let last = frames.last().expect("frames");
        assert_eq!((last.speech, last.singing, last.class), (9_999.0, 0.5, Class::Singing));
        assert!(last.late);
        assert_eq!(last.place, -5_000_009_999);
        assert_eq!(frames[0].speech, 5_905.0);
        assert_eq!(meters.frame(0), None);
        frames.clear();
        assert_eq!(meters.read_from(9_999, &mut frames), 10_000);
        assert_eq!(frames.len(), 1);
    }

    #[test]
    fn a_reader_never_sees_half_a_frame() {
        let meters = Meters::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..200_000_u32 {
                    #[expect(clippy::cast_precision_loss, reason = "below 2^24")]
                    let value = number as f32;
                    meters.push(MeterFrame { speech: value, output_peak: value, ..MeterFrame::default() });
                }
            });
            let (mut next, mut frames) = (0, Vec::new());
            while next < 200_000 {
                frames.clear();
                next = meters.read_from(next, &mut frames);
                assert!(frames.iter().all(|frame| frame.speech == frame.output_peak));
            }
        });
    }

    #[test]
    fn peaks_stay_until_taken() {
        let meters = Meters::default();
        meters.note_block(0.5, 0.25, -3.0);
        meters.note_block(0.1, f32::NAN, -6.0);
        assert_eq!(meters.take_peaks(), (0.5, 0.25));
        assert_eq!(meters.take_peaks(), (0.0, 0.0));
        assert_eq!(meters.gain_db(), -6.0);
    }
}
