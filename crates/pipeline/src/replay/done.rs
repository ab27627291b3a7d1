//! What a replay has finished: counted, noted in its journal, and told to the ledger.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ledger::Ledger;
use story::{
    EntryId, StoryId,
    storage::{Checkpoint, Ending, Reservation, SinkStore, Stored},
};

use super::{
    journal::{Journal, Noted},
    order,
    progress::Progress,
    source::Mark,
};

/// The units that were begun, and how far they are finished. They finish in order.
#[derive(Debug)]
pub(super) struct Done {
    progress: Arc<Progress>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The units under way, each with the place behind it.
    begun: VecDeque<(u64, Mark)>,
    noted: Noted,
    journal: Option<Journal>,
}

impl Done {
    /// Goes on from what was noted.
    pub(super) fn new(progress: Arc<Progress>, noted: Noted, journal: Option<Journal>) -> Self {
        let begun = VecDeque::new();
        let state = Mutex::new(State {
            begun,
            noted,
            journal,
        });
        Self { progress, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A unit goes down the line.
    pub(super) fn begin(&self, number: u64, behind: Mark) {
        self.state().begun.push_back((number, behind));
    }

    /// Units have ended, the next ones in order; what they gave is on disk.
    pub(super) fn finish<'a>(&self, endings: impl IntoIterator<Item = (EntryId, &'a Ending)>) {
        let mut last = None;
        let counts = {
            let mut counts = self
                .progress
                .counts
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            for (entry, ending) in endings {
                counts.add(ending);
                last = last.max(Some(order::number(entry)));
            }
            *counts
        };
        let mut state = self.state();
        while let Some((number, behind)) = state.begun.front().copied()
            && Some(number) <= last
        {
            state.begun.pop_front();
            state.noted.behind = behind;
        }
        state.noted.counts = counts;
        let State { journal, noted, .. } = &mut *state;
        if let Some(journal) = journal {
            journal.note(noted);
        }
    }

    /// Notes how far it has come, `at_end` behind everything.
    pub(super) fn close(&self, end: Option<Mark>) -> io::Result<()> {
        let mut state = self.state();
        state.noted.behind = end.unwrap_or(state.noted.behind);
        match &state.journal {
            Some(journal) => journal.write(&state.noted),
            None => Ok(()),
        }
    }
}

/// What the sink remembers of a replay: stories in the ledger, and nothing of entries, since there
/// are none.
#[derive(Debug)]
pub(super) struct ReplayStore {
    pub(super) ledger: Arc<Ledger>,
    pub(super) done: Arc<Done>,
}

impl SinkStore for ReplayStore {
    async fn reserve(&self, stories: Vec<(EntryId, StoryId, u32)>) -> Stored<Vec<Reservation>> {
        self.ledger.reserve(stories).await
    }

    async fn finish(
        &self,
        endings: Vec<(EntryId, Ending)>,
        checkpoint: Option<Checkpoint>,
    ) -> Stored<()> {
        let is_kept = |ending: &Ending| matches!(ending, Ending::Kept { .. });
        let kept: Vec<_> = endings
            .iter()
            .filter(|(_, ending)| is_kept(ending))
            .cloned()
            .collect();
        if !kept.is_empty() || checkpoint.is_some() {
            self.ledger.finish(kept, checkpoint).await?;
        }
        let ended = endings.iter().map(|(entry, ending)| (*entry, ending));
        self.done.finish(ended);
        Ok(())
    }
}
