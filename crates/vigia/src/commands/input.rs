//! Where filters read from: a file or standard input, lines or one whole page.

use std::{
    fs,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::Path,
};

use anyhow::{Context, Result};
use pipeline::open_lines;

/// Bytes of one line, and of one whole page, that are read; a page in base64 is a third longer
/// than itself.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// What stands for a line that is longer. Every filter passes on why a line came without anything.
const TOO_LONG: &str = r#"{"error":"the line is longer than 64 MiB, and was not read"}"#;

/// The byte order mark in UTF-8, which editors of some systems put in front.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// What an input turned out to be.
pub(super) enum Input {
    /// JSON, an object a line.
    Lines(Lines),
    /// One page or text.
    Whole(Vec<u8>),
}

/// Lines of an input.
pub(super) struct Lines {
    reader: Box<dyn BufRead>,
}

/// Opens a file or standard input, and finds out what it holds. One that holds nothing is lines,
/// of which there are none. A file may be compressed, as those of the record are.
pub(super) fn open(file: Option<&Path>) -> Result<Input> {
    let reader: Box<dyn BufRead> = match file {
        Some(path) => open_lines(path).with_context(|| format!("open `{}`", path.display()))?,
        None => Box::new(BufReader::with_capacity(1 << 16, io::stdin())),
    };
    sorted_out(reader)
}

/// What an input holds, without the byte order mark and the blanks in front of it.
fn sorted_out(mut reader: Box<dyn BufRead>) -> Result<Input> {
    let mut start = Vec::new();
    (&mut reader)
        .take(BOM.len() as u64)
        .read_to_end(&mut start)
        .context("read the input")?;
    if start == BOM {
        start.clear();
    }
    let start = start.trim_ascii_start().to_vec();
    if start.is_empty() {
        skip_blanks(&mut reader)?;
    }
    let mut reader: Box<dyn BufRead> = Box::new(Cursor::new(start).chain(reader));
    if matches!(
        reader.fill_buf().context("read the input")?.first(),
        Some(b'{') | None
    ) {
        return Ok(Input::Lines(Lines { reader }));
    }
    let mut whole = Vec::new();
    reader
        .take(LINE_BYTES_MAX)
        .read_to_end(&mut whole)
        .context("read the input")?;
    Ok(Input::Whole(whole))
}

/// Whether two paths lead to one file.
pub(super) fn same_file(a: &Path, b: &Path) -> bool {
    match (fs::canonicalize(a), fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

fn skip_blanks(reader: &mut impl BufRead) -> Result<()> {
    loop {
        let buffer = reader.fill_buf().context("read the input")?;
        let blank = buffer.len() - buffer.trim_ascii_start().len();
        let ended = blank < buffer.len() || buffer.is_empty();
        reader.consume(blank);
        if ended {
            return Ok(());
        }
    }
}

impl Lines {
    /// The next line that is not blank, read into `line`; `false` at the end. Bytes that are not
    /// UTF-8 are replaced, and in the place of a line that is over the limit stands one that says so.
    pub(super) fn next(&mut self, line: &mut String) -> Result<bool> {
        let mut bytes = std::mem::take(line).into_bytes();
        loop {
            bytes.clear();
            let mut limited = (&mut self.reader).take(LINE_BYTES_MAX);
            if limited
                .read_until(b'\n', &mut bytes)
                .context("read the input")?
                == 0
            {
                return Ok(false);
            }
            if bytes.last() != Some(&b'\n') && limited.limit() == 0 {
                self.skip_line()?;
                TOO_LONG.clone_into(line);
                return Ok(true);
            }
            if !bytes.trim_ascii().is_empty() {
                *line = String::from_utf8(bytes)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
                return Ok(true);
            }
        }
    }

    fn skip_line(&mut self) -> Result<()> {
        loop {
            let buffer = self.reader.fill_buf().context("read the input")?;
            let (used, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.reader.consume(used);
            if ended {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte at a time, as a slow pipe might.
    struct Drops(&'static [u8]);

    impl Read for Drops {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.0.len().min(buffer.len()).min(1);
            let (now, later) = self.0.split_at(length);
            buffer[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }

    fn check(input: &'static [u8], lines: &[&str], whole: Option<&str>) {
        let read = |reader| match sorted_out(reader).unwrap() {
            Input::Lines(mut input) => {
                let (mut found, mut line) = (Vec::new(), String::new());
                while input.next(&mut line).unwrap() {
                    found.push(line.trim_end().to_owned());
                }
                (found, None)
            }
            Input::Whole(bytes) => (Vec::new(), Some(String::from_utf8(bytes).unwrap())),
        };
        let expected = (
            lines.iter().map(ToString::to_string).collect(),
            whole.map(str::to_owned),
        );
        assert_eq!(read(Box::new(input)), expected, "{input:?}");
        let drops = BufReader::with_capacity(1, Drops(input));
        assert_eq!(read(Box::new(drops)), expected, "{input:?} in drops");
    }

    #[test]
    fn a_line_that_is_too_long_says_so_and_the_next_is_read() {
        let long = io::repeat(b'x').take(LINE_BYTES_MAX + 9);
        let input = (&b"{\"a\":\""[..]).chain(long).chain(&b"\"}\n{}\n"[..]);
        let Input::Lines(mut lines) = sorted_out(Box::new(BufReader::new(input))).unwrap() else {
            panic!("lines");
        };
        let mut line = String::new();
        assert!(lines.next(&mut line).unwrap());
        assert_eq!(line, TOO_LONG);
        assert!(lines.next(&mut line).unwrap());
        assert_eq!(line, "{}\n");
        assert!(!lines.next(&mut line).unwrap());
    }

    #[test]
    fn an_input_is_lines_or_one_page_or_nothing() {
        check(b"", &[], None);
        check(b"\xef\xbb\xbf", &[], None);
        check(b" \n\r\n  \n\n", &[], None);
        check(b"{}\n\n{\"a\":1}", &["{}", "{\"a\":1}"], None);
        check(b"\xef\xbb\xbf\n\n {}\nx", &["{}", "x"], None);
        check(b"\xef\xbb\xbf<p>a</p>", &[], Some("<p>a</p>"));
        check(b"\n a b\n", &[], Some("a b\n"));
        check(b"a", &[], Some("a"));
    }
}
