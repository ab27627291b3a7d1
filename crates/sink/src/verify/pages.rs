//! What the stories of a record say of where their pages are archived: how many there are in each file
//! of the archive, and some of them, spread over the file, that may be looked up.

use story::ArchivePosition;

use super::Place;

/// Positions of one file that are remembered. An archive of small files is looked up whole.
const REMEMBERED_MAX: usize = 64;

/// The pages of stories in one file of an archive.
#[derive(Clone, Debug)]
pub struct Pages {
    /// How many stories name one.
    pub count: u64,
    /// Some of them, in the order of the stories, and where the story stands that names each.
    pub some: Vec<(ArchivePosition, Place)>,
    /// Of how many stories one is remembered.
    every: u64,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            count: 0,
            some: Vec::new(),
            every: 1,
        }
    }
}

impl Pages {
    pub(super) fn note(&mut self, position: ArchivePosition, place: Place) {
        if self.count.is_multiple_of(self.every) {
            if self.some.len() == REMEMBERED_MAX {
                let mut number = 0;
                self.some.retain(|_| {
                    number += 1;
                    number % 2 == 1
                });
                self.every *= 2;
            }
            self.some.push((position, place));
        }
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_pages_are_all_remembered_and_of_many_some_of_the_whole_file() {
        let place = Place {
            file: 0,
            line: 1,
            offset: 0,
        };
        let noted = |count| {
            let mut pages = Pages::default();
            for offset in 0..count {
                let (file, length) = (String::new(), 1);
                let position = ArchivePosition {
                    file,
                    offset,
                    length,
                };
                pages.note(position, place);
            }
            let offsets = pages.some.iter().map(|(position, _)| position.offset);
            (pages.count, offsets.collect::<Vec<_>>())
        };
        assert_eq!(noted(3), (3, vec![0, 1, 2]));
        let (count, offsets) = noted(10_000);
        assert_eq!((count, offsets[0]), (10_000, 0));
        assert!(offsets.len() > REMEMBERED_MAX / 2 && offsets.len() <= REMEMBERED_MAX);
        let evenly = |pair: &[u64]| pair[1] - pair[0] == offsets[1];
        assert!(offsets.windows(2).all(evenly), "{offsets:?}");
        assert!(*offsets.last().unwrap() > 9_000);
    }
}
