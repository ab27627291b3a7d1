//! How long a server calls its answer fresh (RFC 9111 §4.2.1).

use std::time::{Duration, SystemTime};

use reqwest::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, HeaderName};

/// How long the answer with these headers is fresh from now on: by `max-age`, else by `Expires`, less
/// the age that it has already. `None` where the server says nothing; nothing at all where it says
/// `no-cache` or `no-store`.
pub(crate) fn freshness(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let directives = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    let mut max_age = None;
    for directive in directives {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-cache" | "no-store" => return Some(Duration::ZERO),
            "max-age" => max_age = max_age.or_else(|| seconds(value)),
            _ => {}
        }
    }
    let age = text(headers, &AGE).and_then(seconds).unwrap_or_default();
    if let Some(max_age) = max_age {
        return Some(max_age.saturating_sub(age));
    }
    let expires = text(headers, &EXPIRES)?;
    // "0" and other words that are no date mean that it has expired already (RFC 9111 §5.3).
    let Some(expires) = date(expires) else {
        return Some(Duration::ZERO);
    };
    let sent = text(headers, &DATE).and_then(date).unwrap_or(now);
    Some(
        expires
            .duration_since(sent)
            .unwrap_or_default()
            .saturating_sub(age),
    )
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

fn date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

/// A number of seconds; one that is too great to be counted is a very long time.
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim().trim_matches('"');
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expected_s: Option<u64>) {
        let map = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        let now = date("Mon, 05 Jan 2026 14:00:00 GMT").unwrap();
        let fresh = freshness(&map.collect(), now);
        assert_eq!(fresh, expected_s.map(Duration::from_secs), "{headers:?}");
    }

    #[test]
    fn max_age_goes_before_expires_and_age_is_taken_off() {
        let expires = ("expires", "Mon, 05 Jan 2026 16:00:00 GMT");
        check(&[], None);
        check(&[("cache-control", "public")], None);
        check(&[expires], Some(7200));
        check(
            &[expires, ("date", "Mon, 05 Jan 2026 15:30:00 GMT")],
            Some(1800),
        );
        check(
            &[expires, ("cache-control", "public, max-age=900")],
            Some(900),
        );
        check(
            &[("cache-control", "Max-Age=\"900\""), ("age", "300")],
            Some(600),
        );
        check(
            &[("cache-control", "max-age=900"), ("age", "9999")],
            Some(0),
        );
        check(
            &[("cache-control", "max-age=99999999999999999999999")],
            Some(4_294_967_295),
        );
    }

    #[test]
    fn what_must_not_be_kept_or_has_expired_is_not_fresh() {
        check(&[("cache-control", "max-age=900, no-cache")], Some(0));
        check(&[("cache-control", "no-store")], Some(0));
        check(&[("expires", "0")], Some(0));
        check(&[("expires", "Mon, 05 Jan 2026 10:00:00 GMT")], Some(0));
        check(&[("cache-control", "max-age=-5")], None);
    }
}
