//! What an archive is given of an answer.

use reqwest::header::{HOST, HeaderMap, SET_COOKIE, USER_AGENT};
use story::{Exchange, storage::entry_host};

use crate::{
    body::Cut,
    fetcher::Shared,
    http::{Answer, shown},
    stop::{Stop, Stopped},
};

impl<S> Shared<S> {
    /// The answer as an archive keeps it; `None` where none is kept.
    pub(crate) fn exchange(&self, answer: &Answer) -> Option<Exchange> {
        self.archive.as_ref()?;
        let host = entry_host(Some(&answer.url)).into_bytes();
        let agent = self.settings.user_agent.clone().into_bytes();
        let mut asked = vec![(HOST.to_string(), host), (USER_AGENT.to_string(), agent)];
        asked.extend(fields(&answer.asked));
        Some(Exchange {
            url: shown(&answer.url),
            asked,
            status: answer.status.as_u16(),
            answered: fields(&answer.headers).collect(),
            body: answer.body.bytes.clone(),
            truncated: answer.body.cut.as_ref().map(|cut| match cut {
                Cut::TooLong { .. } => "length",
                Cut::TooSlow { .. } => "time",
                Cut::Broken { .. } => "disconnect",
            }),
            at: answer.at,
        })
    }

    /// Gives a feed's answer to the archive, where there is one, and waits until that has room.
    pub(crate) async fn archive_feed(&self, answer: &Answer, stop: &Stop) -> Result<(), Stopped> {
        if let (Some(archive), Some(exchange)) = (&self.archive, self.exchange(answer)) {
            // An archive that has ended is told of by its own stage.
            let _ = stop.within_grace(archive.send(exchange)).await?;
        }
        Ok(())
    }
}

fn fields(headers: &HeaderMap) -> impl Iterator<Item = (String, Vec<u8>)> {
    headers
        .iter()
        .filter(|(name, _)| **name != SET_COOKIE)
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
}
