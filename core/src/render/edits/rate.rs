//! Rates of pictures, and the time code that counts them.

use std::fmt;
use std::str::FromStr;

/// Frames per second, exact, and how time code counts them.
///
/// ```
/// use earmark_core::render::FrameRate;
///
/// let rate: FrameRate = "29.97".parse()?;
/// // Drop-frame time code skips two numbers a minute, but for each tenth, to stay with the clock (SMPTE ST 12-1).
/// assert_eq!(rate.timecode(1_799), "00:00:59;29");
/// assert_eq!(rate.timecode(1_800), "00:01:00;02");
/// # Ok::<(), earmark_core::render::UnknownRate>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRate {
    /// Frames in [`FrameRate::seconds`].
    frames: u32,
    /// 1, or 1.001 as thousandths: the seconds that they take.
    milliseconds: u32,
    drop: bool,
    name: &'static str,
}

/// No such rate is in use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no frame rate in use; choose one of {list}", list = FrameRate::names())]
pub struct UnknownRate(String);

const fn whole(name: &'static str, frames: u32) -> FrameRate {
    FrameRate { frames, milliseconds: 1_000, drop: false, name }
}

const fn ntsc(name: &'static str, frames: u32, drop: bool) -> FrameRate {
    FrameRate { frames, milliseconds: 1_001, drop, name }
}

impl FrameRate {
    /// All rates, the slowest first. A bare 29.97 or 59.94 counts drop-frame, as broadcasters do.
    pub const ALL: [Self; 11] = [
        ntsc("23.976", 24, false),
        whole("24", 24),
        whole("25", 25),
        ntsc("29.97", 30, true),
        ntsc("29.97ndf", 30, false),
        whole("30", 30),
        whole("48", 48),
        whole("50", 50),
        ntsc("59.94", 60, true),
        ntsc("59.94ndf", 60, false),
        whole("60", 60),
    ];

    /// European television, and what an EDL counts unless told otherwise.
    pub const PAL: Self = whole("25", 25);
    /// What auto-editor takes for audio without a picture.
    pub const THIRTY: Self = whole("30", 30);

    fn names() -> String {
        Self::ALL.map(|rate| rate.name).join(", ")
    }

    /// The known rate of `frames` in `seconds`, if one is near: 23.976 and 24 lie a thousandth apart. `drops`: whether time code
    /// drops numbers, where that is told.
    pub(super) fn near(frames: u64, seconds: u64, drops: Option<bool>) -> Option<Self> {
        let is_near = |rate: &Self| {
            let (known, known_s) = rate.fraction();
            let told = u128::from(frames) * u128::from(known_s);
            let known = u128::from(known) * u128::from(seconds);
            told.abs_diff(known) <= known / 2_500 && known > 0
        };
        Self::ALL.into_iter().find(|rate| is_near(rate) && (!rate.drop || drops.unwrap_or(true)))
    }

    /// Frames after which time code begins anew.
    pub(super) fn per_day(self) -> u64 {
        let dropped = if self.drop { u64::from(self.frames) / 15 } else { 0 };
        144 * (600 * u64::from(self.frames) - 9 * dropped)
    }

    /// Frames per second as a fraction.
    pub fn fraction(self) -> (u32, u32) {
        if self.milliseconds == 1_000 { (self.frames, 1) } else { (self.frames * 1_000, self.milliseconds) }
    }

    /// Whether time code skips numbers to stay with the clock.
    pub fn drops(self) -> bool {
        self.drop
    }

    /// The frame whose beginning is nearest to a sample.
    pub fn nearest(self, sample: u64, rate_hz: u32) -> u64 {
        self.frames_at(sample, rate_hz, |per_frame| per_frame / 2)
    }

    /// How many whole frames so many samples hold.
    pub fn whole(self, samples: u64, rate_hz: u32) -> u64 {
        self.frames_at(samples, rate_hz, |_| 0)
    }

