//! What a parsed feed takes in memory, however small it is on the wire.

use std::time::{Duration, Instant};

use fetcher::feed::{self, ParsedFeed};

use super::{context, mutate, samples, size::check_budget};

#[track_caller]
fn check(what: &str, document: &str) -> ParsedFeed {
    let started = Instant::now();
    let feed = feed::parse(document.as_bytes(), None, &context()).unwrap();
    let taken = started.elapsed();
    assert!(taken < Duration::from_secs(20), "{what}: {taken:?}"); // without the compiler's care
    check_budget(&feed, document.as_bytes(), what);
    feed
}

fn items(count: usize) -> String {
    let item = |number| format!("<item><guid>{number}</guid></item>");
    (0..count).map(item).collect()
}

#[test]
fn a_long_title_is_not_repeated_in_every_entry() {
    let title = "a".repeat(9_000);
    let rss = format!(
        "<rss><channel><title>{title}</title>{}</channel></rss>",
        items(50_000)
    );
    let feed = check("rss", &rss);
    assert_eq!(feed.title.unwrap().len(), 200);
    let json = format!(
        r#"{{"title":"{title}","items":[{}{{}}]}}"#,
        "{},".repeat(50_000)
    );
    let feed = check("json", &json);
    assert_eq!(feed.title.unwrap().len(), 200);
    let page = format!(
        "<url><loc>/1</loc><n:news><n:publication><n:name>{title}</n:name></n:publication></n:news></url>"
    );
    let urls = "<url><loc>/2</loc></url>".repeat(20_000);
    check(
        "sitemap",
        &format!(
            "<urlset xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'>{page}{urls}</urlset>"
        ),
    );
}

#[test]
fn a_long_base_is_not_repeated_in_every_link() {
    for length in [4_000, 100_000] {
        let base = format!("http://a.test/{}/", "b".repeat(length));
        let entries = "<entry><link href='c'/></entry>".repeat(20_000);
        check("base", &format!("<feed xml:base='{base}'>{entries}</feed>"));
    }
}

#[test]
fn millions_of_empty_values_are_not_kept() {
    let empty = "{},".repeat(1_000_000);
    check("items", &format!(r#"{{"items":[{empty}{{}}]}}"#));
    check(
        "tags",
        &format!(r#"{{"items":[{{"tags":[{empty}{{}}]}}]}}"#),
    );
    check("others", &format!(r#"{{"x":[{empty}{{}}],"items":[]}}"#));
    check(
        "entries",
        &format!("<rss><channel>{}", "<item/>".repeat(300_000)),
    );
    let names: Vec<String> = (0..200_000).map(|number| number.to_string()).collect();
    let names = names.join(",");
    check(
        "categories",
        &format!("<rss><item><category>{names}</category></item></rss>"),
    );
}

#[test]
fn of_very_many_entries_the_newest_are_kept() {
    let dated = |number: usize| {
        let (day, minute) = (number / 1440 + 1, number % 1440);
        let (hour, minute) = (minute / 60, minute % 60);
        format!("2026-01-{day:02}T{hour:02}:{minute:02}:00Z")
    };
    // Neither in the order of time nor against it.
    let places: Vec<usize> = (0..12_000).map(|place| place * 7 % 12_000).collect();
    let item = |number: &usize| {
        format!(
            "<item><guid>{number}</guid><pubDate>{}</pubDate></item>",
            dated(*number)
        )
    };
    let rss: String = places.iter().map(item).collect();
    let feed = check("rss", &format!("<rss><channel>{rss}</channel></rss>"));
    assert!(feed.whole);
    assert_eq!(
        feed.problems,
        ["more than 5000 entries, the oldest 7000 left out"]
    );
    let kept: Vec<usize> = feed
        .entries
        .iter()
        .map(|entry| entry.guid.as_ref().unwrap().parse().unwrap())
        .collect();
    let newest: Vec<usize> = places
        .into_iter()
        .filter(|number| *number >= 7_000)
        .collect();
    assert_eq!(kept, newest, "in the order of the document");
}

#[test]
fn without_dates_a_feed_is_new_at_its_start_and_a_sitemap_at_its_end() {
    let feed = check(
        "rss",
        &format!("<rss><channel>{}</channel></rss>", items(11_000)),
    );
    assert_eq!(feed.entries[0].guid.as_deref(), Some("0"));
    assert_eq!(feed.entries[4_999].guid.as_deref(), Some("4999"));
    let urls: Vec<String> = (0..11_000)
        .map(|number| format!("<url><loc>/{number}</loc></url>"))
        .collect();
    let urls = urls.concat();
    let feed = check("sitemap", &format!("<urlset>{urls}</urlset>"));
    assert_eq!(feed.entries[0].link.as_ref().unwrap().path(), "/6000");
    assert_eq!(feed.entries[4_999].link.as_ref().unwrap().path(), "/10999");
}

#[test]
fn feeds_blown_up_at_random_stay_within_the_budget() {
    for seed in 0..60 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let sample = dice.choice(&samples::ALL).unwrap();
        let bloated = mutate::bloated(sample.as_bytes(), &mut dice);
        if let Ok(feed) = feed::parse(&bloated, None, &context()) {
            check_budget(&feed, &bloated, &format!("seed {seed}"));
        }
    }
}
