//! What files carry, read from whole files.

use super::*;
use crate::render::StreamFormat;
use crate::render::flac::FlacOut;

fn read(bytes: &[u8]) -> Metadata {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    Metadata::read(file.path()).unwrap()
}

fn field(key: &str, text: &str) -> (String, String) {
    (key.to_owned(), text.to_owned())
}

/// A FLAC file of silence with this metadata.
fn flac(metadata: &Metadata) -> Vec<u8> {
    let format = StreamFormat { rate_hz: 44_100, channels: 1, bits: 16, float: false };
    let mut file = io::Cursor::new(Vec::new());
    let mut out = FlacOut::new(&mut file, format, metadata, Some(5_000)).unwrap();
    out.write(&[0.0; 5_000]).unwrap();
    out.finish().unwrap();
    file.into_inner()
}

/// A chunk of RIFF, or with numbers the other way round.
fn chunk(id: &[u8; 4], content: &[u8], big_endian: bool) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    let length = if big_endian { length.to_be_bytes() } else { length.to_le_bytes() };
    [&id[..], &length, content, if content.len() % 2 == 1 { &[0] } else { &[] }].concat()
}

fn wave(chunks: &[u8], big_endian: bool) -> Vec<u8> {
    let body = [b"WAVE", chunks, &chunk(b"data", &[0; 8], big_endian)].concat();
    chunk(if big_endian { b"RIFX" } else { b"RIFF" }, &body, big_endian)
}

fn frame(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&name[..], &[0, 0, 0, u8::try_from(content.len()).unwrap(), 0, 0], content].concat()
}

fn tag(frames: &[Vec<u8>]) -> Vec<u8> {
    let frames = frames.concat();
    let length = u8::try_from(frames.len()).unwrap();
    [&b"ID3\x04\0\0\0\0"[..], &[length >> 7, length & 0x7f], &frames].concat()
}

