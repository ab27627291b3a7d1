//! What recurs on a site's pages, learned from each page and taken out of it in one step: between
//! cleaning and judging, and only where the configuration asks for it.

use std::{path::Path, sync::Arc};

use cleaner::{drop_recurring, template_blocks};
use ledger::{LedgerError, Reader};
use story::{
    Article, TextSource,
    storage::{SiteStore, entry_host},
};
use tokio::runtime::Handle;
use tracing::warn;

/// The templates that a store keeps, for threads that are not the runtime's.
pub(crate) struct Templates<S> {
    store: Arc<S>,
    runtime: Handle,
}

impl<S: SiteStore> Templates<S> {
    /// Templates in `store`, which is asked on `runtime`.
    pub(crate) fn new(store: Arc<S>, runtime: Handle) -> Self {
        Self { store, runtime }
    }

    /// Learns from an article's page, and leaves out what recurs on its site. Waits until what was
    /// learned is on disk, so that a page which is read again after a crash is no second one.
    pub(crate) fn apply(&self, mut article: Article) -> Article {
        let Some(host) = host(&article) else {
            return article;
        };
        let blocks = template_blocks(&article);
        let learning = self.store.learn_page(&host, &article.id, blocks);
        match self.runtime.block_on(learning) {
            Ok(template) => drop_recurring(&mut article, &template),
            // The story is no less whole for it, and the sink has more to say of a ledger that fails.
            Err(error) => warn!(host, %error, "cannot learn from a page, its text stays as it is"),
        }
        article
    }
}

/// Leaves out of an article what the daemon that writes the ledger at `path` would leave out.
pub fn leave_out_recurring(article: &mut Article, path: &Path) -> Result<(), LedgerError> {
    let Some(host) = host(article) else {
        return Ok(());
    };
    if let Some(mut template) = Reader::open(path)?.site_template(&host)? {
        template.learn(&article.id, &template_blocks(article));
        drop_recurring(article, &template);
    }
    Ok(())
}

/// The host whose page an article is; `None` where its text is no page's.
fn host(article: &Article) -> Option<String> {
    let host = entry_host(article.url.as_ref());
    (article.text_source == TextSource::Page && !host.is_empty()).then_some(host)
}
