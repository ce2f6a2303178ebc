//! What a user wants to be told: rules over the labels of a stream.
//!
//! ```text
//! RULE     = ["no "] LABEL ">" DURATION ["/" DURATION]
//! LABEL    = a label of the pack, silence, unknown, or gap (the source gives no sound)
//! DURATION = NUMBER ("ms" | "s" | "m" | "h")
//! ```
//!
//! `silence>30s/2s`: raised when there has been silence for 30 s without a break, cleared when there has been none for 2 s.
//! `no speech>10m`: raised when nobody has spoken for ten minutes, cleared at the first word. In a gap no label is on, and
//! the clock goes on: `no speech` holds there, `silence` does not.

mod book;

use std::fmt;
use std::str::FromStr;

use earmark_core::Label;

pub use book::RuleBook;

/// The name that stands for a gap in the source.
pub const GAP: &str = "gap";
/// Longest duration of a rule, seconds: thirty days.
const LONGEST_S: f64 = 30.0 * 86_400.0;

/// A rule, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    text: String,
    label: Label,
    negated: bool,
    raise_s: f64,
    clear_s: f64,
}

/// A text that is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no rule ({why}); write [no ]LABEL>DURATION[/DURATION], as in \"silence>30s/2s\" or \"no speech>10m\""
)]
pub struct RuleError {
    text: String,
    why: String,
}

impl Rule {
    /// What it is about: a label, or [`GAP`].
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// The rule as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |why: &str| RuleError { text: text.to_owned(), why: why.to_owned() };
        let (what, durations) = text.split_once('>').ok_or_else(|| error("it has no >"))?;
        let what = what.trim();
        let positive = what.strip_prefix("no ").map(str::trim);
        let label = positive.unwrap_or(what);
        if label.is_empty() || label == "no" || label.contains(char::is_whitespace) {
            return Err(error("it names no label"));
        }
        let (raise, clear) = match durations.split_once('/') {
            Some((raise, clear)) => (raise, Some(clear)),
            None => (durations, None),
        };
        let seconds = |text: &str| duration_s(text.trim()).map_err(|why| error(&why));
        Ok(Self {
            text: text.to_owned(),
            label: Label::new(label),
            negated: positive.is_some(),
            raise_s: seconds(raise)?,
            clear_s: clear.map_or(Ok(0.0), seconds)?,
        })
    }
}

fn duration_s(text: &str) -> Result<f64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit_s = match unit.trim() {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(format!("{text:?} is no duration with a unit: ms, s, m or h")),
    };
    let seconds = number.parse::<f64>().map_err(|_| format!("{text:?} is no duration"))? * unit_s;
    if (0.0..=LONGEST_S).contains(&seconds) { Ok(seconds) } else { Err(format!("{text:?} is over 30 days")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read() {
        let rule: Rule = "silence>30s/2s".parse().unwrap();
        assert_eq!(
            (rule.label().as_str(), rule.negated, rule.raise_s, rule.clear_s),
            ("silence", false, 30.0, 2.0)
        );
        let rule: Rule = "no speech > 10m".parse().unwrap();
        assert_eq!(
            (rule.label().as_str(), rule.negated, rule.raise_s, rule.clear_s),
            ("speech", true, 600.0, 0.0)
        );
        let rule: Rule = "phrase:computer>250ms/1.5h".parse().unwrap();
        assert_eq!((rule.raise_s, rule.clear_s), (0.25, 5_400.0));
        assert_eq!(rule.to_string(), "phrase:computer>250ms/1.5h");
    }

    #[test]
    fn what_is_no_rule_is_refused_with_the_reason() {
        for (text, why) in [
            ("silence", "no >"),
            (">3s", "no label"),
            ("no >3s", "no label"),
            ("loud music>3s", "no label"),
            ("music>", "no duration"),
            ("music>3", "unit"),
            ("music>3d", "unit"),
            ("music>.s", "no duration"),
            ("music>3s/", "no duration"),
            ("music>-1s", "no duration"),
            ("music>9999h", "30 days"),
        ] {
            let said = text.parse::<Rule>().unwrap_err().to_string();
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
