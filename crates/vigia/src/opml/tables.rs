//! `[[feed]]` tables of what an OPML file holds.

use std::collections::{HashMap, HashSet};

use pipeline::Feed;
use story::{FeedId, Iso2};
use url::Url;

use super::{identity, read::Outline, unique_id};

/// The feeds that are known already.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// What each address is called.
    addresses: HashMap<String, String>,
    ids: HashSet<String>,
}

impl Known {
    /// Those of a configuration.
    pub(crate) fn of(feeds: &[Feed]) -> Self {
        let named = |feed: &Feed| (identity(&feed.url), format!("configured as `{}`", feed.id));
        Self {
            addresses: feeds.iter().map(named).collect(),
            ids: feeds.iter().map(|feed| feed.id.to_string()).collect(),
        }
    }
}

/// What came of an import.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Imported {
    /// The tables.
    pub(crate) toml: String,
    /// How many there are.
    pub(crate) feeds: usize,
    /// What was left out, and why.
    pub(crate) skipped: Vec<String>,
}

/// Makes tables of feeds that are not known yet.
pub(crate) fn to_toml(outlines: &[Outline], mut known: Known) -> Imported {
    let mut imported = Imported::default();
    let mut folder: &[String] = &[];
    for outline in outlines {
        let identity = identity(&outline.url);
        if let Some(name) = known.addresses.get(&identity) {
            let skipped = format!("{}: {name}", outline.url);
            imported.skipped.push(skipped);
            continue;
        }
        if imported.feeds > 0 {
            imported.toml.push('\n');
        }
        if outline.folders != folder {
            folder = &outline.folders;
            imported.toml += &heading(folder);
        }
        let id = unique_id(&outline.title, &outline.url, &mut known.ids);
        imported.toml += &table(&id, outline);
        imported.feeds += 1;
        known
            .addresses
            .insert(identity, format!("the same as `{id}` of this file"));
    }
    imported
}

/// A folder's name as a comment; nothing for the outermost, which has none.
fn heading(folder: &[String]) -> String {
    if folder.is_empty() {
        return String::new();
    }
    let names: Vec<_> = folder.iter().map(|name| one_line(name)).collect();
    format!("# == {} ==\n\n", names.join(" / "))
}

fn table(id: &FeedId, outline: &Outline) -> String {
    let mut table = String::new();
    let title = one_line(&outline.title);
    if !title.is_empty() && title != id.as_str() {
        table += &format!("# {title}\n");
    }
    table += &table_of(id, &outline.url);
    if let Some(country) = country(&outline.folders) {
        table += &format!("country = \"{country}\"\n");
    }
    if let Some(lang) = outline.lang {
        table += &format!("lang = \"{lang}\"\n");
    }
    table
}

/// The country that a folder is named by: `CO`.
fn country(folders: &[String]) -> Option<Iso2> {
    let folder = folders.last()?;
    let is_code = folder.len() == 2 && folder.bytes().all(|byte| byte.is_ascii_uppercase());
    folder.parse().ok().filter(|_| is_code)
}

/// A `[[feed]]` table.
pub(crate) fn table_of(id: &FeedId, url: &Url) -> String {
    format!("[[feed]]\nid = \"{id}\"\nurl = {}\n", quoted(url.as_str()))
}

/// A text as a TOML string of one line.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            c if c.is_control() => quoted += &format!("\\u{:04X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// A text that cannot leave its comment.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(title: &str, url: &str, folders: &[&str]) -> Outline {
        Outline {
            title: title.to_owned(),
            url: url.parse().unwrap(),
            folders: folders.iter().map(|name| (*name).to_owned()).collect(),
            lang: None,
        }
    }

    #[test]
    fn feeds_become_tables_under_their_folders() {
        let mut spanish = outline("Dos", "https://a.test/2", &["País", "CO"]);
        spanish.lang = Some(story::Lang::ES);
        let outlines = [
            outline("Uno\n[[feed]]", "https://a.test/1", &[]),
            spanish,
            outline("dos", "https://b.test/2?a=\\", &["País", "CO"]),
        ];
        let imported = to_toml(&outlines, Known::default());
        assert_eq!(
            imported.toml,
            "# Uno [[feed]]\n[[feed]]\nid = \"uno-feed\"\nurl = \"https://a.test/1\"\n\n\
             # == País / CO ==\n\n# Dos\n[[feed]]\nid = \"dos\"\nurl = \"https://a.test/2\"\ncountry = \"CO\"\n\
             lang = \"es\"\n\n# dos\n[[feed]]\nid = \"dos-2\"\nurl = \"https://b.test/2?a=\\\\\"\ncountry = \"CO\"\n"
        );
        assert_eq!((imported.feeds, imported.skipped.len()), (3, 0));
        assert!(toml::from_str::<toml::Table>(&imported.toml).is_ok());
    }

    #[test]
    fn what_is_known_is_left_out_and_named() {
        let known = Known {
            addresses: HashMap::from([("a.test/1".to_owned(), "configured as `x`".to_owned())]),
            ids: HashSet::from(["dos".to_owned()]),
        };
        let outlines = [
            outline("Uno", "http://www.a.test/1/", &[]),
            outline("Dos", "https://a.test/2", &[]),
            outline("Otra vez", "https://a.test/2/", &[]),
        ];
        let imported = to_toml(&outlines, known);
        assert_eq!(
            imported.toml,
            "# Dos\n[[feed]]\nid = \"dos-2\"\nurl = \"https://a.test/2\"\n"
        );
        assert_eq!(
            imported.skipped,
            [
                "http://www.a.test/1/: configured as `x`",
                "https://a.test/2/: the same as `dos-2` of this file"
            ]
        );
    }
}
