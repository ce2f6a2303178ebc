//! Amounts as people write them: `2GiB`, `90s`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

/// Text that is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}")]
pub struct AmountError {
    text: String,
    what: &'static str,
}

/// A number of bytes: `512KiB`, `64MiB`, `2GiB`, or plain bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Bytes(pub u64);

/// Units of [`Bytes`], the largest first.
const BYTE_UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];

impl FromStr for Bytes {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        parse(text, &BYTE_UNITS, "a number of bytes; write it as 512KiB, 64MiB or 2GiB").map(Self)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, &BYTE_UNITS, f)
    }
}

impl TryFrom<String> for Bytes {
    type Error = AmountError;

    fn try_from(text: String) -> Result<Self, AmountError> {
        text.parse()
    }
}

/// A length of time in whole seconds: `30s`, `10m`, `6h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Seconds(pub u64);

/// Units of [`Seconds`], the largest first.
const TIME_UNITS: [(&str, u64); 3] = [("h", 3_600), ("m", 60), ("s", 1)];

impl Seconds {
    /// The same for a clock.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl FromStr for Seconds {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        parse(text, &TIME_UNITS, "a length of time; write it as 30s, 10m or 6h").map(Self)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, &TIME_UNITS, f)
    }
}

impl TryFrom<String> for Seconds {
    type Error = AmountError;

    fn try_from(text: String) -> Result<Self, AmountError> {
        text.parse()
    }
}

fn parse(text: &str, units: &[(&str, u64)], what: &'static str) -> Result<u64, AmountError> {
    let error = || AmountError { text: text.to_owned(), what };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let (_, factor) = units.iter().find(|(name, _)| *name == unit).ok_or_else(error)?;
    let count: u64 = digits.parse().map_err(|_| error())?;
    count.checked_mul(*factor).filter(|amount| *amount > 0).ok_or_else(error)
}

fn write(amount: u64, units: &[(&str, u64)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let fits = |factor: &u64| amount >= *factor && amount.is_multiple_of(*factor);
    let (unit, factor) = units.iter().find(|(_, factor)| fits(factor)).unwrap_or(&("", 1));
    write!(f, "{}{unit}", amount / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_written() {
        for text in ["2GiB", "512KiB", "1025"] {
            assert_eq!(text.parse::<Bytes>().unwrap().to_string(), text);
        }
        for text in ["6h", "90s", "10m"] {
            assert_eq!(text.parse::<Seconds>().unwrap().to_string(), text);
        }
        assert_eq!("60s".parse::<Seconds>().unwrap().to_string(), "1m");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "GiB", "2GB", "-1s", "0s", "1.5h", "99999999999999GiB", "5", "1d", "é"] {
            assert!(text.parse::<Seconds>().is_err(), "{text}");
        }
        for text in ["", "GiB", "2GB", "0", "1.5GiB", "99999999999999GiB", "5s"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }
}
