//! Every format parses back to what was written.

use proptest::prelude::*;

use super::*;
use crate::Label;
use crate::decide::{Segment, Timeline};

fn segment(label: &str, start_s: f64, end_s: f64, confidence: f32) -> Segment {
    Segment { label: Label::new(label), start_s, end_s, confidence }
}

/// A programme with labels that overlap, a title of blanks and quotes, and an end that lies on no millisecond.
fn programme() -> Report {
    let segments = vec![
        segment("music", 0.0, 12.5, 0.91),
        segment("speech", 3.25, 3_725.018, 0.8765),
        segment("noise", 12.5, 60.0, 0.5),
        segment("silence", 3_725.018, 3_730.000_021, 1.0),
    ];
    let labels = ["speech", "music", "noise", "silence", "unknown"].map(Label::new).to_vec();
    let mut timeline = Timeline { segments, duration_s: 3_730.000_021, labels };
    timeline.sort();
    Report::new("a \"b\" & c, d.wav", timeline)
}

fn written(format: Format, report: &Report) -> String {
    let mut out = Vec::new();
    format.write(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What a format can carry of a report.
fn carried(format: Format, report: &Report) -> Report {
    use Format::{Audacity, Chapters, Clips, Csv, Cue, Eaf, Iiif, Json, Jsonl, Lhotse, Nemo};
    use Format::{Reaper, Rttm, Srt, TextGrid, Tsv, Vtt};
    let mut report = Report { timeline: report.timeline.rounded(format.steps_per_s()), ..report.clone() };
    for s in &mut report.timeline.segments {
        let lost = matches!(
            format,
            Audacity | TextGrid | Eaf | Srt | Vtt | Reaper | Format::Matrix | Clips | Iiif | Chapters
        );
        s.confidence = if lost { 1.0 } else { format!("{:.3}", s.confidence).parse().unwrap() };
    }
    if format == Clips {
        report.timeline.segments.retain(|s| s.label == Label::SPEECH);
        report.timeline.duration_s = report.timeline.segments.iter().map(|s| s.end_s).fold(0.0, f64::max);
    }
    let names_file =
        matches!(format, Csv | Tsv | Json | Jsonl | Rttm | Eaf | Vtt | Cue | Nemo | Lhotse | Iiif | Chapters);
    let by_segments = matches!(format, Csv | Tsv | Rttm | Nemo | Lhotse | Iiif);
    if !names_file || (by_segments && report.timeline.segments.is_empty()) {
        report.file.clear();
    }
    report
}

/// The same list: labels that never occur may be missing.
fn same(format: Format, read: &Report, expected: &Report) -> Result<(), TestCaseError> {
    prop_assert_eq!(&read.file, &expected.file, "{}", format);
    prop_assert_eq!(&read.timeline.segments, &expected.timeline.segments, "{}", format);
    prop_assert!((read.timeline.duration_s - expected.timeline.duration_s).abs() < 1e-9, "{}", format);
    Ok(())
}

#[test]
fn a_programme_comes_back_from_every_format() {
    let report = programme();
    for format in Format::ALL {
        let text = written(format, &report);
        let read = format.parse(&text).unwrap_or_else(|e| panic!("{format}: {e}\n{text}"));
        same(format, &read, &carried(format, &report)).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(written(format, &Report { file: report.file.clone(), ..read }), text, "{format}");
    }
}

#[test]
fn text_and_csv_are_as_the_contract_says() {
    let report = programme();
    assert!(
        written(Format::Text, &report).starts_with("0.000 12.500 music 0.910\n3.250 3725.018 speech 0.877\n")
    );
    let csv = written(Format::Csv, &report);
    let head = "file,start,end,label,confidence\n\"a \"\"b\"\" & c, d.wav\",0.000,12.500,music,0.910\n";
    assert!(csv.starts_with(head), "{csv}");
}

#[test]
fn only_speech_is_a_speaker() {
    let text = written(Format::Rttm, &programme());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "SPEAKER a%20\"b\"%20&%20c,%20d.wav 1 3.250 3721.768 <NA> <NA> speech 0.877 <NA>");
    assert!(lines[0].contains(" <NA> music music 0.910 <NA>") && lines[0].starts_with("NON-SPEECH "));
}

#[test]
fn the_matrix_has_a_row_per_hop_and_shares_of_it() {
    let text = written(Format::Matrix, &programme());
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows[0], "time,length,speech,music,noise,silence,unknown");
    assert_eq!(rows.len(), 1 + 3_730);
    assert_eq!(rows[4], "3.000,1.000,0.75,1,0,0,0");
    assert_eq!(rows[13], "12.000,1.000,1,0.5,0.5,0,0");
    let mut halves = Vec::new();
    write_matrix(&programme(), 0.5, &mut halves).unwrap();
    assert_eq!(String::from_utf8(halves).unwrap().lines().count(), 1 + 7_460);
    assert!(write_matrix(&programme(), 0.0, &mut Vec::new()).is_err());
}

