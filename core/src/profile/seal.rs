//! Encryption at rest: XChaCha20-Poly1305 under a key that Argon2id derives from a passphrase.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};

use super::{ProfileError, packed};

/// Memory of a key, KiB: about a tenth of a second on a processor of today.
const MEMORY_KIB: u32 = 64 << 10;
const ITERATIONS: u32 = 3;
const LANES: u32 = 1;
/// What a file may ask for, so that a hostile one cannot hold a machine.
const MEMORY_LIMIT_KIB: u32 = 256 << 10;
const ITERATIONS_LIMIT: u32 = 10;
const LANES_LIMIT: u32 = 4;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;

/// Opens sealed profiles. It is never shown or written.
#[derive(Clone)]
pub struct Passphrase(String);

impl Passphrase {
    /// What a user gave; the end of its line is no part of it.
    ///
    /// # Errors
    /// [`ProfileError::EmptyPassphrase`].
    pub fn new(text: &str) -> Result<Self, ProfileError> {
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() { Err(ProfileError::EmptyPassphrase) } else { Ok(Self(text.to_owned())) }
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

/// A sealed body, with all that is needed to open it but the passphrase.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sealed {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
    #[serde(with = "packed::bytes")]
    salt: Vec<u8>,
    #[serde(with = "packed::bytes")]
    nonce: Vec<u8>,
    #[serde(with = "packed::bytes")]
    data: Vec<u8>,
}

/// Why [`Sealed::open`] gives nothing.
pub(super) enum Closed {
    /// What it asks for is out of range.
    Invalid(&'static str),
    /// Wrong passphrase, or changed bytes.
    Refused,
    /// No memory.
    Failed(String),
}

impl Sealed {
    /// Seals `plain`; `header` is what must stay with it, readable.
    pub(super) fn new(plain: &[u8], header: &[u8], passphrase: &Passphrase) -> Result<Self, ProfileError> {
        let mut random = [0; SALT_BYTES + NONCE_BYTES];
        getrandom::fill(&mut random).map_err(|e| ProfileError::Seal(e.to_string()))?;
        let (salt, nonce) = random.split_at(SALT_BYTES);
        let mut sealed = Self {
            memory_kib: MEMORY_KIB,
            iterations: ITERATIONS,
            lanes: LANES,
            salt: salt.to_vec(),
            nonce: nonce.to_vec(),
            data: Vec::new(),
        };
        let failed = |what: String| ProfileError::Seal(what);
        let cipher = sealed.cipher(passphrase).map_err(failed)?;
        let nonce = sealed.nonce().ok_or_else(|| failed("no nonce".to_owned()))?;
        sealed.data = cipher
            .encrypt(&nonce, Payload { msg: plain, aad: header })
            .map_err(|_| failed("it is too large".to_owned()))?;
        Ok(sealed)
    }

    /// The plain bytes, if the passphrase and the header are those that it was sealed with.
    pub(super) fn open(&self, header: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>, Closed> {
        if self.memory_kib > MEMORY_LIMIT_KIB
            || !(1..=ITERATIONS_LIMIT).contains(&self.iterations)
            || !(1..=LANES_LIMIT).contains(&self.lanes)
            || self.salt.len() != SALT_BYTES
        {
            return Err(Closed::Invalid("its seal asks for a key that is not made here"));
        }
        let nonce = self.nonce().ok_or(Closed::Invalid("its nonce has a wrong length"))?;
        let cipher = self.cipher(passphrase).map_err(Closed::Failed)?;
        cipher.decrypt(&nonce, Payload { msg: &self.data, aad: header }).map_err(|_| Closed::Refused)
    }

    fn nonce(&self) -> Option<XNonce> {
        XNonce::try_from(self.nonce.as_slice()).ok()
    }

    fn cipher(&self, passphrase: &Passphrase) -> Result<XChaCha20Poly1305, String> {
        let params = Params::new(self.memory_kib, self.iterations, self.lanes, None);
        let params = params.map_err(|e| e.to_string())?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut key = [0; 32];
        argon2
            .hash_password_into(passphrase.0.as_bytes(), &self.salt, &mut key)
            .map_err(|e| e.to_string())?;
        Ok(XChaCha20Poly1305::new(&key.into()))
    }
}
