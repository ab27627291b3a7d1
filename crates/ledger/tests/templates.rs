//! What the ledger keeps of sites.

use ledger::{Ledger, Reader};
use story::{Block, SiteTemplate, StoryId, storage::SiteStore};

const HOST: &str = "diario.test";

/// A block that no other page has, and one that all have.
fn page(number: usize) -> (StoryId, Vec<Block>) {
    let own = format!("the story of page {number} is told in a sentence longer than the house's");
    let blocks = vec![Block::new(&own, false), house()];
    (StoryId::of_text(&own, ""), blocks)
}

fn house() -> Block {
    Block::new("printed in three cities", false)
}

async fn learn(ledger: &Ledger, number: usize) -> SiteTemplate {
    let (story, blocks) = page(number);
    ledger.learn_page(HOST, &story, blocks).await.unwrap()
}

#[tokio::test]
async fn of_pages_that_come_at_once_the_tenth_is_one_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
    let (a, b, c, d) = tokio::join!(
        async {
            [
                learn(&ledger, 0).await,
                learn(&ledger, 1).await,
                learn(&ledger, 2).await,
            ]
        },
        async {
            [
                learn(&ledger, 3).await,
                learn(&ledger, 4).await,
                learn(&ledger, 5).await,
            ]
        },
        async {
            [
                learn(&ledger, 6).await,
                learn(&ledger, 7).await,
                learn(&ledger, 8).await,
            ]
        },
        async {
            [
                learn(&ledger, 9).await,
                learn(&ledger, 10).await,
                learn(&ledger, 11).await,
            ]
        },
    );
    let templates = [a, b, c, d].concat();
    let recurring = templates
        .iter()
        .filter(|template| template.recurs(&house()));
    assert_eq!(recurring.count(), 3);
}

#[tokio::test]
async fn what_was_learned_survives_a_restart_and_counts_no_page_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(&path).unwrap();
    for number in 0..9 {
        learn(&ledger, number).await;
    }
    drop(ledger);

    let ledger = Ledger::open(&path).unwrap();
    // The crash came before the entry was finished: its page is read again.
    assert!(!learn(&ledger, 8).await.recurs(&house()));
    let template = learn(&ledger, 9).await;
    assert!(template.recurs(&house()));

    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.site_template(HOST).unwrap(), Some(template));
    assert_eq!(reader.site_template("other.test").unwrap(), None);
}
