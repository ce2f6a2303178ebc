//! `--fps`: what it may be, for help and messages alike.

use earmark_core::render::FrameRate;

/// How names of rates end that count on where time code drops numbers.
const NON_DROP: &str = "ndf";

/// All rates, the slowest first; of two of one speed the one that a bare number means.
fn rates() -> Vec<FrameRate> {
    let mut rates = FrameRate::ALL.to_vec();
    rates.sort_by(|a, b| b.seconds(1).total_cmp(&a.seconds(1)).then(b.drops().cmp(&a.drops())));
    rates
}

/// Reads one.
pub fn frame_rate(name: &str) -> Result<FrameRate, String> {
    name.parse().map_err(|_| {
        let known: Vec<String> = rates().iter().map(ToString::to_string).collect();
        format!("no frame rate in use; choose one of {}", known.join(", "))
    })
}

/// The help of `--fps` where a list is written.
pub fn fps_help() -> String {
    let plain: Vec<String> =
        rates().iter().map(ToString::to_string).filter(|name| !name.ends_with(NON_DROP)).collect();
    let (last, others) = plain.split_last().expect("there are rates");
    format!(
        "Frames per second of that list: {} or {last}; 29.97 and 59.94 count drop-frame, 29.97ndf and 59.94ndf do not. Without, \
         EDL and Final Cut count 25, auto-editor 30, and OpenTimelineIO samples",
        others.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_and_messages_list_every_rate_in_order() {
        assert!(fps_help().starts_with(
            "Frames per second of that list: 23.976, 24, 25, 29.97, 30, 48, 50, 59.94 or 60; 29.97 and"
        ));
        let said = frame_rate("23").unwrap_err();
        assert!(
            said.ends_with("one of 23.976, 24, 25, 29.97, 29.97ndf, 30, 48, 50, 59.94, 59.94ndf, 60"),
            "{said}"
        );
        assert!(FrameRate::ALL.iter().all(|rate| frame_rate(&rate.to_string()) == Ok(*rate)));
    }
}
