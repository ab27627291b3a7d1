//! What the ledger keeps of robots.txt.

use chrono::{SubsecRound, Utc};
use ledger::Ledger;
use story::storage::{FetchStore, RobotsCopy};

#[tokio::test]
async fn the_last_copy_of_a_robots_txt_survives_a_restart_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let authority = "https://diario.test";
    let now = Utc::now().trunc_subsecs(3);
    let copy = RobotsCopy {
        asked: now,
        fetched: Some(now),
        unreachable_since: None,
        outcome: "200".to_owned(),
        body: Some(b"User-agent: *\r\nDisallow: /opini\xF3n\0".to_vec()),
    };
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.robots(authority).await.unwrap(), None);
    ledger.keep_robots(authority, copy.clone()).await.unwrap();
    drop(ledger);

    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.robots(authority).await.unwrap(), Some(copy.clone()));
    assert_eq!(ledger.robots("http://diario.test").await.unwrap(), None);
    let absent = RobotsCopy {
        outcome: "404 Not Found".to_owned(),
        body: None,
        ..copy
    };
    ledger.keep_robots(authority, absent.clone()).await.unwrap();
    assert_eq!(ledger.robots(authority).await.unwrap(), Some(absent));
}
