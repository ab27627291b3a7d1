//! Which of a page's blocks are the story.
//!
//! Every block has a value: what it adds to a story, or takes from one. A container is worth the
//! sum of its blocks, so that the best container holds all of the text and little else; containers
//! that are named as the story's are believed first. Where the page states its text in JSON-LD,
//! the blocks that stand in it are known to be the story's.

use rustc_hash::FxHashSet;

use crate::{
    agreement::Runs,
    blocks::{Block, Kind, Outline},
    characters::fold,
    discard::{PROSE_BYTES_MIN, discarded, sums},
    headline::Sought,
    noise::{Noise, Verdict},
};

/// A block whose words stand in the stated text to this share is part of it.
const CONFIRMED_SHARE: f32 = 0.6;

/// Bytes from which a stated text is taken as evidence.
const STATED_BYTES_MIN: usize = 300;

/// What the first container after the headline must be worth to be the story, whatever follows:
/// endless pages hold longer stories further down.
const STORY_WORTH_MIN: f32 = 400.0;

/// Bytes of a summary that opens the story; shorter ones are a second headline.
const STANDFIRST_BYTES_MIN: usize = 140;

/// Bytes of other text that may stand between such a summary and the story.
const STANDFIRST_GAP_MAX: usize = 120;

/// What is known of the story before its text is looked for.
pub(crate) struct Clues<'a> {
    /// The headline.
    pub title: Option<&'a str>,
    /// The page's own summary.
    pub description: Option<&'a str>,
    /// The text that the page states in JSON-LD.
    pub stated: Option<&'a str>,
}

/// The story's paragraphs, in order; empty where the page has none.
pub(crate) fn paragraphs<'a>(
    outline: &'a Outline,
    clues: &Clues<'_>,
    noise: &Noise,
) -> Vec<&'a str> {
    let reading = Reading::new(outline, clues);
    let Some(span) = reading.container() else {
        return Vec::new();
    };
    let mut chosen = reading.select(span, noise);
    if let Some(standfirst) = reading.standfirst(span, &chosen) {
        chosen.insert(0, standfirst);
    }
    chosen
        .iter()
        .map(|&block| outline.blocks[block].text.as_str())
        .collect()
}

struct Reading<'a> {
    outline: &'a Outline,
    clues: &'a Clues<'a>,
    /// Blocks in elements that are no part of the story by name or tag.
    discarded: Vec<bool>,
    /// Blocks whose words stand in the stated text.
    confirmed: Vec<bool>,
    /// The confirmed share of the stated text, 0 to about 1.
    coverage: f32,
    /// Sums of the values of the blocks before each.
    worth: Vec<f32>,
    /// The block that is the headline.
    headline: Option<usize>,
    /// The innermost article around each span.
    articles: Vec<Option<usize>>,
}

impl<'a> Reading<'a> {
    fn new(outline: &'a Outline, clues: &'a Clues<'a>) -> Self {
        let blocks = &outline.blocks;
        let stated = clues
            .stated
            .filter(|text| text.len() >= STATED_BYTES_MIN)
            .map(Runs::of);
        let confirmed: Vec<bool> = blocks
            .iter()
            .map(|block| {
                stated.as_ref().is_some_and(|runs| {
                    block.text.len() >= 20 && runs.share(&block.text) >= CONFIRMED_SHARE
                })
            })
            .collect();
        let confirmed_bytes: usize = blocks
            .iter()
            .zip(&confirmed)
            .filter(|(_, confirmed)| **confirmed)
            .map(|(block, _)| block.text.len())
            .sum();
        let coverage = stated
            .as_ref()
            .map_or(0.0, |runs| confirmed_bytes as f32 / runs.bytes() as f32);
        let confirmed = if coverage < 0.5 {
            vec![false; blocks.len()]
        } else {
            confirmed
        };
        let mut reading = Self {
            outline,
            clues,
            discarded: discarded(outline),
            confirmed,
            coverage,
            worth: Vec::new(),
            headline: None,
            articles: articles(outline),
        };
        reading.headline = reading.find_headline();
        reading.worth = sums(blocks.len(), |at| reading.value(at));
        reading
    }