    fn frames_at(self, sample: u64, rate_hz: u32, more: impl Fn(u128) -> u128) -> u64 {
        let (frames, seconds) = self.fraction();
        let per_frame = u128::from(rate_hz.max(1)) * u128::from(seconds);
        let frame = (u128::from(sample) * u128::from(frames) + more(per_frame)) / per_frame;
        u64::try_from(frame).unwrap_or(u64::MAX)
    }

    /// Where a frame begins, seconds.
    #[expect(clippy::cast_precision_loss, reason = "counts of frames stay far below 2^52")]
    pub fn seconds(self, frame: u64) -> f64 {
        let (frames, seconds) = self.fraction();
        frame as f64 * f64::from(seconds) / f64::from(frames)
    }

    /// The frame that a time code names: `HH:MM:SS:FF`, with `;` before the frames where numbers are dropped. `None` for what
    /// is no time code, and for numbers that are dropped.
    pub fn frame_of(self, timecode: &str) -> Option<u64> {
        let parts: Vec<u64> =
            timecode.split([':', ';']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let [hours, minutes, seconds, frame] = parts[..] else { return None };
        let rate = u64::from(self.frames);
        let in_range = hours < 1_000_000 && minutes < 60 && seconds < 60 && frame < rate;
        let dropped = if self.drop { rate / 15 } else { 0 };
        let is_dropped = seconds == 0 && !minutes.is_multiple_of(10) && frame < dropped;
        let minutes = hours * 60 + minutes;
        let number = (minutes * 60 + seconds) * rate + frame;
        (in_range && !is_dropped).then(|| number - dropped * (minutes - minutes / 10))
    }

    /// Time code of a frame.
    pub fn timecode(self, frame: u64) -> String {
        let rate = u64::from(self.frames);
        let dropped = if self.drop { rate / 15 } else { 0 };
        let (minute, ten) = (60 * rate - dropped, 600 * rate - 9 * dropped);
        let (tens, rest) = (frame / ten, frame % ten);
        let number = frame + 9 * dropped * tens + dropped * (rest.saturating_sub(dropped) / minute);
        let (second, frame) = (number / rate, number % rate);
        let mark = if self.drop { ';' } else { ':' };
        format!("{:02}:{:02}:{:02}{mark}{frame:02}", second / 3_600, second / 60 % 60, second % 60)
    }
}

impl FromStr for FrameRate {
    type Err = UnknownRate;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let plain = name.trim().to_ascii_lowercase();
        let plain = match plain.as_str() {
            "23.98" | "24000/1001" => "23.976",
            "29.97df" | "30000/1001" => "29.97",
            "59.94df" | "60000/1001" => "59.94",
            other => other,
        };
        Self::ALL.into_iter().find(|rate| rate.name == plain).ok_or_else(|| UnknownRate(name.to_owned()))
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(name: &str) -> FrameRate {
        name.parse().unwrap()
    }

    #[test]
    fn names_are_read_and_written() {
        for rate in FrameRate::ALL {
            assert_eq!(rate.to_string().parse::<FrameRate>().unwrap(), rate);
        }
        assert_eq!(rate("29.97DF"), rate("30000/1001"));
        for bad in ["", "0", "-25", "23", "nan", "29.97x", "1e9"] {
            let said = bad.parse::<FrameRate>().unwrap_err().to_string();
            assert!(said.contains("29.97ndf"), "{said}");
        }
    }

    #[test]
    fn drop_frame_time_code_stays_with_the_clock() {
        // An hour of 30000/1001 frames per second: 107892 frames, and the clock says one hour (SMPTE ST 12-1).
        assert_eq!(rate("29.97").timecode(107_892), "01:00:00;00");
        assert_eq!(rate("59.94").timecode(215_784), "01:00:00;00");
        assert_eq!(rate("29.97ndf").timecode(107_892), "00:59:56:12");
        assert_eq!(rate("29.97").timecode(17_982), "00:10:00;00");
        assert_eq!(rate("29.97").timecode(17_981), "00:09:59;29");
        assert_eq!(rate("59.94").timecode(3_600), "00:01:00;04");
        assert_eq!(rate("25").timecode(90_000), "01:00:00:00");
    }

