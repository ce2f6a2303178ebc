//! How well a phrase is found: misses against false alarms per hour, and how late it is told.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{quantile, real, share};
use crate::phrase::Strictness;

/// One recording that has the phrase in it, once.
#[derive(Debug, Clone, PartialEq)]
pub struct PhraseSaid {
    /// What it is grouped by: an SNR, a room.
    pub group: String,
    /// The highest score in it.
    pub score: f32,
    /// From the end of the phrase to the moment at which it was told, seconds; where the end is known and it was told.
    pub delay_s: Option<f64>,
}

/// Speech without the phrase.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhraseUnsaid {
    /// Hours of it.
    pub hours: f64,
    /// Its highest score in each second.
    pub peaks: Vec<f32>,
}

/// A point of the trade-off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DetPoint {
    /// The limit.
    pub limit: f32,
    /// False alarms per hour.
    pub false_alarms_per_hour: f64,
    /// Share of sayings that are missed.
    pub miss: f64,
}

/// A group of sayings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhraseGroup {
    /// Its name; empty for all together.
    pub group: String,
    /// Sayings.
    pub sayings: usize,
    /// Share missed at the profile's own limit.
    pub miss_at_limit: Option<f64>,
    /// Share missed at the limit that gives so many false alarms per hour on this very speech.
    pub miss_at: Vec<(f64, Option<f64>)>,
    /// Delay, seconds: median and 95 %.
    pub delay_s: Option<(f64, f64)>,
}

/// All figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhraseFigures {
    /// The profile's limit.
    pub limit: f32,
    /// Hours of speech without the phrase.
    pub negative_hours: f64,
    /// False alarms in it at the limit.
    pub false_alarms: usize,
    /// The same per hour, with the 95 % interval of a Poisson process.
    pub false_alarms_per_hour: Option<(f64, f64, f64)>,
    /// All together, then by group.
    pub groups: Vec<PhraseGroup>,
    /// The trade-off, from the strictest limit on.
    pub det: Vec<DetPoint>,
}

/// Rates at which misses are told.
fn rates() -> impl Iterator<Item = f64> {
    Strictness::ALL.into_iter().map(Strictness::false_alarms_per_hour)
}

/// Figures of sayings and of speech without the phrase, at the `limit` of the profile.
pub fn phrase_figures(said: &[PhraseSaid], unsaid: &PhraseUnsaid, limit: f32) -> PhraseFigures {
    let mut peaks = unsaid.peaks.clone();
    peaks.retain(|peak| peak.is_finite());
    peaks.sort_unstable_by(|a, b| b.total_cmp(a));
    let false_alarms = peaks.partition_point(|peak| *peak >= limit);
    let per_hour = |count: f64| count / unsaid.hours;
    let rate = (unsaid.hours > 0.0).then(|| {
        let (low, high) = poisson_interval(false_alarms);
        (per_hour(real(false_alarms)), per_hour(low), per_hour(high))
    });
    let mut names: Vec<&str> = said.iter().map(|one| one.group.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut groups = vec![group("", said.iter(), &peaks, unsaid.hours, limit)];
    if names.len() > 1 {
        groups.extend(names.into_iter().map(|name| {
            group(name, said.iter().filter(|one| one.group == name), &peaks, unsaid.hours, limit)
        }));
    }
    PhraseFigures {
        limit,
        negative_hours: unsaid.hours,
        false_alarms,
        false_alarms_per_hour: rate,
        groups,
        det: det(said, &peaks, unsaid.hours),
    }
}

fn group<'a>(
    name: &str,
    said: impl Iterator<Item = &'a PhraseSaid>,
    peaks: &[f32],
    hours: f64,
    limit: f32,
) -> PhraseGroup {
    let said: Vec<&PhraseSaid> = said.collect();
    let miss = |limit: f32| share(said.iter().filter(|one| one.score < limit).count(), said.len());
    let miss_at = rates().map(|rate| (rate, limit_at(peaks, hours, rate).and_then(miss))).collect();
    let delays: Vec<f64> = said.iter().filter_map(|one| one.delay_s).collect();
    let delay_s = (!delays.is_empty()).then(|| (quantile(&delays, 0.5), quantile(&delays, 0.95)));
    PhraseGroup { group: name.to_owned(), sayings: said.len(), miss_at_limit: miss(limit), miss_at, delay_s }
}

/// The lowest limit with at most so many false alarms per hour; none where there is too little speech to tell.
fn limit_at(peaks: &[f32], hours: f64, rate: f64) -> Option<f32> {
    let allowed = rate * hours;
    if allowed < 1.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, rounded down")]
    let allowed = allowed as usize;
    // What reaches the limit is an alarm: it lies just above the first peak that must not be one.
    Some(peaks.get(allowed).map_or(f32::MIN, |peak| peak.next_up()))
}

fn det(said: &[PhraseSaid], peaks: &[f32], hours: f64) -> Vec<DetPoint> {
    if said.is_empty() || hours <= 0.0 {
        return Vec::new();
    }
    let mut scores: Vec<f32> = said.iter().map(|one| one.score).collect();
    scores.sort_unstable_by(|a, b| b.total_cmp(a));
    let mut limits: Vec<f32> =
        scores.iter().chain(peaks.iter().take(scores.len().max(1_000))).copied().collect();
    limits.sort_unstable_by(|a, b| b.total_cmp(a));
    limits.dedup();
    let at = |limit: f32| DetPoint {
        limit,
        false_alarms_per_hour: real(peaks.partition_point(|peak| *peak >= limit)) / hours,
        miss: 1.0 - real(scores.partition_point(|score| *score >= limit)) / real(scores.len()),
    };
    limits.into_iter().map(at).collect()
}

