//! Plain values as text and back.

use std::fmt::{self, Write};

use super::{Kind, ParamSpec, Unit};

/// The word for what would be without the parameter.
const AUTO: &str = "Auto";
/// The word for no level.
const OFF: &str = "Off";
/// What would be written as 0.0 % is that, too.
const AUTO_BELOW: f64 = 0.000_5;

/// What one decimal says of a value: rounded before it is written, so that what is read back is written alike. Adding zero
/// turns −0 into 0.
fn in_tenths(value: f64) -> f64 {
    (10.0 * value).round() / 10.0 + 0.0
}

impl ParamSpec {
    /// Writes a plain value for people, with its unit.
    ///
    /// # Errors
    /// Only those of `out`.
    pub fn write_text(&self, plain: f64, out: &mut impl Write) -> fmt::Result {
        let plain = self.clamp(plain);
        match self.kind {
            Kind::Choice { names, .. } => out.write_str(names.get(step(plain)).unwrap_or(&"")),
            Kind::Toggle { .. } => out.write_str(if plain >= 0.5 { "On" } else { "Off" }),
            Kind::Float { .. } => match self.unit {
                Unit::PercentOrAuto if plain < AUTO_BELOW => out.write_str(AUTO),
                Unit::DbfsOrOff if in_tenths(plain) <= self.min() => out.write_str(OFF),
                Unit::HertzOrOff if self.is_filter_off(plain) => out.write_str(OFF),
                Unit::HertzOrOff => write!(out, "{:.0} Hz", plain.round()),
                Unit::Percent | Unit::PercentOrAuto => write!(out, "{:.1} %", in_tenths(100.0 * plain)),
                Unit::Milliseconds if in_tenths(plain) >= 100.0 => write!(out, "{plain:.0} ms"),
                unit => write!(out, "{:.1} {}", in_tenths(plain), unit.symbol()),
            },
        }
    }

    /// A plain value for people, with its unit.
    pub fn to_text(&self, plain: f64) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_text(plain, &mut text);
        text
    }

    /// The plain value of a text that a person wrote, with or without the unit; `None` for what is no such value.
    /// Seconds are understood for times.
    pub fn from_text(&self, text: &str) -> Option<f64> {
        let text = text.trim();
        let plain = match self.kind {
            Kind::Choice { names, keys, .. } => {
                let found = names.iter().position(|name| name.eq_ignore_ascii_case(text));
                found.or_else(|| keys.iter().position(|key| key.eq_ignore_ascii_case(text)))
            }
            .and_then(|index| u32::try_from(index).ok())
            .map(f64::from),
            Kind::Toggle { .. } => match text.to_ascii_lowercase().as_str() {
                "on" | "true" | "yes" | "1" => Some(1.0),
                "off" | "false" | "no" | "0" => Some(0.0),
                _ => None,
            },
            Kind::Float { .. } if self.unit == Unit::PercentOrAuto && self.is_word(text, AUTO) => Some(0.0),
            Kind::Float { .. } if self.has_off() && self.is_word(text, OFF) => Some(self.default_plain()),
            Kind::Float { .. } => self.number(text),
        }?;
        (!plain.is_nan()).then(|| self.clamp(plain))
    }

    /// Whether a text is a word that stands for a value, alone or with the unit behind it: that is how hosts show it that write
    /// the unit themselves.
    fn is_word(&self, text: &str, word: &str) -> bool {
        let start = text.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word));
        let rest = start.map(|_| text[word.len()..].trim());
        rest.is_some_and(|rest| rest.is_empty() || rest.eq_ignore_ascii_case(self.unit.symbol()))
    }

    /// Whether the default stands for none.
    pub(crate) fn has_off(&self) -> bool {
        matches!(self.unit, Unit::DbfsOrOff | Unit::HertzOrOff)
    }

    /// A number as people type it: comma or point, an exponent, U+2212 for minus, `inf` for the end of the range, and the
    /// parameter's unit or none. Of a depth, which has no sign, the magnitude counts.
    fn number(&self, text: &str) -> Option<f64> {
        let text = text.to_lowercase().replace('\u{2212}', "-").replace(',', ".").replace('\u{221e}', "inf");
        // The longest beginning that is a number; words that Rust knows for numbers are none here but for `inf`.
        let is_number = |text: &str| !text.ends_with(|c: char| c.is_alphabetic()) || text.ends_with("inf");
        let read = |end: usize| {
            let number = text.get(..end).filter(|text| is_number(text))?;
            Some((number.parse::<f64>().ok().filter(|number| !number.is_nan())?, end))
        };
        let (number, end) = (1..=text.len()).rev().find_map(read)?;
        let symbol = self.unit.symbol().to_lowercase();
        let factor = match text[end..].trim() {
            "" | "%" if matches!(self.unit, Unit::Percent | Unit::PercentOrAuto) => 0.01,
            "s" if self.unit == Unit::Milliseconds => 1_000.0,
            "ms" if self.unit == Unit::Seconds => 1e-3,
            "khz" if self.unit == Unit::HertzOrOff => 1_000.0,
            "db" if matches!(self.unit, Unit::Dbfs | Unit::DbfsOrOff) => 1.0,
            ":1" if self.unit == Unit::Ratio => 1.0,
            unit if unit.is_empty() || unit == symbol => 1.0,
            _ => return None,
        };
        let is_depth = self.unit == Unit::Decibels && self.min() >= 0.0;
        Some(factor * if is_depth { number.abs() } else { number })
    }

    /// The word for a plain value in state files: a choice's key. `None` for other kinds.
    pub fn choice_key(&self, plain: f64) -> Option<&'static str> {
        match self.kind {
            Kind::Choice { keys, .. } => keys.get(step(self.clamp(plain))).copied(),
            Kind::Float { .. } | Kind::Toggle { .. } => None,
        }
    }
}

/// A clamped plain value of a stepped parameter as an index.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a handful of steps")]
pub(super) fn step(plain: f64) -> usize {
    plain.round().clamp(0.0, 1_000.0) as usize
}
