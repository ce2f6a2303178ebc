//! Chunks of RIFX, whose numbers begin with the byte that counts most, as those of RIFF.

/// A content as RIFF has it; nothing for a chunk whose numbers are not known.
pub(super) fn as_riff(id: [u8; 4], mut content: Vec<u8>) -> Option<Vec<u8>> {
    match &id {
        // Texts, and forms that say themselves how they are written.
        b"iXML" | b"axml" | b"_PMX" | b"id3 " | b"ID3 " | b"DISP" | b"inst" => {}
        b"LIST" => return list(&content),
        b"bext" => {
            // The time reference is two words, the lower first; then the version, and five figures of loudness.
            swap::<4>(content.get_mut(338..346)?);
            swap::<2>(content.get_mut(346..348)?);
            if let Some(loudness) = content.get_mut(412..422) {
                swap::<2>(loudness);
            }
        }
        b"cart" => {
            swap::<4>(content.get_mut(680..684)?);
            for timer in content.get_mut(684..748)?.as_chunks_mut::<8>().0 {
                swap::<4>(&mut timer[4..]);
            }
        }
        b"cue " => {
            swap::<4>(content.get_mut(..4)?);
            for point in content[4..].as_chunks_mut::<24>().0 {
                swap::<4>(&mut point[..8]);
                swap::<4>(&mut point[12..]);
            }
        }
        b"plst" | b"smpl" => swap::<4>(&mut content),
        _ => return None,
    }
    Some(content)
}

fn swap<const WORD: usize>(words: &mut [u8]) {
    for word in words.as_chunks_mut::<WORD>().0 {
        word.reverse();
    }
}

fn list(content: &[u8]) -> Option<Vec<u8>> {
    let (kind, mut rest) = content.split_at_checked(4)?;
    let mut list = kind.to_vec();
    while let Some((head, behind)) = rest.split_first_chunk::<8>() {
        let size = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        let length = usize::try_from(size).ok()?.min(behind.len());
        let mut sub = behind[..length].to_vec();
        if kind == b"adtl" {
            let words = if &head[..4] == b"ltxt" { 8 } else { 4 };
            if let Some(numbers) = sub.get_mut(..words) {
                swap::<4>(numbers);
            }
            // Behind the purpose: country, language, dialect and code page.
            if let Some(numbers) = sub.get_mut(12..20).filter(|_| words == 8) {
                swap::<2>(numbers);
            }
        }
        list.extend_from_slice(&head[..4]);
        list.extend(u32::try_from(length).ok()?.to_le_bytes());
        list.extend(&sub);
        if length % 2 == 1 {
            list.push(0);
        }
        rest = behind.get(length + length % 2..).unwrap_or(&[]);
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_turn_and_texts_do_not() {
        let list = b"INFOINAM\0\0\0\x05Talk\0\0IART\0\0\0\x02A\0".to_vec();
        let turned = b"INFOINAM\x05\0\0\0Talk\0\0IART\x02\0\0\0A\0".to_vec();
        assert_eq!(as_riff(*b"LIST", list), Some(turned));
        let adtl =
            b"adtlltxt\0\0\0\x14\0\0\0\x01\0\0\0\x20rgn \0\x01\0\x02\0\x03\0\x04labl\0\0\0\x05\0\0\0\x01A\0";
        let turned =
            b"adtlltxt\x14\0\0\0\x01\0\0\0\x20\0\0\0rgn \x01\0\x02\0\x03\0\x04\0labl\x05\0\0\0\x01\0\0\0A\0";
        assert_eq!(as_riff(*b"LIST", adtl.to_vec()), Some(turned.to_vec()));
        let cue = b"\0\0\0\x01\0\0\0\x07\0\0\0\x09data\0\0\0\0\0\0\0\0\0\0\0\x09";
        let turned = b"\x01\0\0\0\x07\0\0\0\x09\0\0\0data\0\0\0\0\0\0\0\0\x09\0\0\0";
        assert_eq!(as_riff(*b"cue ", cue.to_vec()), Some(turned.to_vec()));
        let mut bext = vec![0; 602];
        bext[341] = 9;
        bext[347] = 2;
        let turned = as_riff(*b"bext", bext).expect("long enough");
        assert_eq!((turned[338], turned[346], turned[347]), (9, 2, 0));
        assert_eq!(as_riff(*b"iXML", b"<BWFXML/>".to_vec()), Some(b"<BWFXML/>".to_vec()));
        assert_eq!(as_riff(*b"acid", vec![0; 24]), None);
        for id in [b"bext", b"cart", b"cue ", b"LIST", b"plst", b"smpl"] {
            for length in 0..24 {
                let turned = as_riff(*id, vec![255; length]);
                assert!(turned.is_none_or(|turned| turned.len() <= length + 1), "{id:?}");
            }
        }
    }
}
