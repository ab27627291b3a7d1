//! Writing OPML 2.0 (opml.org/spec2.opml): a folder for each country, a feed's name as its title.

use std::collections::BTreeMap;

use pipeline::Feed;

/// The feeds as OPML.
pub(crate) fn write(feeds: &[Feed]) -> String {
    let mut by_country: BTreeMap<Option<String>, Vec<&Feed>> = BTreeMap::new();
    for feed in feeds {
        let country = feed.home.country.map(|country| country.to_string());
        by_country.entry(country).or_default().push(feed);
    }
    let mut opml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head>\n    \
         <title>Feeds of vigia</title>\n  </head>\n  <body>\n",
    );
    for (country, feeds) in &by_country {
        let indent = if country.is_some() { "      " } else { "    " };
        if let Some(country) = country {
            let country = escaped(country);
            opml += &format!("    <outline text=\"{country}\" title=\"{country}\">\n");
        }
        for feed in feeds {
            opml += &format!("{indent}{}\n", outline(feed));
        }
        if country.is_some() {
            opml += "    </outline>\n";
        }
    }
    opml + "  </body>\n</opml>\n"
}

fn outline(feed: &Feed) -> String {
    let id = escaped(feed.id.as_str());
    let lang = feed.home.lang.map(|lang| format!(" language=\"{lang}\""));
    format!(
        "<outline type=\"rss\" text=\"{id}\" title=\"{id}\" xmlUrl=\"{}\"{}/>",
        escaped(feed.url.as_str()),
        lang.unwrap_or_default()
    )
}

/// A text as an attribute's value.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opml::{Known, read, to_toml};

    fn feed(id: &str, url: &str, country: Option<&str>, lang: Option<&str>) -> Feed {
        Feed {
            id: id.parse().unwrap(),
            url: url.parse().unwrap(),
            home: story::Home {
                country: country.map(|country| country.parse().unwrap()),
                lang: lang.map(|lang| lang.parse().unwrap()),
            },
            interval: None,
            timezone: chrono_tz::UTC,
            access: pipeline::Access::default(),
        }
    }

    #[test]
    fn feeds_come_back_as_they_went() {
        let feeds = [
            feed(
                "a.b_c-1",
                "https://a.test/?x=1&y=<2>",
                Some("CO"),
                Some("es"),
            ),
            feed("b", "https://b.test/rss", None, None),
            feed("c", "http://c.test/", Some("CO"), None),
        ];
        let opml = write(&feeds);
        assert!(
            opml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">")
        );
        assert_eq!(opml.matches("<outline text=\"CO\"").count(), 1);
        let back = to_toml(&read(opml.as_bytes()).outlines, Known::default());
        let table = |feed: &Feed| {
            let mut table = format!("[[feed]]\nid = \"{}\"\nurl = \"{}\"\n", feed.id, feed.url);
            if let Some(country) = feed.home.country {
                table += &format!("country = \"{country}\"\n");
            }
            if let Some(lang) = feed.home.lang {
                table += &format!("lang = \"{lang}\"\n");
            }
            table
        };
        for feed in &feeds {
            assert!(back.toml.contains(&table(feed)), "{}\n{opml}", back.toml);
        }
        assert_eq!(back.feeds, 3);
    }
}
