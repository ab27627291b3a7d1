//! Content codings, undone by what the bytes are and not by the header's word alone.
//!
//! Servers name a coding and send plain text, compress and name none, compress twice, or put a
//! charset where the coding belongs. So a coding that is named is undone where the bytes may
//! have it, one that shows in the first bytes is undone named or not, and any other name is
//! passed over. What comes out is bounded, layer by layer.

use std::io::{self, BufRead, Read};

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use crate::body::Cut;

/// What requests say they take.
pub(crate) const ACCEPTED: &str = "gzip, deflate, br, zstd";

/// How many codings one on another are undone.
const LAYERS_MAX: usize = 2;

/// The largest window that zstd may ask for, as a power of two: 8 MB (RFC 9659 §3).
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How much is decompressed at once.
const PIECE_BYTES: usize = 16 << 10;

/// How many members of gzip are undone: each costs a decoder however little is in it, and servers
/// send one.
const GZIP_MEMBERS_MAX: usize = 64;

/// How many bytes are looked at to tell text from compressed data.
const SNIFFED_BYTES: usize = 64;

/// Ways to compress a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    /// zlib or raw deflate: the name stands for either on the web.
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The coding of a name; `None` for names that change nothing or mean nothing.
    fn named(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The coding that these bytes certainly have.
    fn shown(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x1f, 0x8b, 0x08, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Whether its data always begin in the same way.
    fn has_magic(self) -> bool {
        matches!(self, Self::Gzip | Self::Zstd)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "brotli",
            Self::Zstd => "zstd",
        }
    }
}

/// The codings that the headers name, the last applied first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named(Vec<Coding>);

impl Named {
    /// Reads `Content-Encoding`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(CONTENT_ENCODING).iter();
        let names = values.filter_map(|value| value.to_str().ok());
        let mut codings: Vec<Coding> = names
            .flat_map(|names| names.split(','))
            .filter_map(Coding::named)
            .collect();
        codings.reverse();
        Self(codings)
    }

    /// Whether [`decode`] would change these bytes.
    pub(crate) fn concern(&self, bytes: &[u8]) -> bool {
        next_layer(&mut self.0.iter().copied(), bytes).is_some()
    }
}

/// Undoes the codings of a body, up to `bytes_max` bytes from each of them. What came out is
/// given even where the rest is missing, with the reason.
pub(crate) fn decode(bytes: Vec<u8>, named: &Named, bytes_max: usize) -> (Vec<u8>, Option<Cut>) {
    let mut bytes = bytes;
    let mut cut = None;
    let mut left = named.0.iter().copied();
    for _ in 0..LAYERS_MAX {
        let Some(coding) = next_layer(&mut left, &bytes) else {
            return (bytes, cut);
        };
        let (decoded, why) = undo(coding, &bytes, bytes_max);
        (bytes, cut) = (decoded, cut.or(why));
    }
    if next_layer(&mut left, &bytes).is_some() {
        let reason = format!("more than {LAYERS_MAX} content codings");
        cut = cut.or(Some(Cut::Broken { bytes: 0, reason }));
        bytes.clear();
    }
    (bytes, cut)
}

/// The coding to undo next: what shows, or the next one that is named and may be there.
fn next_layer(named: &mut impl Iterator<Item = Coding>, bytes: &[u8]) -> Option<Coding> {
    if bytes.is_empty() {
        return None;
    }
    let name = named.next();
    if let Some(shown) = Coding::shown(bytes) {
        return Some(shown);
    }
    std::iter::successors(name, |_| named.next())
        .find(|coding| !coding.has_magic() && !is_text(bytes))
}

/// Whether these are the first bytes of markup or JSON. Compressed data may begin with such a
/// byte, but does not go on without a single control character.
fn is_text(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let head = bytes.get(..SNIFFED_BYTES).unwrap_or(bytes);
    let opens = matches!(head.trim_ascii_start(), [b'<' | b'{' | b'[', ..]);
    let control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    utf16 || (opens && !head.iter().any(control))
}

/// Undoes one coding.
fn undo(coding: Coding, bytes: &[u8], bytes_max: usize) -> (Vec<u8>, Option<Cut>) {
    let mut out = Out {
        bytes: Vec::with_capacity(bytes.len().saturating_mul(4).min(bytes_max)),
        bytes_max,
    };
    let done = match coding {
        Coding::Gzip => out.gunzip(bytes),
        Coding::Deflate if is_zlib(bytes) => out.take(ZlibDecoder::new(bytes)),
        Coding::Deflate => out.take(DeflateDecoder::new(bytes)),
        Coding::Brotli => out.take(brotli_decompressor::Decompressor::new(bytes, PIECE_BYTES)),
        Coding::Zstd => out.unzstd(bytes),
    };
    let cut = match done {
        Ok(Fits::Yes) => None,
        Ok(Fits::No) => Some(Cut::TooLong { bytes_max }),
        Err(error) => Some(Cut::Broken {
            bytes: out.bytes.len(),
            reason: format!("{}: {error}", coding.name()),
        }),
    };
    (out.bytes, cut)
}

/// Whether these bytes begin as zlib's data do (RFC 1950 §2.2).
fn is_zlib(bytes: &[u8]) -> bool {
    match bytes {
        [method, flags, ..] => {
            method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31)
        }
        _ => false,
    }
}

/// Whether all of something had room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fits {
    Yes,
    No,
}

/// What was decompressed.
struct Out {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl Out {
    /// Reads to the end or to the bound.
    fn take(&mut self, mut reader: impl Read) -> io::Result<Fits> {
        let mut piece = [0; PIECE_BYTES];
        loop {
            let count = match reader.read(&mut piece) {
                Ok(0) => return Ok(Fits::Yes),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let room = self.bytes_max - self.bytes.len();
            self.bytes.extend_from_slice(&piece[..count.min(room)]);
            if count > room {
                return Ok(Fits::No);
            }
        }
    }

    /// Reads gzip's members one after another; what follows the last is passed over, as
    /// browsers do.
    fn gunzip(&mut self, mut bytes: &[u8]) -> io::Result<Fits> {
        for _ in 0..GZIP_MEMBERS_MAX {
            if Coding::shown(bytes) != Some(Coding::Gzip) {
                return Ok(Fits::Yes);
            }
            let mut member = GzDecoder::new(bytes);
            if self.take(&mut member)? == Fits::No {
                return Ok(Fits::No);
            }
            bytes = member.into_inner();
        }
        match Coding::shown(bytes) {
            Some(Coding::Gzip) => Err(io::Error::other(format!(
                "more than {GZIP_MEMBERS_MAX} members"
            ))),
            _ => Ok(Fits::Yes),
        }
    }

    fn unzstd(&mut self, bytes: impl BufRead) -> io::Result<Fits> {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
        self.take(decoder)
    }
}

#[cfg(test)]
mod tests;