    fn find_headline(&self) -> Option<usize> {
        let title = fold(self.clues.title?);
        let title = Sought::new(&title);
        let blocks = &self.outline.blocks;
        let named = |levels: std::ops::RangeInclusive<u8>| {
            blocks.iter().position(|block| {
                matches!(block.kind, Kind::Heading(level) if levels.contains(&level))
                    && title.is_in(&fold(&block.text))
            })
        };
        named(1..=1).or_else(|| named(2..=3))
    }

    /// What a block adds to a story.
    fn value(&self, at: usize) -> f32 {
        let block = &self.outline.blocks[at];
        let own = block.own_bytes() as f32;
        if self.confirmed[at] {
            return own.max(1.0) * 2.0;
        }
        if self.discarded[at] {
            return 0.0;
        }
        let doubt = if self.coverage >= 0.5 { 0.5 } else { 1.0 };
        match block.kind {
            _ if block.is_prose() => own * doubt,
            Kind::Heading(_) => 0.0,
            Kind::Item | Kind::Row if block.link_density() < 0.3 => own.min(40.0) - 20.0,
            Kind::Paragraph if block.link_density() < 0.5 => 0.0,
            Kind::Paragraph => -10.0,
            _ if block.link_density() > 0.5 => -30.0 - block.link_bytes as f32 / 4.0,
            _ => -10.0,
        }
    }

    fn worth(&self, span: usize) -> f32 {
        let span = &self.outline.spans[span];
        self.worth[span.end] - self.worth[span.first]
    }

    /// The span that holds the story.
    fn container(&self) -> Option<usize> {
        let spans = 0..self.outline.spans.len();
        let best = self.richest(spans.clone())?;
        let worth = self.worth(best);
        if worth < 40.0 {
            return None;
        }
        for (rank, least) in [(3, 0.1), (2, 0.5)] {
            let named = spans
                .clone()
                .filter(|&span| self.outline.spans[span].profile.body >= rank);
            let named: Vec<usize> = named.collect();
            if let Some(span) = self.first_good(&named, worth * least) {
                return Some(span);
            }
            if rank == 3
                && let Some(span) = self.list_of(&named, worth)
            {
                return Some(span);
            }
        }
        let articles: Vec<usize> = spans
            .filter(|&span| self.outline.spans[span].is_article)
            .collect();
        if let Some(article) = self.first_good(&articles, worth * 0.5) {
            let inside = (article..self.outline.spans.len()).take_while(|&span| {
                self.outline.spans[span].first < self.outline.spans[article].end
            });
            return self.richest(inside);
        }
        Some(best)
    }

    /// The span that is named as the story's and holds more text than any has running text: a list.
    fn list_of(&self, spans: &[usize], worth: f32) -> Option<usize> {
        let bytes = sums(self.outline.blocks.len(), |at| {
            if self.discarded[at] {
                0.0
            } else {
                self.outline.blocks[at].own_bytes() as f32
            }
        });
        let bytes = |span: usize| {
            let span = &self.outline.spans[span];
            bytes[span.end] - bytes[span.first]
        };
        let after_headline = |span: &usize| {
            self.headline
                .is_none_or(|at| self.outline.spans[*span].end > at)
        };
        let longest = spans
            .iter()
            .copied()
            .filter(after_headline)
            .max_by(|a, b| bytes(*a).total_cmp(&bytes(*b)))?;
        (bytes(longest) >= worth.max(STORY_WORTH_MIN)).then_some(longest)
    }

    /// The span of most worth, the innermost among equals.
    fn richest(&self, spans: impl Iterator<Item = usize>) -> Option<usize> {
        spans.max_by(|a, b| self.rated(*a).total_cmp(&self.rated(*b)))
    }

