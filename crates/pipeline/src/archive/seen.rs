//! What was archived of an address last, so that the same body is not kept twice. It is forgotten
//! with the process, and then the body is kept once more.

use std::collections::HashMap;

use story::ArchivePosition;

/// Addresses of one generation; two are remembered.
const GENERATION_MAX: usize = 50_000;

/// The last whole answer of an address.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// The digest of its body.
    pub(super) digest: String,
    /// When it was fetched, as its record says.
    pub(super) date: String,
    /// Where it stands.
    pub(super) position: ArchivePosition,
}

/// Addresses, the least lately asked forgotten first.
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
