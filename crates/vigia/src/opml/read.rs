//! Reading OPML as readers really write it: names in any case, versions missing, ampersands bare,
//! elements unclosed. What can be read is read; nothing in it is expanded or followed.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use pipeline::discovery::markup::{Tag, Tags};
use story::Lang;
use url::Url;

/// Feeds beyond this are not read.
const OUTLINES_MAX: usize = 20_000;

/// Folders within folders beyond this have no name.
const DEPTH_MAX: usize = 16;

/// Characters of a title or a folder's name that are kept.
const TITLE_CHARS_MAX: usize = 200;

/// What an OPML file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Opml {
    /// Its feeds.
    pub(crate) outlines: Vec<Outline>,
    /// What could not be read, in the words of a person.
    pub(crate) problems: Vec<String>,
}

/// A feed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    /// Its title; may be empty.
    pub(crate) title: String,
    /// Where it is.
    pub(crate) url: Url,
    /// The folders that it lies in, the outermost first.
    pub(crate) folders: Vec<String>,
    /// Its language, where the file says so.
    pub(crate) lang: Option<Lang>,
}

/// Reads an OPML file's bytes.
pub(crate) fn read(bytes: &[u8]) -> Opml {
    let text = decode(bytes);
    let mut reading = Reading::default();
    for tag in Tags::of(text.as_bytes()).filter(|tag| tag.is_local("outline")) {
        if reading.opml.outlines.len() == OUTLINES_MAX {
            let problem = format!("read up to {OUTLINES_MAX} feeds only");
            reading.opml.problems.push(problem);
            break;
        }
        reading.outline(&tag);
    }
    reading.opml
}

/// The text: by byte order mark, else UTF-8 if it is that, else by what its first line says, else
/// as Windows writes Western Europe.
fn decode(bytes: &[u8]) -> String {
    let declared = || {
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        let value = head
            .split_once("encoding")?
            .1
            .trim_start()
            .strip_prefix('=')?;
        let label = value.split(['\'', '"']).nth(1)?;
        Encoding::for_label(label.as_bytes()).filter(|named| *named != UTF_8)
    };
    let encoding = match Encoding::for_bom(bytes) {
        Some((marked, _)) => marked,
        None if str::from_utf8(bytes).is_ok() => UTF_8,
        None => declared().unwrap_or(WINDOWS_1252),
    };
    encoding.decode(bytes).0.into_owned()
}

/// A file that is being read.
#[derive(Default)]
struct Reading {
    opml: Opml,
    /// The names of the open outlines.
    open: Vec<String>,
    /// Open outlines beyond those that have names.
    deeper: usize,
}

impl Reading {
    fn outline(&mut self, tag: &Tag<'_>) {
        if tag.is_closing {
            self.close();
            return;
        }
        let title = title(tag);
        if let Some(address) = address(tag) {
            self.feed(tag, &title, &address);
        }
        if !tag.is_empty {
            self.open(title);
        }
    }

    fn feed(&mut self, tag: &Tag<'_>, title: &str, address: &str) {
        let Some(url) = web_address(address) else {
            let problem = format!("`{}` is not the address of a feed", shorten(address));
            self.opml.problems.push(problem);
            return;
        };
        let folders = self.open.iter().filter(|name| !name.is_empty());
        self.opml.outlines.push(Outline {
            title: title.to_owned(),
            url,
            folders: folders.cloned().collect(),
            lang: tag
                .attribute("language")
                .and_then(|lang| lang.get(..2)?.parse().ok()),
        });
    }

    fn open(&mut self, title: String) {
        if self.open.len() < DEPTH_MAX {
            self.open.push(title);
        } else {
            self.deeper += 1;
        }
    }

    fn close(&mut self) {
        match self.deeper.checked_sub(1) {
            Some(deeper) => self.deeper = deeper,
            // One too many closes nothing.
            None => drop(self.open.pop()),
        }
    }
}

/// A feed's or folder's title, by whichever attribute has one.
fn title(tag: &Tag<'_>) -> String {
    let mut named = ["title", "text"]
        .into_iter()
        .filter_map(|name| tag.attribute(name));
    let title = named.find(|title| !title.is_empty()).unwrap_or_default();
    shorten(&title)
}

/// A feed's address, under any of the names that it goes by.
fn address(tag: &Tag<'_>) -> Option<String> {
    let is_feed = || {
        tag.attribute("type")
            .is_some_and(|kind| matches!(&*kind.to_ascii_lowercase(), "rss" | "atom"))
    };
    let url = || tag.attribute("url").filter(|_| is_feed());
    let named = ["xmlUrl", "feedUrl"]
        .into_iter()
        .find_map(|name| tag.attribute(name));
    named.or_else(url).filter(|address| !address.is_empty())
}

