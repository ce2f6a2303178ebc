//! What a feature value depends on, as data.

use serde::{Deserialize, Deserializer, Serialize};

use super::SpecError;

/// Everything that changes a feature value. Stored in each pack; a network never runs on other features.
///
/// Every field is required in JSON and unknown fields are refused, so that a spec never means something else than
/// what it says. The two later additions ([`precision`](Self::precision) and [`TopDb::frames`]) may be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSpec {
    /// Rate of the samples, Hz.
    pub rate_hz: u32,
    /// The range that full scale is mapped to before anything else.
    pub sample_scale: SampleScale,
    /// `a` of `y[n] = x[n] − a·x[n−1]`, the first sample kept; `None` for none.
    #[serde(deserialize_with = "required")]
    pub pre_emphasis: Option<f64>,
    /// The analysis window.
    pub window: Window,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// Length of the Fourier transform, samples.
    pub n_fft: usize,
    /// What stands before the first and after the last sample.
    pub padding: Padding,
    /// Multiplies `|X|²`.
    pub power_scale: f64,
    /// The filterbank.
    pub mel: Mel,
    /// Number of cepstral coefficients (orthonormal DCT-II over the log bands); `None` keeps the bands.
    #[serde(deserialize_with = "required")]
    pub mfcc: Option<usize>,
    /// From power to a logarithmic value.
    pub log: Log,
    /// Limit of the range below the maximum; `None` for none.
    #[serde(deserialize_with = "required")]
    pub top_db: Option<TopDb>,
    /// Frames that the network takes at once; `None` for a streaming network.
    #[serde(deserialize_with = "required")]
    pub window_frames: Option<usize>,
    /// The last step.
    pub normalise: Normalise,
    /// Floating-point width of the Fourier transform and the filterbank. See the module's notes on precision.
    #[serde(default, skip_serializing_if = "Precision::is_single")]
    pub precision: Precision,
}

/// The range of the samples that the formulas see. What is pushed into a stream is always full scale = ±1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleScale {
    /// Full scale is ±1.
    Unit,
    /// Full scale is ±32 768: samples are multiplied by 32 768.
    Int16,
}

/// An analysis window and its place in the transform's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The formula.
    pub shape: WindowShape,
    /// Samples, at most `n_fft`.
    pub length: usize,
    /// Periodic (divided by `length`) or symmetric (divided by `length − 1`).
    pub periodic: bool,
    /// Where the window lies when it is shorter than the transform.
    pub placement: Placement,
}

/// Formula of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowShape {
    /// `0.5 − 0.5·cos(2πn/N)`.
    Hann,
}

/// Where a short window lies in the transform's buffer. It also decides what a *whole* frame is: `window.length`
/// samples when the window is at the start, `n_fft` samples when it is centred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// First sample of the buffer.
    Start,
    /// `(n_fft − length) / 2` samples into the buffer, rounded down.
    Centre,
}

/// What stands before the first sample and after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Nothing: only whole frames are given.
    None,
    /// This many samples mirrored at both ends, the end sample not repeated.
    Reflect(usize),
    /// This many zeros before the first sample, and after the last as many as `ceil(samples / hop)` frames need.
    Zeros(usize),
}

/// A bank of triangles over the power spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mel {
    /// Number of triangles.
    pub bands: usize,
    /// Lower edge of the first, Hz.
    pub low_hz: f64,
    /// Upper edge of the last, Hz; at most half of the rate.
    pub high_hz: f64,
    /// The scale on which the edges are equally spaced.
    pub scale: MelScale,
    /// Scaling of each triangle.
    pub norm: MelNorm,
    /// Edges moved down to transform bins, `floor((n_fft + 1)·f / rate)`, instead of triangles that are evaluated at
    /// the exact frequencies of the bins.
    pub edges_to_bins: bool,
}

/// A mel scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MelScale {
    /// `2595·log10(1 + f/700)`.
    Htk,
    /// Linear to 1 kHz, logarithmic above.
    Slaney,
}

/// Scaling of the triangles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MelNorm {
    /// Peak 1.
    None,
    /// Area 1 over Hz: times `2 / (upper − lower edge)`.
    Slaney,
}

/// From power to a logarithmic value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Log {
    /// `multiplier·log10(max(power, floor))`.
    Db {
        /// 10 for decibels of a power.
        multiplier: f64,
        /// Smallest power told apart.
        floor: f64,
    },
    /// `ln(power + offset)`.
    LnPlus {
        /// Added before the logarithm.
        offset: f64,
    },
}

/// Values are raised to at least the maximum minus `db`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopDb {
    /// Width of the range.
    pub db: f64,
    /// What the maximum is taken over.
    pub reference: Reference,
    /// Frames that the maximum is taken over, where they are more than the network takes; `None`: `window_frames`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames: Option<usize>,
}

/// What a maximum is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The whole recording; cannot be streamed.
    File,
    /// The window that the network sees.
    Window,
}

/// The last step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Normalise {
    /// Nothing.
    None,
    /// Each frame divided by its Euclidean norm; a frame of zeros stays zero.
    L2Frame,
    /// `x·scale + offset`.
    Affine {
        /// Factor.
        scale: f64,
        /// Summand.
        offset: f64,
    },
    /// Cut to this many frames, or filled up with the smallest value of the clip.
    PadMin(usize),
}

/// Floating-point width of transform and filterbank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// `f32`.
    #[default]
    Single,
    /// `f64`.
    Double,
}

impl Precision {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
    fn is_single(&self) -> bool {
        *self == Self::Single
    }
}

/// Makes a missing optional field an error: only an explicit `null` is none.
fn required<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

impl FeatureSpec {
    /// Reads and validates a spec.
    ///
    /// # Errors
    /// Not the JSON of a spec, or a spec that [`validate`](Self::validate) refuses.
    pub fn from_json(json: &str) -> Result<Self, SpecError> {
        let spec: Self = serde_json::from_str(json)?;
        spec.validate()?;
        Ok(spec)
    }

    /// Values per finished frame: cepstral coefficients, or bands.
    pub fn values_per_frame(&self) -> usize {
        self.mfcc.unwrap_or(self.mel.bands)
    }

    /// Samples that a frame spans, padding included.
    pub fn frame_samples(&self) -> usize {
        match self.window.placement {
            Placement::Start => self.window.length,
            Placement::Centre => self.n_fft,
        }
    }

    /// Number of frames that a stream of `samples` samples gives.
    pub fn frames(&self, samples: u64) -> u64 {
        // usize is never wider than 64 bits.
        let [hop, whole] = [self.hop as u64, self.frame_samples() as u64];
        let whole_frames = |length: u64| length.checked_sub(whole).map_or(0, |rest| rest / hop + 1);
        match self.padding {
            Padding::None => whole_frames(samples),
            Padding::Reflect(_) if samples == 0 => 0,
            Padding::Reflect(pad) => whole_frames(samples + 2 * pad as u64),
            Padding::Zeros(_) => samples.div_ceil(hop),
        }
    }

    /// Whether a frame is finished as soon as it is computed: nothing depends on other frames.
    pub fn finishes_per_frame(&self) -> bool {
        self.top_db.is_none() && !matches!(self.normalise, Normalise::PadMin(_))
    }
}
