//! robots.txt (RFC 9309): what one authority asks of us, and which of its lines decided.
//!
//! [`Robots`] is the pure part: bytes in, verdicts out, no network and no clock. The keeper asks
//! for each authority's file, remembers it, and gives pages leave by it.

mod asking;
mod groups;
mod keeper;
mod lines;
mod pattern;
mod shelf;

use std::{borrow::Cow, time::Duration};

use url::{Position, Url};

pub use asking::{Judged, robots_verdict};
pub(crate) use keeper::{Keeper, RobotsLeave, Rules, patience, rules_of};
use pattern::{Path, Pattern};

/// How much of a file is read; RFC 9309 §2.5 asks for 500 KiB at least.
pub const BYTES_MAX: usize = 512 << 10;

/// The file itself, which may always be asked for (RFC 9309 §2.2.2).
const OWN_PATH: &str = "/robots.txt";

/// The rules that one authority has for one product, and what else its file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Robots {
    /// In the order in which they decide: the first that matches does.
    rules: Box<[RuleLine]>,
    crawl_delay: Option<Duration>,
    sitemaps: Box<[Url]>,
}

/// Whether an address may be asked for, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// Whether it may.
    pub allowed: bool,
    /// The line that decided; `None` where no line speaks of the address.
    pub rule: Option<Rule<'a>>,
}

/// A line of a robots.txt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<'a> {
    /// Its number, counted from 1.
    pub line: usize,
    /// The line as it is written, without its comment; the start of it where it is long.
    pub text: Cow<'a, str>,
}

/// A rule as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RuleLine {
    allows: bool,
    pattern: Pattern,
    line: u32,
    /// The line's text where it is not what the pattern makes it, which is rare.
    written: Option<Box<str>>,
}

impl Robots {
    /// Reads a file for the product with this token, as far as [`BYTES_MAX`].
    ///
    /// Nothing is an error: lines that cannot be read are passed over, and a file without rules
    /// allows everything.
    pub fn parse(bytes: &[u8], product: &str) -> Self {
        groups::collect(lines::lines(&lines::text(bytes)), product)
    }

    /// Judges an address, which must be one of the authority that the file is from.
    pub fn verdict(&self, url: &Url) -> Verdict<'_> {
        self.verdict_on(&url[Position::BeforePath..Position::AfterQuery])
    }

    /// Judges the path and query of an address, percent-encoded as they go over the wire.
    pub fn verdict_on(&self, path_and_query: &str) -> Verdict<'_> {
        if path_and_query.split('?').next() == Some(OWN_PATH) {
            return Verdict {
                allowed: true,
                rule: None,
            };
        }
        let path = Path::of(path_and_query);
        let rule = self.rules.iter().find(|rule| rule.pattern.matches(&path));
        Verdict {
            allowed: rule.is_none_or(|rule| rule.allows),
            rule: rule.map(RuleLine::shown),
        }
    }

    /// The least time between two requests that the file asks for (no part of RFC 9309).
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// The sitemaps that the file names, whoever it names them to; the first hundred.
    pub fn sitemaps(&self) -> &[Url] {
        &self.sitemaps
    }

    /// About how many bytes of memory this takes.
    pub(crate) fn weight(&self) -> usize {
        let rule = |rule: &RuleLine| {
            let written = rule.written.as_ref().map_or(0, |text| text.len());
            size_of::<RuleLine>() + rule.pattern.octets() + written
        };
        let sitemap = |url: &Url| size_of::<Url>() + url.as_str().len();
        size_of::<Self>()
            + self.rules.iter().map(rule).sum::<usize>()
            + self.sitemaps.iter().map(sitemap).sum::<usize>()
    }
}

impl RuleLine {
    fn shown(&self) -> Rule<'_> {
        let text = match &self.written {
            Some(written) => Cow::Borrowed(&**written),
            None => Cow::Owned(usual_form(self.allows, &self.pattern)),
        };
        Rule {
            line: self.line as usize,
            text,
        }
    }
}

/// A rule as most files write it.
fn usual_form(allows: bool, pattern: &Pattern) -> String {
    let name = if allows { "Allow" } else { "Disallow" };
    format!("{name}: {pattern}")
}

/// The name by which a file calls us: `vigia` of `vigia/0.1 (+https://example.org/contact)`.
///
/// RFC 9309 §2.2.1 has letters, `_` and `-` only; digits and dots are taken as well, since
/// programs have such names and `news24` is not `news`.
pub fn product_token(user_agent: &str) -> &str {
    let user_agent = user_agent.trim_start();
    let end = user_agent.find(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)));
    &user_agent[..end.unwrap_or(user_agent.len())]
}

#[cfg(test)]
mod tests;
