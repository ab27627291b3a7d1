//! A gzip body that no header announced.

use std::{borrow::Cow, io::Read};

use flate2::read::MultiGzDecoder;

/// How much of it is unpacked; a feed that is read from a server is shorter.
const UNPACKED_BYTES_MAX: u64 = 32 << 20;

/// The bytes, unpacked where they are gzip, and what was wrong with them.
pub(super) fn unpack(bytes: &[u8]) -> (Cow<'_, [u8]>, Option<String>) {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return (Cow::Borrowed(bytes), None);
    }
    let mut unpacked = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes).take(UNPACKED_BYTES_MAX);
    let problem = match reader.read_to_end(&mut unpacked) {
        Ok(read) if read as u64 == UNPACKED_BYTES_MAX => {
            Some(format!("more than {UNPACKED_BYTES_MAX} bytes of gzip"))
        }
        Ok(_) => None,
        Err(error) => Some(format!("broken gzip: {error}")),
    };
    (Cow::Owned(unpacked), problem)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn gzip_is_unpacked_as_far_as_it_came() {
        assert_eq!(unpack(b"<rss/>"), (Cow::Borrowed(&b"<rss/>"[..]), None));
        let whole = packed(b"<rss/>");
        assert_eq!(unpack(&whole), (b"<rss/>".into(), None));
        let (bytes, problem) = unpack(&whole[..whole.len() - 9]);
        assert!(b"<rss/>".starts_with(&bytes));
        assert!(problem.unwrap().starts_with("broken gzip"));
    }

    #[test]
    fn a_bomb_is_unpacked_so_far_and_no_further() {
        let bomb = packed(&vec![b' '; UNPACKED_BYTES_MAX as usize + 1]);
        let (bytes, problem) = unpack(&bomb);
        assert_eq!(bytes.len() as u64, UNPACKED_BYTES_MAX);
        assert!(problem.is_some());
    }
}
