//! The client: its bounds, its guard and its proxy.
//!
//! An answer may have 100 header fields; over HTTP/1 they may take some 400 kB together, which
//! is the client library's bound on what it holds before a body, over HTTP/2 [`HEADER_BYTES_MAX`].

use std::{sync::Arc, time::Duration};

use reqwest::{Certificate, Client, ClientBuilder};
use url::Url;

use super::FetchError;
use crate::{Settings, address::PublicResolver, secret::SecretSource, tls};

/// How many header fields an answer over HTTP/1 may have.
const HEADERS_MAX: usize = 100;

/// How long the header fields of an answer over HTTP/2 may be together.
const HEADER_BYTES_MAX: u32 = 64 << 10;

/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(30);

/// A proxy that all requests go through.
///
/// It dials in our stead, so that the address guard sees only addresses that are written in URLs
/// and, with `socks5`, those that names resolve to; with `http` and `socks5h` names are
/// resolved by the proxy, which must then be the one that keeps private networks apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its address: `http`, `https`, `socks5` or `socks5h`, with a user name where it wants one.
    pub url: Url,
    /// Its password.
    pub password: Option<SecretSource>,
}

impl Proxy {
    /// The schemes of proxies.
    pub const SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];

    /// The address with the password in it.
    fn with_password(&self) -> Result<Url, FetchError> {
        let mut url = self.url.clone();
        if let Some(password) = &self.password {
            let password = password.read()?;
            // Fails only where there is no host, and then the proxy is refused right after.
            let _ = url.set_password(Some(password.reveal()));
        }
        Ok(url)
    }
}

/// What tests put in the place of the world.
#[derive(Clone, Default)]
pub(super) struct World {
    /// Who resolves names.
    pub(super) resolver: PublicResolver,
    /// The only certificates that are trusted, instead of the system's.
    pub(super) roots: Option<Vec<Certificate>>,
}

/// Builds the client.
pub(super) fn build(settings: &Settings, world: &World) -> Result<Client, FetchError> {
    let proxy = settings.proxy.as_ref().map(Proxy::with_password);
    let proxy = proxy.transpose()?;
    let proxy_host = proxy.as_ref().and_then(Url::host_str).map(str::to_owned);
    let proxy = proxy.map(reqwest::Proxy::all);
    let proxy = proxy.transpose().map_err(FetchError::Client)?;
    let resolver = world.resolver.clone().sparing(proxy_host);
    let resolver = if settings.allow_private_networks {
        resolver.allowing_all()
    } else {
        resolver
    };
    let builder = || {
        let builder = bounded(settings).no_proxy(); // none that the environment names
        let builder = match &proxy {
            Some(proxy) => builder.proxy(proxy.clone()),
            None => builder,
        };
        let builder = match &world.roots {
            Some(roots) => builder.tls_certs_only(roots.clone()),
            None => builder,
        };
        builder.dns_resolver(Arc::new(resolver.clone()))
    };
    tls::build_client(builder).map_err(FetchError::Client)
}

fn bounded(settings: &Settings) -> ClientBuilder {
    Client::builder()
        .user_agent(&settings.user_agent)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .http1_max_headers(HEADERS_MAX)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .connect_timeout(settings.connect_timeout)
        .pool_max_idle_per_host(settings.host_concurrency.max(1))
        .pool_idle_timeout(IDLE)
}
