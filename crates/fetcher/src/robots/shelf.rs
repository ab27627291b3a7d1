//! What is known of many authorities, in bounded memory.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Mutex;

/// How many authorities a half of the shelf holds.
const AUTHORITIES_MAX: usize = 4096;

/// How many bytes of rules a half of the shelf holds, but for the last that came.
const BYTES_MAX: usize = 8 << 20;

/// One authority's place: who asks for its file holds the lock, and the others wait for that.
#[derive(Debug, Default)]
pub(super) struct Place<T> {
    pub(super) known: Mutex<Option<T>>,
    weight: AtomicUsize,
}

/// Two halves. When the young one is full it becomes the old one and the old one is forgotten,
/// but for what is asked for and so comes back: the least used go first, nearly.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    young: HashMap<String, Arc<Place<T>>>,
    old: HashMap<String, Arc<Place<T>>>,
    /// Bytes in the young half.
    weight: usize,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            weight: 0,
        }
    }
}

impl<T> Shelf<T> {
    /// The place of an authority, made where there is none.
    pub(super) fn place(&mut self, authority: &str) -> Arc<Place<T>> {
        if let Some(place) = self.young.get(authority) {
            return Arc::clone(place);
        }
        if self.young.len() >= AUTHORITIES_MAX || self.weight >= BYTES_MAX {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        let place = self.old.remove(authority).unwrap_or_else(|| {
            Arc::new(Place {
                known: Mutex::new(None),
                weight: AtomicUsize::new(0),
            })
        });
        self.weight += place.weight.load(Ordering::Relaxed);
        self.young.insert(authority.to_owned(), Arc::clone(&place));
        place
    }

    /// Notes how many bytes are in a place now.
    pub(super) fn weigh(&mut self, place: &Place<T>, bytes: usize) {
        // What was there before is counted on until the halves change; that errs to the safe side.
        place.weight.store(bytes, Ordering::Relaxed);
        self.weight += bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shelf_holds_so_many_and_keeps_those_in_use() {
        let mut shelf = Shelf::<u32>::default();
        let used = shelf.place("used.test");
        for number in 0..AUTHORITIES_MAX * 5 {
            shelf.place(&format!("{number}.test"));
            assert!(Arc::ptr_eq(&used, &shelf.place("used.test")));
            assert!(shelf.young.len() + shelf.old.len() <= AUTHORITIES_MAX * 2);
        }
    }

    #[test]
    fn the_shelf_holds_so_many_bytes() {
        let mut shelf = Shelf::<u32>::default();
        for number in 0..100 {
            let place = shelf.place(&format!("{number}.test"));
            shelf.weigh(&place, BYTES_MAX / 4);
            assert!(shelf.young.len() + shelf.old.len() <= 8);
        }
    }
}
