//! The entries of a document as they are read: not more than are kept, and the newest of them.

use std::cmp::Reverse;

use story::{Entry, Timestamp};

/// How many entries of one feed are kept. Feeds have hundreds at most and sitemaps of news a
/// thousand; only sitemaps of a whole archive have more, and news is new.
pub(crate) const ENTRIES_MAX: usize = 5_000;

/// Which entries of a document go for the newer where their dates do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewsAt {
    /// The first: feeds.
    Start,
    /// The last: sitemaps, which grow at their end.
    End,
}

/// Entries in the order of their document, the newest where there were more than are kept.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    entries: Vec<Entry>,
    left_out: usize,
}

impl Kept {
    /// Takes in an entry. Now and then the oldest are let go, so that never more than twice as
    /// many as are kept are in memory.
    pub(crate) fn push(&mut self, entry: Entry, news_at: NewsAt) {
        if self.entries.len() >= 2 * ENTRIES_MAX {
            self.let_go(news_at);
        }
        self.entries.push(entry);
    }

    /// The entries, and how many were left out.
    pub(crate) fn finish(mut self, news_at: NewsAt) -> (Vec<Entry>, usize) {
        self.let_go(news_at);
        (self.entries, self.left_out)
    }

    fn let_go(&mut self, news_at: NewsAt) {
        let count = self.entries.len();
        if count <= ENTRIES_MAX {
            return;
        }
        let age = |&at: &usize| {
            let later = if news_at == NewsAt::Start {
                count - at
            } else {
                at
            };
            Reverse((date(&self.entries[at]), later))
        };
        let mut places: Vec<usize> = (0..count).collect();
        places.select_nth_unstable_by_key(ENTRIES_MAX, age);
        let mut stays = vec![false; count];
        for place in &places[..ENTRIES_MAX] {
            stays[*place] = true;
        }
        let mut stays = stays.into_iter();
        self.entries.retain(|_| stays.next() == Some(true));
        self.left_out += count - ENTRIES_MAX;
    }
}

/// That entries were left out, in the words of a person.
pub(crate) fn problem(left_out: usize) -> Option<String> {
    (left_out > 0)
        .then(|| format!("more than {ENTRIES_MAX} entries, the oldest {left_out} left out"))
}

fn date(entry: &Entry) -> Option<Timestamp> {
    entry.updated.max(entry.published)
}
