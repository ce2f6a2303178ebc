//! The stream of features.

use std::fmt;

use super::finish::FrameFinisher;
use super::framer::Framer;
use super::{FeatureSpec, Precision, SpecError};

/// What a [`MelStream`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// Mel power, `mel.bands` values, to be turned into features by a [`WindowFinisher`](super::WindowFinisher):
    /// the spec looks at other frames, so a frame alone has no final value.
    Power,
    /// Finished features, [`values_per_frame`](FeatureSpec::values_per_frame) values.
    Finished,
}

/// Computes features from a stream of mono samples, block by block.
///
/// The frames do not depend on how the stream is split into blocks, to the last bit. After [`new`](Self::new) nothing
/// is allocated and nothing locks, so it may run on an audio thread. Samples that are not numbers spoil the frames
/// that they lie in and no others.
///
/// ```
/// use earmark_core::features::{FeatureSpec, MelStream};
///
/// let spec = FeatureSpec::preset("earmark")?;
/// let mut stream = MelStream::new(&spec)?;
/// let mut frames = 0;
/// stream.push(&[0.0; 500], |frame| {
///     assert_eq!(frame.len(), 64);
///     frames += 1;
/// });
/// stream.finish(|_| frames += 1);
/// assert_eq!(frames, 4); // 500 samples touch four hops of 160
/// # Ok::<(), earmark_core::features::SpecError>(())
/// ```
pub struct MelStream {
    engine: Engine,
    finisher: Option<FrameFinisher>,
    frame_len: usize,
    finished: Vec<f32>,
}

enum Engine {
    Single(Framer<f32>),
    Double(Framer<f64>),
}

impl MelStream {
    /// A stream at its first sample.
    ///
    /// # Errors
    /// The spec is not valid.
    pub fn new(spec: &FeatureSpec) -> Result<Self, SpecError> {
        spec.validate()?;
        let finisher = spec.finishes_per_frame().then(|| FrameFinisher::new(spec));
        Ok(Self {
            engine: match spec.precision {
                Precision::Single => Engine::Single(Framer::new(spec)),
                Precision::Double => Engine::Double(Framer::new(spec)),
            },
            frame_len: if finisher.is_some() { spec.values_per_frame() } else { spec.mel.bands },
            finished: Vec::with_capacity(spec.values_per_frame()),
            finisher,
        })
    }

    /// What the frames are.
    pub fn frame_kind(&self) -> FrameKind {
        if self.finisher.is_some() { FrameKind::Finished } else { FrameKind::Power }
    }

    /// Values in each frame.
    pub fn frame_len(&self) -> usize {
        self.frame_len
    }

    /// Takes samples (full scale ±1, whatever the spec's sample scale) and hands out each frame that is complete.
    pub fn push(&mut self, samples: &[f32], emit: impl FnMut(&[f32])) {
        let mut emit = Self::finishing(self.finisher.as_ref(), &mut self.finished, emit);
        match &mut self.engine {
            Engine::Single(framer) => framer.push(samples, &mut emit),
            Engine::Double(framer) => framer.push(samples, &mut emit),
        }
    }

    /// Ends the stream, hands out the frames that its padding completes, and goes back to the start as
    /// [`reset`](Self::reset) does. The number of all frames is then [`FeatureSpec::frames`].
    pub fn finish(&mut self, emit: impl FnMut(&[f32])) {
        let mut emit = Self::finishing(self.finisher.as_ref(), &mut self.finished, emit);
        match &mut self.engine {
            Engine::Single(framer) => framer.finish(&mut emit),
            Engine::Double(framer) => framer.finish(&mut emit),
        }
    }

    /// Goes back to the start: what is pushed next is the beginning of a new stream.
    pub fn reset(&mut self) {
        match &mut self.engine {
            Engine::Single(framer) => framer.reset(),
            Engine::Double(framer) => framer.reset(),
        }
    }

    /// Puts the steps after the filterbank before `emit`, where they can be done frame by frame.
    fn finishing<'a>(
        finisher: Option<&'a FrameFinisher>,
        finished: &'a mut Vec<f32>,
        mut emit: impl FnMut(&[f32]) + 'a,
    ) -> impl FnMut(&mut [f32]) + 'a {
        move |power| match finisher {
            Some(finisher) => {
                finisher.finish(power, finished);
                emit(finished);
            }
            None => emit(power),
        }
    }
}

impl fmt::Debug for MelStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The transform behind it cannot be printed, and the buffers would drown everything else.
        f.debug_struct("MelStream").field("frame_kind", &self.frame_kind()).finish_non_exhaustive()
    }
}
