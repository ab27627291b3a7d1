//! What a feed says of itself, around its entries.

use std::time::Duration;

use story::Hints;
use url::Url;

use super::{
    attributes::value,
    document::Captured,
    draft::{Best, page},
    names::Field,
    text,
};

/// How many hubs of a feed are kept.
const HUBS_MAX: usize = 5;

/// A pace longer than this is no pace, in minutes.
const PACE_MINUTES_MAX: u32 = 366 * 24 * 60;

/// What was read of a feed beside its entries.
#[derive(Default)]
pub(super) struct Front {
    title: Best<String>,
    pub(super) site: Best<Url>,
    pub(super) hubs: Vec<Url>,
    pub(super) self_url: Option<Url>,
    hints: Hints,
    /// The unit of the pace, in minutes, and how often it changes in it.
    period: Option<u32>,
    frequency: Option<u32>,
}

impl Front {
    /// Takes in a field.
    pub(super) fn take(&mut self, field: Field, rank: u8, captured: &Captured, base: &Url) {
        let written = captured.text.trim();
        match field {
            Field::Title => self.take_title(rank, written),
            // What a news sitemap says of its outlet, address by address.
            Field::Outlet => self.take_title(u8::MAX, written),
            Field::Link => self.take_link(rank, captured, base),
            Field::Ttl => self.hints.ttl = minutes(written).or(self.hints.ttl),
            Field::UpdatePeriod => self.period = unit(written),
            Field::UpdateFrequency => self.frequency = written.parse().ok(),
            Field::SkipHour => {
                // Some count from 1, and then 24 is midnight.
                let hour: Option<u8> = written.parse().ok().filter(|hour| *hour <= 24);
                push_new(&mut self.hints.skip_hours, hour.map(|hour| hour % 24));
            }
            Field::SkipDay => push_new(&mut self.hints.skip_days, written.parse().ok()),
            _ => {}
        }
    }

    fn take_title(&mut self, rank: u8, written: &str) {
        let title = || Some(text::name(written)).filter(|title| !title.is_empty());
        self.title.offer(rank, title);
    }

    fn take_link(&mut self, rank: u8, captured: &Captured, base: &Url) {
        let attribute = |name| value(captured.attributes, name);
        let Some(href) = attribute("href") else {
            self.site.offer(rank, || page(&captured.text, base));
            return;
        };
        let rel = attribute("rel").unwrap_or("alternate".into());
        for rel in rel.split_ascii_whitespace() {
            match rel.to_ascii_lowercase().as_str() {
                "alternate" => self.site.offer(1, || page(&href, base)),
                "self" => self.self_url = self.self_url.take().or_else(|| page(&href, base)),
                "hub" if self.hubs.len() < HUBS_MAX => push_new(&mut self.hubs, page(&href, base)),
                _ => {}
            }
        }
    }

    pub(super) fn title(&mut self) -> Option<String> {
        std::mem::take(&mut self.title).into_inner()
    }

    pub(super) fn hints(&mut self) -> Hints {
        let mut hints = std::mem::take(&mut self.hints);
        let times = self.frequency.unwrap_or(1).max(1);
        hints.update_period = self
            .period
            .map(|minutes| Duration::from_secs(u64::from(minutes) * 60) / times);
        hints
    }
}

fn push_new<T: PartialEq>(kept: &mut Vec<T>, value: Option<T>) {
    if let Some(value) = value.filter(|value| !kept.contains(value)) {
        kept.push(value);
    }
}

/// A number of minutes that is a pace.
fn minutes(written: &str) -> Option<Duration> {
    let minutes: u32 = written.parse().ok()?;
    (1..=PACE_MINUTES_MAX)
        .contains(&minutes)
        .then(|| Duration::from_secs(u64::from(minutes) * 60))
}

/// The minutes of a unit of the syndication module.
fn unit(written: &str) -> Option<u32> {
    match written.to_ascii_lowercase().as_str() {
        "hourly" => Some(60),
        "daily" => Some(24 * 60),
        "weekly" => Some(7 * 24 * 60),
        "monthly" => Some(30 * 24 * 60),
        "yearly" => Some(365 * 24 * 60),
        _ => None,
    }
}
