//! Names for feeds, made of their titles, and what makes two addresses the same.

use std::collections::HashSet;

use story::FeedId;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use url::Url;

/// Characters of a name that is made; the longest that is taken has 80.
const ID_CHARS_MAX: usize = 60;

/// A name that nobody has: the title in small ASCII letters, else the host, with a number where
/// that is taken. It is taken from here on.
pub(crate) fn unique_id(title: &str, url: &Url, taken: &mut HashSet<String>) -> FeedId {
    let host = url.host_str().unwrap_or_default();
    let names = [
        title.trim().to_owned(),
        slug(title),
        slug(host.trim_start_matches("www.")),
    ];
    // A title that is a name already, such as one that was exported, stays as it is.
    let name = names
        .into_iter()
        .find(|name| name.parse::<FeedId>().is_ok());
    let name = name.unwrap_or_else(|| "feed".to_owned());
    let mut unique = name.clone();
    let mut number = 1_u32;
    while taken.contains(&unique) {
        number += 1;
        let room = 80 - 11; // a `-` and the digits of a u32
        unique = format!("{}-{number}", &name[..name.len().min(room)]);
    }
    taken.insert(unique.clone());
    unique
        .parse()
        .expect("letters, digits and marks that names have")
}

/// A text in small ASCII letters, without accents, words joined by `-`.
fn slug(text: &str) -> String {
    let plain = text.nfd().filter(|c| !is_combining_mark(*c));
    let mut slug = String::new();
    for character in plain.flat_map(char::to_lowercase) {
        if slug.len() >= ID_CHARS_MAX {
            break;
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// What makes two addresses the same feed's: host, path and query, whatever the scheme, `www.`
/// and a last slash.
pub(crate) fn identity(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    let query = url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    format!("{}{port}{path}{query}", host.trim_start_matches("www."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(title: &str, expected: &str) {
        let url = "https://www.eldiario.test/rss".parse().unwrap();
        assert_eq!(
            unique_id(title, &url, &mut HashSet::new()).as_str(),
            expected,
            "{title:?}"
        );
    }

    #[test]
    fn a_title_becomes_a_name() {
        check("El Ñandú: Política & Nación", "el-nandu-politica-nacion");
        check("  São Paulo — Polícia ", "sao-paulo-policia");
        check("el.diario_2", "el.diario_2");
        check("新聞", "eldiario-test");
        check("", "eldiario-test");
        check(&"muy largo ".repeat(50), &"muy-largo-".repeat(6)[..59]);
    }

    #[test]
    fn names_are_unique() {
        let url = "https://a.test/rss".parse().unwrap();
        let mut taken = HashSet::from(["uno".to_owned()]);
        let ids = ["Uno", "UNO", "Dos"].map(|title| unique_id(title, &url, &mut taken).to_string());
        assert_eq!(ids, ["uno-2", "uno-3", "dos"]);
        let long = "x".repeat(80);
        taken.insert(long.clone());
        assert_eq!(unique_id(&long, &url, &mut taken).as_str().len(), 71);
    }

    #[test]
    fn spellings_of_an_address_are_one() {
        let identity = |url: &str| identity(&url.parse().unwrap());
        assert_eq!(
            identity("http://www.a.test/feed/"),
            identity("https://a.test/feed")
        );
        assert_ne!(
            identity("https://a.test/?p=1"),
            identity("https://a.test/?p=2")
        );
        assert_ne!(identity("http://a.test:81/"), identity("http://a.test:82/"));
    }
}