#[test]
fn a_sheet_of_another_program_is_read_by_its_indexes() {
    let sheet = "FILE \"x.wav\" WAVE\n TRACK 01 AUDIO\n TITLE \"one\"\n INDEX 01 00:00:00\n TRACK 02 AUDIO\n \
                 TITLE \"two\"\n INDEX 00 00:01:00\n INDEX 01 00:02:30\n TRACK 03 AUDIO\n INDEX 01 01:00:00\n";
    let read = Format::Cue.parse(sheet).unwrap();
    let segments = [segment("one", 0.0, 2.4, 1.0), segment("two", 2.4, 60.0, 1.0)];
    assert_eq!((read.file.as_str(), &read.timeline.segments[..]), ("x.wav", &segments[..]));
}

#[test]
fn the_short_text_grid_is_read_too() {
    let short = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n0\n2.5\n<exists>\n2\n\"TextTier\"\n\"p\"\n0\n2.5\n1\n\
                 0.5\n\"mark\"\n\"IntervalTier\"\n\"words\"\n0\n2.5\n2\n0\n1.5\n\"say \"\"no\"\"\"\n1.5\n2.5\n\"\"\n";
    let read = Format::TextGrid.parse(short).unwrap();
    assert_eq!(read.timeline.segments, [segment("say \"no\"", 0.0, 1.5, 1.0)]);
    assert_eq!(read.timeline.duration_s, 2.5);
}

/// Praat ends over a grid whose tiers are `<absent>`.
#[test]
fn the_text_grid_of_nothing_says_that_it_has_no_tier() {
    let labels = vec![Label::SPEECH, Label::MUSIC];
    let empty = Report::new("empty.wav", Timeline { labels, ..Timeline::default() });
    let text = written(Format::TextGrid, &empty);
    assert!(text.ends_with("\nxmin = 0\nxmax = 0\ntiers? <exists>\nsize = 0\nitem []:\n"), "{text}");
    let old =
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = 0\ntiers? <absent>\n";
    for text in [text.as_str(), old] {
        assert_eq!(Format::TextGrid.parse(text).unwrap().timeline, Timeline::default());
    }
}

#[test]
fn several_sources_share_a_table() {
    let mut second = programme();
    second.file = "b.wav".to_owned();
    let both = [programme(), second];
    for format in Format::ALL {
        let mut out = Vec::new();
        let result = format.write_all(&both, &mut out);
        assert_eq!(result.is_ok(), format.holds_many(), "{format}");
        if format.holds_many() {
            let text = String::from_utf8(out).unwrap();
            let read = format.parse_all(&text).unwrap();
            assert_eq!(read.len(), 2, "{format}");
            for (read, report) in read.iter().zip(&both) {
                same(format, read, &carried(format, report)).unwrap();
            }
            assert!(matches!(format.parse(&text), Err(ReportError::OneSource { count: 2, .. })));
        }
    }
}

