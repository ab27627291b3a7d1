//! What the stages that compute make of one message: the next one, or how its entry ended.

use classifier::Classifier;
use cleaner::Cleaner;
use story::{
    Article, Page,
    storage::{Ending, SiteStore},
};

use crate::{
    parcel::{Step, Verdict},
    templates::Templates,
};

/// A page to an article, without what recurs on its site where `templates` are learned.
pub(crate) fn clean<S: SiteStore>(
    cleaner: &Cleaner,
    templates: Option<&Templates<S>>,
    page: &Page,
) -> Step<Article> {
    match (cleaner.clean(page), templates) {
        (Ok(article), None) => Step::On(article),
        (Ok(article), Some(templates)) => Step::On(templates.apply(article)),
        (Err(rejection), _) => Step::End(Ending::Failed {
            reason: rejection.reason().to_owned(),
            detail: rejection.to_string(),
        }),
    }
}

/// An article to a story for the record, or to the end of its entry.
pub(crate) fn classify(
    classifier: &Classifier,
    article: Article,
    config_hash: &str,
) -> Step<Verdict> {
    let (mut story, reason) = classifier.judge(article);
    story.provenance.config = Some(config_hash.to_owned());
    match reason {
        None => Step::On(Verdict::Keep(Box::new(story))),
        Some(reason) => Step::End(Ending::Dropped {
            reason: reason.as_str().to_owned(),
            story: story.id.clone(),
            verdict: serde_json::to_string(&story).expect("a story is plain data"),
        }),
    }
}
