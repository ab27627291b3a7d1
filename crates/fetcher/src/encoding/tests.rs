use std::{io::Write, time::Instant};

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use proptest::prelude::*;

use super::*;

const TEXT: &[u8] = b"<?xml version='1.0'?><rss><channel><title>El Diario</title></channel></rss>";

/// Brotli's form of up to 64 kB, uncompressed: the crate that reads it does not write.
fn brotli(text: &[u8]) -> Vec<u8> {
    // From the lowest bit (RFC 7932 §9): window 16 (one bit, 0), not last (0), four nibbles of length (00), length - 1 in 16 bits,
    // uncompressed (1), padding; then the text; then an empty last metablock (11).
    let length = (text.len() - 1) as u32;
    let header = (length << 4) | (1 << 20);
    let mut bytes = header.to_le_bytes()[..3].to_vec();
    bytes.extend_from_slice(text);
    bytes.push(3);
    bytes
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 3).unwrap()
}

fn named(header: &'static str) -> Named {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, header.parse().unwrap());
    Named::of(&headers)
}

fn check(header: &'static str, bytes: Vec<u8>) {
    let named = named(header);
    let concern = named.concern(&bytes);
    assert_eq!(concern, bytes != TEXT, "{header}");
    let (decoded, cut) = decode(bytes, &named, 1 << 20);
    assert_eq!((&decoded[..], cut), (TEXT, None), "{header}");
}

#[test]
fn every_coding_is_undone() {
    check("gzip", gzip(TEXT));
    check("X-GZip", gzip(TEXT));
    check("deflate", zlib(TEXT));
    check("deflate", deflate(TEXT));
    check("br", brotli(TEXT));
    check("zstd", zstd(TEXT));
}

#[test]
fn plain_text_is_left_alone_whatever_the_header_says() {
    for header in [
        "gzip",
        "deflate",
        "br",
        "zstd",
        "UTF-8",
        "none",
        "identity",
        "gzip, br",
        "aws-chunked",
    ] {
        check(header, TEXT.to_vec());
    }
}

#[test]
fn gzip_that_nobody_named_is_undone() {
    check("", gzip(TEXT));
    check("UTF-8", gzip(TEXT));
    check("br", gzip(TEXT));
    check("", zstd(TEXT));
}

#[test]
fn two_codings_are_undone_and_a_third_is_refused() {
    check("gzip, br", brotli(&gzip(TEXT)));
    check("gzip", gzip(&gzip(TEXT)));
    check("deflate, gzip", gzip(&zlib(TEXT)));
    let (decoded, cut) = decode(gzip(&gzip(&gzip(TEXT))), &named("gzip"), 1 << 20);
    assert!(decoded.is_empty());
    assert!(
        cut.unwrap()
            .to_string()
            .ends_with("more than 2 content codings")
    );
}

#[test]
fn members_of_gzip_are_joined_and_what_follows_them_is_passed_over() {
    let (head, tail) = TEXT.split_at(20);
    let mut bytes = [gzip(head), gzip(tail)].concat();
    bytes.extend_from_slice(&[0; 512]);
    check("gzip", bytes);
}

#[test]
fn members_of_gzip_beyond_any_server_s_are_left_alone() {
    let many = gzip(b"x").repeat(64);
    let (decoded, cut) = decode(many.clone(), &named("gzip"), 1 << 20);
    assert_eq!((decoded.len(), cut), (64, None));
    let (decoded, cut) = decode(many.repeat(1000), &named("gzip"), 1 << 20);
    assert_eq!(decoded.len(), 64);
    let cut = cut.unwrap().to_string();
    assert!(cut.contains("gzip: more than 64 members"), "{cut}");
}

#[test]
fn what_came_of_a_broken_body_is_given_with_the_reason() {
    let text: Vec<u8> = (0..20_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    for (header, mut bytes) in [
        ("gzip", gzip(&text)),
        ("deflate", zlib(&text)),
        ("br", brotli(&text[..60_000])),
        ("zstd", zstd(&text)),
    ] {
        bytes.truncate(bytes.len() / 2);
        let (decoded, cut) = decode(bytes, &named(header), 1 << 20);
        assert!(text.starts_with(&decoded), "{header}");
        assert!(matches!(cut, Some(Cut::Broken { .. })), "{header}: {cut:?}");
    }
}

#[test]
fn a_bomb_costs_the_cap_and_no_more() {
    let zeros = vec![0; 100 << 20];
    let max = 1 << 20;
    for (header, bytes) in [
        ("gzip", gzip(&zeros)),
        ("gzip", gzip(&gzip(&zeros))),
        ("zstd", zstd(&zeros)),
        ("deflate", zlib(&zeros)),
    ] {
        let begun = Instant::now();
        let (decoded, cut) = decode(bytes, &named(header), max);
        assert_eq!(
            (decoded.len(), cut),
            (max, Some(Cut::TooLong { bytes_max: max }))
        );
        assert!(decoded.capacity() <= 2 * max);
        assert!(
            begun.elapsed().as_secs() < 2,
            "{header}: {:?}",
            begun.elapsed()
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes: Vec<u8>, header in 0..5_usize, max in 0..4096_usize) {
        let named = named(["", "gzip", "deflate, br", "br, zstd", "deflate"][header]);
        let (decoded, _) = decode(bytes.clone(), &named, max);
        prop_assert!(decoded.len() <= max.max(bytes.len()));
    }

    #[test]
    fn damage_is_survived(at in 0..60_usize, with: u8, header in 0..4_usize) {
        let bodies = [
            ("gzip", gzip(TEXT)),
            ("deflate", zlib(TEXT)),
            ("br", brotli(TEXT)),
            ("zstd", zstd(TEXT)),
        ];
        let (header, mut bytes) = bodies[header].clone();
        let at = at % bytes.len();
        bytes[at] = with;
        let (decoded, _) = decode(bytes, &named(header), 4096);
        prop_assert!(decoded.len() <= 4096);
    }
}
