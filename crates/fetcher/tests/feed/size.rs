//! How much memory a parsed feed takes, and how much it may.

use std::mem::size_of;

use fetcher::feed::ParsedFeed;
use story::Entry;
use url::Url;

/// More entries than these are left out.
const ENTRIES_MAX: usize = 5_000;

/// What a byte of a document may become: an accent is one byte in Latin-1 and six in an address.
const BYTES_PER_BYTE: usize = 6;

/// What an entry may take beside what it says: its own fields, the feed's name, and a base of its
/// address.
const BYTES_PER_ENTRY: usize = 6 << 10;

/// What a feed may take without an entry.
const BYTES_OF_A_FEED: usize = 64 << 10;

/// Fails where a feed takes more memory than its document may; one that is packed may be anything.
#[track_caller]
pub(crate) fn check_budget(feed: &ParsedFeed, document: &[u8], what: &str) {
    if document.starts_with(&[0x1f, 0x8b]) {
        return;
    }
    let bytes = document.len();
    let count = feed.entries.len();
    assert!(count <= ENTRIES_MAX, "{what}: {count} entries are kept");
    let (size, allowed) = (
        size(feed),
        bytes * BYTES_PER_BYTE + count * BYTES_PER_ENTRY + BYTES_OF_A_FEED,
    );
    assert!(
        size <= allowed,
        "{what}: {bytes} bytes and {count} entries take {size} bytes, over {allowed}"
    );
}

/// The bytes of a feed and of all that it holds.
fn size(feed: &ParsedFeed) -> usize {
    let addresses = feed.hubs.iter().chain(&feed.sitemaps);
    let addresses = addresses.chain(&feed.self_url).chain(&feed.site);
    size_of::<ParsedFeed>()
        + feed.title.as_ref().map_or(0, String::capacity)
        + strings(&feed.problems)
        + addresses.map(address).sum::<usize>()
        + feed.entries.iter().map(entry).sum::<usize>()
}

fn entry(entry: &Entry) -> usize {
    let texts = [
        &entry.feed_title,
        &entry.guid,
        &entry.title,
        &entry.summary,
        &entry.content,
    ];
    size_of::<Entry>()
        + entry.feed.as_str().len()
        + texts
            .into_iter()
            .flatten()
            .map(String::capacity)
            .sum::<usize>()
        + entry.link.as_ref().map_or(0, address)
        + strings(&entry.authors)
        + strings(&entry.categories)
}

fn strings(strings: &[String]) -> usize {
    let bytes = |string: &String| size_of::<String>() + string.capacity();
    strings.iter().map(bytes).sum()
}

fn address(url: &Url) -> usize {
    size_of::<Url>() + url.as_str().len()
}