    #[test]
    fn numbers_that_are_dropped_name_no_frame() {
        assert_eq!(rate("29.97").frame_of("00:01:00;01"), None);
        assert_eq!(rate("29.97").frame_of("00:01:00;02"), Some(1_800));
        assert_eq!(rate("29.97").frame_of("00:10:00;00"), Some(17_982));
        assert_eq!(rate("29.97ndf").frame_of("00:01:00:01"), Some(1_801));
        for bad in ["", "1:2:3", "00:00:00:25", "00:60:00:00", "00:00:60:00", "a:b:c:d", "00:00:00:-1"] {
            assert_eq!(rate("25").frame_of(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        /// Drop-frame or not: each code names its frame, and is at most two frames' numbers off the clock where numbers are
        /// dropped.
        #[test]
        fn time_codes_name_their_frames(
            frame in 0_u64..30_000_000,
            rate in proptest::sample::select(FrameRate::ALL.to_vec()),
        ) {
            let code = rate.timecode(frame);
            proptest::prop_assert_eq!(rate.frame_of(&code), Some(frame), "{}", code);
            if rate.drops() {
                let clock: Vec<f64> = code.split([':', ';']).map(|part| part.parse().unwrap()).collect();
                let shown_s = clock[0] * 3_600.0 + clock[1] * 60.0 + clock[2] + clock[3] / f64::from(rate.frames);
                // What a minute drops comes back over it, and 3.6 ms an hour never do.
                let slack_s = 0.08 + rate.seconds(frame) * 1.1e-6;
                proptest::prop_assert!((shown_s - rate.seconds(frame)).abs() < slack_s, "{code} {shown_s}");
            }
        }
    }

    #[test]
    fn no_number_of_a_frame_comes_twice() {
        for name in ["29.97", "59.94"] {
            let codes: Vec<String> = (0..40_000).map(|frame| rate(name).timecode(frame)).collect();
            assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{name}");
        }
    }

    #[test]
    fn the_rate_of_a_picture_is_known_where_it_is_near_one() {
        let near = |frames, seconds, drops| FrameRate::near(frames, seconds, drops).map(|rate| rate.name);
        assert_eq!(near(24_000, 1_001, None), Some("23.976"));
        assert_eq!(near(24, 1, None), Some("24"));
        assert_eq!(near(1_000_000_000, 33_366_667, None), Some("29.97"));
        assert_eq!(near(30_000, 1_001, Some(true)), Some("29.97"));
        assert_eq!(near(30_000, 1_001, Some(false)), Some("29.97ndf"));
        assert_eq!(near(48, 2, Some(true)), Some("24"));
        assert_eq!((near(15, 1, None), near(1, 0, None), near(0, 1, None)), (None, None, None));
    }

    #[test]
    fn a_day_ends_at_midnight() {
        for rate in FrameRate::ALL {
            let code = rate.timecode(rate.per_day());
            assert!(code.starts_with("24:00:00") && code.ends_with("00"), "{rate}: {code}");
        }
    }

    #[test]
    fn samples_have_their_nearest_frame() {
        assert_eq!(rate("25").nearest(48_000, 48_000), 25);
        assert_eq!(rate("25").nearest(959, 48_000), 0);
        assert_eq!(rate("25").nearest(960, 48_000), 1);
        // 1001 seconds are 30000 frames, whatever the rate of the sound.
        assert_eq!(rate("29.97").nearest(1_001 * 44_100, 44_100), 30_000);
        assert_eq!(rate("60").nearest(u64::MAX, 1), u64::MAX);
        assert_eq!(rate("25").whole(1_919, 48_000), 0);
        assert_eq!(rate("25").whole(1_920, 48_000), 1);
    }
}
