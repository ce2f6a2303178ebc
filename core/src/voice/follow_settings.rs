//! How voices are followed, as data.

/// How fast a voice is decided about, and how firmly. All times are of speech.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FollowSettings {
    /// From the onset to where a clear case is decided, milliseconds.
    pub early_ms: usize,
    /// From the onset to the first decision in any case, milliseconds.
    pub first_ms: usize,
    /// From one decision to the next, milliseconds.
    pub every_ms: usize,
    /// The window grows to this and moves on then, milliseconds.
    pub longest_ms: usize,
    /// The end of the window that is judged by itself, milliseconds.
    pub recent_ms: usize,
    /// A shorter pause does not begin a new turn, milliseconds.
    pub pause_ms: usize,
    /// But from this on the window begins anew, milliseconds.
    pub short_pause_ms: usize,
    /// From the end of such a pause to the next decision, milliseconds.
    pub again_ms: usize,
    /// How long a voice that is on stays so in a pause, milliseconds: what a gate holds for speech it must not hold for
    /// somebody else's.
    pub hold_ms: usize,
    /// Log-odds that say neither: a pack is calibrated so that its errors are equal at the owner's threshold, far above 0. The
    /// log-odds below count from here.
    pub neutral_log_odds: f64,
    /// Log-odds below which a case is clear.
    pub early_log_odds: f64,
    /// Log-odds that the first decision needs for the voice.
    pub first_log_odds: f64,
    /// Log-odds beyond 0 that turn a decision round.
    pub turn_log_odds: f64,
    /// Log-odds of the window's end that do so by themselves.
    pub recent_log_odds: f64,
    /// What happens when the network of the voices fails.
    pub on_failure: OnVoiceFailure,
}

impl Default for FollowSettings {
    fn default() -> Self {
        Self {
            early_ms: 200,
            first_ms: 400,
            every_ms: 160,
            longest_ms: 3_000,
            recent_ms: 800,
            pause_ms: 1_000,
            short_pause_ms: 200,
            again_ms: 240,
            hold_ms: 300,
            neutral_log_odds: 0.9,
            early_log_odds: -1.0,
            first_log_odds: 0.0,
            turn_log_odds: 0.0,
            recent_log_odds: 0.7,
            on_failure: OnVoiceFailure::Open,
        }
    }
}

/// What happens when the network of the voices fails while a stream runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnVoiceFailure {
    /// All speech counts as the enrolled voice.
    #[default]
    Open,
    /// No speech does.
    Closed,
}
