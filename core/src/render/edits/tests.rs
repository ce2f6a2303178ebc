//! Lists of a small cut.

use std::path::Path;

use super::*;
use crate::gate::{CutSettings, Fade};

fn list() -> EditList {
    let settings =
        CutSettings { max_pause_ms: 1_000.0, pad_ms: 500.0, crossfade_ms: 20.0, fade: Fade::Linear };
    let plan = CutPlan::new([1_000..3_000, 9_000..10_000], &settings, 1_000, 12_000).expect("valid");
    let changes = [(0, 900), (3_200, 8_700), (9_900, 12_000)].map(|(start, end)| GainChange {
        start,
        end,
        gain_db: -12.0,
    });
    EditList::new(&plan, &changes, 1_000, 2)
}

/// A path as the system writes it in full: on Windows with the drive of this folder.
fn in_full(path: &str) -> String {
    std::path::absolute(path).expect("a folder").to_str().expect("plain").to_owned()
}

/// The same as an address, of a path from the root that is written as addresses are.
fn address(path: &str) -> String {
    let root = in_full("/");
    let drive = root.trim_end_matches(['/', '\\']);
    if drive.is_empty() { format!("file://{path}") } else { format!("file:///{drive}{path}") }
}

#[test]
fn stretches_cover_source_and_output() {
    let list = list();
    let edits = list.edits();
    assert_eq!((edits[0].start, edits.last().expect("edits").end), (0, 12_000));
    assert_eq!((edits[0].out_start, edits.last().expect("edits").out_end), (0, 5_000));
    for pair in edits.windows(2) {
        assert_eq!((pair[0].end, pair[0].out_end), (pair[1].start, pair[1].out_start));
    }
    let changed = |e: &&CutListEntry| matches!(e.kind, EditKind::Changed(_));
    let spans: Vec<_> = edits.iter().filter(changed).map(|e| (e.start, e.end)).collect();
    assert_eq!(spans, [(500, 900), (3_200, 3_500), (8_500, 8_700), (9_900, 10_500)]);
}

#[test]
fn the_ending_says_the_form() {
    let of = |name: &str| ListFormat::of_path(Path::new(name));
    assert_eq!(of("a.EDL"), Some(ListFormat::Cmx3600));
    assert_eq!((of("a.rpp"), of("a.txt")), (Some(ListFormat::Reaper), Some(ListFormat::Audacity)));
    assert_eq!((of("a.wav"), of("edl")), (None, None));
    let reaper = ListFormat::Reaper.write(&list(), Path::new("talk.wav"), None);
    assert!(reaper.contains(&format!("FILE \"{}\"", in_full("talk.wav"))), "{reaper}");
}

#[test]
fn editors_get_the_new_positions() {
    let list = list();
    let audacity = ListFormat::Audacity.write(&list, Path::new("talk.wav"), None);
    let lines: Vec<&str> = audacity.lines().collect();
    assert_eq!(lines[0], "0.000000\t0.000000\tcut 0.500 s");
    assert_eq!(lines[1], "0.000000\t0.400000\t-12.0 dB");
    assert_eq!(lines[3], "3.000000\t3.000000\tcut 5.000 s");
    let edl = ListFormat::Cmx3600.write(&list, Path::new("/tapes/talk 1.wav"), None);
    let events: Vec<&str> =
        edl.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
    assert_eq!(events[0], "001  AX       AA    C        00:00:00:13 00:00:00:23 00:00:00:00 00:00:00:10");
    assert_eq!(events.len(), 6);
    assert!(edl.contains("TITLE: talk 1\n") && edl.contains("* FROM CLIP NAME: talk 1.wav"));
    assert!(events.windows(2).all(|pair| pair[0][65..76] == pair[1][53..64]), "the record side has no gaps");
    let name = "/tapes/say \"hi\".flac";
    let reaper = ListFormat::Reaper.write(&list, Path::new(name), None);
    assert!(reaper.contains(&format!("FILE '{}'", in_full(name))) && reaper.contains("<SOURCE FLAC"));
    assert!(reaper.contains("POSITION 2.990000000") && reaper.contains("SOFFS 8.490000000"), "{reaper}");
    assert_eq!(reaper.matches('<').count(), reaper.lines().filter(|line| line.trim() == ">").count());
}

