//! Sound feeds say to feed-rs, which is another's work, what they say to this reader.

use feed_rs::model;
use fetcher::feed;
use story::Entry;

use super::{context, samples};

#[track_caller]
fn check(sample: &str) {
    let ours = feed::parse(sample.as_bytes(), None, &context()).unwrap();
    let theirs = feed_rs::parser::parse(sample.as_bytes()).unwrap();
    assert!(
        ours.whole && ours.problems.is_empty(),
        "{:?}",
        ours.problems
    );
    assert_eq!(ours.title, theirs.title.map(|title| title.content));
    assert_eq!(ours.entries.len(), theirs.entries.len());
    for (ours, theirs) in ours.entries.iter().zip(&theirs.entries) {
        check_entry(ours, theirs);
    }
}

#[track_caller]
fn check_entry(ours: &Entry, theirs: &model::Entry) {
    if let Some(guid) = &ours.guid {
        // RSS 1.0 has an identifier that feed-rs does not read.
        assert!(*guid == theirs.id || ours.link.as_ref().is_some_and(|link| link.as_str() == guid));
    }
    let link = theirs.links.first().map(|link| link.href.as_str());
    assert_eq!(ours.link.as_ref().map(url::Url::as_str), link);
    assert_eq!(
        ours.published.or(ours.updated),
        theirs.published.or(theirs.updated)
    );
    let title = theirs
        .title
        .as_ref()
        .map(|title| title.content.replace("<b>", "").replace("</b>", ""));
    assert_eq!(ours.title, title);
    let author = theirs
        .authors
        .first()
        .map(|author| author.name.clone().unwrap());
    assert_eq!(ours.authors.first().cloned(), author);
}

#[test]
fn sound_feeds_are_read_as_another_reads_them() {
    check(samples::RSS);
    check(samples::ATOM);
    check(samples::RDF);
}
