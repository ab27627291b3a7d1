//! The feeds of all files.

use std::{collections::HashMap, path::Path, time::Duration};

use chrono_tz::Tz;
use pipeline::Feed;
use story::{FeedId, Home, Iso2, Lang};
use toml::Spanned;
use url::Url;

use super::{
    super::{
        Problem, Written, access,
        problem::Source,
        raw::{RawFeed, Span},
        timezone,
    },
    Check,
};

/// The feeds so far, with where each id was given.
#[derive(Default)]
pub(super) struct Feeds {
    pub(super) good: Vec<Feed>,
    given: HashMap<String, String>,
    pub(super) addresses: HashMap<FeedId, Written>,
}

impl Feeds {
    pub(super) fn add(&mut self, check: &mut Check, path: &Path, raw: &RawFeed) {
        let before = check.problems.len();
        let id: Option<FeedId> = parsed(check, path, &raw.id);
        let url = web_address(check, path, &raw.url);
        let country: Option<Iso2> = raw.country.as_ref().and_then(|c| parsed(check, path, c));
        let lang: Option<Lang> = raw.lang.as_ref().and_then(|lang| parsed(check, path, lang));
        let timezone = raw
            .timezone
            .as_ref()
            .and_then(|zone| time_zone(check, path, zone));
        let access = access::access(raw).unwrap_or_else(|problems| {
            let span = raw.auth.as_ref().map(|auth| auth.span.clone());
            let span = span.unwrap_or_else(|| raw.id.span());
            problems
                .into_iter()
                .for_each(|problem| check.at(path, &span, problem));
            pipeline::Access::default()
        });
        let text = check.texts.get(path).map_or("", String::as_str);
        let here = Problem::new(Source::at(path, text, &raw.id.span()), String::new());
        let here = here.to_string().trim_end_matches(": ").to_owned();
        if let Some(first) = self.given.insert(raw.id.get_ref().clone(), here) {
            let message = format!(
                "feed id `{}` is taken by the feed at {first}",
                raw.id.get_ref()
            );
            check.at(path, &raw.id.span(), message);
        }
        let (Some(id), Some(url), true) = (id, url, check.problems.len() == before) else {
            return;
        };
        let written = Written {
            path: path.to_owned(),
            span: raw.url.span(),
        };
        self.addresses.insert(id.clone(), written);
        self.good.push(Feed {
            id,
            url,
            home: Home { country, lang },
            interval: raw
                .interval
                .map(|Span(interval)| interval.max(Duration::from_secs(1))),
            timezone: timezone.unwrap_or_else(|| timezone::most_populous(country)),
            access,
        });
    }
}

fn parsed<T>(check: &mut Check, path: &Path, text: &Spanned<String>) -> Option<T>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.get_ref()
        .parse()
        .map_err(|error: T::Err| check.at(path, &text.span(), error.to_string()))
        .ok()
}

fn web_address(check: &mut Check, path: &Path, text: &Spanned<String>) -> Option<Url> {
    let url = text.get_ref().parse::<Url>();
    if let Some(problem) = url.as_ref().ok().and_then(access::login_in) {
        check.at(path, &text.span(), problem);
        return None;
    }
    let why = match url {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => return Some(url),
        Ok(url) => format!(
            "`{}:` is not fetched, only http and https are",
            url.scheme()
        ),
        Err(error) => error.to_string(),
    };
    let message = format!("`{}` is not the address of a feed: {why}", text.get_ref());
    check.at(path, &text.span(), message);
    None
}

fn time_zone(check: &mut Check, path: &Path, text: &Spanned<String>) -> Option<Tz> {
    let zone = text.get_ref().parse::<Tz>().ok();
    if zone.is_none() {
        let source_text = check.texts.get(path).map_or("", String::as_str);
        let source = Source::at(path, source_text, &text.span());
        let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        check
            .problems
            .push(Problem::unknown(source, "time zone", text.get_ref(), known));
    }
    zone
}
