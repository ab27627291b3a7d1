//! Any bytes as a WARC file, compressed or not: no panic, an end, and blocks no larger than is taken.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use warc::{HttpResponse, Reader};

const BYTES_MAX: u64 = 64 << 10;

fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::new(Cursor::new(bytes)).expect("memory can be read");
    let mut steps = 0;
    while let Some(next) = reader.advance() {
        steps += 1;
        assert!(steps <= 1100 * (bytes.len() + 1), "no end");
        let Ok(head) = next else { continue };
        assert!(head.offset < bytes.len() as u64);
        if let Ok(block) = reader.block(BYTES_MAX) {
            assert!(block.len() as u64 <= BYTES_MAX);
            let _ = HttpResponse::parse(&block, BYTES_MAX as usize);
        }
    }
    let _ = HttpResponse::parse(bytes, BYTES_MAX as usize);
});
