//! Texts as they are stored where they are long: zstd.

/// The default level, 3, packs a story to a third in some 50 µs.
const LEVEL: i32 = 3;

/// Packs a text.
pub(crate) fn pack(text: &str) -> rusqlite::Result<Vec<u8>> {
    zstd::bulk::compress(text.as_bytes(), LEVEL)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Unpacks a text. It was written by ourselves, so one that cannot be unpacked is as good as none.
pub(crate) fn unpack(packed: &[u8]) -> Option<String> {
    String::from_utf8(zstd::decode_all(packed).ok()?).ok()
}
