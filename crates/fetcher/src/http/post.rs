//! A form posted to a server, by the same guard, gate and name as everything else that is asked.

use reqwest::{StatusCode, header::CONTENT_TYPE};
use story::storage::entry_host;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    FetchError, Http, Refusal,
    redirect::{REDIRECTS_MAX, Redirect},
};
use crate::{counters::UnderWay, politeness::Load, stop::Stop};

/// What a post led to.
enum Hop {
    Accepted(StatusCode),
    Redirect(Url),
}

impl Http {
    /// Posts a URL-encoded form and returns the status of an answer that accepts it; the answer's
    /// body is left unread. Redirects that keep the method (307 and 308, RFC 9110 §15.4) are
    /// followed, each past the guard and the gate.
    pub(crate) async fn post_form(
        &self,
        url: &Url,
        form: &str,
        stop: &Stop,
    ) -> Result<StatusCode, FetchError> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS_MAX {
            match self.post_once(&url, form, stop).await? {
                Hop::Accepted(status) => return Ok(status),
                Hop::Redirect(next) => url = next,
            }
        }
        Err(FetchError::TooManyRedirects)
    }

    async fn post_once(&self, url: &Url, form: &str, stop: &Stop) -> Result<Hop, FetchError> {
        self.check(url)?;
        let host = entry_host(Some(url));
        let passed = stop.before_it(self.pass(&host, url, Load::Poll)).await?;
        let _slot = passed?;
        let _under_way = UnderWay::start(&self.counters, self.request_timeout);

        let begun = Instant::now();
        let deadline = begun + self.request_timeout;
        let request = self
            .client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.to_owned());
        let response = stop
            .within_grace(timeout_at(deadline, request.send()))
            .await?;
        let response = response
            .map_err(|_| FetchError::TimedOut {
                after: self.request_timeout,
            })?
            .map_err(|error| self.failed(error))?;

        let retry_after = self.note_mood(&host, &response, begun.elapsed());
        let status = response.status();
        if matches!(status.as_u16(), 307 | 308)
            && let Some(Redirect { to, .. }) = Redirect::of(url, &response)?
            && keeps_confidence(url, &to)
        {
            return Ok(Hop::Redirect(to));
        }
        if status.is_success() {
            return Ok(Hop::Accepted(status));
        }
        Err(FetchError::Status {
            status: status.as_u16(),
            refusal: Refusal {
                retry_after,
                ..Refusal::default()
            },
        })
    }
}

/// Whether a form may be sent on: what it says in confidence is not repeated in the clear.
fn keeps_confidence(from: &Url, to: &Url) -> bool {
    from.scheme() != "https" || to.scheme() == "https"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_not_sent_on_from_https_to_http() {
        let check = |from: &str, to: &str, expected| {
            let kept = keeps_confidence(&from.parse().unwrap(), &to.parse().unwrap());
            assert_eq!(kept, expected, "{from} to {to}");
        };
        check("https://hub.test/", "http://hub.test/", false);
        check("https://hub.test/", "https://other.test/", true);
        check("http://hub.test/", "https://hub.test/", true);
        check("http://hub.test/", "http://other.test/", true);
    }
}