/// An http or https address, also where it is written as `feed:`.
fn web_address(address: &str) -> Option<Url> {
    let address = match address.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("http:{rest}"),
        Some(rest) => rest.to_owned(),
        None => address.to_owned(),
    };
    let url = address.parse::<Url>().ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn shorten(text: &str) -> String {
    text.chars().take(TITLE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// The feeds of a text as `folder/folder/title address`.
    fn feeds(text: &str) -> Vec<String> {
        let outlines = read(text.as_bytes()).outlines.into_iter();
        let shown = outlines.map(|outline| {
            let mut path = outline.folders;
            path.push(outline.title);
            format!("{} {}", path.join("/"), outline.url)
        });
        shown.collect()
    }

    #[test]
    fn folders_hold_feeds() {
        let text = "<?xml version='1.0'?><opml version='2.0'><head><title>T</title></head><body>\
            <outline text='Noticias'><outline text='Colombia'>\
            <outline type='rss' text='Uno &amp; m&#225;s' title='' xmlUrl='https://a.test/1?x=1&amp;y=2'/></outline>\
            <outline text='Dos' xmlUrl='https://a.test/2'></outline></outline>\
            <outline text='Tres' xmlUrl='https://a.test/3'/></body></opml>";
        assert_eq!(
            feeds(text),
            [
                "Noticias/Colombia/Uno & más https://a.test/1?x=1&y=2",
                "Noticias/Dos https://a.test/2",
                "Tres https://a.test/3"
            ]
        );
    }

    #[test]
    fn readers_write_it_in_many_ways() {
        assert_eq!(
            feeds("<OPML><OUTLINE TEXT=Uno XMLURL=https://a.test/1>"),
            ["Uno https://a.test/1"]
        );
        assert_eq!(
            feeds("<outline title='T' text='x' xmlUrl='https://a.test/?a=1&b=2'/>"),
            ["T https://a.test/?a=1&b=2"]
        );
        assert_eq!(
            feeds("<outline type='rss' url='https://a.test/1'/>"),
            [" https://a.test/1"]
        );
        assert_eq!(
            feeds("<outline type='link' url='https://a.test/1'/>"),
            [""; 0]
        );
        assert_eq!(
            feeds("<outline xmlUrl='feed://a.test/1'/>"),
            [" http://a.test/1"]
        );
        assert_eq!(
            feeds("<outline xmlUrl='feed:https://a.test/1'/>"),
            [" https://a.test/1"]
        );
        let cut = "<opml><body></outline></outline><outline text='F'><outline text='U' xmlUrl='https://a.test/1'/><outl";
        assert_eq!(feeds(cut), ["F/U https://a.test/1"]);
    }

    #[test]
    fn an_address_that_is_none_is_named() {
        let read = read(b"<outline text='U' xmlUrl='file:///etc/passwd'/>");
        assert_eq!(read.outlines, []);
        assert_eq!(
            read.problems,
            ["`file:///etc/passwd` is not the address of a feed"]
        );
    }

    #[test]
    fn text_is_decoded() {
        let outline = "<outline text='Ñandú' xmlUrl='https://a.test/1'/>";
        let latin: Vec<u8> = outline.chars().map(|c| c as u8).collect();
        let declared = [
            b"<?xml version='1.0' encoding='ISO-8859-1'?>".as_slice(),
            &latin,
        ]
        .concat();
        let wide: Vec<u8> = "\u{feff}"
            .chars()
            .chain(outline.chars())
            .flat_map(|c| (c as u16).to_le_bytes())
            .collect();
        for bytes in [outline.as_bytes(), &latin, &declared, &wide] {
            assert_eq!(read(bytes).outlines[0].title, "Ñandú");
        }
        assert_eq!(read(b"<?xml encoding=").outlines, []);
        assert_eq!(read(b"<?xml encoding=\xe9\xe9").outlines, []);
    }

    #[test]
    fn no_broken_file_makes_it_panic() {
        let whole = "<?xml version='1.0' encoding='latin1'?><opml><outline text='F &#241; &amp;'>\
                     <outline title=\"Ñ\" XMLURL=feed:https://a.test/?x language='es-CO'/></outline>"
            .as_bytes();
        for at in 0..whole.len() {
            read(&whole[..at]);
            for byte in *b"<>&;'\"=/\0\xff" {
                let mut broken = whole.to_vec();
                broken[at] = byte;
                read(&broken);
            }
        }
    }

    #[test]
    fn hostile_files_are_harmless() {
        let bomb = "<!DOCTYPE opml [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>\
                    <!ENTITY x SYSTEM 'file:///etc/passwd'>]><opml><body>\
                    <outline text='&b;&x;' xmlUrl='https://a.test/1'/></body></opml>";
        assert_eq!(feeds(bomb), ["&b;&x; https://a.test/1"]);
        let start = Instant::now();
        let deep =
            "<outline text='x'>".repeat(50_000) + "<outline text='U' xmlUrl='https://a.test/1'/>";
        assert_eq!(read(deep.as_bytes()).outlines[0].folders.len(), DEPTH_MAX);
        let many = "<outline xmlUrl='https://a.test/1'/>".repeat(OUTLINES_MAX + 5);
        let read = read(many.as_bytes());
        assert_eq!(
            (read.outlines.len(), read.problems.len()),
            (OUTLINES_MAX, 1)
        );
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{:?}",
            start.elapsed()
        );
    }
}
