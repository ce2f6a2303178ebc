//! NumPy's `.npy` files (format version 1.0), float32, C order.
//!
//! Source of the format: `numpy.lib.format` in NumPy's documentation.

use std::io::{self, Write};

/// Length that the header, magic included, is padded to.
const ALIGNMENT: usize = 64;

/// Writes `values` as an array of `rows × columns`.
///
/// # Errors
/// Those of `out`.
///
/// # Panics
/// If `values.len()` is not `rows * columns`.
pub fn write(out: &mut impl Write, rows: usize, columns: usize, values: &[f32]) -> io::Result<()> {
    assert_eq!(values.len(), rows * columns, "an array of {rows} x {columns}");
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let fixed = b"\x93NUMPY\x01\x00".len() + 2;
    let padded = (fixed + header.len() + 1).next_multiple_of(ALIGNMENT) - fixed;
    header.extend(std::iter::repeat_n(' ', padded - 1 - header.len()));
    header.push('\n');
    out.write_all(b"\x93NUMPY\x01\x00")?;
    out.write_all(&u16::try_from(padded).unwrap_or(u16::MAX).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    values.iter().try_for_each(|v| out.write_all(&v.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn header_is_aligned_and_the_values_follow() {
        let mut bytes = Vec::new();
        super::write(&mut bytes, 2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.5]).unwrap();
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + header) % 64, 0);
        assert!(std::str::from_utf8(&bytes[10..10 + header]).unwrap().contains("'shape': (2, 3)"));
        assert_eq!(bytes.len(), 10 + header + 24);
        assert_eq!(bytes[bytes.len() - 4..], 6.5_f32.to_le_bytes());
    }
}
