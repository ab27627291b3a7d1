//! What is wrong with a record, and what mends it.

use std::fmt;

/// Something that is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: a file, perhaps with a line.
    pub place: String,
    /// What.
    pub what: String,
    /// What mends it.
    pub remedy: Remedy,
}

/// What mends a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// A repair, or the next start of the daemon; nothing is lost by it.
    Repair,
    /// A person only, who knows what happened.
    Person,
}

impl Problem {
    /// A problem that a repair mends.
    pub fn repairable(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(place, what, Remedy::Repair)
    }

    /// A problem that a person has to look at.
    pub fn for_a_person(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(place, what, Remedy::Person)
    }

    pub(super) fn new(place: impl Into<String>, what: impl Into<String>, remedy: Remedy) -> Self {
        let (place, what) = (place.into(), what.into());
        Self {
            place,
            what,
            remedy,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}
