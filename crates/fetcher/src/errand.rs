//! Fetching for a person's command, outside of a run: with a run's manners, and nothing is
//! remembered for longer than the errand takes.

use std::{collections::HashMap, sync::Arc};

use futures_util::{FutureExt, future::BoxFuture};
use story::Fetched;
use tokio::sync::Mutex;
use url::Url;

use crate::{
    Access, Clock, FetchError, Settings,
    http::{Http, Leave, Request, Wanted},
    robots::{self, Rules},
    stop::Stop,
};

/// One command's client: its requests share gates, so that a server that asks to be left alone is
/// left alone by the rest of the command.
pub struct Errand {
    http: Http,
    settings: Settings,
    /// The rules of each authority that was asked.
    robots: Mutex<HashMap<String, Arc<Rules>>>,
}

impl Errand {
    /// Builds the client.
    pub fn new(settings: &Settings) -> Result<Self, FetchError> {
        Ok(Self {
            http: Http::new(settings, Arc::default(), Clock::system())?,
            settings: settings.clone(),
            robots: Mutex::default(),
        })
    }

    /// Fetches what a person named, a feed or a page: robots.txt, which is for robots, is not asked
    /// (RFC 9309 §1). `access` is what the operator gave for the address's own origin.
    pub async fn named(&self, url: &Url, access: Option<&Access>) -> Result<Fetched, FetchError> {
        self.fetch(url, access, None).await
    }

    /// Fetches a page that a feed named, if robots.txt gives leave.
    pub async fn found(&self, url: &Url) -> Result<Fetched, FetchError> {
        self.fetch(url, None, Some(self)).await
    }

    async fn fetch(
        &self,
        url: &Url,
        access: Option<&Access>,
        leave: Option<&dyn Leave>,
    ) -> Result<Fetched, FetchError> {
        let request = Request {
            leave,
            access,
            ..Request::new(url, Wanted::Page, self.settings.page_bytes_max)
        };
        let answer = self.http.get(&request, &Stop::default()).await?;
        let (fetched, _slot) = answer.into_page(url)?;
        Ok(fetched)
    }
}

impl Leave for Errand {
    fn for_address<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<(), FetchError>> {
        async move {
            let authority = url.origin().ascii_serialization();
            let mut known = self.robots.lock().await;
            let rules = match known.get(&authority) {
                Some(rules) => Arc::clone(rules),
                None => {
                    let rules = robots::rules_of(&self.http, &self.settings, url).await?;
                    let rules = Arc::new(rules);
                    known.insert(authority, Arc::clone(&rules));
                    rules
                }
            };
            drop(known);
            rules.give_leave(&self.http.gates, url)
        }
        .boxed()
    }
}