#[test]
fn the_sides_of_frames_have_no_gaps_at_any_rate() {
    let list = list();
    for rate in FrameRate::ALL {
        let events = frames::events(&list, rate);
        assert_eq!(events[0].record, 0);
        assert!(events.windows(2).all(|pair| pair[0].record + pair[0].length == pair[1].record), "{rate}");
        let last = events.last().expect("events");
        assert_eq!(last.record + last.length, rate.nearest(5_000, 1_000), "{rate}");
    }
}

#[test]
fn no_clip_reaches_beyond_its_medium() {
    // 20 s less a sample of 24 kHz, of which the end is kept: 499 whole frames, and 90.6 frames that end with it.
    let list = EditList::keeping(std::iter::once(393_000..479_999), 24_000, 2, 479_999);
    let event = frames::events(&list, FrameRate::PAL)[0];
    // 393 000 samples are 409.4 frames, and 86 999 are 90.6.
    assert_eq!((event.source, event.length), (408, 91));
    let edl = ListFormat::Cmx3600.write(&list, Path::new("st.wav"), None);
    assert!(edl.contains(" 00:00:16:08 00:00:19:24 00:00:00:00 00:00:03:16\n"), "{edl}");
    let text = ListFormat::Otio.write(&list, Path::new("st.wav"), Some(FrameRate::PAL));
    let otio: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let clip = &otio["tracks"]["children"][0]["children"][0];
    let media = &clip["media_references"]["DEFAULT_MEDIA"]["available_range"];
    assert_eq!(media["duration"]["value"], 499.0);
    assert_eq!(clip["source_range"]["start_time"]["value"], 408.0);
    // All of it is kept: a frame that is only begun is none.
    let whole = EditList::keeping(std::iter::once(0..479_999), 24_000, 2, 479_999);
    let event = frames::events(&whole, FrameRate::PAL)[0];
    assert_eq!((event.source, event.record, event.length), (0, 0, 499));
}

proptest::proptest! {
    #[test]
    fn no_clip_of_any_list_reaches_beyond_its_medium(
        lengths in proptest::collection::vec((0_u64..9_000, 1_u64..9_000), 0..12),
        after in 0_u64..3_000,
        rate in proptest::sample::select(FrameRate::ALL.to_vec()),
    ) {
        let mut at = 0;
        let kept: Vec<_> = lengths.iter().map(|(pause, length)| {
            let start = at + pause;
            at = start + length;
            start..at
        }).collect();
        let list = EditList::keeping(kept, 44_100, 2, at + after);
        let events = frames::events(&list, rate);
        let total = rate.whole(at + after, 44_100);
        for event in &events {
            proptest::prop_assert!(event.length > 0 && event.source + event.length <= total, "{event:?} of {total}");
        }
        let gaps = events.windows(2).any(|pair| pair[0].record + pair[0].length != pair[1].record);
        proptest::prop_assert!(!gaps, "{events:?}");
    }
}

#[test]
fn reaper_is_told_which_of_its_readers_opens_the_file() {
    let list = list();
    for (name, kind) in [
        ("a.wav", "WAVE"),
        ("a.FLAC", "FLAC"),
        ("a.opus", "OPUS"),
        ("a.ogg", "VORBIS"),
        ("a.wv", "WAVPACK"),
        ("a.MOV", "VIDEO"),
        ("a.m4a", "VIDEO"),
        ("a.webm", "VIDEO"),
        ("a.aiff", "WAVE"),
        ("wav", "WAVE"),
    ] {
        let project = ListFormat::Reaper.write(&list, Path::new(name), None);
        assert!(project.contains(&format!("<SOURCE {kind}\n")), "{name}: {project}");
    }
}

