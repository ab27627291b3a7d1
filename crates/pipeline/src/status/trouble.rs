//! What keeps the daemon from writing.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

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
pub(super) struct Troubles(Mutex<BTreeMap<Hindered, String>>);

impl Troubles {
    pub(super) fn set(&self, who: Hindered, why: String) {
        self.map().insert(who, why);
    }

    pub(super) fn clear(&self, who: Hindered) {
        self.map().remove(&who);
    }

    /// All of it, one after the other.
    pub(super) fn in_words(&self) -> Option<String> {
        let troubles: Vec<String> = self.map().values().cloned().collect();
        (!troubles.is_empty()).then(|| troubles.join("; "))
    }

    fn map(&self) -> MutexGuard<'_, BTreeMap<Hindered, String>> {
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
}
