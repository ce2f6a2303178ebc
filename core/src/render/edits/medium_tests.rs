//! Lists of a source that has a time code, and of one that has a picture.

use std::path::Path;

use super::*;

/// Seconds 12 to 14 and 16 to 20 of 20 s at 48 kHz.
fn list(units: u64, per_second: u32) -> EditList {
    let mut list = EditList::keeping([576_000..672_000, 768_000..960_000], 48_000, 1, 960_000);
    list.start = SourceStart { units, per_second };
    list
}

fn film() -> EditList {
    let rate = "24".parse().ok();
    EditList { picture: Some(ListPicture { rate, width: 1_280, height: 720 }), ..list(0, 1) }
}

fn written(list: &EditList, format: ListFormat, rate: Option<&str>) -> String {
    format.write(list, Path::new("/tapes/a.wav"), rate.map(|rate| rate.parse().expect("a rate")))
}

#[test]
fn an_edl_counts_the_source_from_its_time_code() {
    // 10:00:05:00.
    let edl = written(&list(1_728_240_000, 48_000), ListFormat::Cmx3600, None);
    assert!(edl.contains(" 10:00:17:00 10:00:19:00 00:00:00:00 00:00:02:00\n"), "{edl}");
    assert!(edl.contains("\n* FRAME RATE: 25\n* SOURCE START: 10:00:05:00\n"), "{edl}");
    assert!(!written(&list(0, 48_000), ListFormat::Cmx3600, None).contains("SOURCE START"));
    // Drop-frame: 01:00:00;00 is frame 107 892 of 30 000 in 1001 s, and twelve seconds are 360 frames (359.64).
    let edl = written(&list(107_892 * 1_001, 30_000), ListFormat::Cmx3600, Some("29.97"));
    assert!(edl.contains("* SOURCE START: 01:00:00;00\n") && edl.contains(" 01:00:12;00 "), "{edl}");
    // Midnight passes.
    let edl = written(&list(86_385, 1), ListFormat::Cmx3600, None);
    assert!(edl.contains(" 23:59:57:00 23:59:59:00 ") && edl.contains(" 00:00:01:00 00:00:05:00 "), "{edl}");
    let read = ListFormat::Cmx3600.read(&edl, None).expect("a list");
    assert_eq!(read, [(12.0, 14.0), (16.0, 20.0)]);
    let mut across = EditList::keeping(std::iter::once(576_000..960_000), 48_000, 1, 960_000);
    across.start = SourceStart { units: 86_385, per_second: 1 };
    let edl = written(&across, ListFormat::Cmx3600, None);
    assert!(edl.contains(" 23:59:57:00 24:00:05:00 "), "{edl}");
    assert_eq!(ListFormat::Cmx3600.read(&edl, None), Ok(vec![(12.0, 20.0)]));
}

#[test]
fn media_tell_the_time_code_that_they_begin_with() {
    let text = written(&list(1_728_240_000, 48_000), ListFormat::Fcpxml, None);
    assert!(text.contains(" start=\"36005s\" duration=\"960000/48000s\" hasAudio"), "{text}");
    assert!(text.contains(" offset=\"0s\" start=\"36017s\" duration=\"50/25s\""), "{text}");
    // 1/48 000 s beyond: no frame, and exact all the same.
    let text = written(&list(1_728_240_001, 48_000), ListFormat::Fcpxml, None);
    assert!(text.contains(" start=\"1728240001/48000s\" ") && text.contains(" start=\"1728816001/48000s\" "));
    let otio = |rate| -> serde_json::Value {
        serde_json::from_str(&written(&list(36_005, 1), ListFormat::Otio, rate)).expect("JSON")
    };
    for (rate, per_second) in [(None, 48_000.0), (Some("25"), 25.0)] {
        let clip = &otio(rate)["tracks"]["children"][0]["children"][0];
        let media = &clip["media_references"]["DEFAULT_MEDIA"]["available_range"];
        assert_eq!(media["start_time"]["value"], 36_005.0 * per_second);
        assert_eq!(media["duration"]["value"], 20.0 * per_second);
        assert_eq!(clip["source_range"]["start_time"]["value"], 36_017.0 * per_second);
    }
}

#[test]
fn lists_of_before_are_read_as_they_were() {
    let edl = "TITLE: a\n001  AX  A  C  00:00:12:00 00:00:14:00 00:00:00:00 00:00:02:00\n";
    assert_eq!(ListFormat::Cmx3600.read(edl, None), Ok(vec![(12.0, 14.0)]));
    let said =
        ListFormat::Cmx3600.read(&format!("{edl}* SOURCE START: 1 h\n"), None).expect_err("no time code");
    assert!(said.to_string().starts_with("line 3: 1 h is no time code"), "{said}");
    let xml = r#"<fcpxml><asset id="r2"/><asset-clip ref="r2" start="12s" duration="2s"/></fcpxml>"#;
    assert_eq!(ListFormat::Fcpxml.read(xml, None), Ok(vec![(12.0, 14.0)]));
}

