//! `vigia entries`: feed bytes in, one line of entries for each feed.

use std::io::{self, BufWriter, Write};

use anyhow::Result;
use pipeline::{FetchSettings, fetch_one, filter};
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
                let page = runtime.block_on(fetch_one(&FetchSettings::default(), &url));
                match page {
                    Ok(page) => filter::entries_line(
                        feed,
                        &page.body,
                        page.content_type.as_deref(),
                        Some(&page.final_url),
                    ),
                    Err(error) => filter::unfetched_line(feed, error),
                }
            }
            _ => match std::fs::read(feed) {
                Ok(bytes) => filter::entries_line(feed, &bytes, None, None),
                Err(error) => filter::unfetched_line(feed, error),
            },
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()?;
    Ok(())
}
