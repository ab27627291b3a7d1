//! Logins, headers and proxies, as the configuration gives them.

use pipeline::{Access, Auth, Proxy, SecretSource};
use url::Url;

use super::raw::{RawAuth, RawFeed, RawFetch};

/// A feed's own headers and login, or what is wrong with each of them.
pub(super) fn access(raw: &RawFeed) -> Result<Access, Vec<String>> {
    let mut access = Access::default();
    let mut problems = Vec::new();
    for (name, value) in &raw.headers {
        if let Err(error) = access.add_header(name, value.into()) {
            problems.push(error.to_string());
        }
    }
    match raw.auth.as_ref().map(|raw| auth(&raw.value)) {
        None => {}
        Some(Ok(auth)) => access.set_auth(auth),
        Some(Err(problem)) => problems.push(problem),
    }
    if problems.is_empty() {
        Ok(access)
    } else {
        Err(problems)
    }
}

fn auth(raw: &RawAuth) -> Result<Auth, String> {
    match (&raw.username, &raw.password, &raw.bearer) {
        (Some(username), _, None) if username.contains(':') => {
            Err("a `username` has no colon in it".to_owned())
        }
        (Some(username), Some(password), None) => Ok(Auth::Basic {
            username: username.clone(),
            password: password.into(),
        }),
        (None, None, Some(token)) => Ok(Auth::Bearer(token.into())),
        _ => Err("`auth` is either `username` with `password`, or `bearer`".to_owned()),
    }
}

/// The proxy, or what is wrong with it.
pub(super) fn proxy(raw: &RawFetch) -> Result<Option<Proxy>, String> {
    let Some(address) = &raw.proxy else {
        return match raw.proxy_password {
            None => Ok(None),
            Some(_) => Err("`proxy_password` without `proxy`".to_owned()),
        };
    };
    let schemes = Proxy::SCHEMES.join(", ");
    let url = address.value.parse::<Url>().ok();
    let url = url.filter(|url| Proxy::SCHEMES.contains(&url.scheme()) && url.has_host());
    let url = url.ok_or_else(|| {
        format!("`proxy` is an address such as \"socks5h://127.0.0.1:9050\", of {schemes}")
    })?;
    if url.password().is_some() {
        return Err("`proxy` has a password in it; move it to `proxy_password`".to_owned());
    }
    let password = raw.proxy_password.as_ref().map(SecretSource::from);
    Ok(Some(Proxy { url, password }))
}

/// Why a feed's address must not carry a login; `None` where it carries none.
pub(super) fn login_in(url: &Url) -> Option<String> {
    let any = !url.username().is_empty() || url.password().is_some();
    any.then(|| {
        "a feed's address has no user and password in it: they would show wherever it does; \
         write auth = { username = \"…\", password = { env = \"NAME\" } }"
            .to_owned()
    })
}
