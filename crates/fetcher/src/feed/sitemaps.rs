//! The sitemaps that a sitemap index names, those with the news in front.

use std::{cmp::Reverse, collections::BTreeMap};

use story::Entry;
use url::Url;

/// How many sitemaps of an index are named.
const SITEMAPS_MAX: usize = 50;

/// The sitemaps' addresses: those that changed last in front, and behind them those of which the
/// index does not say when.
pub(super) fn newest(named: Vec<Entry>) -> Vec<Url> {
    let (mut dated, undated): (Vec<_>, Vec<_>) = named
        .into_iter()
        .rev() // sitemaps grow at their end, and the sorting leaves equals in their order
        .partition(|sitemap| sitemap.updated.is_some());
    dated.sort_by_key(|sitemap| Reverse(sitemap.updated));
    let dated = dated.into_iter().filter_map(|sitemap| sitemap.link);
    let undated = undated.into_iter().filter_map(|sitemap| sitemap.link);
    let undated = by_number(undated.collect());
    dated.chain(undated).take(SITEMAPS_MAX).collect()
}

/// Puts the highest number of each kind in front, behind these the second highest, and so on.
/// Programs that date nothing list several kinds one behind another: posts 1 to 9, then pages,
/// then authors. They come with the last in front, and stay so where there are no numbers.
fn by_number(mut sitemaps: Vec<Url>) -> Vec<Url> {
    if !sitemaps.iter().any(|url| numbers(url).next().is_some()) {
        return sitemaps;
    }
    sitemaps.reverse(); // of kinds that go equally far, the first matters most
    sitemaps.sort_by_cached_key(|url| Reverse(numbers(url).collect::<Vec<_>>()));
    let mut of_kind = BTreeMap::<String, usize>::new();
    let mut ranked: Vec<(usize, Url)> = Vec::new();
    for url in sitemaps {
        let rank = of_kind.entry(kind(&url)).or_default();
        ranked.push((*rank, url));
        *rank += 1;
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, url)| url).collect()
}

/// The numbers in an address, which count sitemaps or are dates.
fn numbers(url: &Url) -> impl Iterator<Item = u64> {
    let behind_host = &url[url::Position::BeforePath..];
    let digits = behind_host.split(|c: char| !c.is_ascii_digit());
    digits
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().unwrap_or(u64::MAX))
}

/// The address without its numbers.
fn kind(url: &Url) -> String {
    url.as_str().replace(|c: char| c.is_ascii_digit(), "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::tests::read;

    #[track_caller]
    fn check(sitemaps: &[&str], expected: &[&str]) {
        let sitemap = |named: &&str| match named.split_once(' ') {
            Some((path, date)) => {
                format!("<sitemap><loc>{path}</loc><lastmod>{date}</lastmod></sitemap>")
            }
            None => format!("<sitemap><loc>{named}</loc></sitemap>"),
        };
        let named: String = sitemaps.iter().map(sitemap).collect();
        let index = read(&format!("<sitemapindex>{named}</sitemapindex>"));
        let paths: Vec<&str> = index.sitemaps.iter().map(Url::path).collect();
        assert_eq!(paths, expected, "{sitemaps:?}");
    }

    #[test]
    fn what_changed_last_is_in_front() {
        check(
            &["/a 2026-01-01", "/b 2026-01-03", "/c", "/d 2026-01-03"],
            &["/d", "/b", "/a", "/c"],
        );
    }

    #[test]
    fn without_dates_the_last_is_in_front() {
        check(&["/a", "/b", "/c"], &["/c", "/b", "/a"]);
        check(
            &["/news-9.xml", "/news-10.xml", "/news-11.xml"],
            &["/news-11.xml", "/news-10.xml", "/news-9.xml"],
        );
        check(
            &["/2026/1.xml", "/2025/12.xml", "/2025/11.xml"],
            &["/2026/1.xml", "/2025/12.xml", "/2025/11.xml"],
        );
    }

    #[test]
    fn of_several_kinds_the_highest_number_of_each_is_in_front() {
        let index = [
            "/posts-1", "/posts-2", "/posts-3", "/pages-1", "/tags-1", "/tags-2",
        ];
        let newest = [
            "/posts-3", "/tags-2", "/pages-1", "/posts-2", "/tags-1", "/posts-1",
        ];
        check(&index, &newest);
    }
}
