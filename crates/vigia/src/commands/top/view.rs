//! What there is to be seen, whatever the size of the screen. All of it may be shown on a terminal:
//! what strangers wrote is cleaned here.

use std::{collections::BTreeMap, rc::Rc};

use pipeline::status::{Disk, Phase, QueueSnapshot, Snapshot, StageSnapshot};
use story::{Health, Timestamp};

use super::rates::History;
use crate::commands::{
    daemon,
    feeds::{health::severity, listed::Listed, short},
    figures, typeset,
};

/// What there is to be seen.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// When this is.
    pub(super) now: Timestamp,
    /// Version, phase, age and process of the daemon.
    pub(super) head: String,
    /// Whether it is at work, and neither starting nor stopping.
    pub(super) is_steady: bool,
    /// What somebody has to see to.
    pub(super) alarms: Vec<String>,
    /// How many feeds the daemon polls, and how many of them are of which health.
    pub(super) feeds_polled: usize,
    pub(super) healths: Vec<(String, u64)>,
    /// The room for the record.
    pub(super) disk: Option<Disk>,
    /// The stages in their order, the fetcher first.
    pub(super) stages: Vec<StageRow>,
    /// What the fetcher counts, those that tell most first.
    pub(super) counters: Vec<String>,
    /// Why entries were rejected, the most frequent reasons first.
    pub(super) rejections: Vec<Rejection>,
    /// How long kept stories took, by the part of their way: p50, p95, p99.
    pub(super) lags: Vec<(&'static str, [String; 3])>,
    /// The last stories kept, newest first.
    pub(super) stories: Vec<StoryRow>,
    /// The feeds, the worst first.
    pub(super) feeds: Rc<[FeedRow]>,
    /// Why the feeds cannot be read.
    pub(super) feeds_problem: Option<String>,
}

/// A stage. Its rates are each second, and unknown until it was asked twice.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StageRow {
    pub(super) name: &'static str,
    pub(super) taken: Option<f64>,
    pub(super) passed: Option<f64>,
    pub(super) rejected: Option<f64>,
    pub(super) in_work: u64,
    /// The queue before it, where it has one.
    pub(super) queue: Option<QueueSnapshot>,
    /// How long half and how long all but five of a hundred waited in it.
    pub(super) waits: [String; 2],
}

/// A reason why entries were rejected.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rejection {
    pub(super) why: String,
    pub(super) count: u64,
    pub(super) rate: Option<f64>,
}

/// A story that was kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StoryRow {
    pub(super) at: Timestamp,
    pub(super) country: String,
    pub(super) title: String,
}

/// A feed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FeedRow {
    pub(super) id: String,
    pub(super) health: Health,
    pub(super) last_success: Option<Timestamp>,
    /// Why it is unwell, and what the last poll was like.
    pub(super) says: String,
}

impl View {
    /// What the daemon's answers amount to.
    pub(super) fn of(history: &History, now: Timestamp) -> Self {
        let Some(snapshot) = history.now() else {
            return Self {
                now,
                head: "vigia".to_owned(),
                is_steady: true,
                ..Self::default()
            };
        };
        // Where a line is too short for all, it is those that are well which are not seen.
        let healths = daemon::healths(snapshot).into_iter().rev();
        let lags = snapshot.lags.parts().into_iter();
        let stories = snapshot.last_kept.iter().map(|story| StoryRow {
            at: story.at,
            country: typeset::words(story.country.as_deref().unwrap_or("--")),
            title: typeset::words(&story.title),
        });
        Self {
            now,
            head: head(snapshot, now),
            is_steady: snapshot.phase == Phase::Running,
            alarms: daemon::alarms(snapshot)
                .iter()
                .map(|alarm| typeset::words(alarm))
                .collect(),
            feeds_polled: snapshot.feeds,
            healths: healths
                .map(|(health, feeds)| (typeset::words(health), feeds))
                .collect(),
            disk: snapshot.disk,
            stages: stages(snapshot, history),
            counters: counters(&snapshot.fetch, history),
            rejections: rejections(snapshot, history),
            lags: lags
                .map(|(part, lag)| {
                    (
                        part,
                        [0.5, 0.95, 0.99].map(|share| figures::quantile(lag, share)),
                    )
                })
                .collect(),
            stories: stories.collect(),
            ..Self::default()
        }
    }

    /// Says that all this was, and that the daemon does not answer now.
    pub(super) fn not_answering(&mut self, alarm: &str) {
        self.alarms.insert(0, typeset::words(alarm));
    }
}

fn head(snapshot: &Snapshot, now: Timestamp) -> String {
    let looking_on = match snapshot.lookers_on {
        0 => String::new(),
        some => format!("  {some} looking on"),
    };
    format!(
        "vigia {}  {}  up {}  process {}{looking_on}",
        typeset::words(&snapshot.version),
        daemon::phase(snapshot.phase),
        short(now - snapshot.started),
        snapshot.pid
    )
}

