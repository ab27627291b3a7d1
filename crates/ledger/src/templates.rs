//! Templates of sites, as they are learned page by page: a row a host, of a few kilobytes.

use rusqlite::{Connection, OptionalExtension, params};
use story::{
    Block, SiteTemplate, StoryId,
    storage::{SiteStore, Stored},
};

use crate::{
    Ledger,
    entries::now_ms,
    packed::{pack, unpack},
};

/// Hosts whose templates are kept: some 30 MB where each of them has as much as it can. Those that
/// brought no page for longest are forgotten.
const HOSTS_MAX: i64 = 5000;

/// Asked where a host is new, which is why there is an index for it.
const FORGET: &str = "DELETE FROM site_template WHERE host IN
    (SELECT host FROM site_template ORDER BY learned_ms DESC LIMIT -1 OFFSET ?1)";

impl SiteStore for Ledger {
    async fn learn_page(
        &self,
        host: &str,
        story: &StoryId,
        blocks: Vec<Block>,
    ) -> Stored<SiteTemplate> {
        let (host, story) = (host.to_owned(), story.clone());
        self.writer
            .write("learn a site's template", move |connection| {
                learn(connection, &host, &story, &blocks)
            })
            .await
    }
}

/// The template of a host. One that cannot be read is as good as none, and is learned anew.
pub(crate) fn template(
    connection: &Connection,
    host: &str,
) -> rusqlite::Result<Option<SiteTemplate>> {
    let packed: Option<Vec<u8>> = connection
        .prepare_cached("SELECT template FROM site_template WHERE host = ?1")?
        .query_row([host], |row| row.get(0))
        .optional()?;
    Ok(packed
        .and_then(|packed| unpack(&packed))
        .and_then(|json| serde_json::from_str(&json).ok()))
}

fn learn(
    connection: &Connection,
    host: &str,
    story: &StoryId,
    blocks: &[Block],
) -> rusqlite::Result<SiteTemplate> {
    let known = template(connection, host)?;
    let is_new = known.is_none();
    let mut template = known.unwrap_or_default();
    if !template.learn(story, blocks) {
        return Ok(template);
    }
    let json = serde_json::to_string(&template).expect("a template is plain data");
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO site_template (host, learned_ms, template) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![host, now_ms(), pack(&json)?])?;
    if is_new {
        forget(connection, HOSTS_MAX)?;
    }
    Ok(template)
}

/// Forgets all hosts but the `kept` that brought a page last.
fn forget(connection: &Connection, kept: i64) -> rusqlite::Result<()> {
    connection.prepare_cached(FORGET)?.execute([kept]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    fn ledger() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = schema::open(&folder.path().join("ledger.db")).unwrap();
        (folder, ledger)
    }

    fn hosts(ledger: &Connection) -> Vec<String> {
        let mut query = ledger
            .prepare("SELECT host FROM site_template ORDER BY host")
            .unwrap();
        let hosts = query.query_map([], |row| row.get(0)).unwrap();
        hosts.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn hosts_that_brought_no_page_for_longest_are_forgotten() {
        let (_folder, ledger) = ledger();
        let block = Block::new("printed in three cities", false);
        for (number, host) in ["a.test", "b.test", "c.test", "a.test"].iter().enumerate() {
            let story = StoryId::of_text(&number.to_string(), "");
            learn(&ledger, host, &story, &[block]).unwrap();
            ledger
                .execute(
                    "UPDATE site_template SET learned_ms = ?2 WHERE host = ?1",
                    params![host, number as i64],
                )
                .unwrap();
        }
        forget(&ledger, 2).unwrap();
        assert_eq!(hosts(&ledger), ["a.test", "c.test"]);
    }

    #[test]
    fn forgetting_reads_no_template() {
        let (_folder, ledger) = ledger();
        let mut query = ledger
            .prepare(&format!("EXPLAIN QUERY PLAN {FORGET}"))
            .unwrap();
        let plan = query
            .query_map([0], |row| row.get::<_, String>("detail"))
            .unwrap();
        let plan: Vec<_> = plan.map(Result::unwrap).collect();
        assert!(
            plan.iter()
                .any(|step| step.contains("COVERING INDEX site_template_by_time")),
            "{plan:?}"
        );
    }

    #[test]
    fn a_template_that_cannot_be_read_is_learned_anew() {
        let (_folder, ledger) = ledger();
        let block = Block::new("printed in three cities", false);
        let learned = |number: usize| {
            let story = StoryId::of_text(&number.to_string(), "");
            learn(&ledger, "a.test", &story, &[block]).unwrap()
        };
        let first = learned(0);
        learned(1);
        ledger
            .execute("UPDATE site_template SET template = x'00'", [])
            .unwrap();
        assert_eq!(learned(0), first);
    }
}
