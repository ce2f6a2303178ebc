//! Times after a cut.

use super::super::Chunk;
use super::*;

fn cue(offsets: &[u32]) -> Vec<u8> {
    let mut bytes = u32::try_from(offsets.len()).expect("few").to_le_bytes().to_vec();
    for (id, offset) in (1_u32..).zip(offsets) {
        bytes.extend(id.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
        bytes.extend(*b"data");
        bytes.extend([0; 8]);
        bytes.extend(offset.to_le_bytes());
    }
    bytes
}

fn chunk(id: &[u8; 4], bytes: &[u8]) -> Chunk {
    Chunk { id: *id, bytes: bytes.to_vec() }
}

/// The first ten samples and those from 100 to 200 are cut out.
fn position(old: u64) -> u64 {
    old.clamp(10, 100) - 10 + old.max(200) - 200
}

fn is_cut(old: u64) -> bool {
    old < 10 || (100..200).contains(&old)
}

#[test]
fn markers_regions_loops_and_references_move_with_their_samples() {
    let mut bext = vec![0; 602];
    bext[338..346].copy_from_slice(&48_000_u64.to_le_bytes());
    bext[346] = 2;
    let mut smpl = vec![0; 36 + 24];
    smpl[44..48].copy_from_slice(&50_u32.to_le_bytes());
    smpl[48..52].copy_from_slice(&250_u32.to_le_bytes());
    let region = |length: u32| {
        [
            &b"adtlltxt\x14\0\0\0\x01\0\0\0"[..],
            &length.to_le_bytes(),
            b"rgn \0\0\0\0\0\0\0\0labl\x05\0\0\0\x02\0\0\0a",
        ]
        .concat()
    };
    let mut metadata = Metadata {
        before: vec![chunk(b"bext", &bext), chunk(b"smpl", &smpl)],
        after: vec![chunk(b"cue ", &cue(&[50, 150, 250])), chunk(b"LIST", &region(200))],
        ..Metadata::default()
    };
    assert_eq!(metadata.remap(1_000, 10, position, is_cut), Remapped { joined: 1, unmoved: vec![] });
    metadata.invalidate_loudness();
    let bext = &metadata.before[0].bytes;
    assert_eq!(bext[338..346], 48_010_u64.to_le_bytes());
    assert_eq!(bext[412..422], [0xff, 0x7f, 0xff, 0x7f, 0xff, 0x7f, 0xff, 0x7f, 0xff, 0x7f]);
    assert_eq!(metadata.before[1].bytes[44..52], [40, 0, 0, 0, 140, 0, 0, 0]);
    assert_eq!(metadata.after[0].bytes, cue(&[40, 90, 140]));
    // From 50 to 250 there are 100 samples left.
    assert_eq!(metadata.after[1].bytes, region(100));
}

#[test]
fn times_in_ixml_move() {
    let ixml = |low: u64, high: u64, bwf: u64, first: u64| {
        format!(
            "<BWFXML><SPEED><TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>{high}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>\
             <TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>{low}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO></SPEED>\
             <BEXT><BWF_TIME_REFERENCE_LOW>{bwf}</BWF_TIME_REFERENCE_LOW></BEXT>\
             <SYNC_POINT><SYNC_POINT_TYPE>RELATIVE</SYNC_POINT_TYPE><SYNC_POINT_LOW>{first}</SYNC_POINT_LOW></SYNC_POINT>\
             <SYNC_POINT><SYNC_POINT_TYPE>ABSOLUTE</SYNC_POINT_TYPE><SYNC_POINT_LOW>77</SYNC_POINT_LOW></SYNC_POINT></BWFXML>"
        )
    };
    let wide = u64::from(u32::MAX);
    let mut metadata = Metadata {
        before: vec![chunk(b"iXML", ixml(wide - 3, 1, 500, 150).as_bytes())],
        ..Metadata::default()
    };
    metadata.remap(1_000, 10, position, is_cut);
    assert_eq!(String::from_utf8_lossy(&metadata.before[0].bytes), ixml(6, 2, 510, 90));
}

#[test]
fn hostile_chunks_do_no_harm() {
    let mut metadata = Metadata {
        before: vec![
            chunk(b"bext", b"short"),
            chunk(b"cue ", &[255; 30]),
            chunk(b"LIST", b"INFOISFT\xff\xff\xff\xffab"),
            chunk(b"LIST", b"adtlltxt\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
            chunk(b"iXML", b"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>99999999999999999999"),
            chunk(b"smpl", &[255; 50]),
        ],
        ..Metadata::default()
    };
    metadata.remap(48_000, u64::MAX, |at| at, |_| false);
    metadata.invalidate_loudness();
    assert_eq!(metadata.info(), [("ISFT".to_owned(), "ab".to_owned())]);
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("long enough"))
}

fn field(key: &str, text: &str) -> (String, String) {
    (key.to_owned(), text.to_owned())
}

#[test]
fn timers_and_play_lists_move() {
    let mut cart = vec![0; 2_048];
    for (at, (usage, place)) in [(b"AUDs", 50_u32), (b"AUDe", 250), (b"SEC1", 150)].iter().enumerate() {
        cart[684 + 8 * at..688 + 8 * at].copy_from_slice(&usage[..]);
        cart[688 + 8 * at..692 + 8 * at].copy_from_slice(&place.to_le_bytes());
    }
    let list: Vec<u8> = [2_u32, 1, 200, 1, 2, 30, 1].iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut metadata = Metadata {
        before: vec![chunk(b"cart", &cart)],
        // The list stands before the points that it names.
        after: vec![chunk(b"plst", &list), chunk(b"cue ", &cue(&[50, 220]))],
        ..Metadata::default()
    };
    let remapped = metadata.remap(1_000, 10, position, is_cut);
    assert_eq!(remapped, Remapped { joined: 1, unmoved: vec![] });
    let cart = &metadata.before[0].bytes;
    assert_eq!([688, 696, 704, 712].map(|at| number(cart, at)), [40, 140, 90, 0]);
    assert_eq!([8, 20].map(|at| number(&metadata.after[0].bytes, at)), [100, 30]);
}

#[test]
fn chapters_in_comments_move() {
    let mut metadata = Metadata {
        comments: vec![
            field("CHAPTER001", "00:00:00.050"),
            field("chapter002", "00:00:00.150"),
            field("CHAPTER002NAME", "00:00:00.150"),
            field("CHAPTER003", "01:00:00.25"),
            field("CHAPTER004", "soon"),
            field("CUESHEET", "TRACK 02 AUDIO\r\n  INDEX 01 00:03:00\r\n"),
            field("LYRICS", "[00:01.00]La"),
            field("TITLE", "00:00:00.050"),
        ],
        ..Metadata::default()
    };
    let remapped = metadata.remap(1_000, 10, position, is_cut);
    let unmoved = ["CHAPTER004", "LYRICS"].map(str::to_owned).to_vec();
    assert_eq!(remapped, Remapped { joined: 1, unmoved });
    let texts: Vec<&str> = metadata.comments.iter().map(|(_, text)| text.as_str()).collect();
    let moved = [
        "00:00:00.040",
        "00:00:00.090",
        "00:00:00.150",
        "01:00:00.14",
        "soon",
        "TRACK 02 AUDIO\r\n  INDEX 01 00:02:66\r\n",
        "[00:01.00]La",
        "00:00:00.050",
    ];
    assert_eq!(texts, moved);
}

#[test]
fn ixml_moves_however_it_is_encoded() {
    let ixml = |reference: u64, at: u64, duration: u64| {
        format!(
            "<BWFXML><NOTE>caf\u{e9}</NOTE><TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>{reference}\
             </TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO><SYNC_POINT><SYNC_POINT_LOW >{at}</SYNC_POINT_LOW>\
             <SYNC_POINT_EVENT_DURATION>{duration}</SYNC_POINT_EVENT_DURATION></SYNC_POINT></BWFXML>"
        )
    };
    let latin_1 = |text: String| text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin")).collect();
    let wide = |text: String| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide_be = |text: String| text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let encodings: [&dyn Fn(String) -> Vec<u8>; 4] = [&String::into_bytes, &latin_1, &wide, &wide_be];
    for encoded in encodings {
        let before = vec![chunk(b"iXML", &encoded(ixml(5_000, 50, 200)))];
        let mut metadata = Metadata { before, ..Metadata::default() };
        assert_eq!(metadata.remap(1_000, 10, position, is_cut), Remapped::default());
        assert_eq!(metadata.before[0].bytes, encoded(ixml(5_010, 40, 100)));
    }
    let broken = vec![chunk(b"iXML", b"\xff\xfe\x00\xd8<\0")];
    let mut metadata = Metadata { before: broken.clone(), ..Metadata::default() };
    assert_eq!(metadata.remap(1_000, 10, position, is_cut).unmoved, ["iXML"]);
    assert_eq!(metadata.before, broken);
}

#[test]
fn markers_of_xmp_move_in_their_own_units() {
    let xmp = |first: &str, length: u32, second: u32| {
        format!(
            "<rdf:Bag><rdf:li rdf:parseType=\"Resource\"><xmpDM:frameRate>f2000</xmpDM:frameRate><rdf:Seq>\
             <rdf:li><rdf:Description xmpDM:duration=\"{length}\" xmpDM:startTime=\"{first}\" xmpDM:name=\"A\"/></rdf:li>\
             <rdf:li><xmpDM:startTime>{second}</xmpDM:startTime><xmpDM:duration>maximum</xmpDM:duration></rdf:li>\
             </rdf:Seq></rdf:li></rdf:Bag>"
        )
    };
    let mut metadata =
        Metadata { before: vec![chunk(b"_PMX", xmp("25f500", 400, 300).as_bytes())], ..Metadata::default() };
    assert_eq!(metadata.remap(1_000, 10, position, is_cut), Remapped { joined: 1, unmoved: vec![] });
    // 50 samples of 1 kHz, 200 long; and 150.
    assert_eq!(String::from_utf8_lossy(&metadata.before[0].bytes), xmp("20f500", 200, 180));
    let lost = xmp("25", 400, 300).replace("f2000", "");
    let mut metadata = Metadata { before: vec![chunk(b"_PMX", lost.as_bytes())], ..Metadata::default() };
    assert_eq!(metadata.remap(1_000, 10, position, is_cut).unmoved, ["_PMX"]);
    assert_eq!(metadata.before[0].bytes, lost.as_bytes());
}

fn frame(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("short");
    assert!(length < 0x80);
    [&name[..], &[0, 0, 0, length, 0, 0], content].concat()
}

#[test]
fn chapters_of_id3_move_and_what_else_has_times_is_named() {
    let tag = |start: u8, end: u8, text: &[u8]| {
        let times = [&b"c1\0\0\0\0"[..], &[start, 0, 0, 0, end], &[0xff; 8]].concat();
        let frames = [
            frame(b"CHAP", &[&times[..], &frame(b"TIT2", b"\x03One")].concat()),
            frame(b"TXXX", &[b"\x03CHAPTER002\0", text].concat()),
            frame(b"SYLT", b"\0eng"),
        ]
        .concat();
        let length = u8::try_from(frames.len()).expect("short");
        [&b"ID3\x04\0\0\0\0"[..], &[length >> 7, length & 0x7f], &frames].concat()
    };
    let other = chunk(b"acid", &[0; 24]);
    let mut metadata = Metadata {
        after: vec![chunk(b"id3 ", &tag(50, 250, b"00:00:00.150")), other.clone()],
        ..Metadata::default()
    };
    let remapped = metadata.remap(1_000, 10, position, is_cut);
    let unmoved = ["acid", "id3 SYLT"].map(str::to_owned).to_vec();
    assert_eq!(remapped, Remapped { joined: 1, unmoved });
    assert_eq!(metadata.after, [chunk(b"id3 ", &tag(40, 140, b"00:00:00.090")), other]);
    // What a player of FLAC shows of it.
    let clock = "00:00:00.040";
    let found =
        [field("CHAPTER002", "00:00:00.090"), field("CHAPTER001", clock), field("CHAPTER001NAME", "One")];
    assert_eq!(metadata.of_id3().0, found);
}

/// A cue sheet of tracks that begin there; the last is the lead-out.
fn sheet(starts: &[u64]) -> Vec<u8> {
    let mut block = vec![0; 128 + 8 + 1 + 258];
    block.push(u8::try_from(starts.len()).expect("few"));
    for (number, start) in (1..).zip(starts) {
        let last = usize::from(number) == starts.len();
        block.extend(start.to_be_bytes());
        block.push(if last { 255 } else { number });
        block.extend([0; 26]);
        block.push(u8::from(!last));
        if !last {
            block.extend([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
        }
    }
    block
}

#[test]
fn a_cue_sheet_moves_or_is_left_out() {
    let with = |starts: &[u64]| Metadata { cue_sheet: Some(sheet(starts)), ..Metadata::default() };
    let mut metadata = with(&[0, 50, 250, 400]);
    assert_eq!(metadata.remap(1_000, 10, position, is_cut).unmoved, [""; 0]);
    assert_eq!(metadata, with(&[0, 40, 140, 290]));
    let starts = cue_sheet::track_starts(metadata.cue_sheet.as_deref().expect("kept"));
    assert_eq!(starts, [(1, 0), (2, 40), (3, 140)]);
    // Both in what was cut out: the first of them has no length now.
    let mut fallen = with(&[0, 120, 150, 400]);
    assert_eq!(fallen.remap(1_000, 10, position, is_cut), Remapped { joined: 2, unmoved: vec![] });
    assert_eq!(fallen, with(&[0, 90, 90, 290]));
    // The encoder takes no second track at the start.
    let mut begun = with(&[0, 5, 150, 400]);
    assert_eq!(begun.remap(1_000, 10, position, is_cut).unmoved, ["CUESHEET (left out)"]);
    assert_eq!(begun.cue_sheet, None);
}