/// The 95 % interval of a count (Wilson and Hilferty).
fn poisson_interval(count: usize) -> (f64, f64) {
    const Z: f64 = 1.96;
    let bound = |n: f64, sign: f64| n * (1.0 - 1.0 / (9.0 * n) + sign * Z / (3.0 * n.sqrt())).powi(3);
    let low = if count == 0 { 0.0 } else { bound(real(count), -1.0) };
    (low, bound(real(count + 1), 1.0))
}

impl PhraseFigures {
    /// As tables for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let percent =
            |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
        write!(
            out,
            "limit {:.3}: {} false alarms in {:.2} h",
            self.limit, self.false_alarms, self.negative_hours
        )?;
        if let Some((rate, low, high)) = self.false_alarms_per_hour {
            write!(out, ", {rate:.2} an hour (95 %: {low:.2} to {high:.2})")?;
        }
        writeln!(out)?;
        let head: Vec<String> = rates().map(|rate| format!("at {rate}/h")).collect();
        writeln!(
            out,
            "{:<16} {:>8} {:>14} {:>10} {:>10} {:>10}  delay: median, 95 %",
            "misses", "sayings", "at the limit", head[0], head[1], head[2]
        )?;
        for group in &self.groups {
            let name = if group.group.is_empty() { "all" } else { &group.group };
            write!(out, "{name:<16} {:>8} {:>14}", group.sayings, percent(group.miss_at_limit))?;
            for (_, miss) in &group.miss_at {
                write!(out, " {:>10}", percent(*miss))?;
            }
            match group.delay_s {
                Some((median, p95)) => writeln!(out, "  {median:.2} s, {p95:.2} s")?,
                None => writeln!(out, "  -")?,
            }
        }
        Ok(())
    }

    /// The trade-off, thinned to its corners.
    pub fn corners(&self) -> BTreeMap<String, f64> {
        let corner = |rate: f64| {
            let within = self.det.iter().filter(move |point| point.false_alarms_per_hour <= rate);
            within.map(|point| point.miss).reduce(f64::min).map(|miss| (format!("{rate}"), miss))
        };
        [0.0, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0].into_iter().filter_map(corner).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(group: &str, score: f32, delay_s: Option<f64>) -> PhraseSaid {
        PhraseSaid { group: group.to_owned(), score, delay_s }
    }

    #[test]
    fn misses_and_false_alarms_are_counted_at_each_limit() {
        let sayings = [
            said("10 dB", 0.30, Some(0.2)),
            said("10 dB", 0.25, Some(0.3)),
            said("0 dB", 0.12, None),
            said("0 dB", 0.22, Some(0.4)),
        ];
        let unsaid = PhraseUnsaid { hours: 10.0, peaks: [0.21, 0.19, 0.16, 0.15, 0.14, 0.13, 0.01].into() };
        let figures = phrase_figures(&sayings, &unsaid, 0.2);
        assert_eq!(figures.false_alarms, 1);
        let (rate, low, high) = figures.false_alarms_per_hour.unwrap();
        assert!(rate == 0.1 && low > 0.0 && low < 0.02 && (high - 0.56).abs() < 0.01, "{low} {high}");
        let names: Vec<&str> = figures.groups.iter().map(|g| g.group.as_str()).collect();
        assert_eq!(names, ["", "0 dB", "10 dB"]);
        assert_eq!(figures.groups[0].miss_at_limit, Some(0.25));
        assert_eq!(figures.groups[1].miss_at_limit, Some(0.5));
        // One alarm in ten hours lets 0.19 be the first that is none; five let 0.13; twenty let everything.
        assert_eq!(figures.groups[0].miss_at, [(0.1, Some(0.25)), (0.5, Some(0.25)), (2.0, Some(0.0))]);
        assert_eq!(figures.groups[1].delay_s, Some((0.4, 0.4)));
        let strictest = figures.det.first().unwrap();
        assert_eq!((strictest.false_alarms_per_hour, strictest.miss), (0.0, 0.75));
        assert!(figures.det.windows(2).all(|w| w[0].miss >= w[1].miss));
        assert_eq!(figures.corners()["0"], 0.25);
        let mut text = Vec::new();
        figures.write_text(&mut text).unwrap();
        assert!(String::from_utf8(text).unwrap().contains("1 false alarms in 10.00 h, 0.10 an hour"));
    }

    #[test]
    fn too_little_speech_tells_no_rate() {
        let unsaid = PhraseUnsaid { hours: 0.2, peaks: vec![0.1] };
        let figures = phrase_figures(&[said("", 0.3, None)], &unsaid, 0.2);
        assert_eq!(figures.groups[0].miss_at, [(0.1, None), (0.5, None), (2.0, None)]);
        assert!(phrase_figures(&[], &PhraseUnsaid::default(), 0.2).false_alarms_per_hour.is_none());
        let (low, high) = poisson_interval(0);
        assert!(low == 0.0 && (high - 3.69).abs() < 0.05, "{high}");
    }
}
