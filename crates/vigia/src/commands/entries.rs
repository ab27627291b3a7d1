//! `vigia entries`: feed bytes in, one line of entries for each feed.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::Path,
};

use anyhow::Result;
use pipeline::{Errand, FetchSettings, filter};
use url::Url;

pub(crate) fn run(feeds: &[String]) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut runtime = None;
    for feed in feeds {
        let answer = match feed.parse::<Url>() {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                let runtime = match &runtime {
                    Some(runtime) => runtime,
                    None => runtime.insert(tokio::runtime::Runtime::new()?),
                };
                let errand = Errand::new(&FetchSettings::default())?;
                match runtime.block_on(errand.named(&url, None)) {
                    Ok(page) => filter::entries_line(
                        feed,
                        &page.body,
                        page.content_type.as_deref(),
                        Some(&page.final_url),
                    ),
                    Err(error) => filter::unfetched_line(feed, error),
                }
            }
            _ => match read(Path::new(feed), FetchSettings::default().feed_bytes_max) {
                Ok(bytes) => filter::entries_line(feed, &bytes, None, None),
                Err(error) => filter::unfetched_line(feed, error),
            },
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()?;
    Ok(())
}

/// Reads a file of no more bytes than a feed on the web may have.
fn read(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!(
                "`{}` is larger than the {bytes_max} bytes that are read of a feed",
                path.display()
            ),
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_a_feed_may_have() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feed.xml");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        let error = read(&path, 4).unwrap_err().to_string();
        assert!(
            error.contains("feed.xml` is larger than the 4 bytes"),
            "{error}"
        );
        // What has no end is not read to it.
        assert!(read(Path::new("/dev/zero"), 1 << 16).is_err());
    }
}
