//! Rows that are found, kept small and forgotten.

use super::*;
use crate::schema;

fn ledger() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = schema::open(&folder.path().join("ledger.db")).unwrap();
    (folder, connection)
}

fn marks(feed: i64, key: &str, link: Option<&str>) -> Marks {
    Marks {
        feed,
        key: key.to_owned(),
        link: link.map(|link| StoryId::carried(link.to_owned())),
        title: "0123456789ab".to_owned(),
    }
}

const LINK: &str = "00112233445566778899aabbccddeeff";

#[test]
fn entries_that_ended_long_ago_are_forgotten_and_others_are_not() {
    let (_folder, ledger) = ledger();
    let day = 24 * 60 * 60 * 1000;
    let insert = |key: &str, ending: Option<Ending>, days: i64| {
        let seen = now_ms() - days * day;
        let id = insert(&ledger, &marks(1, key, None), seen, &First::Pending).unwrap();
        if let Some(ending) = ending {
            assert!(end(&ledger, id, &ending).unwrap());
        }
    };
    let of = StoryId::carried("s".to_owned());
    let failed = |detail: &str| Ending::Failed {
        reason: "no-text".to_owned(),
        detail: detail.to_owned(),
    };
    insert("long ago", Some(Ending::Duplicate { of: of.clone() }), 500);
    insert("long ago and failed", Some(failed("old")), 500);
    insert("long ago and pending", None, 500);
    insert("not so long ago", Some(Ending::Duplicate { of }), 399);
    insert("not so long ago and failed", Some(failed("new")), 399);
    let left = |table: &str, column: &str| -> Vec<String> {
        let sql = format!("SELECT CAST({column} AS TEXT) FROM {table} ORDER BY 1");
        let mut query = ledger.prepare(&sql).unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    };
    expire(&ledger, Duration::from_hours(600 * 24), 1).unwrap();
    assert_eq!(left("entry", "key").len(), 5);
    expire(&ledger, Duration::from_hours(400 * 24), 1).unwrap();
    let expected = [
        "long ago and pending",
        "not so long ago",
        "not so long ago and failed",
    ];
    assert_eq!(left("entry", "key"), expected);
    assert_eq!(left("elsewhere", "entry"), ["4"]);
    assert_eq!(left("failure", "detail"), ["new"]);
    expire(&ledger, Duration::MAX, 1).unwrap();
    assert_eq!(left("entry", "key").len(), 3);
}

#[test]
fn what_is_counted_is_what_stands_there_and_no_entry_is_read_for_it() {
    let (_folder, ledger) = ledger();
    ledger
        .execute_batch("INSERT INTO feed (no, id) VALUES (1, 'diario'), (2, 'faro'), (3, 'new')")
        .unwrap();
    let failed = |reason: &str| Ending::Failed {
        reason: reason.to_owned(),
        detail: String::new(),
    };
    let check = |pending: u64, failed: u64, skipped: u64| {
        let count = |ending: &str, count| (count > 0).then(|| (ending.to_owned(), count));
        let expected = [
            count("pending", pending),
            count("failed", failed),
            count("skipped", skipped),
        ];
        let expected: HashMap<_, _> = expected.into_iter().flatten().collect();
        let mut counts = counts(&ledger).unwrap();
        assert_eq!(counts.remove("diario").unwrap_or_default(), expected);
        assert_eq!(counts.remove("faro").unwrap()["pending"], 1);
        assert!(counts.is_empty(), "{counts:?}");
    };
    insert(&ledger, &marks(2, "other", None), now_ms(), &First::Pending).unwrap();
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        ids.push(insert(&ledger, &marks(1, key, None), 0, &First::Pending).unwrap());
    }
    insert(&ledger, &marks(1, "d", None), 0, &First::Skipped("too-old")).unwrap();
    check(3, 0, 1);
    for (id, reason) in ids.iter().zip(["no-text", "gone"]) {
        assert!(end(&ledger, *id, &failed(reason)).unwrap());
        assert!(!end(&ledger, *id, &failed("again")).unwrap());
    }
    check(1, 2, 1);
    expire(&ledger, Duration::from_hours(1), 9).unwrap();
    check(1, 0, 0);
    let mut plan = ledger
        .prepare(&format!("EXPLAIN QUERY PLAN {COUNTS}"))
        .unwrap();
    let steps = plan.query_map([], |row| row.get::<_, String>(3)).unwrap();
    for step in steps {
        let step = step.unwrap();
        assert!(
            !step.contains(" entry ") && !step.ends_with(" entry"),
            "{step}"
        );
    }
}

#[test]
fn a_commit_forgets_no_more_than_a_few_for_each_ending() {
    let (_folder, ledger) = ledger();
    for key in 0..100 {
        let skipped = First::Skipped("too-old");
        insert(&ledger, &marks(1, &key.to_string(), None), 0, &skipped).unwrap();
    }
    let left = || -> i64 {
        ledger
            .query_row("SELECT count(*) FROM entry", [], |row| row.get(0))
            .unwrap()
    };
    for (endings, expected) in [(0, 80), (10, 40), (500, 0)] {
        expire(&ledger, Duration::ZERO, endings).unwrap();
        assert_eq!(left(), expected);
    }
}

