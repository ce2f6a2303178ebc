//! Times of the markers that editors keep in XMP (`xmpDM:markers`).

use std::ops::Range;

use super::remap::Places;

/// A list entry: a track, or one of its markers.
const ENTRY: &str = "<rdf:li";

/// The text with its markers moved; nothing if one of them counts in units that are not told.
pub(super) fn moved_xmp(text: &str, places: &Places<'_>) -> Option<String> {
    let mut bounds: Vec<usize> = text.match_indices(ENTRY).map(|(at, _)| at).collect();
    bounds.insert(0, 0);
    bounds.push(text.len());
    let mut rate = None;
    let mut moved = String::with_capacity(text.len());
    for bound in bounds.windows(2) {
        let mut entry = text[bound[0]..bound[1]].to_owned();
        if let Some(range) = value(&entry, "frameRate") {
            rate = Rate::parse(&entry[range]);
        }
        if let Some(start) = value(&entry, "startTime") {
            let (count, own) = count(&entry[start.clone()], rate)?;
            let at = own.samples(count, places.rate_hz)?;
            let mut changes = vec![(start, own.units(places.point(at), places.rate_hz)?)];
            if let Some(duration) = value(&entry, "duration")
                // One that lasts to the end says so in a word.
                && let Some((count, own)) = self::count(&entry[duration.clone()], rate)
            {
                let length = places.length(at, own.samples(count, places.rate_hz)?);
                changes.push((duration, own.units(length, places.rate_hz)?));
            }
            changes.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
            for (range, units) in changes {
                let digits = range.start..range.start + digits(&entry[range]);
                entry.replace_range(digits, &units.to_string());
            }
        }
        moved.push_str(&entry);
    }
    Some(moved)
}

/// Units in a second, as a fraction.
#[derive(Debug, Clone, Copy)]
struct Rate(u128, u128);

impl Rate {
    /// `f48000` or `f24000s1001`.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().strip_prefix('f')?;
        let (units, seconds) = text.split_once('s').unwrap_or((text, "1"));
        let rate = Self(units.parse::<u64>().ok()?.into(), seconds.parse::<u32>().ok()?.into());
        (rate.0 > 0 && rate.1 > 0).then_some(rate)
    }

    fn samples(self, units: u64, rate_hz: u32) -> Option<u64> {
        let samples = u128::from(units).checked_mul(u128::from(rate_hz) * self.1)?;
        u64::try_from((samples + self.0 / 2) / self.0).ok()
    }

    fn units(self, samples: u64, rate_hz: u32) -> Option<u64> {
        let per_unit = u128::from(rate_hz.max(1)) * self.1;
        u64::try_from((u128::from(samples).checked_mul(self.0)? + per_unit / 2) / per_unit).ok()
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// A count of units, and what these are: its own (`96f24`), or those of its track.
fn count(text: &str, of_track: Option<Rate>) -> Option<(u64, Rate)> {
    let (number, unit) = text.split_at(digits(text));
    let rate = if unit.is_empty() { of_track? } else { Rate::parse(unit)? };
    Some((number.parse().ok()?, rate))
}

/// Where the value of a property stands, which is an attribute or an element.
fn value(text: &str, name: &str) -> Option<Range<usize>> {
    text.match_indices(name).find_map(|(at, _)| {
        let start = at + name.len();
        let before = text[..at].chars().next_back()?;
        let (open, close) = match &text.as_bytes()[start..] {
            [b'=', quote @ (b'"' | b'\''), ..] => (2, char::from(*quote)),
            [b'>', ..] => (1, '<'),
            _ => return None,
        };
        let start = start + open;
        let end = start + text[start..].find(close)?;
        (before == ':').then_some(start..end)
    })
}
