//! Answers that are meant for a person in a browser, and who makes them: by what their headers
//! and the first bytes of their pages have in common, so that health can say why a feed is not
//! read.

use reqwest::{StatusCode, header::HeaderMap};

/// How much of a body is looked at.
pub(crate) const BODY_START_BYTES: usize = 4 << 10;

/// A header that gives a challenge away: its name, what its value begins with, and whose it is.
const HEADERS: &[(&str, &str, &str)] = &[
    ("cf-mitigated", "challenge", "Cloudflare challenge"),
    ("x-amzn-waf-action", "challenge", "AWS WAF challenge"),
    ("x-amzn-waf-action", "captcha", "AWS WAF challenge"),
];

/// Headers that a guard puts on its refusals, and on other answers too.
const REFUSAL_HEADERS: &[(&str, &str, &str)] = &[
    ("server", "akamaighost", "Akamai block"),
    ("x-iinfo", "", "Imperva block"),
    ("x-cdn", "incapsula", "Imperva block"),
    ("x-cdn", "imperva", "Imperva block"),
    ("x-sucuri-block", "", "Sucuri block"),
    ("server", "sucuri", "Sucuri block"),
    ("x-datadome", "", "DataDome challenge"),
    ("x-dd-b", "", "DataDome challenge"),
    ("x-px-", "", "PerimeterX challenge"),
    ("server", "cloudflare", "Cloudflare block"),
];

/// What pages say, in small letters: all of the words, and whose page it is. The scripts with
/// which guards watch ordinary pages say nothing; only those that make up a refusal do.
const PAGES: &[(&[&str], &str)] = &[
    (&["<title>just a moment"], "Cloudflare challenge"),
    (&["<title>un momento"], "Cloudflare challenge"),
    (&["<title>um momento"], "Cloudflare challenge"),
    (&["_cf_chl_opt"], "Cloudflare challenge"),
    (
        &["<title>attention required! | cloudflare"],
        "Cloudflare block",
    ),
    (&["gokuprops"], "AWS WAF challenge"),
    (&["errors.edgesuite.net"], "Akamai block"),
    (&["/_incapsula_resource?cwudnsai"], "Imperva block"),
    (&["/_incapsula_resource", "main-iframe"], "Imperva block"),
    (&["incapsula incident id"], "Imperva block"),
    (&["sucuri website firewall"], "Sucuri block"),
    (&["captcha-delivery.com"], "DataDome challenge"),
    (&["px-captcha"], "PerimeterX challenge"),
    (&["enable javascript and cookies"], "JavaScript challenge"),
    (&["checking your browser"], "JavaScript challenge"),
    (&["verify you are human"], "JavaScript challenge"),
    (&["verify that you are not a robot"], "JavaScript challenge"),
];

/// What only a whole page that stands in another's place may be judged by: an article may have
/// a login form at its top.
const STAND_INS: &[(&[&str], &str)] = &[
    (&["type=\"password\""], "login page"),
    (&["type='password'"], "login page"),
    (&["type=password"], "login page"),
    (&["<title>log in"], "login page"),
    (&["<title>login"], "login page"),
    (&["<title>sign in"], "login page"),
    (&["<title>iniciar sesi"], "login page"),
    (&["<title>entrar"], "login page"),
    (&["action=\"https://consent."], "consent page"),
    (&["<title>before you continue"], "consent page"),
    (&["<title>antes de continuar"], "consent page"),
    (&["cookiewall"], "consent page"),
];

/// Who stands in the way where an answer brings something else than what was asked for: a
/// status of 400 or more, or HTML where a feed was. `None` where nobody known does.
pub(crate) fn challenge(
    status: StatusCode,
    headers: &HeaderMap,
    body_start: &[u8],
) -> Option<&'static str> {
    let text = start_of(body_start);
    let refused = || {
        let refusal = matches!(status.as_u16(), 403 | 405 | 406 | 429 | 503);
        refusal.then(|| by_header(REFUSAL_HEADERS, headers))?
    };
    // What is not found is not found, with or without a login form at its top.
    let may_stand_in =
        status.is_success() || matches!(status.as_u16(), 401 | 402 | 403 | 407 | 451);
    by_headers(headers)
        .or_else(|| says(&text, PAGES))
        .or_else(refused)
        .or_else(|| says(&text, STAND_INS).filter(|_| may_stand_in))
}

/// Who shows a page of their own instead of an article, whatever the status is.
pub(super) fn by_page(body: &[u8]) -> Option<&'static str> {
    says(&start_of(body), PAGES)
}

fn start_of(body: &[u8]) -> String {
    let start = body.get(..BODY_START_BYTES).unwrap_or(body);
    String::from_utf8_lossy(start).to_lowercase()
}

