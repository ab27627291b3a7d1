//! What a site puts on many of its pages: counts of blocks, learned page by page and bounded. The
//! ledger keeps them, and the cleaner asks them what is the site's and no story's.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::StoryId;

/// Pages from which on blocks are the site's: what recurs on fewer may be one running story.
const PAGES_MIN: u32 = 10;

/// Pages at which all counts are halved, so that a site which changes its template is followed.
const PAGES_MAX: u32 = 100;

/// Pages that a block with marks of a story must have been on.
const TELLING_PAGES_MIN: u32 = 8;

/// Blocks that are counted at one site. A page brings some twenty, most of which no other page
/// has; those that were on the fewest pages, and longest ago, are forgotten.
const BLOCKS_MAX: usize = 256;

/// Stories that are known to have been counted.
const STORIES_MAX: usize = 256;

/// A block of a page's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    fingerprint: u64,
    bytes: usize,
    telling: bool,
}

impl Block {
    /// Makes a block of its text, folded so that accents and punctuation make no difference.
    /// `telling` is set where the text has marks of a story's own: it takes more pages then to
    /// believe that it is not.
    pub fn new(folded: &str, telling: bool) -> Self {
        Self {
            fingerprint: fingerprint(folded),
            bytes: folded.len(),
            telling,
        }
    }
}

/// The start of a hash that is the same in every version of the program.
fn fingerprint(text: &str) -> u64 {
    let hash = Sha256::digest(text);
    hash.iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// What was learned of one host's pages: never more than 256 blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteTemplate {
    /// Pages that were counted, since the counts were last halved and half of those before.
    pages: u32,
    /// Pages that were ever counted.
    turn: u64,
    /// Blocks by their fingerprints.
    blocks: BTreeMap<u64, Seen>,
    /// Fingerprints of the stories that were last looked at, oldest first.
    stories: VecDeque<u64>,
}

/// How often a block was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Seen {
    /// Counted pages that it was on.
    pages: u32,
    /// The last of them, as a turn.
    last: u64,
}

impl SiteTemplate {
    /// Counts the blocks of a page, each once, and says whether that changed anything.
    ///
    /// A story counts once, whatever becomes of its page, and so does a story that is told again
    /// at another address: its sentences recur and are no template.
    pub fn learn(&mut self, story: &StoryId, blocks: &[Block]) -> bool {
        let story = fingerprint(story.as_str());
        if blocks.is_empty() || self.stories.contains(&story) {
            return false;
        }
        self.stories.push_back(story);
        if self.stories.len() > STORIES_MAX {
            self.stories.pop_front();
        }
        if !self.is_told_again(blocks) {
            self.count(blocks);
        }
        true
    }

    /// Whether a block is the site's: on a third of the pages, or half of them where it reads like
    /// a story's own.
    pub fn recurs(&self, block: &Block) -> bool {
        let seen = self
            .blocks
            .get(&block.fingerprint)
            .map_or(0, |seen| seen.pages);
        let often = if block.telling {
            seen >= TELLING_PAGES_MIN && seen * 2 >= self.pages
        } else {
            seen * 3 >= self.pages
        };
        self.pages >= PAGES_MIN && often
    }

    /// Whether most of what is not the site's stood on earlier pages.
    fn is_told_again(&self, blocks: &[Block]) -> bool {
        let (mut bytes, mut known) = (0, 0);
        for block in blocks.iter().filter(|block| !self.recurs(block)) {
            bytes += block.bytes;
            if self.blocks.contains_key(&block.fingerprint) {
                known += block.bytes;
            }
        }
        known * 2 > bytes
    }

    fn count(&mut self, blocks: &[Block]) {
        self.turn += 1;
        self.pages += 1;
        let last = self.turn;
        for block in blocks {
            let seen = self
                .blocks
                .entry(block.fingerprint)
                .or_insert(Seen { pages: 0, last: 0 });
            if seen.last < last {
                *seen = Seen {
                    pages: seen.pages + 1,
                    last,
                };
            }
        }
        if self.pages >= PAGES_MAX {
            self.pages /= 2;
            self.blocks.retain(|_, seen| {
                seen.pages /= 2;
                seen.pages > 0
            });
        }
        self.forget();
    }

