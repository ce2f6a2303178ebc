//! `--fps`, where a list is written: its help.

use earmark_core::render::FrameRate;

/// How names of rates end that count on where time code drops numbers.
const NON_DROP: &str = "ndf";

/// The help of `--fps`.
pub fn fps_help() -> String {
    let names = FrameRate::ALL.map(|rate| rate.to_string());
    let plain: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !name.ends_with(NON_DROP)).collect();
    let (last, others) = plain.split_last().expect("there are rates");
    format!(
        "Frames per second of that list: {} or {last}; 29.97 and 59.94 count drop-frame, 29.97ndf and 59.94ndf do not. Without, the \
         rate of the recording's picture; of sound alone EDL and Final Cut count 25, auto-editor 30, and OpenTimelineIO samples",
        others.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_lists_every_rate_in_order() {
        assert!(fps_help().starts_with(
            "Frames per second of that list: 23.976, 24, 25, 29.97, 30, 48, 50, 59.94 or 60; 29.97 and"
        ));
    }
}