#[test]
fn a_film_is_cut_with_its_picture() {
    let stereo = EditList { channels: 2, ..film() };
    assert!(
        written(&film(), ListFormat::Cmx3600, None).contains("001  AX       B     C        00:00:12:00 ")
    );
    let edl = written(&stereo, ListFormat::Cmx3600, None);
    assert!(edl.contains("001  AX       AA/V  C        00:00:12:00 ") && edl.contains("* FRAME RATE: 24\n"));
    let otio: serde_json::Value =
        serde_json::from_str(&written(&film(), ListFormat::Otio, None)).expect("JSON");
    let tracks = otio["tracks"]["children"].as_array().expect("tracks");
    assert_eq!((&tracks[0]["kind"], &tracks[1]["kind"]), (&"Video".into(), &"Audio".into()));
    assert_eq!(tracks[0]["children"], tracks[1]["children"]);
    assert_eq!(tracks[0]["children"][0]["source_range"]["start_time"]["rate"], 24.0);
    let own = r#"<format id="r1" frameDuration="1/24s" width="1280" height="720"/>"#;
    let xml = written(&film(), ListFormat::Fcpxml, None);
    assert!(xml.contains(own) && xml.contains(r#" hasVideo="1" format="r1" hasAudio="1""#), "{xml}");
    let xml = written(&film(), ListFormat::Fcpxml, Some("25"));
    assert!(
        xml.contains(r#"<format id="r3" frameDuration="1/24s" "#) && xml.contains(r#" format="r3" "#),
        "{xml}"
    );
    assert!(written(&film(), ListFormat::AutoEditor, None).contains(r#""timebase": "24/1""#));
    for format in [ListFormat::Cmx3600, ListFormat::Otio, ListFormat::Fcpxml] {
        let read = format.read(&written(&film(), format, None), None).expect("a list");
        assert_eq!(read, [(12.0, 14.0), (16.0, 20.0)], "{format:?}");
    }
}

#[test]
fn only_sound_has_a_level() {
    let mut film = film();
    film.edits[1].kind = EditKind::Changed(-6.0);
    let otio: serde_json::Value =
        serde_json::from_str(&written(&film, ListFormat::Otio, None)).expect("JSON");
    let effects = |track: usize| &otio["tracks"]["children"][track]["children"][0]["effects"];
    assert_eq!(
        (effects(0).as_array().map(Vec::len), effects(1).as_array().map(Vec::len)),
        (Some(0), Some(1))
    );
}

/// A WAV of one sample with this content of `bext`, behind the samples or before them.
fn wave(folder: &Path, bext: &[u8], is_behind: bool) -> EditList {
    let chunk = |name: &[u8], content: &[u8]| {
        [name, &u32::try_from(content.len()).expect("small").to_le_bytes(), content].concat()
    };
    let form = chunk(b"fmt ", &[1, 0, 1, 0, 0x80, 0xbb, 0, 0, 0, 0x77, 1, 0, 2, 0, 16, 0]);
    let (data, bext) = (chunk(b"data", &[0, 0]), chunk(b"bext", bext));
    let chunks = if is_behind { [form, data, bext] } else { [form, bext, data] };
    let file = chunk(b"RIFF", &[b"WAVE".to_vec(), chunks.concat()].concat());
    let path = folder.join("a.wav");
    std::fs::write(&path, file).expect("written");
    EditList::keeping(std::iter::once(0..1), 48_000, 1, 1).of_file(&path)
}

#[test]
fn a_broadcast_wave_tells_when_it_begins() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |samples: u64, is_behind| {
        let mut bext = vec![0; 602];
        bext[338..346].copy_from_slice(&samples.to_le_bytes());
        wave(folder.path(), &bext, is_behind).start
    };
    let begins = SourceStart { units: 1_728_240_000, per_second: 48_000 };
    assert_eq!((of(1_728_240_000, false), of(1_728_240_000, true)), (begins, begins));
    // None, more than a day has, and a chunk that is cut short.
    assert_eq!((of(0, false), of(86_400 * 48_000, false)), (SourceStart::ZERO, SourceStart::ZERO));
    assert_eq!(wave(folder.path(), &[1; 344], false).start, SourceStart::ZERO);
    let none = EditList::keeping(std::iter::once(0..1), 48_000, 1, 1);
    assert_eq!(none.clone().of_file(&folder.path().join("none.wav")), none);
}
