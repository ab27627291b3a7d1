//! Whether a delivery was signed with the secret that only its hub was told.

use ring::hmac::{self, Algorithm, Key};

use super::token::Token;

/// Whether `header`, an `X-Hub-Signature` of the form `sha256=…` (W3C WebSub §7.1), is the
/// signature of `body`. The comparison takes the same time wherever the two differ.
pub(super) fn is_genuine(header: Option<&str>, secret: &Token, body: &[u8]) -> bool {
    let Some((algorithm, signature)) = header.and_then(read) else {
        return false;
    };
    let key = Key::new(algorithm, secret.reveal().as_bytes());
    hmac::verify(&key, body, &signature).is_ok()
}

/// The hub's choice of algorithm, and its signature as bytes.
fn read(header: &str) -> Option<(Algorithm, Vec<u8>)> {
    let (method, signature) = header.trim().split_once('=')?;
    let algorithm = match method.trim().to_ascii_lowercase().as_str() {
        // Most hubs know no other; what is broken of SHA-1 is not its use here.
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return None,
    };
    Some((algorithm, from_hex(signature.trim())?))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    let pair = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    odd.is_empty()
        .then(|| pairs.iter().map(pair).collect())
        .flatten()
}

/// The `X-Hub-Signature` that a hub would send.
#[cfg(test)]
pub(super) fn sign(method: &str, secret: &str, body: &[u8]) -> String {
    let (algorithm, _) = read(&format!("{method}=")).expect("a known method");
    let tag = hmac::sign(&Key::new(algorithm, secret.as_bytes()), body);
    format!("{method}={}", super::token::hex(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second test case of RFC 2202 §3 and RFC 4231 §4.3: key "Jefe".
    const DATA: &[u8] = b"what do ya want for nothing?";

    fn check(header: &str, expected: bool) {
        let secret = Token::claimed("Jefe");
        assert_eq!(
            is_genuine(Some(header), &secret, DATA),
            expected,
            "{header}"
        );
    }

    #[test]
    fn the_published_signatures_are_genuine() {
        check("sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", true);
        check(
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            true,
        );
        check(
            "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e\
             8e2240ca5e69e2c78b3239ecfab21649",
            true,
        );
        check(
            "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            true,
        );
        check(" SHA1 = EFFCDF6AE5EB2FA2D27416D5F184DF9C259A7C79 ", true);
    }

    #[test]
    fn etiquette_48_a_wrong_or_missing_signature_is_not() {
        assert!(!is_genuine(None, &Token::claimed("Jefe"), DATA));
        let right = sign("sha256", "Jefe", DATA);
        check(&right, true);
        check(&sign("sha256", "other", DATA), false);
        check(&sign("sha256", "Jefe", b"other"), false);
        check(&right.replace("sha256", "sha1"), false);
        check(&right.replace("sha256", "md5"), false);
        check(&right[..right.len() - 2], false);
        check(&right[..right.len() - 1], false);
        check(&format!("{right}00"), false);
        check("sha256=", false);
        check("sha256", false);
        check("sha256=ñ0", false);
        check("", false);
    }
}
