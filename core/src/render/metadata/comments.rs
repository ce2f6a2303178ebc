//! Times in comments: chapters, and cue sheets as text.

use super::remap::Places;

/// Frames of a compact disc in a second.
const DISC_FRAMES: u64 = 75;
const NANOSECONDS: u64 = 1_000_000_000;

/// The value of a field with its times moved; `Err` where it holds times of a form that is not known, `Ok(None)` where
/// there are none.
pub(super) fn moved_comment(key: &str, text: &str, places: &Places<'_>) -> Result<Option<String>, ()> {
    let key = key.to_ascii_uppercase();
    if let Some(number) = key.strip_prefix("CHAPTER") {
        let is_time = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        return if is_time { moved_clock(text, places).map(Some).ok_or(()) } else { Ok(None) };
    }
    if key == "CUESHEET" {
        return moved_cue_sheet(text, places).map(Some).ok_or(());
    }
    // Lyrics may bear the time of each line: `[01:23.45]`.
    let timed_line = |line: &str| {
        line.trim_start().starts_with('[') && line.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
    };
    if key.contains("LYRICS") && text.lines().any(timed_line) { Err(()) } else { Ok(None) }
}

/// `HH:MM:SS.mmm` in as many digits as it came in.
fn moved_clock(text: &str, places: &Places<'_>) -> Option<String> {
    let clock = text.trim();
    let (whole, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    let digits = fraction.len().min(9);
    let seconds = whole.split(':').try_fold(0_u64, |seconds, part| {
        seconds.checked_mul(60)?.checked_add(part.parse::<u32>().ok()?.into())
    })?;
    let decimals = fraction.get(..digits)?;
    let unit = 10_u64.pow(u32::try_from(9 - digits).ok()?);
    let decimals = if digits == 0 { 0 } else { decimals.parse::<u64>().ok()? * unit };
    let rate_hz = places.rate_hz.max(1);
    let nanoseconds = u128::from(seconds) * u128::from(NANOSECONDS) + u128::from(decimals);
    let at = u64::try_from((nanoseconds * u128::from(rate_hz)).div_ceil(u128::from(NANOSECONDS))).ok()?;
    let moved = u128::from(places.point(at)) * u128::from(NANOSECONDS) / u128::from(rate_hz);
    let moved = u64::try_from((moved + u128::from(unit / 2)) / u128::from(unit)).ok()?;
    let (seconds, decimals) = (moved / (NANOSECONDS / unit), moved % (NANOSECONDS / unit));
    let parts = whole.split(':').count();
    let first = whole.find(':').unwrap_or(whole.len());
    let clock = match parts {
        1 => format!("{seconds:0first$}"),
        2 => format!("{:0first$}:{:02}", seconds / 60, seconds % 60),
        3 => format!("{:0first$}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60),
        _ => return None,
    };
    Some(if digits == 0 { clock } else { format!("{clock}.{decimals:0digits$}") })
}

/// The lines `INDEX nn MM:SS:FF` of a cue sheet.
fn moved_cue_sheet(text: &str, places: &Places<'_>) -> Option<String> {
    let rate_hz = u64::from(places.rate_hz.max(1));
    let moved = text.split_inclusive('\n').map(|line| {
        let Some(("INDEX", index)) = line.trim().split_once(' ') else { return Some(line.to_owned()) };
        let (_, clock) = index.trim().split_once(' ')?;
        let parts: Vec<u32> = clock.trim().split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let &[minutes, seconds, frames] = &parts[..] else { return None };
        let frames = (u64::from(minutes) * 60 + u64::from(seconds)) * DISC_FRAMES + u64::from(frames);
        let frames = places.point(frames * rate_hz / DISC_FRAMES).saturating_mul(DISC_FRAMES) / rate_hz;
        let (seconds, frames) = (frames / DISC_FRAMES, frames % DISC_FRAMES);
        let moved = format!("{:02}:{:02}:{frames:02}", seconds / 60, seconds % 60);
        Some(line.replace(clock.trim(), &moved))
    });
    moved.collect()
}
