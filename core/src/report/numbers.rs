//! Numbers as people and programs read them: no `-0.0`, no digits of binary fractions.

use std::io::{self, Write};

use serde::Serialize;
use serde::ser::Error as _;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// Steps per unit that a small and a large number in JSON is rounded to: more than any figure is worth.
const SMALL_STEPS: f64 = 1e9;
const LARGE_STEPS: f64 = 1e6;
/// From here on a number is large.
const LARGE: f64 = 1e3;
/// Beyond this nothing is rounded, since no millionths are left.
const LARGEST: f64 = 1e9;

/// A number with so many decimals; what rounds to zero has no sign.
///
/// ```
/// use earmark_core::report::decimals;
///
/// assert_eq!([decimals(-0.04, 1), decimals(-0.06, 1)], ["0.0", "-0.1"]);
/// ```
pub fn decimals(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(size) if size.bytes().all(|byte| matches!(byte, b'0' | b'.')) => size.to_owned(),
        _ => text,
    }
}

/// JSON on one line, its fractions rounded to nine decimals, from 1000 on to six; what rounds to zero has no sign.
///
/// # Errors
/// What `value` is made of cannot be JSON.
pub fn json_line(value: &impl Serialize) -> serde_json::Result<String> {
    written(value, CompactFormatter)
}

/// The same on as many lines as reads well, with a line break at the end.
///
/// # Errors
/// As [`json_line`].
pub fn json_pretty(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(written(value, PrettyFormatter::new())? + "\n")
}

fn written(value: &impl Serialize, formatter: impl Formatter) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Rounded(formatter)))?;
    String::from_utf8(bytes).map_err(serde_json::Error::custom)
}

fn rounded(value: f64, steps: f64) -> f64 {
    // Adding zero takes the sign from a zero.
    if value.abs() < LARGEST { (value * steps).round() / steps + 0.0 } else { value }
}

/// A formatter that rounds.
struct Rounded<F>(F);

/// Hands on what is not about numbers.
macro_rules! handed_on {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {
        $(fn $name<W: ?Sized + Write>(&mut self, out: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(out $(, $argument)*)
        })*
    };
}

impl<F: Formatter> Formatter for Rounded<F> {
    /// Single precision has seven digits: fewer decimals are left.
    fn write_f32<W: ?Sized + Write>(&mut self, out: &mut W, value: f32) -> io::Result<()> {
        self.0.write_f64(out, rounded(f64::from(value), LARGE_STEPS))
    }

    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        self.0.write_f64(out, rounded(value, if value.abs() < LARGE { SMALL_STEPS } else { LARGE_STEPS }))
    }

    handed_on! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_zero_has_no_sign() {
        assert_eq!(decimals(-0.000_4, 3), "0.000");
        assert_eq!(decimals(-0.000_6, 3), "-0.001");
        assert_eq!(decimals(f64::NEG_INFINITY, 1), "-inf");
        let value = serde_json::json!({ "a": [0.1 + 0.2, -1e-10, 3, -0.0], "b": { "c": 1e20 }, "d": "x" });
        assert_eq!(json_line(&value).unwrap(), r#"{"a":[0.3,0.0,3,0.0],"b":{"c":1e+20},"d":"x"}"#);
        let pretty = json_pretty(&value).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&pretty).unwrap()["a"][0], 0.3);
        assert!(pretty.starts_with("{\n  \"a\": [\n    0.3,\n"), "{pretty}");
        assert_eq!(json_line(&[0.1_f32, f32::NAN]).unwrap(), "[0.1,null]");
    }
}
