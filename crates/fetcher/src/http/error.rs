//! Why a request brought nothing, and whether asking again may help.

use std::time::Duration;

use reqwest::StatusCode;

use super::{Refusal, redirect::REDIRECTS_MAX};
use crate::{
    address::PrivateAddress, body::Cut, politeness::Closed, secret::SecretError, stop::Stopped,
};

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server answered with a status that carries no page.
    #[error("{}{}", status_in_words(*.status), by_whom(.refusal))]
    Status {
        /// The HTTP status.
        status: u16,
        /// What the server said beside it.
        refusal: Refusal,
    },
    /// The server answered a success that is none: it wants to see a browser first.
    #[error("{by} with status {status}")]
    Challenge {
        /// The HTTP status.
        status: u16,
        /// Who stands in the way.
        by: &'static str,
    },
    /// A redirect led to a page that is not the article.
    #[error("{what} in the article's place")]
    InItsPlace {
        /// What kind of page it is: "login page".
        what: &'static str,
    },
    /// The host asked earlier to be left alone for a while.
    #[error("host {} for {} s more", closed_how(*.refusing), .wait.as_secs())]
    HostClosed {
        /// For how long yet.
        wait: Duration,
        /// Whether by refusing everything (403), again and again.
        refusing: bool,
    },
    /// The authority's robots.txt forbids the address.
    #[error("robots.txt line {line} forbids it: `{rule}`")]
    RobotsDisallow {
        /// The number of the line that decided, counted from 1.
        line: usize,
        /// The line.
        rule: String,
    },
    /// The authority's robots.txt cannot be had, which forbids everything (RFC 9309 §2.3.1.4).
    #[error("robots.txt cannot be had: {outcome}")]
    RobotsUnreachable {
        /// What asking for it came to.
        outcome: String,
    },
    /// The address is neither http nor https, or names no host.
    #[error("`{scheme}` address, not http or https")]
    NotWeb {
        /// Its scheme.
        scheme: String,
    },
    /// The address is not a public one.
    #[error("private address: `{host}`")]
    PrivateAddress {
        /// The name or address.
        host: String,
    },
    /// A redirect led back to an address that was asked already.
    #[error("redirect loop at `{url}`")]
    RedirectLoop {
        /// The address.
        url: String,
    },
    /// More redirects than are followed.
    #[error("more than {REDIRECTS_MAX} redirects")]
    TooManyRedirects,
    /// A redirect that leads nowhere.
    #[error("redirect to `{location}`, which is no address")]
    BadRedirect {
        /// What the server sent for an address.
        location: String,
    },
    /// No answer in time.
    #[error("no answer within {} s", .after.as_secs_f64())]
    TimedOut {
        /// The time it had.
        after: Duration,
    },
    /// No connection, or it broke before the answer.
    #[error("connection failed: {reason}")]
    Connection {
        /// What happened, in the words of the lowest layer.
        reason: String,
    },
    /// The server cannot be told from an impostor.
    #[error("certificate {problem}")]
    Certificate {
        /// What is wrong with its certificate: "expired".
        problem: String,
    },
    /// A login or header is not to be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The body did not come whole.
    #[error(transparent)]
    Body(#[from] Cut),
    /// The client cannot be built.
    #[error("HTTP client cannot be built")]
    Client(#[source] reqwest::Error),
    /// The run ended first.
    #[error("stopped before the answer came")]
    Stopped,
}

impl FetchError {
    /// Whether asking again later may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::HostClosed { .. }
            | Self::RobotsUnreachable { .. }
            | Self::TimedOut { .. }
            | Self::Connection { .. }
            | Self::Stopped => true,
            Self::Body(cut) => !matches!(cut, Cut::TooLong { .. }),
            _ => false,
        }
    }
}

fn closed_how(refusing: bool) -> &'static str {
    if refusing {
        "refused everything and is left alone"
    } else {
        "asked to be left alone"
    }
}

impl From<Closed> for FetchError {
    fn from(Closed { wait, refusing }: Closed) -> Self {
        Self::HostClosed { wait, refusing }
    }
}

impl From<Stopped> for FetchError {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<PrivateAddress> for FetchError {
    fn from(private: PrivateAddress) -> Self {
        Self::PrivateAddress { host: private.host }
    }
}

/// "404 Not Found".
fn status_in_words(status: u16) -> String {
    let reason = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    format!("{status} {}", reason.unwrap_or(""))
        .trim_end()
        .to_owned()
}

/// " (Cloudflare challenge)".
fn by_whom(refusal: &Refusal) -> String {
    refusal
        .challenge
        .map_or_else(String::new, |by| format!(" ({by})"))
}
