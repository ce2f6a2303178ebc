//! What an evaluation reads beside the audio: scores of other detectors, groups, and the truth.
#![no_main]

use earmark_core::Label;
use earmark_core::eval::{Groups, PeerScores, Scored, Spans, check_length, evaluate};
use earmark_core::report::Format;
use libfuzzer_sys::fuzz_target;

/// Frames of the recording that the tables are said to be about.
const FRAMES: usize = 200;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(groups) = Groups::parse(text) {
        for column in groups.columns() {
            groups.of("a.wav", column);
        }
    }
    let scores =
        PeerScores::parse(text).ok().and_then(|peer| peer.frames(&Label::SPEECH, FRAMES).ok()).flatten();
    if let Some(scores) = &scores {
        assert!(scores.len() == FRAMES);
    }
    let Ok(truth) = Format::Csv.parse(text) else { return };
    let truth = truth.timeline;
    if check_length("a.wav", &truth, 2.0).is_ok() {
        let spans = Spans::of(&truth, &Label::SPEECH);
        evaluate(&[&Scored::new(spans, vec![0.5; FRAMES], 0.25)]);
    }
});
