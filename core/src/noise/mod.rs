//! Background noise behind speech: is there any, how much, since when, of what kind.
//!
//! ```text
//! samples ─▶ SnrEstimator (a pack for Task::Noise) ─▶ frames ─▶ NoiseEstimate: one verdict ─┬▶ noise floor, SNR, kind
//!                                                                          └▶ NoiseSecond: the same, second by second
//! ```
//!
//! The network looks back, never ahead: a noise that begins at ten seconds changes no window before. It gives per
//! 10 ms the probability that noise can be heard behind the speech, that of each kind of noise, and the levels of
//! speech and noise over the last second. Everything here is computed from those:
//!
//! * **SNR**: mean power of the speech over mean power of the noise, dB, pauses included, as `earmark mix` means it. Noise
//!   is all that is not the voice: hum, hiss, music beds, other voices. The reverberation of the voice is not noise.
//! * **Noise floor**: that mean power of the noise, dBFS.
//! * **Noisy**: the probability reaches the pack's threshold. It is one half at an SNR of about 26 dB, because most
//!   recordings that are called clean have a floor of their own 30 to 40 dB below the voice.
//! * **Kind**: told only where its probability is at least [`SURE`], and twice that of the next.

mod estimate;
mod estimator;
mod schedule;
mod streaming;

pub use estimate::{HIGHEST_SNR_DB, LOWEST_SNR_DB, NoiseEstimate, NoiseSecond, SURE};
pub use estimator::{COLUMN_NOISE, COLUMN_NOISE_LEVEL, COLUMN_SPEECH_LEVEL, SnrError, SnrEstimator};
pub use schedule::NoiseSchedule;
pub use streaming::StreamingSnr;
