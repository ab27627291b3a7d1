//! What was archived of a feed last, so that the same body is not kept at each poll. It is forgotten
//! with the process, and then the body is kept once more.
//!
//! Pages are not remembered: each is fetched once, and there are so many that no feed would be.

use std::collections::HashMap;

/// Addresses of one generation; two are remembered. There are thousands of feeds at most, and a
/// server may answer from another address each time.
const GENERATION_MAX: usize = 10_000;

/// The last whole answer of a feed.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// The digest of its body.
    pub(super) digest: String,
    /// When it was fetched, as its record says.
    pub(super) date: String,
}

/// Addresses of feeds, those that have not changed for longest forgotten first.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    young: HashMap<String, Seen>,
    old: HashMap<String, Seen>,
}

impl Addresses {
    pub(super) fn get(&self, url: &str) -> Option<&Seen> {
        self.young.get(url).or_else(|| self.old.get(url))
    }

    pub(super) fn note(&mut self, url: String, seen: Seen) {
        if self.young.len() >= GENERATION_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(url, seen);
    }
}
