//! What strangers must not guess: the end of a callback's address, and the key of signatures.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

/// Twice what is held to be unguessable; in hexadecimal it is still far below the 200 bytes that a
/// secret may have (W3C WebSub §5.1).
const RANDOM_BYTES: usize = 32;

/// 256 bits of the system's randomness, in hexadecimal.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Token(String);

/// The system has no randomness to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRandomness;

impl Token {
    /// A fresh one.
    pub(super) fn fresh() -> Result<Self, NoRandomness> {
        let mut bytes = [0; RANDOM_BYTES];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| NoRandomness)?;
        Ok(Self(hex(&bytes)))
    }

    /// What somebody claims to be one.
    pub(super) fn claimed(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Its text, for those who may know it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    /// Keeps it out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).expect("half a byte");
    let digits = bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 0xf)]);
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etiquette_48_a_token_is_fresh_and_unguessable() {
        let tokens = [(); 100].map(|()| Token::fresh().unwrap());
        let distinct: std::collections::HashSet<_> = tokens.iter().map(Token::reveal).collect();
        assert_eq!(distinct.len(), tokens.len());
        assert!(tokens.iter().all(|token| token.reveal().len() * 4 >= 128));
    }

    #[test]
    fn a_token_does_not_show_in_logs() {
        let token = Token::fresh().unwrap();
        assert!(!format!("{token:?}").contains(token.reveal()));
    }
}
