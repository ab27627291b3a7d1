//! The sitemaps that a sitemap index names.

use std::cmp::Reverse;

use story::Entry;
use url::Url;

/// How many sitemaps of an index are named; the newest are in front, and news is new.
const SITEMAPS_MAX: usize = 50;

/// The sitemaps' addresses, those that changed last in front.
pub(super) fn newest(mut named: Vec<Entry>) -> Vec<Url> {
    named.sort_by_key(|sitemap| Reverse(sitemap.updated));
    let addresses = named.into_iter().filter_map(|sitemap| sitemap.link);
    addresses.take(SITEMAPS_MAX).collect()
}
