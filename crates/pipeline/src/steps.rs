//! What the stages that compute make of one message: the next one, or how its entry ended.

use classifier::Classifier;
use cleaner::{Cleaner, Rejection};
use story::{
    Article, Page,
    storage::{Ending, SiteStore},
};

use crate::{
    parcel::{Filed, Step, Verdict},
    templates::Templates,
};

/// A page to an article, without what recurs on its site where `templates` are learned.
pub(crate) fn clean<S: SiteStore>(
    cleaner: &Cleaner,
    templates: Option<&Templates<S>>,
    page: Filed<Page>,
) -> Step<Filed<Article>> {
    let archive = page.archive;
    let on = |message| Step::On(Filed { message, archive });
    match (cleaner.clean(&page.message), templates) {
        (Ok(article), None) => on(article),
        (Ok(article), Some(templates)) => on(templates.apply(article)),
        (Err(rejection), _) => Step::End(rejected(rejection)),
    }
}

/// The end of an entry whose page the cleaner rejects.
pub(crate) fn rejected(rejection: Rejection) -> Ending {
    Ending::Failed {
        reason: rejection.reason().to_owned(),
        detail: rejection.to_string(),
    }
}

/// An article to a story for the record, or to the end of its entry.
pub(crate) fn classify(
    classifier: &Classifier,
    article: Filed<Article>,
    config_hash: Option<&str>,
) -> Step<Verdict> {
    let (mut story, reason) = classifier.judge(article.message);
    story.provenance.config = config_hash.map(str::to_owned);
    story.provenance.archive = article.archive;
    match reason {
        None => Step::On(Verdict::Keep(Box::new(story))),
        Some(reason) => Step::End(Ending::Dropped {
            reason: reason.as_str().to_owned(),
            story: story.id.clone(),
            verdict: serde_json::to_string(&story).expect("a story is plain data"),
        }),
    }
}
