//! Whole jobs on recordings, one call each.
//!
//! ```text
//! Recording ─▶ detect_file ──────────────────────────────────▶ FrameScores
//!           ─▶ tag_file          hear, segment ──────────────▶ Report        (tag_file_for_plot, tag_file_for_page: what a picture or a page needs beside it)
//!           ─▶ cut_clips         read, cut ───────────────────▶ files         (cuts_of: the cuts as a list)
//!           ─▶ noise_of_file     hear with a noise pack ─────▶ NoiseEstimate
//!           ─▶ read_voice_clip   ─ voice::VoiceEar ─────────▶ HeardClip     (who_speaks: hear, compare with enrolled voices)
//!           ─▶ spot_file         hear with a phrase pack ────▶ Spoken        (mask_file: and cover it)
//!           ─▶ FileRenderer      hear, decide │ write ───────▶ files, Rendered
//!                                first pass   │ second pass
//! ```
//!
//! What a pack, a preset and the user say of thresholds meets in one place: [`TimelineSettings::for_pack`], then
//! [`TimelineSettings::with_gate`], then whatever the caller changes. Segments of a file and the causal decisions of a
//! render as live both follow that.
//!
//! An [`Observer`] sees how far a job is and may stop it. Every [`PipelineError`] names the recording or the output.
//!
//! [`TimelineSettings::for_pack`]: crate::decide::TimelineSettings::for_pack
//! [`TimelineSettings::with_gate`]: crate::decide::TimelineSettings::with_gate

mod beside;
#[cfg(feature = "render")]
mod clips;
#[cfg(feature = "render")]
mod cuts;
mod detect;
mod error;
#[cfg(feature = "render")]
mod hear;
#[cfg(feature = "render")]
mod mask;
mod noise;
#[cfg(feature = "render")]
mod noise_track;
mod observer;
#[cfg(all(feature = "report", feature = "render"))]
mod page;
mod phrases;
mod recording;
#[cfg(feature = "render")]
mod render;
#[cfg(feature = "render")]
mod reopen;
mod stream;
#[cfg(feature = "report")]
mod tag;
#[cfg(feature = "render")]
mod target;
mod voice;
#[cfg(feature = "report")]
mod who;

#[cfg(feature = "render")]
pub use clips::{Clip, cut_clips};
#[cfg(feature = "render")]
pub use cuts::cuts_of;
pub use detect::{detect_file, detect_file_with_gains, detect_while_heard};
pub use error::PipelineError;
#[cfg(feature = "render")]
pub use mask::{Cover, MaskSettings, Masked, mask_file};
pub use noise::noise_of_file;
pub use observer::{Observer, Pass, PipelineWarning};
#[cfg(all(feature = "report", feature = "render"))]
pub use page::{PageMeasurements, tag_file_for_page};
pub use phrases::{MAX_CLIP_S, Spoken, embed_file, read_clip, read_samples, spot_file, spot_file_for_plot};
pub use recording::Recording;
#[cfg(feature = "render")]
pub use render::{FileRenderer, RenderSettings, Rendered};
#[cfg(feature = "report")]
pub use tag::{PlotData, tag_file, tag_file_for_plot, tag_while_heard};
#[cfg(feature = "render")]
pub use target::AudioTarget;
pub use voice::{MAX_VOICE_CLIP_S, VoiceClip, read_voice_clip};
#[cfg(feature = "report")]
pub use who::who_speaks;
