//! Label files in all twenty formats: the first byte names the format, the rest is the text.
#![no_main]

use earmark_core::report::{Format, Report};
use libfuzzer_sys::fuzz_target;

/// Longer recordings are not written again: a matrix has a row for each of their seconds.
const MOST_S: f64 = 100_000.0;

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, text)) = bytes.split_first() else { return };
    let format = Format::ALL[usize::from(first) % Format::ALL.len()];
    let Ok(reports) = format.parse_all(&String::from_utf8_lossy(text)) else { return };
    for report in &reports {
        let timeline = &report.timeline;
        assert!(timeline.duration_s.is_finite() && timeline.duration_s >= 0.0, "{report:?}");
        let sound = |start_s: f64, end_s: f64| start_s.is_finite() && start_s <= end_s && end_s.is_finite();
        assert!(timeline.segments.iter().all(|s| sound(s.start_s, s.end_s)), "{report:?}");
    }
    if reports.iter().any(|report| report.timeline.duration_s > MOST_S) {
        return;
    }
    // What was read can be written by whoever can hold it, and read again.
    for other in Format::ALL {
        if let Some(written) = write(other, &reports) {
            let again = other.parse_all(&written);
            assert!(again.is_ok(), "{other}: {again:?}\n{written}");
        }
    }
});

fn write(format: Format, reports: &[Report]) -> Option<String> {
    let mut out = Vec::new();
    format.write_all(reports, &mut out).ok()?;
    Some(String::from_utf8(out).expect("formats are text"))
}
