//! The token that lets a client in.

use std::fmt;
use std::path::Path;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::ConfigError;

/// Shorter ones could be guessed.
const MIN_BYTES: usize = 16;

/// A bearer token. Only its hash is kept; comparing takes the same time whatever is compared.
#[derive(Clone)]
pub struct Token {
    sha256: [u8; 32],
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// Reads the first line of a file.
    ///
    /// # Errors
    /// [`ConfigError`] if it cannot be read, or holds no token that an HTTP header and a WebSocket protocol can carry.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let fault = |reason: &str| ConfigError::File { path: path.to_owned(), reason: reason.to_owned() };
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let token = text.lines().next().unwrap_or_default().trim();
        if token.len() < MIN_BYTES {
            return Err(fault(
                "its first line is to be a token of at least 16 characters; `openssl rand -hex 32` makes one",
            ));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        if !token.chars().all(fits) {
            return Err(fault("a token may hold letters, digits, '-', '.', '_' and '~' only"));
        }
        Ok(Self { sha256: Sha256::digest(token).into() })
    }

    /// Whether `given` is this token.
    pub fn is(&self, given: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(given).into();
        self.sha256.ct_eq(&given).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_first_line_is_the_token() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "  0123456789abcdef \nanother line of the file\n").unwrap();
        let token = Token::read(&path).unwrap();
        assert!(token.is("0123456789abcdef"));
        for wrong in ["", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF"] {
            assert!(!token.is(wrong), "{wrong}");
        }
        assert!(!format!("{token:?}").contains("0123"));
        for bad in ["", "short", "0123456789abcdef\u{e9}", "0123456789 abcdef"] {
            std::fs::write(&path, bad).unwrap();
            assert!(Token::read(&path).is_err(), "{bad}");
        }
    }
}