    fn rated(&self, span: usize) -> f32 {
        let worth = self.worth(span);
        let before_headline = self
            .headline
            .is_some_and(|at| self.outline.spans[span].end <= at);
        if before_headline { worth * 0.3 } else { worth }
    }

    /// Of the spans worth enough, the richest; where several are rich, the first after the headline.
    fn first_good(&self, spans: &[usize], least: f32) -> Option<usize> {
        let best = self.richest(spans.iter().copied())?;
        let worth = self.worth(best);
        if worth < least {
            return None;
        }
        let Some(headline) = self.headline else {
            return Some(best);
        };
        let holds_or_follows = |&span: &usize| {
            self.outline.spans[span].end > headline
                && self.worth(span) >= (worth * 0.5).min(STORY_WORTH_MIN)
        };
        let first = spans.iter().copied().find(holds_or_follows).unwrap_or(best);
        // The innermost of those that begin there and lose nothing.
        let span = &self.outline.spans[first];
        let inner = spans.iter().copied().filter(|&other| {
            let other_span = &self.outline.spans[other];
            other_span.first >= span.first
                && other_span.end <= span.end
                && self.worth(other) >= self.worth(first)
        });
        inner.max().or(Some(first))
    }

    /// The blocks of the story in `span` and in its siblings of the same rank.
    fn select(&self, span: usize, noise: &Noise) -> Vec<usize> {
        let mut chosen = Vec::new();
        let mut bytes = 0;
        let range = self.range(span);
        let past_stated = self.end_of_stated(&range);
        for at in range.clone() {
            let block = &self.outline.blocks[at];
            if past_stated.is_some_and(|past| at >= past) {
                break;
            }
            // Stated texts hold the links to other stories too.
            let stated = self.confirmed[at] && block.link_density() < 0.9;
            if !stated && !self.belongs(at, block) {
                continue;
            }
            let rest = self.worth[range.end] - self.worth[at];
            match noise.judge(&block.text) {
                // A heading of other stories in the middle of this one heads a box, not the end.
                Verdict::Ends
                    if bytes > 300
                        && rest < end_share(block) * (self.worth[at] - self.worth[range.start]) =>
                {
                    break;
                }
                Verdict::Ends | Verdict::Drop => continue,
                Verdict::Keep => {}
            }
            chosen.push(at);
            bytes += block.text.len();
        }
        while chosen
            .last()
            .is_some_and(|&at| matches!(self.outline.blocks[at].kind, Kind::Heading(_)))
        {
            chosen.pop();
        }
        chosen
    }

    /// Where the stated text ends, if it is whole: some pages state their first paragraphs only.
    fn end_of_stated(&self, range: &std::ops::Range<usize>) -> Option<usize> {
        let mut end = self.confirmed.iter().rposition(|confirmed| *confirmed)? + 1;
        // What goes on in the same element, as prose, was left out of what is stated.
        let blocks = &self.outline.blocks;
        let holder = |block: &Block| self.outline.spans[block.span].parent;
        let last = &blocks[end - 1];
        let goes_on = |block: &&Block| holder(block) == holder(last) && block.is_prose();
        let rest = &blocks[end..range.end.max(end)];
        end += rest.iter().take_while(goes_on).count();
        let before = self.worth[end] - self.worth[range.start.min(end)];
        let after = self.worth[range.end.max(end)] - self.worth[end];
        (self.coverage >= 0.9 && after < before * 0.25).then_some(end)
    }

    /// The blocks among which the story's are.
    fn range(&self, span: usize) -> std::ops::Range<usize> {
        let mut range = self.with_siblings(span);
        if let Some(next) = self.next_story(&range) {
            range.end = next;
        }
        range
    }

    /// Where the next story of an endless page begins: at a headline in an article that does not
    /// hold the first one.
    fn next_story(&self, range: &std::ops::Range<usize>) -> Option<usize> {
        let headline = self.headline?;
        let from = range.start.max(headline + 1);
        (from..range.end).find_map(|at| {
            let block = &self.outline.blocks[at];
            let begin = self.outline.spans[self.articles[block.span]?].first;
            let follows = begin >= from && self.worth[begin] - self.worth[from] >= PROSE_BYTES_MIN;
            (block.kind == Kind::Heading(1) && follows).then_some(begin)
        })
    }

