//! The names of formats that are not read here, and what ffmpeg calls those that it reads.

use super::elementary::Elementary;

/// A format that is not read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) name: &'static str,
    /// What ffmpeg calls it, if that reads it.
    pub(super) demuxer: Option<&'static str>,
}

/// The names of what is often given for audio, or found beside it.
pub(super) fn foreign(bytes: &[u8]) -> Option<Foreign> {
    const NAMES: [(&[u8], &str, Option<&str>); 65] = [
        (b"wvpk", "WavPack", Some("wv")),
        (b"MAC ", "Monkey's Audio", Some("ape")),
        (b"MACF", "Monkey's Audio", Some("ape")),
        (b"tBaK", "TAK", Some("tak")),
        (b"OFR ", "OptimFROG", None),
        (b"TTA1", "True Audio", Some("tta")),
        (b"TTA2", "True Audio", None),
        (b"LA0", "Lossless Audio", None),
        (b"ajkg", "Shorten", Some("shn")),
        (b"MPCK", "Musepack", Some("mpc8")),
        (b"MP+", "Musepack", Some("mpc")),
        (b"DSD ", "DSD (DSF)", Some("dsf")),
        (b"FRM8", "DSD (DSDIFF)", Some("iff")),
        (b"#!AMR", "AMR", Some("amr")),
        (b"#!SILK", "SILK", None),
        (b"\x02#!SILK", "SILK", None),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media (ASF)", Some("asf")),
        (b".RMF", "RealMedia", Some("rm")),
        (b".ra\xfd", "RealAudio", Some("rm")),
        (b".snd", "Sun audio (AU) in a codec that is not read here", Some("au")),
        (b"RIFX", "big-endian WAV (RIFX) in a codec that is not read here", Some("wav")),
        (b"Creative Voice File", "Creative Voice", Some("voc")),
        (b"NIST_1A", "NIST SPHERE", Some("nistsphere")),
        (b"ADIF", "AAC in ADIF", Some("aac")),
        (b"\x7f\xfe\x80\x01", "DTS", Some("dts")),
        (b"\xfe\x7f\x01\x80", "DTS", Some("dts")),
        (b"\x1f\xff\xe8\x00", "DTS", Some("dts")),
        (b"\xff\x1f\x00\xe8", "DTS", Some("dts")),
        (b"MThd", "MIDI", None),
        (b"FLV\x01", "Flash video", Some("flv")),
        (b"\0\0\x01\xba", "an MPEG programme stream", Some("mpeg")),
        (b"\0\0\x01\xb3", "MPEG video", None),
        (b"\0\x05\x16\x07", "the companion that macOS keeps beside a file (AppleDouble)", None),
        (b"PK\x03\x04", "a ZIP archive", None),
        (b"PK\x05\x06", "a ZIP archive", None),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive", None),
        (b"Rar!\x1a\x07", "a RAR archive", None),
        (b"\x1f\x8b\x08", "gzip", None),
        (b"\xfd7zXZ\0", "xz", None),
        (b"\x28\xb5\x2f\xfd", "Zstandard", None),
        (b"%PDF", "PDF", None),
        (b"\x89PNG", "a picture (PNG)", None),
        (b"\xff\xd8\xff", "a picture (JPEG)", None),
        (b"GIF8", "a picture (GIF)", None),
        (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "MXF", Some("mxf")),
        (b"\xb7\xd8\x00\x20\x37\x49\xda\x11", "Windows television (WTV)", Some("wtv")),
        (b"#!AMR-WB", "AMR-WB", Some("amr")),
        (b"DRC\0", "Dirac video", None),
        (b"II\x2a\0", "a picture (TIFF)", None),
        (b"MM\0\x2a", "a picture (TIFF)", None),
        (b"BM", "a picture (BMP)", None),
        (b"8BPS", "a picture (Photoshop)", None),
        (b"\x7fELF", "a program", None),
        (b"MZ", "a program", None),
        (b"\xcf\xfa\xed\xfe", "a program", None),
        (b"SQLite format 3\0", "a database (SQLite)", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document", None),
        (b"{\\rtf", "an office document (RTF)", None),
        (b"BZh", "bzip2", None),
        (b"FWS", "Flash", None),
        (b"CWS", "Flash", None),
        (b"<?xml", "XML", None),
        (b"<!DOCTYPE", "HTML", None),
        (b"<html", "HTML", None),
        (b"wOFF", "a font", None),
    ];
    let named = |name, demuxer| Some(Foreign { name, demuxer });
    if let Some(&(_, name, demuxer)) = NAMES.iter().find(|(start, ..)| bytes.starts_with(start)) {
        return named(name, demuxer);
    }
    let form = bytes.get(8..12);
    if bytes.starts_with(b"RIFF") {
        let avi = form == Some(b"AVI ");
        return if avi { named("AVI video", Some("avi")) } else { named("a RIFF file without sound", None) };
    }
    if bytes.starts_with(b"FORM") {
        return named("an IFF file that is not AIFF", None);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return named("a tar archive", None);
    }
    // Packets of 188 bytes, in some recorders with a time of four bytes before each.
    let packets =
        |first: usize, length: usize| [first, first + length].iter().all(|&at| bytes.get(at) == Some(&0x47));
    (packets(0, 188) || packets(4, 192))
        .then_some(Foreign { name: "an MPEG transport stream", demuxer: Some("mpegts") })
}

/// AC-3 or E-AC-3 by the two bytes that their frames begin with, which are no proof.
pub(super) fn ac3(bytes: &[u8]) -> Option<Foreign> {
    match bytes {
        // The sixth byte begins with the version of the syntax.
        [0x0b, 0x77, _, _, _, version, ..] if version >> 3 > 10 => {
            Some(Foreign { name: "E-AC-3", demuxer: Some("eac3") })
        }
        [0x0b, 0x77, ..] => Some(Foreign { name: "AC-3", demuxer: Some("ac3") }),
        _ => None,
    }
}

/// The same where another frame follows the first one.
pub(super) fn ac3_stream(bytes: &[u8]) -> Option<Foreign> {
    ac3(bytes).filter(|_| {
        ac3_frame_bytes(bytes).is_some_and(|length| bytes[length.min(bytes.len())..].starts_with(b"\x0b\x77"))
    })
}

/// Length of a frame of AC-3 or E-AC-3 (ETSI TS 102 366).
fn ac3_frame_bytes(bytes: &[u8]) -> Option<usize> {
    const KBIT_PER_S: [usize; 19] =
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
    let &[_, _, third, fourth, fifth, sixth] = bytes.first_chunk()?;
    if sixth >> 3 > 10 {
        return Some(2 * ((usize::from(third & 7) << 8 | usize::from(fourth)) + 1));
    }
    let code = usize::from(fifth & 0x3f);
    let rate = *KBIT_PER_S.get(code >> 1)?;
    // 1536 samples; at 44.1 kHz the lowest bit of the code makes up for what is no whole number of words.
    match fifth >> 6 {
        0 => Some(4 * rate),
        1 => Some(2 * (rate * 320 / 147 + (code & 1))),
        2 => Some(6 * rate),
        _ => None,
    }
}

/// What ffmpeg calls the container, or the stream of frames, that these are the first bytes of. It is told, so that it takes
/// nothing for a list of further files.
pub(super) fn container_demuxer(bytes: &[u8]) -> Option<&'static str> {
    const NAMES: [(&[u8], &str); 10] = [
        (b"fLaC", "flac"),
        (b"OggS", "ogg"),
        (b"caff", "caf"),
        (b"\x1a\x45\xdf\xa3", "matroska"),
        (b"RIFF", "wav"),
        (b"RIFX", "wav"),
        (b"RF64", "wav"),
        (b"BW64", "wav"),
        (b"riff", "w64"),
        (b"FORM", "aiff"),
    ];
    if bytes.get(4..8) == Some(b"ftyp") {
        return Some("mov");
    }
    let named = NAMES.iter().find(|(start, _)| bytes.starts_with(start)).map(|&(_, name)| name);
    named.or_else(|| match Elementary::of(bytes)? {
        Elementary::Flac => Some("flac"),
        Elementary::Mpeg => Some("mp3"),
        Elementary::Adts => Some("aac"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_ac_3_tell_their_length() {
        let bytes = |head: [u8; 6]| ac3_frame_bytes(&head);
        // 192 kbit/s at 48, 44.1 (two lengths) and 32 kHz.
        assert_eq!(bytes([0x0b, 0x77, 0, 0, 0x14, 0x40]), Some(768));
        assert_eq!(bytes([0x0b, 0x77, 0, 0, 0x54, 0x40]), Some(834));
        assert_eq!(bytes([0x0b, 0x77, 0, 0, 0x55, 0x40]), Some(836));
        assert_eq!(bytes([0x0b, 0x77, 0, 0, 0x94, 0x40]), Some(1_152));
        assert_eq!(bytes([0x0b, 0x77, 0, 0, 0xd4, 0x40]), None);
        assert_eq!(bytes([0x0b, 0x77, 0, 0, 0x26, 0x40]), None, "a code that is not used");
        assert_eq!(bytes([0x0b, 0x77, 0x01, 0x7f, 0x3f, 0x80]), Some(768));
    }
}
