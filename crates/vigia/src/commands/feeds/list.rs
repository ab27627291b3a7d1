//! `vigia feeds list`: the feeds, how they are doing, and what became of their entries.

use std::{
    cmp::Reverse,
    io::{self, Write},
    path::Path,
};

use anstyle::Style;
use anyhow::Result;
use story::{Health, Timestamp};

use super::{
    age, counted,
    health::{self, severity},
    listed::{Listed, Roll},
    short,
    table::{Cell, Column, Table, terminal_width},
};
use crate::{args::FeedOrder, config};

/// From this width on there is room for when a feed is polled next and when it last had news.
const WIDE: usize = 110;

pub(super) fn run(
    order: Option<FeedOrder>,
    only: Option<Health>,
    json: bool,
    config_file: Option<&Path>,
) -> Result<()> {
    let mut listed = Roll::load(&config::find(config_file)?)?.list()?;
    listed.retain(|feed| only.is_none_or(|health| feed.health == health));
    if let Some(order) = order {
        sort(&mut listed, order);
    }
    if json {
        let mut out = io::stdout().lock();
        for feed in listed {
            writeln!(out, "{}", serde_json::to_string(&feed)?)?;
        }
        return Ok(());
    }
    let width = terminal_width();
    table(&listed, order, width).write(&mut anstream::stdout().lock(), width)?;
    anstream::eprintln!("{}", summary(&listed));
    Ok(())
}

/// Orders the feeds; those that are equal stay in the configuration's order.
fn sort(feeds: &mut [Listed], order: FeedOrder) {
    match order {
        FeedOrder::Id => feeds.sort_by(|a, b| a.id.cmp(&b.id)),
        FeedOrder::Health => feeds.sort_by_key(|feed| severity(feed.health)),
        FeedOrder::Last => feeds.sort_by_key(|feed| feed.last_poll),
        // One that was never polled is next.
        FeedOrder::Next => feeds.sort_by_key(|feed| feed.next_poll),
        FeedOrder::Kept => feeds.sort_by_key(|feed| Reverse(feed.kept)),
        FeedOrder::New => feeds.sort_by_key(|feed| feed.last_new),
    }
}

/// The feeds for a person. Where there is little room, only what was asked to be sorted by is shown
/// beside health and reason.
fn table(feeds: &[Listed], order: Option<FeedOrder>, width: usize) -> Table {
    let shows_next = width >= WIDE || order == Some(FeedOrder::Next);
    let shows_new = width >= WIDE || order == Some(FeedOrder::New);
    let mut columns = vec![
        Column::text("feed", 16),
        Column::words("health"),
        Column::numbers("polled"),
    ];
    columns.extend(shows_next.then_some(Column::numbers("next")));
    columns.extend(shows_new.then_some(Column::numbers("news")));
    columns.extend([
        Column::numbers("kept"),
        Column::numbers("drop"),
        Column::text("why", 10),
    ]);
    let mut table = Table::new(columns);
    for feed in feeds {
        let mut row = vec![
            Cell::from(&feed.id),
            Cell::styled(
                feed.health.as_str(),
                health::colour(feed.health).on_default(),
            ),
            aged(feed.last_poll),
        ];
        row.extend(shows_next.then(|| Cell::from(feed.next_poll.map(until).unwrap_or_default())));
        row.extend(shows_new.then(|| aged(feed.last_new)));
        row.extend([number(feed.kept), number(feed.dropped), why(feed)]);
        table.push(row);
    }
    table
}

/// What is well needs no attention.
fn why(feed: &Listed) -> Cell {
    let style = if feed.health == Health::Ok {
        Style::new().dimmed()
    } else {
        Style::new()
    };
    Cell::styled(&feed.health_why, style)
}

fn aged(then: Option<Timestamp>) -> Cell {
    Cell::from(then.map(age).unwrap_or_default())
}

/// When something will be: `5m`, or `now`.
fn until(then: Timestamp) -> String {
    let wait = then - chrono::Utc::now();
    if wait.num_seconds() <= 0 {
        return "now".to_owned();
    }
    short(wait)
}

fn number(count: u64) -> Cell {
    Cell::from(count.to_string())
}

/// "316 feeds: 290 ok, 12 blocked, 14 gone".
fn summary(feeds: &[Listed]) -> String {
    let mut healths = Health::ALL;
    healths.sort_by_key(|health| Reverse(severity(*health)));
    let words = healths.iter().filter_map(|health| {
        let count = feeds.iter().filter(|feed| feed.health == *health).count();
        (count > 0).then(|| format!("{count} {}", health.as_str()))
    });
    let words: Vec<_> = words.collect();
    let separator = if words.is_empty() { "" } else { ": " };
    format!(
        "{}{separator}{}",
        counted(feeds.len(), "feed"),
        words.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feeds() -> Vec<Listed> {
        let feed = |id, health, why: &str, kept| Listed {
            kept,
            dropped: 123_456,
            ..Listed::sample(id, health, why)
        };
        vec![
            feed("b-well", Health::Ok, "200 with 20 entries", 3),
            feed(
                "a-feed-with-one-of-the-longest-names-that-anyone-gave-a-feed",
                Health::LyingValidators,
                "the body changed although ETag and Last-Modified said that it had not",
                12_345,
            ),
            feed("c-gone", Health::Gone, "410 Gone", 0),
        ]
    }

    fn written(order: Option<FeedOrder>, width: usize) -> String {
        let mut out = Vec::new();
        let mut stripped = anstream::StripStream::new(&mut out);
        table(&feeds(), order, width)
            .write(&mut stripped, width)
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for order in [None, Some(FeedOrder::Next), Some(FeedOrder::New)] {
            for width in [80, 100, 109, 110, 200] {
                for line in written(order, width).lines() {
                    assert!(line.chars().count() <= width, "{width}: {line}");
                }
            }
        }
    }

    #[test]
    fn a_wider_terminal_shows_more() {
        let why = "the body changed although ETag and Last-Modified said that it had not";
        assert!(!written(None, 80).contains(why) && written(None, 240).contains(why));
        assert!(!written(None, 80).contains("next") && written(None, 240).contains("next"));
    }

    #[test]
    fn feeds_are_ordered_as_asked() {
        let ids = |order| {
            let mut feeds = feeds();
            sort(&mut feeds, order);
            feeds.iter().map(|feed| &feed.id[..1]).collect::<String>()
        };
        assert_eq!(ids(FeedOrder::Id), "abc");
        assert_eq!(ids(FeedOrder::Health), "cab");
        assert_eq!(ids(FeedOrder::Kept), "abc");
    }

    #[test]
    fn the_summary_counts_healths() {
        assert_eq!(
            summary(&feeds()),
            "3 feeds: 1 ok, 1 lying-validators, 1 gone"
        );
        assert_eq!(summary(&[]), "0 feeds");
    }
}
