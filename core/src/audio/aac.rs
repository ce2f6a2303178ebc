//! What an AAC stream says of itself: whether its upper half is coded apart (HE-AAC), which the decoder here leaves out.

/// Packets that are looked at.
pub(super) const PACKETS: usize = 24;
/// Most bytes of a fill element: 15 and 255, less one.
const MAX_FILL_BYTES: usize = 269;

/// Whether most of these packets end with an element of spectral band replication.
///
/// The elements before it cannot be passed over without decoding them, so it is looked for from the end: its length leads
/// exactly to the end mark. By chance that is so in one packet of ten.
pub(super) fn is_he(packets: &[&[u8]]) -> bool {
    const LEAST_PACKETS: usize = 6;
    let with = packets.iter().filter(|packet| ends_with_replication(packet)).count();
    packets.len() >= LEAST_PACKETS && with * 10 >= packets.len() * 7
}

fn ends_with_replication(packet: &[u8]) -> bool {
    const END: usize = 0b111;
    const FILL: usize = 0b110;
    let bits = 8 * packet.len();
    // The end mark is the last bit set, and the two before it.
    let zeros = packet.last().map_or(8, |last| last.trailing_zeros() as usize);
    if zeros > 7 || bits < zeros + 3 || field(packet, bits - zeros - 3, 3) != END {
        return false;
    }
    let end = bits - zeros - 3;
    let earliest = end.saturating_sub(15 + 8 * MAX_FILL_BYTES);
    (earliest..end.saturating_sub(14)).any(|at| {
        if field(packet, at, 3) != FILL {
            return false;
        }
        let (bytes, start) = match field(packet, at + 3, 4) {
            15 => (14 + field(packet, at + 7, 8), at + 15),
            few => (few, at + 7),
        };
        bytes > 0 && start + 8 * bytes == end && matches!(field(packet, start, 4), 0b1101 | 0b1110)
    })
}

/// `count` bits from bit `at` on.
fn field(bytes: &[u8], at: usize, count: usize) -> usize {
    (at..at + count).fold(0, |all, bit| {
        let byte = bytes.get(bit / 8).copied().unwrap_or(0);
        all << 1 | usize::from(byte >> (7 - bit % 8) & 1)
    })
}

/// The core of a configuration that says there is more: an `AudioSpecificConfig` of the low-complexity profile, and nothing
/// where it is plain already.
pub(super) fn core_config(config: &[u8]) -> Option<[u8; 2]> {
    const REPLICATION: usize = 5;
    const PARAMETRIC_STEREO: usize = 29;
    const LOW_COMPLEXITY: usize = 2;
    const ESCAPE: usize = 15;
    if ![REPLICATION, PARAMETRIC_STEREO].contains(&field(config, 0, 5)) {
        return None;
    }
    let rate = field(config, 5, 4);
    let channels = field(config, 9, 4);
    let upper = field(config, 13, 4);
    // Rates in full are rarer than this is worth.
    if rate == ESCAPE || upper == ESCAPE || field(config, 17, 5) != LOW_COMPLEXITY {
        return None;
    }
    let plain = u16::try_from(LOW_COMPLEXITY << 11 | rate << 7 | channels << 3).ok()?;
    Some(plain.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits as a packet, filled up with zeros.
    fn packet(bits: &str) -> Vec<u8> {
        let bits: Vec<u8> = bits.bytes().filter(|b| b.is_ascii_digit()).map(|b| b - b'0').collect();
        bits.chunks(8)
            .map(|byte| (0..8).fold(0, |all, k| all << 1 | byte.get(k).copied().unwrap_or(0)))
            .collect()
    }

    #[test]
    fn replication_is_found_behind_any_sound() {
        for sound in ["000 0000 10110", "001 0011 0110100101101001011", "000"] {
            let short = packet(&format!("{sound} 110 0011 1101 0110 11111111 00000001 111"));
            let long = packet(&format!("{sound} 110 1111 00000011 1110 {} 111", "0".repeat(17 * 8 - 4)));
            let filled = packet(&format!("{sound} 110 0011 0000 0110 11111111 00000001 111"));
            assert!(ends_with_replication(&short) && ends_with_replication(&long));
            assert!(!ends_with_replication(&filled));
            assert!(is_he(&[&short[..]; 8]) && !is_he(&[&filled[..]; 8]));
        }
        assert!(!is_he(&[]) && !ends_with_replication(&[]) && !ends_with_replication(&[0; 9]));
    }

    #[test]
    fn the_core_of_a_configuration() {
        // HE-AAC of 24 and 48 kHz, stereo, and its second version.
        assert_eq!(core_config(&packet("00101 0110 0010 0011 00010 000")), Some([0x13, 0x10]));
        assert_eq!(core_config(&packet("11101 0110 0001 0011 00010 000")), Some([0x13, 0x08]));
        assert_eq!(core_config(&[0x11, 0x90]), None);
        assert_eq!(core_config(&[0x2b]), None);
    }
}
