//! A unit to an article: the same cleaner as the daemon's, on what an archive, a folder or a line
//! gives it.

use std::{collections::HashMap, sync::Arc};

use cleaner::Cleaner;
use story::{Article, Content, FeedId, Fetched, Home, Page, storage::Ending};
use warc::HttpResponse;

use super::source::{Response, Unit};
use crate::{
    filter,
    parcel::{Filed, Step},
    steps::rejected,
};

/// What the workers know.
pub(super) struct Workshop {
    pub(super) cleaner: Arc<Cleaner>,
    /// Where feeds are at home, for lines that name one and do not say so.
    pub(super) homes: HashMap<FeedId, Home>,
    /// Bytes of a page that are taken.
    pub(super) page_bytes_max: usize,
}

impl Workshop {
    /// The article of a unit, or why there is none.
    pub(super) fn article(&self, unit: Unit) -> Step<Filed<Article>> {
        let alone = |article| (article, None);
        let article = match unit {
            Unit::Response(mut response) => {
                let archive = response.archive.take();
                let article = self.of_response(*response);
                article.map(|article| (article, archive))
            }
            Unit::Entry(page) => self.cleaner.clean(&page).map(alone).map_err(rejected),
            Unit::Line(line) => {
                filter::any_article(&self.cleaner, &line).map_err(|why| failed("line", why))
            }
            Unit::Saved { html, about } => {
                let article = filter::saved_page(&self.cleaner, &about, &html);
                article.map(alone).map_err(|why| failed("page", why))
            }
        };
        match article {
            Ok((article, archive)) => {
                let message = self.at_home(article);
                Step::On(Filed { message, archive })
            }
            Err(ending) => Step::End(ending),
        }
    }

    fn of_response(&self, response: Response) -> Result<Article, Ending> {
        let http = HttpResponse::parse(&response.block, self.page_bytes_max)
            .map_err(|problem| failed("http", problem.to_string()))?;
        drop(response.block);
        if !(200..300).contains(&http.status) || http.status == 206 {
            return Err(failed("http-status", http.status.to_string()));
        }
        let content_type = http.header("Content-Type").map(str::to_owned);
        let entry = response.entry.map(|archived| archived.entry);
        // A page that an entry of ours led to was taken whatever it was called.
        if let Some(named) = &content_type
            && entry.is_none()
            && !named.to_ascii_lowercase().contains("html")
        {
            return Err(failed("not-html", named.clone()));
        }
        let (etag, last_modified) = (http.header("ETag"), http.header("Last-Modified"));
        let (etag, last_modified) = (etag.map(str::to_owned), last_modified.map(str::to_owned));
        if let (Some(entry), Some(fetched)) = (entry, response.fetched) {
            let content = Content::Fetched(Fetched {
                final_url: response.target,
                status: http.status,
                content_type,
                etag,
                last_modified,
                body: http.body.into(),
                fetched,
                exchange: None,
            });
            return self
                .cleaner
                .clean(&Page { entry, content })
                .map_err(rejected);
        }
        let article = self
            .cleaner
            .clean_html(&http.body, content_type.as_deref(), Some(&response.target))
            .map_err(rejected)?;
        Ok(Article {
            fetched: response.fetched,
            http_status: Some(http.status),
            etag,
            last_modified,
            ..article
        })
    }

    /// An article at home where its feed is.
    fn at_home(&self, mut article: Article) -> Article {
        let home = article.feed.as_ref().and_then(|feed| self.homes.get(feed));
        if let Some(home) = home {
            article.home.country = article.home.country.or(home.country);
            article.home.lang = article.home.lang.or(home.lang);
        }
        article
    }
}

fn failed(reason: &str, detail: String) -> Ending {
    Ending::Failed {
        reason: reason.to_owned(),
        detail,
    }
}
