//! Just enough of gzip (RFC 1952) and DEFLATE (RFC 1951) to serve it without a compressor.

const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// The longest stored block of DEFLATE.
const STORED_BYTES_MAX: usize = 0xffff;
/// The longest match of DEFLATE.
const MATCH_BYTES_MAX: usize = 258;

/// Wraps `body` in gzip without compressing it.
pub(super) fn stored(body: &[u8]) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    let mut blocks = body.chunks(STORED_BYTES_MAX).peekable();
    if blocks.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(crc32(body.iter().copied()).to_le_bytes());
    out.extend((body.len() as u32).to_le_bytes());
    out
}

/// A gzip body of spaces: one literal, then matches of 258 bytes at distance one.
pub(super) fn bomb(unpacked_bytes: usize) -> Vec<u8> {
    let matches = unpacked_bytes.saturating_sub(1).div_ceil(MATCH_BYTES_MAX);
    let mut bits = Bits::default();
    bits.push_low_first(0b1, 1); // the last block
    bits.push_low_first(0b01, 2); // fixed Huffman codes
    bits.push_high_first(0x30 + u32::from(b' '), 8);
    for _ in 0..matches {
        bits.push_high_first(0b1100_0101, 8); // length 258
        bits.push_high_first(0, 5); // distance 1
    }
    bits.push_high_first(0, 7); // the end of the block
    let unpacked = 1 + matches * MATCH_BYTES_MAX;
    let mut out = HEADER.to_vec();
    out.extend(bits.finish());
    out.extend(crc32(std::iter::repeat_n(b' ', unpacked)).to_le_bytes());
    out.extend((unpacked as u32).to_le_bytes());
    out
}

/// A bit string in the order of DEFLATE: the first bit is the lowest of the first byte.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u32,
    pending_len: u32,
}

impl Bits {
    fn push_low_first(&mut self, value: u32, bits: u32) {
        self.pending |= value << self.pending_len;
        self.pending_len += bits;
        while self.pending_len >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.pending_len -= 8;
        }
    }

    /// Huffman codes are packed from their highest bit on.
    fn push_high_first(&mut self, code: u32, bits: u32) {
        self.push_low_first(code.reverse_bits() >> (32 - bits), bits);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.pending_len > 0 {
            self.bytes.push(self.pending as u8);
        }
        self.bytes
    }
}

fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    const TABLE: [u32; 256] = crc32_table();
    !bytes.fold(!0, |crc, byte| {
        TABLE[((crc ^ u32::from(byte)) & 0xff) as usize] ^ (crc >> 8)
    })
}

const fn crc32_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = (value >> 1) ^ (0xedb8_8320 * (value & 1));
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        assert_eq!(crc32(b"123456789".iter().copied()), 0xcbf4_3926);
    }

    #[test]
    fn a_bomb_is_small() {
        let unpacked = 10 << 20;
        assert!(bomb(unpacked).len() * 150 < unpacked);
    }

    #[test]
    fn a_stored_body_is_framed_block_by_block() {
        let packed = stored(&vec![b'x'; STORED_BYTES_MAX + 1]);
        assert_eq!(packed[10..15], [0, 0xff, 0xff, 0, 0]);
        let second = 15 + STORED_BYTES_MAX;
        assert_eq!(packed[second..second + 6], [1, 1, 0, 0xfe, 0xff, b'x']);
        assert_eq!(packed.len(), second + 6 + 8);
    }
}