#[test]
fn keys_and_links_that_begin_alike_are_told_apart() {
    let (_folder, ledger) = ledger();
    // The indexes hold the first six bytes, which these share.
    let [one, other] = ["aaaaaaaaaaaa0000", "aaaaaaaaaaaa1111"].map(|start| start.repeat(2));
    let (link, other_link) = (&one, &other);
    let seen = marks(1, &one, Some(link));
    insert(&ledger, &seen, 0, &First::Pending).unwrap();
    assert!(is_known(&ledger, &seen).unwrap());
    assert!(is_known(&ledger, &marks(1, &one, None)).unwrap());
    assert!(is_known(&ledger, &marks(1, &other, Some(link))).unwrap());
    assert!(!is_known(&ledger, &marks(1, &other, Some(other_link))).unwrap());
    assert!(!is_known(&ledger, &marks(1, &other, None)).unwrap());
    assert!(!is_known(&ledger, &marks(2, &one, Some(link))).unwrap());
    let before = |marks: &Marks| page_before(&ledger, marks).unwrap();
    assert!(before(&marks(2, &other, Some(other_link))).is_none());
    let found = before(&marks(2, &one, Some(link))).unwrap();
    assert!(found.is_same && !found.in_feed && found.story.as_str() == link);
}

#[test]
fn a_link_leads_to_the_story_that_its_entry_became() {
    let (_folder, ledger) = ledger();
    let link = StoryId::carried(LINK.to_owned());
    let story = || story_of_link(&ledger, &link).unwrap();
    let first = marks(1, "ff", Some(LINK));
    let id = insert(&ledger, &first, 0, &First::Pending).unwrap();
    assert_eq!(story(), None);
    let elsewhere = StoryId::carried("led elsewhere".to_owned());
    let ending = Ending::Duplicate {
        of: elsewhere.clone(),
    };
    assert!(end(&ledger, id, &ending).unwrap());
    assert_eq!(story(), Some(elsewhere.clone()));
    let second = end(&ledger, id, &Ending::Duplicate { of: link.clone() });
    assert!(!second.unwrap(), "it ended before");
    assert_eq!(story(), Some(elsewhere.clone()));
    // Another feed's entry of the page is that story's duplicate.
    let before = page_before(&ledger, &marks(2, "fe", Some(LINK)))
        .unwrap()
        .unwrap();
    assert_eq!(before.story, elsewhere);
}

/// A row that grew would split its page, and those before it are full.
#[test]
fn a_row_is_as_long_when_its_entry_ended_as_when_it_was_new() {
    let (_folder, ledger) = ledger();
    let pages = || -> i64 {
        let sql = "SELECT count(*) FROM dbstat WHERE name = 'entry'";
        ledger.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    ledger.execute_batch("BEGIN").unwrap();
    let now = now_ms();
    let link = |n: u64| format!("{n:016x}{n:016x}");
    let ids: Vec<EntryId> = (0..2000)
        .map(|n| {
            let id = link(n);
            insert(&ledger, &marks(1, &id, Some(&id)), now, &First::Pending).unwrap()
        })
        .collect();
    let ending = |n: u64| Ending::Duplicate {
        of: StoryId::carried(link(n)),
    };
    let before = pages();
    assert!(before > 20);
    for (id, n) in ids.iter().zip(1..) {
        assert!(end(&ledger, *id, &ending(n)).unwrap());
    }
    assert_eq!(pages(), before);
}

#[test]
fn each_look_up_goes_by_an_index() {
    let (_folder, ledger) = ledger();
    let plan = |sql: &str| -> String {
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let mut query = ledger.prepare(&sql).unwrap();
        let nulls = vec![rusqlite::types::Null; query.parameter_count()];
        let steps = query.query_map(rusqlite::params_from_iter(nulls), |row| row.get(3));
        steps
            .unwrap()
            .collect::<rusqlite::Result<Vec<String>>>()
            .unwrap()
            .join("; ")
    };
    let by_key = "SEARCH entry USING INDEX entry_by_key (feed=? AND <expr>=?)";
    let by_link = "SEARCH entry USING INDEX entry_by_link (<expr>=?)";
    let known = plan(KNOWN);
    assert!(known.contains(by_key) && known.contains(by_link), "{known}");
    for sql in [PAGE_BEFORE, STORY_OF_LINK] {
        let plan = plan(sql);
        assert!(
            plan.contains(by_link) && !plan.contains("SCAN entry"),
            "{plan}"
        );
    }
    let plan = plan(OF_SAME_PAGE);
    let other = by_link.replace("SEARCH entry", "SEARCH other");
    assert!(plan.contains(&other) && !plan.contains("SCAN"), "{plan}");
}
