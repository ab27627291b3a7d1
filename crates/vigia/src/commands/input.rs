//! Where filters read from: a file or standard input, lines or one whole page.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use anyhow::{Context, Result};

/// Bytes of one line, and of one whole page, that are read; a page in base64 is a third longer
/// than itself.
const LINE_BYTES_MAX: u64 = 64 << 20;

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

/// Opens a file or standard input, and finds out what it holds.
pub(super) fn open(file: Option<&Path>) -> Result<Input> {
    let mut reader: Box<dyn BufRead> = match file {
        Some(path) => {
            let file = File::open(path).with_context(|| format!("open `{}`", path.display()))?;
            Box::new(BufReader::with_capacity(1 << 16, file))
        }
        None => Box::new(BufReader::with_capacity(1 << 16, io::stdin())),
    };
    let starts = reader.fill_buf().context("read the input")?;
    if starts.trim_ascii_start().first() == Some(&b'{') {
        return Ok(Input::Lines(Lines { reader }));
    }
    let mut whole = Vec::new();
    reader
        .take(LINE_BYTES_MAX)
        .read_to_end(&mut whole)
        .context("read the input")?;
    Ok(Input::Whole(whole))
}

impl Lines {
    /// The next line that is not blank, read into `line`; `false` at the end. Bytes that are not
    /// UTF-8 are replaced, and what is over the limit is cut, so that the line fails by itself.
    pub(super) fn next(&mut self, line: &mut String) -> Result<bool> {
        let mut bytes = Vec::new();
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
            }
            if !bytes.trim_ascii().is_empty() {
                line.clear();
                line.push_str(&String::from_utf8_lossy(&bytes));
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
