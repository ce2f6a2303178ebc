//! What every other module counts in: the frame grid, labels, levels, and arithmetic on samples.
//!
//! | file | what |
//! |---|---|
//! | `frames.rs` | [`FrameGrid`], the 10 ms grid over a source, and [`FrameScores`], what a network said on it, and [`ScoredFrame`], one frame of that |
//! | `label.rs`, `label_set.rs` | [`Label`], and [`LabelSet`], the labels that are on at one instant |
//! | `level.rs` | [`LevelMeter`]: mean squares on the grid |
//! | `downmix.rs`, `resample/` | many channels to one, one rate to another; both stream, neither depends on how the stream is cut into blocks |
//! | `offset.rs` | a constant offset, which does not count in the level |
//! | `recycle.rs` | blocks of samples from one thread to another |
//! | `units.rs` | counts as real numbers, samples as seconds |
//! | `random.rs` | numbers for dither, noise and draws that are the same everywhere |
//! | `sanitise.rs` | samples that every later step can work with: finite, normal, bounded |

mod downmix;
mod frames;
mod label;
mod label_set;
mod level;
mod offset;
#[cfg(feature = "profiles")]
pub(crate) mod random;
#[cfg(feature = "files")]
mod recycle;
mod resample;
mod sanitise;
pub(crate) mod units;

pub use downmix::{Downmixer, downmix};
pub use frames::{FrameGrid, FrameScores, MAX_LABELS, ScoredFrame, level_dbfs};
pub use label::Label;
pub use label_set::LabelSet;
pub use level::LevelMeter;
#[cfg(feature = "files")]
pub(crate) use recycle::{BlockReceiver, BlockSender, recycling};
pub use resample::{MAX_RATE_HZ, MIN_RATE_HZ, ResampleError, Resampler};
pub(crate) use sanitise::{clean, for_detector, mapped};
