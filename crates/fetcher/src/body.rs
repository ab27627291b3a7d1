//! Reading a body: as far as it comes, up to a number of bytes and an instant.

use std::error::Error;

use bytes::Bytes;
use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use crate::encoding::{self, Named};

/// Bodies that are bigger than this are decompressed off the runtime's threads.
const DECODED_IN_PLACE_BYTES: usize = 8 << 10;

/// How much room is taken ahead on a server's word.
const RESERVED_BYTES_MAX: u64 = 1 << 20;

/// What came of a body.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    /// The bytes, decompressed.
    pub(crate) bytes: Bytes,
    /// Why the rest is missing; `None` where all of it came.
    pub(crate) cut: Option<Cut>,
}

/// Why a body is not whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cut {
    /// It has more bytes than are read.
    #[error("body over {}", in_words(*.bytes_max))]
    TooLong {
        /// How many are read.
        bytes_max: usize,
    },
    /// It did not come in time.
    #[error("body slower than allowed, {bytes} bytes came")]
    TooSlow {
        /// How many came in time.
        bytes: usize,
    },
    /// The connection broke, or the compressed data did.
    #[error("body cut off after {bytes} bytes: {reason}")]
    Broken {
        /// How many came before.
        bytes: usize,
        /// What happened.
        reason: String,
    },
}

/// Reads a body until it ends, has `bytes_max` bytes, or `deadline` passes, and undoes its
/// content codings, of which none may bring more than `bytes_max` bytes either.
pub(crate) async fn read(response: Response, bytes_max: usize, deadline: Instant) -> Body {
    let named = Named::of(response.headers());
    let (bytes, cut) = receive(response, bytes_max, deadline).await;
    if !named.concern(&bytes) {
        let bytes = bytes.into();
        return Body { bytes, cut };
    }
    let small = bytes.len() <= DECODED_IN_PLACE_BYTES;
    let decode = move || encoding::decode(bytes, &named, bytes_max);
    let (bytes, cut_inside) = if small {
        decode()
    } else {
        let decoding = tokio::task::spawn_blocking(decode);
        decoding.await.unwrap_or_else(|error| {
            let reason = error.to_string();
            (Vec::new(), Some(Cut::Broken { bytes: 0, reason }))
        })
    };
    Body {
        bytes: bytes.into(),
        // That the data end too early says less than why they do.
        cut: cut.or(cut_inside),
    }
}

/// The bytes as the server sends them.
async fn receive(
    mut response: Response,
    bytes_max: usize,
    deadline: Instant,
) -> (Vec<u8>, Option<Cut>) {
    let ahead = response
        .content_length()
        .unwrap_or(0)
        .min(RESERVED_BYTES_MAX) as usize;
    let mut bytes = Vec::with_capacity(ahead.min(bytes_max));
    let cut = loop {
        match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) if bytes.len() + chunk.len() > bytes_max => {
                bytes.extend_from_slice(&chunk[..bytes_max - bytes.len()]);
                break Some(Cut::TooLong { bytes_max });
            }
            Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
            Ok(Ok(None)) => break None,
            Ok(Err(error)) => {
                let reason = innermost(&error);
                break Some(Cut::Broken {
                    bytes: bytes.len(),
                    reason,
                });
            }
            Err(_) => break Some(Cut::TooSlow { bytes: bytes.len() }),
        }
    };
    (bytes, cut)
}

/// The cause at the bottom of an error, in its own words.
pub(crate) fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// A number of bytes as a person says it.
fn in_words(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} kB", bytes / 1024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}