/// Two channels of one recording, heard each by itself.
#[test]
fn channels_are_kept_apart_and_point_to_their_recording() {
    let both = [1, 2].map(|channel| {
        let segments = vec![segment("speech", f64::from(channel), 5.0, 0.5)];
        let labels = vec![Label::SPEECH];
        let timeline = Timeline { segments, duration_s: 5.0, labels };
        Report { channel: Some(channel), ..Report::new("a/st.wav", timeline) }
    });
    for format in Format::ALL.into_iter().filter(|format| format.holds_many()) {
        let mut out = Vec::new();
        format.write_all(&both, &mut out).unwrap();
        let read = format.parse_all(std::str::from_utf8(&out).unwrap()).unwrap();
        let names: Vec<_> = read.iter().map(Report::name).collect();
        assert_eq!(names, ["a/st.wav#1", "a/st.wav#2"], "{format}");
        let starts: Vec<f64> = read.iter().map(|report| report.timeline.segments[0].start_s).collect();
        assert_eq!(starts, [1.0, 2.0], "{format}");
    }
    let second = |format| written(format, &both[1]);
    for (format, pointer) in [
        (Format::Nemo, r#"{"audio_filepath":"a/st.wav","channel":2,"#),
        (Format::Lhotse, r#"{"id":"a/st.wav#2-000000","recording_id":"a/st.wav","#),
        (Format::Lhotse, r#""channel":1,"#),
        (Format::Rttm, "SPEAKER a/st.wav 2 2.000 "),
        (Format::Iiif, r#""target": "a/st.wav#t=2.000,5.000""#),
        (Format::Eaf, r#" MEDIA_URL="a/st.wav" "#),
        (Format::Cue, "\nFILE \"a/st.wav\" WAVE\n"),
        (Format::Chapters, r#""fileName": "a/st.wav","#),
        (Format::Csv, "\na/st.wav#2,2.000,"),
        (Format::Vtt, "WEBVTT a/st.wav#2\n"),
        (Format::Json, r#""file": "a/st.wav#2","#),
    ] {
        let text = second(format);
        assert!(text.contains(pointer), "{format}: {text}");
    }
    // The second alone is still the second; the first alone may be all that there is.
    for (format, report, name) in [
        (Format::Rttm, &both[1], "a/st.wav#2"),
        (Format::Lhotse, &both[1], "a/st.wav#2"),
        (Format::Rttm, &both[0], "a/st.wav"),
        (Format::Lhotse, &both[0], "a/st.wav"),
        (Format::Nemo, &both[0], "a/st.wav#1"),
    ] {
        assert_eq!(format.parse(&written(format, report)).unwrap().name(), name, "{format}");
    }
    // Others write no number, or a list of them.
    let odd = "SPEAKER a <NA> 0 1 <NA> <NA> x <NA> <NA>\nSPEAKER b 0 0 1 <NA> <NA> x <NA> <NA>\n";
    let read = Format::Rttm.parse_all(odd).unwrap();
    assert_eq!(read.iter().map(|report| report.channel).collect::<Vec<_>>(), [None, None]);
    let all = r#"{"id":"x","recording_id":"a","start":0,"duration":1,"channel":[0,1]}"#;
    assert_eq!(Format::Lhotse.parse(all).unwrap().channel, None);
    let left = r#"{"audio_filepath":"a","channel":"left","offset":0,"duration":1,"label":"x"}"#;
    assert_eq!(Format::Nemo.parse(left).unwrap().channel, None);
}

#[test]
fn names_and_extensions_are_unique() {
    for format in Format::ALL {
        assert_eq!(format.name().parse::<Format>().unwrap(), format);
        let same = |f: &&Format| f.extension().eq_ignore_ascii_case(format.extension());
        assert_eq!(Format::ALL.iter().filter(same).count(), 1, "{format}");
    }
    let unknown = "mp3".parse::<Format>().unwrap_err().to_string();
    assert!(unknown.starts_with("there is no format named \"mp3\"; the formats are text, csv,"), "{unknown}");
}

#[test]
fn what_is_no_label_file_is_refused_with_its_line() {
    let wrong = "0.0 1.0 speech 0.5\n1.0 oops speech 0.5\n";
    let error = Format::Text.parse(wrong).unwrap_err().to_string();
    assert_eq!(error, "line 2 is no text: \"oops\" is no number");
    for format in [Format::Json, Format::Jsonl, Format::TextGrid, Format::Eaf, Format::Vtt, Format::Audacity]
    {
        assert!(format.parse("no such thing").is_err(), "{format}");
    }
    assert!(Format::Csv.parse("a,b\n1,2\n").is_err());
    assert!(Format::Text.parse("2.0 1.0 speech 0.5").is_err());
    assert!(Format::Text.parse("0.0 1.0 speech 1.5").is_err());
    let newer = r#"{"version": 2, "file": "", "duration": 0, "labels": [], "segments": []}"#;
    assert!(Format::Json.parse(newer).unwrap_err().to_string().contains("version is 2"));
}

#[test]
fn times_that_no_recording_has_are_refused() {
    let json = |end: &str, duration: &str| {
        format!(
            r#"{{"version": 1, "file": "", "duration": {duration}, "labels": [],
                "segments": [{{"start": 0, "end": {end}, "label": "speech", "confidence": 1}}]}}"#
        )
    };
    // Rounded to microseconds this would be infinity.
    assert!(Format::Json.parse(&json("1e305", "1")).is_err());
    assert!(Format::Text.parse("0 1e306 speech").is_err());
    for duration in ["1e305", "-1"] {
        assert_eq!(Format::Json.parse(&json("2.5", duration)).unwrap().timeline.duration_s, 2.5);
    }
    let cue = "REM DURATION -1\nFILE \"\" WAVE\n  TRACK 01 AUDIO\n    TITLE \"a\"\n    REM SEGMENT 0 2 1\n";
    assert_eq!(Format::Cue.parse(cue).unwrap().timeline.duration_s, 2.0);
}

/// Labels as hostile packs may have them.
fn any_label() -> impl Strategy<Value = String> {
    let odd = [
        "", " ", "%", "%41", "#", "<NA>", "a b", "\"", "a\tb", "x\r\ny", "-->", "]]>", "&amp;", "ö ß",
        "\u{feff}", "R1,", "\\", "!",
    ];
    prop_oneof![prop::sample::select(odd.to_vec()).prop_map(str::to_owned), any::<String>()]
}

/// A list as timelines are: sorted, no overlap per label, covering.
fn any_report() -> impl Strategy<Value = Report> {
    let pieces = prop::collection::vec((1_u32..40_000_000, 0_usize..4, 0.0_f32..=1.0), 0..12);
    (any_label(), prop::collection::vec(any_label(), 4), pieces).prop_map(|(file, names, pieces)| {
        let mut names: Vec<Label> = names.into_iter().map(Label::new).collect();
        names.sort();
        names.dedup();
        let (mut micros, mut segments): (u32, Vec<Segment>) = (0, Vec::new());
        for (length, which, sure) in pieces {
            let label = names[which % names.len()].as_str();
            let (start, end) = (f64::from(micros) / 1e6, f64::from(micros + length) / 1e6);
            segments.push(segment(label, start, end, sure));
            micros += length;
        }
        // Every other segment reaches a little into the next, where that is of another label.
        for i in (0..segments.len().saturating_sub(1)).step_by(2) {
            let next = &segments[i + 1];
            if segments[i].label != next.label
                && segments.get(i + 2).is_none_or(|s| s.label != segments[i].label)
            {
                segments[i].end_s = next.start_s + (next.end_s - next.start_s) / 2.0;
            }
        }
        let mut timeline = Timeline { segments, duration_s: f64::from(micros) / 1e6, labels: names };
        timeline.sort();
        Report::new(file, timeline)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_format_parses_back_equal(report in any_report()) {
        for format in Format::ALL.into_iter().filter(|f| *f != Format::Matrix) {
            let text = written(format, &report);
            let read = format.parse(&text);
            prop_assert!(read.is_ok(), "{format}: {} in\n{text}", read.unwrap_err());
            same(format, &read.unwrap(), &carried(format, &report))?;
        }
    }

    #[test]
    fn a_matrix_that_was_read_is_written_again(report in any_report()) {
        let text = written(Format::Matrix, &report);
        let again = written(Format::Matrix, &Format::Matrix.parse(&text).unwrap());
        prop_assert_eq!(text.lines().count(), again.lines().count());
        let cells = |text: &str| -> Vec<Vec<f64>> {
            let mut table = csv::Reader::from_reader(text.as_bytes());
            table.records().map(|r| r.unwrap().iter().map(|c| c.parse().unwrap()).collect()).collect()
        };
        for (before, after) in cells(&text).iter().zip(&cells(&again)) {
            // Both borders of a piece are rounded to milliseconds.
            let near = |(a, b): (&f64, &f64)| (a - b).abs() * before[1] < 2.5e-3;
            prop_assert!(before[2..].iter().zip(&after[2..]).all(near), "{before:?} {after:?}");
        }
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in any::<String>(), lines in "[0-9 \t:,.<>\"\\-a-zA-Z\n=]{0,200}") {
        for format in Format::ALL {
            let _ = format.parse_all(&text);
            let _ = format.parse_all(&lines);
        }
    }
}

#[test]
fn commas_before_decimals_are_read() {
    let expected = [segment("speech", 1.82, 3.71, 0.9), segment("music", 4.0, 5.5, 1.0)];
    let texts = [
        (Format::Text, "1,820 3,710 speech 0,900\n4 5,5 music\n"),
        (Format::Csv, "start;end;label;confidence\n1,82;3,71;speech;0,9\n4;5,5;music;1\n"),
        (Format::Csv, "start,end,label,confidence\n\"1,82\",\"3,71\",speech,\"0,9\"\n4,\"5,5\",music,1\n"),
        (Format::Tsv, "start\tend\tlabel\tconfidence\n1,82\t3,71\tspeech\t0,9\n4\t5,5\tmusic\t1\n"),
    ];
    for (format, text) in texts {
        assert_eq!(format.parse(text).unwrap().timeline.segments, expected, "{format}");
    }
    let audacity = Format::Audacity.parse("1,820000\t3,710000\tspeech\n").unwrap();
    assert_eq!(audacity.timeline.segments, [segment("speech", 1.82, 3.71, 1.0)]);
    for text in ["1,82,3 4 speech", "1.8,2 4 speech", ", 4 speech"] {
        assert!(Format::Text.parse(text).is_err(), "{text}");
    }
}