    /// Forgets the blocks that were on the fewest pages, those before that were not seen for longest.
    fn forget(&mut self) {
        let excess = self.blocks.len().saturating_sub(BLOCKS_MAX);
        if excess == 0 {
            return;
        }
        let mut least: Vec<(Seen, u64)> = self
            .blocks
            .iter()
            .map(|(fingerprint, seen)| (*seen, *fingerprint))
            .collect();
        least.select_nth_unstable(excess - 1);
        for (_, fingerprint) in &least[..excess] {
            self.blocks.remove(fingerprint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: &str = "the morning herald is printed in three cities and read in all of them";

    fn story(number: usize) -> StoryId {
        StoryId::of_text(&number.to_string(), "")
    }

    /// Sentences that no other story has.
    fn own(number: usize) -> Vec<Block> {
        let sentence =
            |part| format!("sentence {part} of story {number} is like no other sentence");
        (0..6)
            .map(|part| Block::new(&sentence(part), false))
            .collect()
    }

    fn page(number: usize, common: &[Block]) -> Vec<Block> {
        [&own(number), common].concat()
    }

    /// A template of pages `0..pages`, each with what `common` makes of its number.
    fn learned(pages: usize, common: impl Fn(usize) -> Vec<Block>) -> SiteTemplate {
        let mut template = SiteTemplate::default();
        for number in 0..pages {
            template.learn(&story(number), &page(number, &common(number)));
        }
        template
    }

    #[test]
    fn a_block_recurs_from_the_tenth_page_on() {
        let house = Block::new(HOUSE, false);
        assert!(!learned(9, |_| vec![house]).recurs(&house));
        let template = learned(10, |_| vec![house]);
        assert!(template.recurs(&house));
        for number in 0..10 {
            assert!(own(number).iter().all(|block| !template.recurs(block)));
        }
    }

    #[test]
    fn it_must_be_on_a_third_of_the_pages_and_on_half_where_it_reads_like_a_story() {
        let (plain, telling) = (Block::new(HOUSE, false), Block::new(HOUSE, true));
        let every = |nth: usize| learned(24, |number| vec![plain; usize::from(number % nth == 0)]);
        assert!(!every(4).recurs(&plain));
        assert!(every(3).recurs(&plain) && !every(3).recurs(&telling));
        assert!(every(2).recurs(&telling));
        // Half of ten pages is too few of them.
        let half = learned(10, |number| vec![plain; usize::from(number % 2 == 0)]);
        assert!(half.recurs(&plain) && !half.recurs(&telling));
    }

    #[test]
    fn a_story_counts_once_however_often_its_page_is_read() {
        let house = Block::new(HOUSE, false);
        let mut template = learned(9, |_| vec![house]);
        let mut revised = page(3, &[house]);
        revised[0] = Block::new("the first sentence was written anew", false);
        for _ in 0..20 {
            assert!(!template.learn(&story(3), &revised));
        }
        assert_eq!(template, learned(9, |_| vec![house]));
    }

    #[test]
    fn a_story_that_is_told_again_elsewhere_teaches_nothing() {
        let house = Block::new(HOUSE, false);
        let mut template = learned(9, |_| vec![house]);
        for copy in 100..120 {
            let mut again = page(3, &[house]);
            again[0] = Block::new(&format!("update number {copy}"), false);
            template.learn(&story(copy), &again);
        }
        assert!(!template.recurs(&house));
        template.learn(&story(9), &page(9, &[house]));
        assert!(template.recurs(&house));
        assert!(own(3).iter().all(|block| !template.recurs(block)));
    }

    #[test]
    fn a_block_that_stands_twice_on_a_page_was_on_one() {
        let house = Block::new(HOUSE, false);
        let template = learned(12, |number| vec![house; 3 * usize::from(number < 3)]);
        assert!(!template.recurs(&house));
    }

    #[test]
    fn a_million_lines_leave_a_few_blocks_and_the_template() {
        let house = Block::new(HOUSE, false);
        let line = |number: usize| Block {
            fingerprint: number as u64,
            bytes: 80,
            telling: false,
        };
        let mut template = SiteTemplate::default();
        for page in 0..10_020 {
            let mut blocks: Vec<Block> = (page * 100..page * 100 + 100).map(line).collect();
            blocks.push(house);
            template.learn(&story(page), &blocks);
        }
        assert_eq!(template.blocks.len(), BLOCKS_MAX);
        assert_eq!(template.stories.len(), STORIES_MAX);
        assert!(template.recurs(&house) && template.pages < PAGES_MAX);
        let mut lines: Vec<Block> = (2_000_000..3_000_000).map(line).collect();
        lines.push(house);
        template.learn(&story(0), &lines);
        assert_eq!(template.blocks.len(), BLOCKS_MAX);
        assert!(template.recurs(&house));
        assert!(serde_json::to_string(&template).unwrap().len() < 24_000);
    }

    #[test]
    fn a_template_that_is_no_longer_used_is_forgotten_and_a_new_one_learned() {
        let (old, new) = (Block::new(HOUSE, false), Block::new("read us daily", false));
        let template = learned(400, |number| vec![if number < 200 { old } else { new }]);
        assert!(!template.recurs(&old) && template.recurs(&new));
    }

    #[test]
    fn what_was_learned_is_the_same_after_it_was_stored() {
        let template = learned(30, |_| vec![Block::new(HOUSE, true)]);
        let json = serde_json::to_string(&template).unwrap();
        assert_eq!(
            serde_json::from_str::<SiteTemplate>(&json).unwrap(),
            template
        );
    }
}
