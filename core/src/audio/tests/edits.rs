//! Edit lists of MPEG-4 that cut, repeat and reorder.

use std::process::Command;

use super::super::{AudioWarning, Source};
use super::{Read, fixture};

const RATE_HZ: usize = 44_100;

fn place(bytes: &[u8], name: &[u8; 4]) -> usize {
    bytes.windows(4).position(|w| w == name).unwrap() - 4
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(*bytes[at..].first_chunk().unwrap())
}

/// `click.m4a` with these edits in place of its own: milliseconds that are shown, and from where.
fn edited(edits: &[(u32, u32)]) -> Vec<u8> {
    let mut bytes = std::fs::read(fixture("click.m4a")).unwrap();
    let list = place(&bytes, b"elst");
    let scale = number(&bytes, place(&bytes, b"mvhd") + 20);
    let old = usize::try_from(number(&bytes, list)).unwrap();
    let first = number(&bytes, list + 20);
    let mut new = [&b"elst\0\0\0\0"[..], &u32::try_from(edits.len()).unwrap().to_be_bytes()].concat();
    for &(shown_ms, from_ms) in edits {
        new.extend((shown_ms * scale / 1_000).to_be_bytes());
        new.extend((first + from_ms * 441 / 10).to_be_bytes());
        new.extend([0, 1, 0, 0]);
    }
    // The index is the last box, so offsets hold.
    let grown = u32::try_from(new.len() + 4 - old).unwrap();
    for name in [b"moov", b"trak", b"edts", b"elst"] {
        let at = place(&bytes, name);
        let size = number(&bytes, at) + grown;
        bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
    }
    bytes.splice(list + 4..list + old, new);
    bytes
}

#[test]
fn what_is_shown_in_its_order_is_heard_so() {
    let whole = Read::file(&fixture("click.m4a"));
    let read = Read::stream(edited(&[(200, 100), (300, 600)]));
    assert!(read.warnings.is_empty() && read.error.is_none(), "{:?}", read.warnings);
    let tenth = RATE_HZ / 10;
    let expected = [&whole.samples[tenth..3 * tenth], &whole.samples[6 * tenth..9 * tenth]].concat();
    assert!(read.samples == expected, "{}", read.samples.len());
}

#[test]
fn what_is_shown_again_is_left_to_ffmpeg_and_told_where_it_is_not_heard() {
    let whole = Read::file(&fixture("click.m4a"));
    let back = edited(&[(300, 600), (550, 0)]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("back.m4a");
    std::fs::write(&path, &back).unwrap();
    let here = Read::all(Source::open_as(&path, &path).unwrap());
    for read in [here, Read::stream(back)] {
        let tenth = RATE_HZ / 10;
        assert!(read.samples == whole.samples[6 * tenth..9 * tenth], "{}", read.samples.len());
        let [AudioWarning::EditsGoBack { unheard_s }] = read.warnings[..] else {
            panic!("{:?}", read.warnings)
        };
        assert!((unheard_s - 0.55).abs() < 1e-9, "{unheard_s}");
    }
    let read = Read::file(&path);
    let told = matches!(read.warnings[..], [AudioWarning::EditsGoBack { .. }]);
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        assert!(told, "{:?}", read.warnings);
        return;
    }
    let loudest =
        (0..read.samples.len()).max_by(|&a, &b| read.samples[a].abs().total_cmp(&read.samples[b].abs()));
    assert!(!told && read.samples.len().abs_diff(RATE_HZ * 85 / 100) < 2_100, "{}", read.samples.len());
    // The click, half a second into the second part, which ffmpeg joins at a packet's end.
    assert!(loudest.unwrap().abs_diff(RATE_HZ * 80 / 100) < 1_100, "{loudest:?}");
}