#[test]
fn an_edl_says_its_rate() {
    let edl = |rate: &str| {
        let rate = rate.parse().expect("a rate");
        ListFormat::Cmx3600.write(&list(), Path::new("talk.wav"), Some(rate))
    };
    assert!(edl("29.97").contains("FCM: DROP FRAME\n\n001 "));
    assert!(edl("29.97").contains("\n* FRAME RATE: 29.97\n"));
    assert!(edl("29.97").contains("00:00:00;15"), "{}", edl("29.97"));
    assert!(edl("29.97ndf").contains("FCM: NON-DROP FRAME\n\n001 "));
    assert!(edl("29.97ndf").contains("\n* FRAME RATE: 29.97ndf\n"));
}

#[test]
fn open_timeline_counts_samples_unless_a_rate_is_given() {
    let parse = |rate: Option<&str>| -> serde_json::Value {
        let rate = rate.map(|rate| rate.parse().expect("a rate"));
        serde_json::from_str(&ListFormat::Otio.write(&list(), Path::new("/a b/talk.wav"), rate))
            .expect("JSON")
    };
    let exact = parse(None);
    let clips = exact["tracks"]["children"][0]["children"].as_array().expect("clips");
    let lengths: f64 = clips.iter().filter_map(|c| c["source_range"]["duration"]["value"].as_f64()).sum();
    assert_eq!(lengths, 5_000.0);
    assert_eq!(clips[0]["source_range"]["duration"]["rate"], 1_000.0);
    let media = &clips[0]["media_references"]["DEFAULT_MEDIA"];
    assert_eq!(media["target_url"], address("/a%20b/talk.wav"));
    let gained = clips.iter().find(|clip| clip["effects"][0]["effect_name"] == "gain").expect("a level");
    assert_eq!(gained["effects"][0]["metadata"]["earmark"]["gain_db"], -12.0);
    let frames = parse(Some("24"));
    assert_eq!(frames["tracks"]["children"][0]["children"][0]["source_range"]["duration"]["rate"], 24.0);
}

#[test]
fn chunks_cover_the_source_and_say_what_is_cut() {
    let text = ListFormat::AutoEditor.write(&list(), Path::new("/talk.wav"), Some(FrameRate::PAL));
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&list["version"], &list["source"]), (&"1".into(), &in_full("/talk.wav").into()));
    // The source has 12 s; the pauses before, between and after are shortened to a second.
    let expected = serde_json::json!([
        [0, 13, 99_999.0],
        [13, 88, 1.0],
        [88, 213, 99_999.0],
        [213, 263, 1.0],
        [263, 300, 99_999.0]
    ]);
    assert_eq!(list["chunks"], expected);
}

#[test]
fn final_cut_counts_whole_frames() {
    let rate = "29.97".parse().expect("a rate");
    let text = ListFormat::Fcpxml.write(&list(), Path::new("/a&b/\"talk\".wav"), Some(rate));
    let document = roxmltree::Document::parse_with_options(
        &text,
        roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() },
    )
    .expect("XML");
    let asset = document.descendants().find(|node| node.has_tag_name("asset")).expect("an asset");
    assert_eq!(asset.attribute("src"), Some(&*address("/a%26b/%22talk%22.wav")));
    assert_eq!(asset.attribute("name"), Some("\"talk\".wav"));
    let frames = |time: &str| match time {
        "0s" => 0,
        _ => {
            let (value, base) = time.trim_end_matches('s').split_once('/').expect("a fraction");
            assert_eq!(base, "30000", "{time}");
            let value: u64 = value.parse().expect("a number");
            assert_eq!(value % 1_001, 0, "{time} is no whole frame");
            value / 1_001
        }
    };
    let mut at = 0;
    for clip in document.descendants().filter(|node| node.has_tag_name("asset-clip")) {
        let of = |name| frames(clip.attribute(name).expect(name));
        assert_eq!(of("offset"), at);
        at += of("duration");
    }
    assert_eq!(at, FrameRate::nearest(rate, 5_000, 1_000));
    assert!(text.contains("tcFormat=\"DF\"") && text.contains("amount=\"-12.00dB\""));
}
