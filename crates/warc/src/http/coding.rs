//! Content codings (RFC 9110 §8.4.1), undone where the bytes have them: archives hold bodies that
//! were decoded under headers that still name a coding.

use std::io::{self, BufRead, Read};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// How many codings one on another are undone.
const LAYERS_MAX: usize = 2;

/// The largest window that zstd may ask for, as a power of two: 8 MB (RFC 9659 §3).
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// A body without its codings.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// What it lacks, if anything.
    pub(super) incomplete: Option<&'static str>,
}

/// More came out than is taken.
#[derive(Debug)]
pub(super) struct TooLarge;

/// Undoes the codings that are named, and those that show.
pub(super) fn decode(body: &[u8], named: &str, bytes_max: usize) -> Result<Decoded, TooLarge> {
    let mut names: Vec<String> = named
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let mut incomplete = None;
    let mut whole: Option<Vec<u8>> = None;
    for _ in 0..LAYERS_MAX {
        let name = names.pop().unwrap_or_default();
        let bytes = whole.as_deref().unwrap_or(body);
        let Some((decoded, cut)) = undo(&name, bytes, bytes_max)? else {
            break;
        };
        incomplete = incomplete.or(cut);
        whole = Some(decoded);
    }
    let bytes = whole.unwrap_or_else(|| body.to_vec());
    if bytes.len() > bytes_max {
        return Err(TooLarge);
    }
    Ok(Decoded { bytes, incomplete })
}

type Undone = Option<(Vec<u8>, Option<&'static str>)>;

/// Undoes one coding; `None` where the bytes have none.
fn undo(name: &str, bytes: &[u8], bytes_max: usize) -> Result<Undone, TooLarge> {
    match (name, bytes) {
        (_, [0x1f, 0x8b, 0x08, ..]) => taken(MultiGzDecoder::new(bytes), bytes_max),
        (_, [0x28, 0xb5, 0x2f, 0xfd, ..]) => match unzstd(bytes) {
            Ok(decoder) => taken(decoder, bytes_max),
            Err(_) => Ok(None),
        },
        // Neither begins in a way of its own: bytes that cannot be undone had no coding.
        ("deflate", [method, flags, ..])
            if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31) =>
        {
            taken(ZlibDecoder::new(bytes), bytes_max)
        }
        ("deflate", _) => taken(DeflateDecoder::new(bytes), bytes_max),
        ("br", _) => taken(
            brotli_decompressor::Decompressor::new(bytes, 16 << 10),
            bytes_max,
        ),
        _ => Ok(None),
    }
}

fn unzstd(bytes: &[u8]) -> io::Result<impl BufRead> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(io::BufReader::new(decoder))
}

/// What a decoder gives; `None` where that is nothing but an error.
fn taken(decoder: impl Read, bytes_max: usize) -> Result<Undone, TooLarge> {
    let mut decoded = Vec::new();
    let read = decoder.take(bytes_max as u64 + 1).read_to_end(&mut decoded);
    match read {
        _ if decoded.len() > bytes_max => Err(TooLarge),
        Ok(_) => Ok(Some((decoded, None))),
        Err(_) if decoded.is_empty() => Ok(None),
        Err(_) => Ok(Some((decoded, Some("its compressed data break off")))),
    }
}
