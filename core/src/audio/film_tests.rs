//! Films of a few bytes.

use std::io::Cursor;

use super::*;

fn boxed(name: &[u8], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(8 + content.len()).unwrap();
    [&size.to_be_bytes(), name, content].concat()
}

fn numbers(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// A track of this kind and time scale; `shown` is its flag, `tables` what its table of samples holds.
fn track(kind: &[u8], timescale: u32, shown: u32, tables: &[u8]) -> Vec<u8> {
    let mut tkhd = numbers(&[shown]);
    tkhd.resize(76, 0);
    tkhd.extend(numbers(&[1_280 << 16, 720 << 16]));
    let mdhd = numbers(&[0, 0, 0, timescale, 0, 0]);
    let hdlr = [&numbers(&[0, 0])[..], kind, &[0; 13]].concat();
    let minf = boxed(b"minf", &boxed(b"stbl", tables));
    let mdia = [boxed(b"mdhd", &mdhd), boxed(b"hdlr", &hdlr), minf].concat();
    boxed(b"trak", &[boxed(b"tkhd", &tkhd), boxed(b"mdia", &mdia)].concat())
}

fn lasting(entries: &[u32]) -> Vec<u8> {
    let count = u32::try_from(entries.len() / 2).unwrap();
    boxed(b"stts", &[numbers(&[0, count]), numbers(entries)].concat())
}

/// Time code whose first frame has its number at this place of the file.
fn time_code(flags: u32, place: u32) -> Vec<u8> {
    let entry = [numbers(&[0, 1, 0, flags, 30_000, 1_001]), vec![30, 0]].concat();
    let stsd = [numbers(&[0, 1]), boxed(b"tmcd", &entry)].concat();
    track(b"tmcd", 30_000, 0, &[boxed(b"stsd", &stsd), boxed(b"stco", &numbers(&[0, 1, place]))].concat())
}

fn film(tracks: &[Vec<u8>]) -> Film {
    // The number of the first frame: that of 01:00:00;00.
    let first = boxed(b"mdat", &numbers(&[107_892]));
    let file = [boxed(b"ftyp", b"qt  "), first, boxed(b"moov", &tracks.concat())].concat();
    for length in 0..file.len() {
        // A part of it is read without harm.
        let _ = Film::read(&mut Cursor::new(&file[..length]));
    }
    Film::read(&mut Cursor::new(&file)).unwrap()
}

#[test]
fn a_film_has_its_picture_and_the_time_of_its_first_frame() {
    let sound = track(b"soun", 48_000, 1, &[]);
    let picture = track(b"vide", 30_000, 1, &lasting(&[299, 1_001, 1, 5_000]));
    // `ftyp` has 12 bytes, the head of `mdat` eight.
    let found = film(&[sound.clone(), picture, time_code(1, 20)]);
    let picture = found.picture.unwrap();
    let (frames, ticks) = picture.rate.unwrap();
    assert_eq!((frames * 1_001, picture.size), (ticks * 30_000, (1_280, 720)));
    let begins = TimeCode { units: 107_892 * 1_001, per_second: 30_000, drops: true };
    assert_eq!(found.time_code, Some(begins));
    assert_eq!(film(&[sound]), Film::default());
}

#[test]
fn covers_chapters_and_counters_are_none() {
    let cover = track(b"vide", 1_000, 1, &lasting(&[1, 10_000]));
    let chapters = track(b"vide", 1_000, 0, &lasting(&[3, 10_000]));
    // A counter, and a number that lies beyond the file.
    assert_eq!(film(&[cover, chapters, time_code(8, 20), time_code(0, 1 << 30)]), Film::default());
    // Frames that last differently: 25 a second in the mean. A film in fragments tells no rate here.
    let uneven = track(b"vide", 1_000, 1, &lasting(&[1, 30, 1, 45, 1, 45]));
    let (frames, ticks) = film(&[uneven]).picture.unwrap().rate.unwrap();
    assert_eq!(frames * 40, ticks * 1_000);
    assert_eq!(film(&[track(b"vide", 1_000, 1, &lasting(&[]))]).picture.unwrap().rate, None);
}

#[test]
fn matroska_tells_how_long_a_frame_lasts() {
    let element = |name: &[u8], content: &[u8]| {
        [name, &[0x80 | u8::try_from(content.len()).unwrap()], content].concat()
    };
    let sound = element(b"\xae", &element(b"\x83", &[2]));
    let video = [element(b"\xb0", &[5, 0]), element(b"\xba", &[2, 0xd0])].concat();
    let of_video = [
        element(b"\x83", &[1]),
        element(b"\x23\xe3\x83", &40_000_000_u32.to_be_bytes()),
        element(b"\xe0", &video),
    ];
    let tracks = [sound.clone(), element(b"\xae", &of_video.concat())].concat();
    let file = |tracks: &[u8]| {
        // Its length is not told, as in what is recorded live.
        let segment = [&b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"[..], tracks].concat();
        [element(&EBML, &[]), segment, b"\x1f\x43\xb6\x75\xff".to_vec()].concat()
    };
    let whole = file(&element(b"\x16\x54\xae\x6b", &tracks));
    let read = |bytes: &[u8]| Film::read(&mut Cursor::new(bytes)).unwrap_or_default();
    let picture = FilmPicture { rate: Some((1_000_000_000, 40_000_000)), size: (1_280, 720) };
    assert_eq!(read(&whole), Film { picture: Some(picture), time_code: None });
    assert_eq!(read(&file(&element(b"\x16\x54\xae\x6b", &sound))), Film::default());
    for length in 0..whole.len() {
        let _ = read(&whole[..length]);
    }
}
