//! The chunked transfer coding (RFC 9112 §7.1).

/// Joins the chunks of a body, up to about `bytes_max` bytes, and says whether the last of them is
/// there. `None` where the body does not begin with a chunk: it was joined before it was stored.
pub(super) fn join(body: &[u8], bytes_max: usize) -> Option<(Vec<u8>, bool)> {
    let mut joined = Vec::with_capacity(body.len().min(bytes_max));
    let mut rest = body;
    let mut begun = false;
    while joined.len() <= bytes_max {
        let Some((size, behind)) = size(rest) else {
            return begun.then_some((joined, false));
        };
        begun = true;
        if size == 0 {
            return Some((joined, true));
        }
        let chunk = &behind[..behind.len().min(size)];
        joined.extend_from_slice(chunk);
        if chunk.len() < size {
            return Some((joined, false));
        }
        rest = &behind[size..];
        rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    Some((joined, false))
}

/// The size of the chunk that begins here, and what stands behind its line.
fn size(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let digits = bytes
        .iter()
        .take(16)
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    let line = memchr::memchr(b'\n', &bytes[..bytes.len().min(1024)])?;
    let behind_digits = bytes[digits..line].trim_ascii();
    // Extensions are allowed and never used.
    if digits == 0 || !(behind_digits.is_empty() || behind_digits.starts_with(b";")) {
        return None;
    }
    let size = usize::from_str_radix(str::from_utf8(&bytes[..digits]).ok()?, 16).ok()?;
    Some((size, &bytes[line + 1..]))
}
