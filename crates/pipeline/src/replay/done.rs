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

    /// A unit goes down the line, to be noted once it is finished. Those that are not begun here
    /// stand behind a file that is yet to be read, and are only counted.
    pub(super) fn begin(&self, number: u64, behind: Mark) {
        self.state().begun.push_back((number, behind));
    }

    /// Units have ended, the next ones in order; what they gave is on disk.
    pub(super) fn finish<'a>(&self, endings: impl IntoIterator<Item = (EntryId, &'a Ending)>) {
        let mut state = self.state();
        let noted_to = state.begun.back().map(|(number, _)| *number);
        let mut last = None;
        for (entry, ending) in endings {
            let number = order::number(entry);
            self.progress.count(ending);
            if Some(number) <= noted_to {
                state.noted.counts.add(ending);
            }
            last = last.max(Some(number));
        }
        while let Some((number, behind)) = state.begun.front().copied()
            && Some(number) <= last
        {
            state.begun.pop_front();
            state.noted.behind = behind;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Counts;

    #[test]
    fn what_stands_behind_an_unread_file_is_counted_and_not_noted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replay.json");
        let noted = Noted {
            fingerprint: "these files".to_owned(),
            behind: Mark::default(),
            counts: Counts::default(),
        };
        let progress = Arc::new(Progress::default());
        let journal = Some(Journal::at(&path));
        let done = Done::new(Arc::clone(&progress), noted, journal);
        let mark = |file| Mark {
            file,
            ..Mark::default()
        };
        let ending = Ending::Failed {
            reason: String::new(),
            detail: String::new(),
        };
        done.begin(0, mark(1));
        done.begin(1, mark(2));
        // The third is not begun, and its group ends in any order.
        done.finish([2, 0, 1].map(|number| (order::entry(number), &ending)));
        done.close(None).unwrap();
        let noted = Journal::at(&path).read("these files").unwrap();
        assert_eq!((noted.behind, noted.counts.failed), (mark(2), 2));
        assert_eq!(progress.counts().failed, 3);
    }
}