fn says(text: &str, pages: &[(&[&str], &'static str)]) -> Option<&'static str> {
    let found = pages
        .iter()
        .find(|(words, _)| words.iter().all(|word| text.contains(word)));
    found.map(|(_, by)| *by)
}

/// Who stands in the way, by headers that leave no doubt whatever the status is.
pub(crate) fn by_headers(headers: &HeaderMap) -> Option<&'static str> {
    by_header(HEADERS, headers)
}

/// The first of `known` that is there. A name that ends in `-` stands for all that begin so.
fn by_header(known: &[(&str, &str, &'static str)], headers: &HeaderMap) -> Option<&'static str> {
    let has = |(name, value, _): &&(&str, &str, &'static str)| {
        headers.iter().any(|(its_name, its_value)| {
            let its_name = its_name.as_str();
            let same = its_name == *name || (name.ends_with('-') && its_name.starts_with(name));
            let begins = its_value.as_bytes().get(..value.len());
            same && begins.is_some_and(|begins| begins.eq_ignore_ascii_case(value.as_bytes()))
        })
    };
    known.iter().find(has).map(|(_, _, by)| *by)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        fields.iter().map(field).collect()
    }

    fn check(
        status: u16,
        fields: &[(&'static str, &'static str)],
        body: &str,
        expected: Option<&str>,
    ) {
        let status = StatusCode::from_u16(status).unwrap();
        let by = challenge(status, &headers(fields), body.as_bytes());
        assert_eq!(by, expected, "{status} {fields:?} {body}");
    }

    #[test]
    fn a_guard_is_known_by_its_headers() {
        check(
            403,
            &[("cf-mitigated", "challenge"), ("server", "cloudflare")],
            "",
            Some("Cloudflare challenge"),
        );
        check(
            403,
            &[("server", "cloudflare")],
            "",
            Some("Cloudflare block"),
        );
        check(
            202,
            &[("x-amzn-waf-action", "challenge")],
            "",
            Some("AWS WAF challenge"),
        );
        check(403, &[("server", "AkamaiGHost")], "", Some("Akamai block"));
        check(
            403,
            &[("x-iinfo", "7-1-0 NNNN RT(1 2)")],
            "",
            Some("Imperva block"),
        );
        check(403, &[("x-sucuri-block", "BOT")], "", Some("Sucuri block"));
        check(
            403,
            &[("x-datadome", "protected")],
            "",
            Some("DataDome challenge"),
        );
        check(
            403,
            &[("x-px-blocked", "1")],
            "",
            Some("PerimeterX challenge"),
        );
    }

    #[test]
    fn a_guard_is_known_by_its_page() {
        check(
            200,
            &[],
            "<html><head><title>Just a moment...</title>",
            Some("Cloudflare challenge"),
        );
        check(
            503,
            &[],
            "<noscript>Please enable JavaScript and cookies to continue</noscript>",
            Some("JavaScript challenge"),
        );
        check(
            200,
            &[],
            "<iframe id='main-iframe' src='/_Incapsula_Resource?x=1'></iframe>",
            Some("Imperva block"),
        );
        check(
            403,
            &[],
            "<script src='https://ct.captcha-delivery.com/c.js'></script>",
            Some("DataDome challenge"),
        );
        check(
            200,
            &[],
            "<div id=\"px-captcha\"></div>",
            Some("PerimeterX challenge"),
        );
    }

    #[test]
    fn a_page_in_a_feeds_place_is_named() {
        check(
            200,
            &[],
            "<form><input name=clave type=\"password\"></form>",
            Some("login page"),
        );
        check(
            200,
            &[],
            "<title>Antes de continuar</title><form>",
            Some("consent page"),
        );
    }

    #[test]
    fn an_answer_of_the_site_itself_is_nobodys_challenge() {
        check(404, &[("server", "cloudflare")], "<h1>No existe</h1>", None);
        check(200, &[("server", "cloudflare")], "<h1>Noticias</h1>", None);
        check(500, &[("server", "AkamaiGHost")], "", None);
        check(403, &[("server", "nginx")], "<h1>403 Forbidden</h1>", None);
        check(200, &[("cf-mitigated", "")], "", None);
        check(404, &[], "<form><input type=\"password\"></form>", None);
        check(
            404,
            &[("server", "cloudflare")],
            "<h1>No existe</h1><script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'>",
            None,
        );
        check(404, &[], "<script src='/_Incapsula_Resource?x=1'>", None);
        check(200, &[], "", None);
    }

    #[test]
    fn what_stands_far_down_a_page_is_not_looked_at() {
        let body = format!("{}px-captcha", " ".repeat(BODY_START_BYTES));
        check(200, &[], &body, None);
    }
}
