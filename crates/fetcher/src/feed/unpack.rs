//! A gzip body that no header announced.

use std::{
    borrow::Cow,
    io::{self, Read},
};

use flate2::bufread::GzDecoder;

/// How gzip begins.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How much of it is unpacked; a feed that is read from a server is shorter.
const UNPACKED_BYTES_MAX: u64 = 32 << 20;

/// How many members are unpacked: each costs some time however little is in it.
const MEMBERS_MAX: usize = 64;

/// The bytes, unpacked where they are gzip, and what was wrong with them.
pub(super) fn unpack(bytes: &[u8]) -> (Cow<'_, [u8]>, Option<String>) {
    if !bytes.starts_with(&MAGIC) {
        return (Cow::Borrowed(bytes), None);
    }
    let mut unpacked = Vec::new();
    let problem = match unpack_members(bytes, &mut unpacked) {
        Ok(()) if unpacked.len() as u64 == UNPACKED_BYTES_MAX => {
            Some(format!("more than {UNPACKED_BYTES_MAX} bytes of gzip"))
        }
        Ok(()) => None,
        Err(error) => Some(format!("broken gzip: {error}")),
    };
    (Cow::Owned(unpacked), problem)
}

/// Unpacks one member after another, as far as there is room.
fn unpack_members(mut packed: &[u8], unpacked: &mut Vec<u8>) -> io::Result<()> {
    for _ in 0..MEMBERS_MAX {
        let room = UNPACKED_BYTES_MAX - unpacked.len() as u64;
        let mut member = GzDecoder::new(packed).take(room);
        member.read_to_end(unpacked)?;
        packed = member.into_inner().into_inner();
        if unpacked.len() as u64 == UNPACKED_BYTES_MAX || !packed.starts_with(&MAGIC) {
            return Ok(());
        }
    }
    Err(io::Error::other(format!("more than {MEMBERS_MAX} members")))
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
    fn members_are_joined_up_to_more_than_any_server_sends() {
        let member = packed(b"x");
        assert_eq!(unpack(&member.repeat(64)), (vec![b'x'; 64].into(), None));
        let many = member.repeat(65);
        let (bytes, problem) = unpack(&many);
        assert_eq!(bytes.len(), 64);
        assert_eq!(problem.unwrap(), "broken gzip: more than 64 members");
    }

    #[test]
    fn a_bomb_is_unpacked_so_far_and_no_further() {
        let bomb = packed(&vec![b' '; UNPACKED_BYTES_MAX as usize + 1]);
        let (bytes, problem) = unpack(&bomb);
        assert_eq!(bytes.len() as u64, UNPACKED_BYTES_MAX);
        assert!(problem.is_some());
    }
}
