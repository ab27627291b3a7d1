//! What a poll of a sitemap index makes of its state.

use story::{
    Timestamp,
    storage::{Child, FeedState},
};

use super::{Answered, Brought, believable, freshen, in_words};

/// The sitemaps of an index, with the validators that are worth sending back.
pub(super) fn children(answer: &Answered, now: Timestamp) -> Vec<Child> {
    let children = answer.children.iter().cloned();
    children
        .map(|child| Child {
            validators: believable(child.validators, now),
            ..child
        })
        .collect()
}

/// Takes in what was modified of a sitemap index. It shows nothing of its own, so that it can be
/// unchanged where its sitemaps are not, and its validators hide none of them: nobody lied.
pub(super) fn take_in(state: &mut FeedState, answer: &Answered, brought: &Brought, now: Timestamp) {
    let problems = brought.cut.iter().chain(&brought.problems);
    state.last_result = in_words(brought.status, brought.entries.len(), problems);
    if brought.status == 304 {
        freshen(state, answer, now);
    } else {
        let validators = brought.whole.then(|| answer.validators.clone());
        state.validators = believable(validators.unwrap_or_default(), now);
        state.fresh_for = answer.fresh_for;
        state.hints = brought.hints.clone();
    }
    if let Some(cut) = &brought.cut {
        state.health_why = format!("came in part: {cut}");
    }
    if !answer.conditional {
        state.audited = state.last_body.map(|_| now);
    }
    (state.content, state.lied) = (None, None);
    if brought.status != 304 || !brought.entries.is_empty() {
        state.last_body = Some(now);
    }
}