    /// The blocks of `span` and of its siblings of the same rank.
    fn with_siblings(&self, span: usize) -> std::ops::Range<usize> {
        let chosen = &self.outline.spans[span];
        if chosen.profile.body == 0 {
            return chosen.first..chosen.end;
        }
        let blocks = &self.outline.blocks;
        let is_headline = |block: &Block| block.kind == Kind::Heading(1);
        let floor = blocks[..chosen.first]
            .iter()
            .rposition(is_headline)
            .map_or(0, |at| at + 1);
        let ceiling = blocks[chosen.end..]
            .iter()
            .position(is_headline)
            .map_or(blocks.len(), |at| chosen.end + at);
        let mut range = chosen.first..chosen.end;
        for (index, sibling) in self.outline.spans.iter().enumerate() {
            let alike =
                sibling.parent == chosen.parent && sibling.profile.body == chosen.profile.body;
            if alike && sibling.first >= floor && sibling.end <= ceiling && self.worth(index) > 0.0
            {
                range = range.start.min(sibling.first)..range.end.max(sibling.end);
            }
        }
        range
    }

    fn belongs(&self, at: usize, block: &Block) -> bool {
        if self.discarded[at] || Some(at) == self.headline {
            return false;
        }
        let density = block.link_density();
        match block.kind {
            Kind::Heading(1) => false,
            Kind::Heading(_) => density < 0.5,
            Kind::Paragraph => density < 0.8 || block.is_prose(),
            Kind::Item | Kind::Row => density < 0.6,
            Kind::Loose => block.is_prose() || density < 0.3 && block.text.len() >= 60,
        }
    }

    /// The summary between the headline and the text, where the page shows one outside the text.
    fn standfirst(&self, span: usize, chosen: &[usize]) -> Option<usize> {
        let first = *chosen.first()?;
        let from = self.headline.map_or(0, |at| at + 1);
        let span_first = self.outline.spans[span].first;
        let description = self.clues.description.map(fold).unwrap_or_default();
        let description = Sought::new(&description);
        let text = |at: usize| self.outline.blocks[at].text.as_str();
        let chosen: FxHashSet<&str> = chosen.iter().map(|&at| text(at)).collect();
        let to = first.max(span_first).max(from);
        let lead = (from..to).find(|&at| {
            let block = &self.outline.blocks[at];
            let profile = &self.outline.spans[block.span].profile;
            let named = profile.standfirst && self.headline.is_some();
            (40..600).contains(&block.text.len())
                && (named || !self.discarded[at] && description.is_in(&fold(&block.text)))
                && block.link_density() < 0.3
                && !chosen.contains(block.text.as_str())
        })?;
        let between = (lead + 1..to).filter(|&at| !self.discarded[at]);
        let between: usize = between.map(|at| text(at).len()).sum();
        (text(lead).len() >= STANDFIRST_BYTES_MIN && between <= STANDFIRST_GAP_MAX).then_some(lead)
    }
}

/// The most that may follow a block that says that the story ends, as a share of what stands before
/// it: a paragraph that says so is more often a label on the links in the middle.
fn end_share(block: &Block) -> f32 {
    match block.kind {
        Kind::Heading(_) => 1.0,
        _ => 0.15,
    }
}

/// The innermost `article` or `main` element around each span.
fn articles(outline: &Outline) -> Vec<Option<usize>> {
    let mut articles: Vec<Option<usize>> = Vec::with_capacity(outline.spans.len());
    for (index, span) in outline.spans.iter().enumerate() {
        let around = (span.parent != index)
            .then(|| articles[span.parent])
            .flatten();
        articles.push(if span.is_article { Some(index) } else { around });
    }
    articles
}
