//! Digests as archives name them: `sha1:` and base 32, the form that other tools look pages up by.

use sha1::{Digest, Sha1};

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The digest of the parts one after another, such as `sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ`.
///
/// SHA-1 is what the tools around WARC expect. It names bodies and proves nothing.
pub fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut text = "sha1:".to_owned();
    // 20 bytes are four times 40 bits, and 40 bits are eight digits: no padding is ever needed.
    for five in sha1(parts).chunks_exact(5) {
        let bits = five
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for digit in (0..8).rev() {
            text.push(char::from(ALPHABET[(bits >> (digit * 5) & 31) as usize]));
        }
    }
    text
}

/// SHA-1 over the parts one after another.
pub(crate) fn sha1<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 20] {
    let mut hash = Sha1::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_that_other_tools_compute() {
        assert_eq!(digest([]), "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
        let whole = digest([&b"abc"[..]]);
        assert_eq!(whole, "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5");
        assert_eq!(digest([&b"a"[..], b"bc"]), whole);
    }
}
