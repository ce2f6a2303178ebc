//! The checksums of FLAC frames (RFC 9639, section 9): 8 bits over a header, 16 over a frame.

/// Remainders of every byte, and of every byte followed by one to seven zeros.
static CRC16: [[u16; 256]; 8] = crc16_tables();

const fn crc16_tables() -> [[u16; 256]; 8] {
    let mut tables = [[0_u16; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "a byte")]
        let mut sum = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            sum = (sum << 1) ^ if sum >> 15 == 1 { 0x8005 } else { 0 };
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut zeros = 1;
    while zeros < 8 {
        let mut byte = 0;
        while byte < 256 {
            let sum = tables[zeros - 1][byte];
            tables[zeros][byte] = (sum << 8) ^ tables[0][(sum >> 8) as usize];
            byte += 1;
        }
        zeros += 1;
    }
    tables
}

/// The sum over `bytes`, going on from `sum`; 0 over a whole frame with its own sum at the end.
pub(super) fn crc16(mut sum: u16, bytes: &[u8]) -> u16 {
    let (eights, rest) = bytes.as_chunks::<8>();
    for eight in eights {
        let [high, low] = sum.to_be_bytes();
        sum = CRC16[7][usize::from(eight[0] ^ high)] ^ CRC16[6][usize::from(eight[1] ^ low)];
        for (table, &byte) in CRC16[..6].iter().rev().zip(&eight[2..]) {
            sum ^= table[usize::from(byte)];
        }
    }
    for &byte in rest {
        let [high, low] = sum.to_be_bytes();
        sum = (u16::from(low) << 8) ^ CRC16[0][usize::from(high ^ byte)];
    }
    sum
}

/// The sum over a header; 0 with its own sum at the end.
pub(super) fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ byte, |sum: u8, _| (sum << 1) ^ if sum >> 7 == 1 { 0x07 } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_standard() {
        // The check values of CRC-16/UMTS and CRC-8/SMBUS in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc16(0, b"123456789"), 0xfee8);
        assert_eq!(crc8(b"123456789"), 0xf4);
        let bytes: Vec<u8> = (0..200).map(|n: u8| n.wrapping_mul(77)).collect();
        for split in [0, 1, 7, 8, 9, 100] {
            assert_eq!(crc16(crc16(0, &bytes[..split]), &bytes[split..]), crc16(0, &bytes));
        }
    }
}