/// A cue sheet with a track at the start, one at 1000, and the lead-out at 5000.
fn cue_sheet_block() -> Vec<u8> {
    let mut block = vec![0; 128 + 8 + 1 + 258];
    block.push(3);
    for (start, number) in [(0_u64, 1_u8), (1_000, 2), (5_000, 255)] {
        block.extend(start.to_be_bytes());
        block.push(number);
        block.extend([0; 26]);
        block.push(u8::from(number != 255));
        if number != 255 {
            block.extend([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
        }
    }
    block
}

#[test]
fn flac_gives_back_whatever_it_can_hold() {
    let picture = |kind| Picture {
        kind,
        media_type: "image/png".to_owned(),
        description: "who".to_owned(),
        data: vec![1, 2, 3],
        ..Picture::default()
    };
    let metadata = Metadata {
        comments: vec![field("TITLE", "Talk"), field("MOOD", "calm"), field("MOOD", "warm")],
        pictures: [8, 1, 20, 3].map(picture).to_vec(),
        cue_sheet: Some(cue_sheet_block()),
        applications: vec![(*b"test", b"payload".to_vec())],
        ..Metadata::default()
    };
    let file = flac(&metadata);
    let again = read(&file);
    assert_eq!(again.cue_sheet, metadata.cue_sheet);
    assert_eq!(again.applications, metadata.applications);
    assert_eq!(again.pictures, metadata.pictures);
    for comment in &metadata.comments {
        assert!(again.comments.contains(comment), "{comment:?}");
    }
    // The same behind a tag, which is not asked where the file has comments.
    let behind = [tag(&[frame(b"TIT2", b"\x03Other")]), vec![0; 40], file].concat();
    assert_eq!(read(&behind), again);
    // A WAV has no cue sheet, but cue points.
    let wav = again.for_wav();
    let points = &wav.chunks().find(|chunk| &chunk.id == b"cue ").unwrap().bytes;
    assert_eq!((points.len(), points[48..52].first_chunk()), (52, Some(&1_000_u32.to_le_bytes())));
    assert!(wav.chunks().any(|chunk| chunk.bytes.starts_with(b"adtllabl\x0d\0\0\0\x01\0\0\0Track 01\0\0")));
}

#[test]
fn a_cue_sheet_that_is_no_disc_s_is_kept_as_another() {
    // The number of a disc's lead-out, and a place between a disc's frames.
    for (flags, number) in [(0, 170), (0x80, 170), (0x80, 255)] {
        let mut block = cue_sheet_block();
        let lead_out = block.len() - 36 + 8;
        (block[136], block[lead_out]) = (flags, number);
        let metadata = Metadata { cue_sheet: Some(block), ..Metadata::default() };
        assert_eq!(read(&flac(&metadata)).cue_sheet, Some(cue_sheet_block()), "{flags} {number}");
    }
    assert!(cue_sheet::parse(&cue_sheet_block()[..400]).is_none());
    assert!(cue_sheet::parse(&[]).is_none());
}

#[test]
fn foreign_chunks_of_aiff_and_w64_are_understood() {
    let aiff = [
        chunk(b"FORM", b"AIFF", true),
        chunk(b"COMM", &[0; 18], true),
        chunk(b"SSND", &[0; 8], true),
        chunk(b"NAME", b"Talk", true),
        chunk(b"MARK", b"\0\x01\0\x07\0\0\x10\0\x03Mk1", true),
        chunk(b"COMT", b"\0\x01\0\0\0\0\0\0\0\x05Hello\0", true),
        chunk(b"APPL", b"stocXY", true),
    ];
    let w64 = |id: &[u8; 4], content: &[u8]| {
        let length = u64::try_from(content.len() + 24).unwrap().to_le_bytes();
        [&id[..], &[9; 12], &length, content].concat()
    };
    let w64 = [w64(b"riff", b"wave"), w64(b"bext", &[3; 602]), w64(b"data", &[]), w64(b"list", b"INFO")];
    let blocks = |id: &[u8; 4], chunks: &[Vec<u8>]| {
        flac(&Metadata {
            applications: chunks.iter().map(|chunk| (*id, chunk.clone())).collect(),
            ..Metadata::default()
        })
    };
    let metadata = read(&blocks(b"aiff", &aiff));
    assert_eq!(metadata.info(), [field("INAM", "Talk"), field("ICMT", "Hello")]);
    let ids: Vec<&[u8; 4]> = metadata.chunks().map(|chunk| &chunk.id).collect();
    assert_eq!(ids, [b"APPL", b"cue ", b"LIST", b"LIST"]);
    let metadata = read(&blocks(b"w64 ", &w64));
    assert_eq!(metadata.before, [Chunk { id: *b"bext", bytes: vec![3; 602] }]);
    assert_eq!(metadata.after, [Chunk { id: *b"LIST", bytes: b"INFO".to_vec() }]);
}

#[test]
fn rifx_and_what_stands_behind_a_tag_are_read() {
    let chunks = |big_endian| {
        [
            chunk(b"LIST", &[&b"INFO"[..], &chunk(b"INAM", b"Talk\0", big_endian)].concat(), big_endian),
            chunk(b"iXML", b"<BWFXML/>", big_endian),
        ]
        .concat()
    };
    let plain = read(&wave(&chunks(false), false));
    assert_eq!(plain.info(), [field("INAM", "Talk")]);
    assert_eq!(plain.before.len(), 2);
    assert_eq!(read(&wave(&chunks(true), true)), plain);
    let unknown = read(&wave(&chunk(b"acid", &[0; 24], true), true));
    assert_eq!((unknown.dropped, unknown.before), (vec!["acid".to_owned()], vec![]));
    // A tag in front is kept, as WAV keeps one.
    let tag = tag(&[frame(b"TPE1", b"\x03Anna")]);
    let tagged = read(&[&tag[..], &wave(&chunks(false), false)].concat());
    assert_eq!(tagged.before, plain.before);
    assert_eq!(tagged.after, [Chunk { id: *b"id3 ", bytes: tag }]);
}

#[test]
fn a_file_that_was_joined_to_another_is_not_carried() {
    let talk = || chunk(b"LIST", &[&b"INFO"[..], &chunk(b"INAM", b"Talk\0", false)].concat(), false);
    let body = [&b"WAVE"[..], &talk(), &chunk(b"data", &[0; 8], false), &chunk(b"bext", &[7; 602], false)];
    let first = chunk(b"RIFF", &body.concat(), false);
    let alone = read(&first);
    assert_eq!((alone.before.len(), alone.after.len()), (1, 1));
    let second = wave(&talk(), false);
    let wide = [&b"RF64\xff\xff\xff\xff"[..], &second[8..]].concat();
    for other in [second.clone(), wave(&talk(), true), wide, [&b"riff"[..], &second[4..]].concat()] {
        assert_eq!(read(&[&first[..], &other].concat()), alone, "{}", other[..4].escape_ascii());
    }
    let aiff = chunk(b"FORM", &[&b"AIFF"[..], &chunk(b"NAME", b"Talk", true)].concat(), true);
    assert_eq!(read(&[&aiff[..], &aiff].concat()), read(&aiff));
    assert_eq!(read(&aiff).info(), [field("INAM", "Talk")]);
}

#[test]
fn texts_and_pictures_of_id3_are_those_of_flac() {
    let id3 = tag(&[
        frame(b"TIT2", b"\x01\xff\xfeT\0a\0l\0k\0\0\0"),
        frame(b"TPE1", b"\0\xc4nne"),
        frame(b"TCOM", b"\x03Bach\0Bart\xc3\xb3k"),
        frame(b"TXXX", b"\x03MOOD\0calm"),
        frame(b"COMM", b"\x03eng\0Fine"),
        frame(b"APIC", b"\x03image/png\0\x08who\0\x01\x02\x03"),
    ]);
    let chunks = [chunk(b"LIST", b"INFOINAM\x04\0\0\0News", false), chunk(b"id3 ", &id3, false)].concat();
    let flac = read(&flac(&read(&wave(&chunks, false))));
    let texts = [
        field("TITLE", "News"),
        field("ARTIST", "\u{c4}nne"),
        field("COMPOSER", "Bach"),
        field("COMPOSER", "Bart\u{f3}k"),
        field("MOOD", "calm"),
        field("COMMENT", "Fine"),
    ];
    for text in &texts {
        assert!(flac.comments.contains(text), "{text:?} of {:?}", flac.comments);
    }
    assert_eq!(flac.comments.iter().filter(|(key, _)| key == "TITLE").count(), 1);
    let picture = &flac.pictures[0];
    assert_eq!((picture.kind, &picture.description[..], &picture.data[..]), (8, "who", &[1, 2, 3][..]));
}

/// A page of Ogg; its checksum is not looked at.
fn page(serial: u8, packets: &[&[u8]]) -> Vec<u8> {
    let mut segments = Vec::new();
    for packet in packets {
        segments.extend(vec![255; packet.len() / 255]);
        segments.push(u8::try_from(packet.len() % 255).unwrap());
    }
    let mut head = b"OggS".to_vec();
    head.extend([0; 10]);
    head.extend([serial, 0, 0, 0]);
    head.extend([0; 8]);
    head.push(u8::try_from(segments.len()).unwrap());
    [head, segments, packets.concat()].concat()
}

#[test]
fn loudspeakers_of_flac_and_ogg_are_known() {
    let comment = |text: &str| {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        [&b"\0\0\0\0\x01\0\0\0"[..], &length, text.as_bytes()].concat()
    };
    let format = |channels: u8| {
        let mut format = [0; 34];
        format[12] = 0xf1 | (channels - 1) << 1;
        format
    };
    let block = |kind: u8, content: &[u8]| {
        [&[kind, 0, 0, u8::try_from(content.len()).unwrap()][..], content].concat()
    };
    let flac = |channels, text: &str| {
        [b"fLaC".to_vec(), block(0, &format(channels)), block(0x84, &comment(text))].concat()
    };
    let usual = [(1, 0), (2, 0), (3, 0x7), (4, 0x33), (5, 0x37), (6, 0x3f), (7, 0x70f), (8, 0x63f)];
    for (channels, mask) in usual {
        assert_eq!(read(&flac(channels, "TITLE=Talk")).channel_mask, mask, "{channels} of FLAC");
        let head = [&b"\x7fFLAC\x01\0\0\x01fLaC\0\0\0\x22"[..], &format(channels)].concat();
        let file = [page(1, &[&head]), page(1, &[&block(0x84, &comment("TITLE=Talk"))])].concat();
        assert_eq!(Metadata::read_ogg(&file[..]).unwrap().unwrap().channel_mask, mask, "{channels} in Ogg");
        let vorbis = [&b"\x01vorbis\0\0\0\0"[..], &[channels]].concat();
        let opus = [&b"OpusHead\x01"[..], &[channels, 0, 0, 0, 0, 0, 0, 0, 0, 1]].concat();
        let others = [&b"OpusHead\x01"[..], &[channels, 0, 0, 0, 0, 0, 0, 0, 0, 255]].concat();
        for (head, mask) in [(vorbis, mask), (opus, mask), (others, 0)] {
            let metadata = Metadata::read_ogg(&page(1, &[&head])[..]).unwrap().unwrap();
            assert_eq!(metadata.channel_mask, mask, "{}", head.escape_ascii());
        }
    }
    // What the file says itself goes first; what cannot be true of it says nothing.
    let said = |channels, mask: &str| {
        read(&flac(channels, &format!("waveformatextensible_channel_mask={mask}"))).channel_mask
    };
    assert_eq!((said(6, "0x60F"), said(6, "0x3f"), said(3, "0xB")), (0x60f, 0x3f, 0xb));
    assert_eq!((said(6, "0x3"), said(6, "0x0"), said(6, "front"), said(1, "0x4")), (0, 0, 0, 0));
}

#[test]
fn comments_of_ogg_come_whole() {
    let long = format!("LONG={}", "x".repeat(700));
    let fields = ["TITLE=Talk", "MOOD=calm", "CHAPTER001=00:00:01.000", "METADATA_BLOCK_PICTURE=AAAA", &long];
    let mut block = b"\x04\0\0\0test\x05\0\0\0".to_vec();
    for text in fields {
        block.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        block.extend(text.as_bytes());
    }
    let wanted = [
        field("TITLE", "Talk"),
        field("MOOD", "calm"),
        field("CHAPTER001", "00:00:01.000"),
        field("LONG", &"x".repeat(700)),
    ];
    for (first, second) in [(&b"\x01vorbis"[..], &b"\x03vorbis"[..]), (b"OpusHead", b"OpusTags")] {
        let second = [second, &block].concat();
        // A stream of pictures may begin first.
        let file = [page(1, &[b"\x80theora"]), page(2, &[first]), page(1, &[b"\x81"]), page(2, &[&second])];
        let metadata = Metadata::read_ogg(&file.concat()[..]).unwrap().unwrap();
        assert_eq!(metadata.comments, wanted);
    }
    let length = u32::try_from(block.len()).unwrap().to_be_bytes();
    let comments = [&[4], &length[1..], &block].concat();
    let sheet = [&[0x85, 0, 2, 0x10][..], &cue_sheet_block()].concat();
    let file =
        [page(1, &[b"\x7fFLAC"]), page(1, &[&comments, &sheet]), page(1, &[b"\xff\xf8sound"])].concat();
    let metadata = Metadata::read_ogg(&file[..]).unwrap().unwrap();
    assert_eq!(metadata.comments[..3], wanted[..3]);
    assert_eq!(metadata.cue_sheet, Some(cue_sheet_block()));
    assert_eq!(Metadata::read_ogg(&page(1, &[b"\x80theora"])[..]).unwrap(), None);
    // Whatever stands in a damaged file, it is read to its end and no further.
    for end in 0..file.len() {
        Metadata::read_ogg(&file[..end]).unwrap();
    }
}