/// The stage of this name in another answer.
fn stage<'a>(snapshot: &'a Snapshot, name: &str) -> Option<&'a StageSnapshot> {
    let mut stages = snapshot.stages().into_iter();
    stages
        .find(|(other, _)| *other == name)
        .map(|(_, stage)| stage)
}

fn stages(now: &Snapshot, history: &History) -> Vec<StageRow> {
    let rate = |name: &'static str, count: fn(&StageSnapshot) -> u64| {
        history.rate(move |snapshot| stage(snapshot, name).map_or(0, count))
    };
    let behind = now.stages().into_iter().map(|(name, stage)| StageRow {
        name,
        taken: rate(name, |stage| stage.taken),
        passed: rate(name, |stage| stage.passed + kept(stage)),
        rejected: rate(name, |stage| {
            stage.ended.values().sum::<u64>() - kept(stage)
        }),
        in_work: stage.in_work(),
        queue: (stage.queue.capacity > 0).then_some(stage.queue),
        waits: [0.5, 0.95].map(|share| figures::quantile(&stage.waits, share)),
    });
    std::iter::once(fetch(now, history)).chain(behind).collect()
}

/// The fetcher, whose counters are others: entries come in, and pages go out to the first stage.
fn fetch(now: &Snapshot, history: &History) -> StageRow {
    let counter = |snapshot: &Snapshot, name| snapshot.fetch.get(name).copied().unwrap_or(0);
    StageRow {
        name: "fetch",
        taken: history.rate(|snapshot| counter(snapshot, "entries_new")),
        passed: history.rate(|snapshot| {
            let first = snapshot.stages().into_iter().next();
            first.map_or(0, |(_, stage)| stage.taken + stage.queue.length as u64)
        }),
        rejected: history.rate(|snapshot| counter(snapshot, "entries_skipped")),
        in_work: counter(now, "requests_under_way"),
        queue: None,
        waits: Default::default(),
    }
}

/// What a last stage kept, which is what it passes on.
fn kept(stage: &StageSnapshot) -> u64 {
    stage.ended.get("kept").copied().unwrap_or(0)
}

/// What tells most of how the polling goes stands first.
const FIRST: [&str; 4] = ["polls", "requests", "late", "bytes"];

fn counters(counts: &BTreeMap<String, u64>, history: &History) -> Vec<String> {
    let rank = |name: &str| {
        let first = FIRST.iter().position(|first| name.starts_with(first));
        first.unwrap_or(FIRST.len())
    };
    let mut some: Vec<_> = counts.iter().filter(|(_, count)| **count > 0).collect();
    some.sort_by_key(|(name, _)| rank(name));
    let with_rate = |(name, count): (&String, &u64)| {
        let said = figures::counter(name, *count);
        let grows = |snapshot: &Snapshot| snapshot.fetch.get(name).copied().unwrap_or(0);
        match history.rate(grows) {
            Some(rate) if rate >= 0.05 && !is_level(name) => {
                let grown = match name.as_str() {
                    "bytes" => figures::bytes(rate as u64),
                    _ => figures::short_count(rate),
                };
                format!("{said} +{grown}/s")
            }
            _ => said,
        }
    };
    some.into_iter().map(with_rate).collect()
}

/// Whether a figure goes up and down, so that how fast it grows says nothing.
fn is_level(name: &str) -> bool {
    let mut words = name.split('_');
    words.any(|word| ["ms", "under"].contains(&word))
}

fn rejections(now: &Snapshot, history: &History) -> Vec<Rejection> {
    let endings = daemon::endings(now).into_iter();
    let rejected = endings.filter(|(_, how, count)| *how != "kept" && *count > 0);
    let rejected = rejected.map(|(name, how, count)| Rejection {
        why: typeset::words(&how.replacen('/', ": ", 1)),
        count,
        rate: history.rate(|snapshot| {
            let ended = stage(snapshot, name).and_then(|stage| stage.ended.get(how));
            ended.copied().unwrap_or(0)
        }),
    });
    rejected.collect()
}

impl FeedRow {
    /// The feeds that most need somebody first, and among them those that failed for longest.
    pub(super) fn worst_first(feeds: &[Listed]) -> Vec<Self> {
        let mut feeds: Vec<&Listed> = feeds.iter().collect();
        // One that never succeeded comes before all that did.
        feeds.sort_by_key(|feed| (severity(feed.health), feed.last_success, &feed.id));
        feeds.into_iter().map(Self::of).collect()
    }

    fn of(feed: &Listed) -> Self {
        let (why, last) = (
            typeset::words(&feed.health_why),
            typeset::words(&feed.last_result),
        );
        let says = if why.contains(&last) {
            why
        } else {
            format!("{why}; last poll: {last}")
        };
        Self {
            id: feed.id.clone(),
            health: feed.health,
            last_success: feed.last_success,
            says,
        }
    }
}

#[cfg(test)]
mod tests;
