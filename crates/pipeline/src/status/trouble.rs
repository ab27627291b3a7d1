//! What keeps the daemon from writing.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Whoever is refused tries again within seconds, and says so; one who has not said anything for so long
/// hangs.
const EXCUSED: Duration = Duration::from_mins(1);

/// Who cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hindered {
    /// The record's files.
    Record,
    /// The ledger, asked by the last stage.
    Ledger,
    /// The archive's files.
    Archive,
    /// Standard output, whose reader takes nothing.
    StandardOutput,
}

/// What is wrong, by who cannot go on: one that goes on again says nothing of the others.
#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<BTreeMap<Hindered, Trouble>>);

#[derive(Debug)]
struct Trouble {
    why: String,
    said: Instant,
}

impl Troubles {
    pub(super) fn set(&self, who: Hindered, why: String) {
        let said = Instant::now();
        self.map().insert(who, Trouble { why, said });
    }

    pub(super) fn clear(&self, who: Hindered) {
        self.map().remove(&who);
    }

    /// All of it, one after the other.
    pub(super) fn in_words(&self) -> Option<String> {
        let map = self.map();
        let troubles: Vec<&str> = map.values().map(|trouble| trouble.why.as_str()).collect();
        (!troubles.is_empty()).then(|| troubles.join("; "))
    }

    /// Whether what stands still is not to blame for it: somebody is refused who goes on trying, or a
    /// reader takes nothing, who may take as long as he likes.
    pub(super) fn excuse(&self) -> bool {
        self.excuse_at(Instant::now())
    }

    fn excuse_at(&self, now: Instant) -> bool {
        let excuses = |(who, trouble): (&Hindered, &Trouble)| {
            *who == Hindered::StandardOutput
                || now.saturating_duration_since(trouble.said) < EXCUSED
        };
        self.map().iter().any(excuses)
    }

    fn map(&self) -> MutexGuard<'_, BTreeMap<Hindered, Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_goes_on_says_nothing_of_the_others() {
        let troubles = Troubles::default();
        troubles.set(Hindered::Archive, "its disk is full".to_owned());
        troubles.set(Hindered::Record, "no such folder".to_owned());
        let both = "no such folder; its disk is full";
        assert_eq!(troubles.in_words().as_deref(), Some(both));
        troubles.clear(Hindered::Record);
        assert_eq!(troubles.in_words().as_deref(), Some("its disk is full"));
        troubles.clear(Hindered::Archive);
        assert_eq!(troubles.in_words(), None);
    }

    #[test]
    fn who_tries_no_longer_is_excused_no_longer_and_a_reader_always_is() {
        let troubles = Troubles::default();
        let later = Instant::now() + 2 * EXCUSED;
        assert!(!troubles.excuse());
        troubles.set(Hindered::Record, "its disk is full".to_owned());
        assert!(troubles.excuse() && !troubles.excuse_at(later));
        troubles.set(Hindered::StandardOutput, "nobody reads".to_owned());
        assert!(troubles.excuse_at(later));
    }
}
