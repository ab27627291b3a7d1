//! Which of a page's blocks are no part of a story by the names and tags of the elements around them.

use crate::{
    blocks::{Outline, Span},
    vocabulary::Profile,
};

/// Running text that discarding must leave, in bytes.
pub(crate) const PROSE_BYTES_MIN: f32 = 250.0;

/// Which blocks stand in elements that are discarded. A discard that would take most of the page's
/// running text is none.
pub(crate) fn discarded(outline: &Outline) -> Vec<bool> {
    let prose = sums(outline.blocks.len(), |at| {
        let block = &outline.blocks[at];
        if block.is_prose() {
            block.own_bytes() as f32
        } else {
            0.0
        }
    });
    let all = prose.last().copied().unwrap_or_default();
    let in_bodies = in_bodies(outline, &prose);
    let all_in_bodies = in_bodies.last().copied().unwrap_or_default();
    let marks = |by_name: bool| -> Vec<bool> {
        let mut spans: Vec<bool> = Vec::with_capacity(outline.spans.len());
        for (index, span) in outline.spans.iter().enumerate() {
            let within = prose[span.end] - prose[span.first];
            let Profile {
                noise,
                furniture,
                hidden,
                caption,
                body,
                ..
            } = span.profile;
            let bodies_within = in_bodies[span.end] - in_bodies[span.first];
            let bodies_left = all_in_bodies - bodies_within;
            let spares = within <= all * 0.5 || bodies_left >= bodies_within.max(PROSE_BYTES_MIN);
            let own = (by_name && noise || furniture || hidden || caption) && spares;
            let inherited = span.parent != index && spans[span.parent];
            spans.push((own || inherited) && (body < 3 || hidden));
        }
        outline
            .blocks
            .iter()
            .map(|block| spans[block.span])
            .collect()
    };
    let marked = marks(true);
    let left = sums(outline.blocks.len(), |at| {
        if marked[at] {
            0.0
        } else {
            prose[at + 1] - prose[at]
        }
    });
    // Page builders call every part of a page a widget: names that take nearly all mean nothing.
    let left = left.last().copied().unwrap_or_default();
    if left < PROSE_BYTES_MIN && left < all * 0.25 {
        marks(false)
    } else {
        marked
    }
}

/// Running sums of the running text that stands in elements named as the story's; where none is, in
/// articles.
fn in_bodies(outline: &Outline, prose: &[f32]) -> Vec<f32> {
    let named = prose_in(outline, prose, |span| span.profile.body >= 2);
    if named.last().is_some_and(|bytes| *bytes >= PROSE_BYTES_MIN) {
        return named;
    }
    prose_in(outline, prose, |span| span.is_article)
}

/// Running sums of the running text that stands in the spans wanted.
fn prose_in(outline: &Outline, prose: &[f32], wanted: impl Fn(&Span) -> bool) -> Vec<f32> {
    let mut inside: Vec<bool> = Vec::with_capacity(outline.spans.len());
    for (index, span) in outline.spans.iter().enumerate() {
        let inherited = span.parent != index && inside[span.parent];
        inside.push(inherited || wanted(span));
    }
    sums(outline.blocks.len(), |at| {
        if inside[outline.blocks[at].span] {
            prose[at + 1] - prose[at]
        } else {
            0.0
        }
    })
}

/// Running sums: the value at an index is the sum over all before it.
pub(crate) fn sums(length: usize, value: impl Fn(usize) -> f32) -> Vec<f32> {
    let mut sums = Vec::with_capacity(length + 1);
    let mut sum = 0.0;
    sums.push(sum);
    for at in 0..length {
        sum += value(at);
        sums.push(sum);
    }
    sums
}
