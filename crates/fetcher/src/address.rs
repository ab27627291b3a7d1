//! The address guard: which machines may be asked at all.
//!
//! A name is checked where it is resolved, so that the address that is dialled is the one that
//! was checked; an address written into a URL is checked before each request.

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;
use url::{Host, Url};

/// How many names the system looks up at once, each on a thread of its own that may hang for as long
/// as a server of names keeps silent.
pub const LOOKUPS_MAX: usize = 32;

/// A name that stands for no public address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{host}` is not at a public address")]
pub(crate) struct PrivateAddress {
    /// The name or address.
    pub(crate) host: String,
}

/// Refuses a URL whose host is written as an address that is not public.
pub(crate) fn check_literal(url: &Url) -> Result<(), PrivateAddress> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    if is_public(address) {
        Ok(())
    } else {
        Err(PrivateAddress {
            host: address.to_string(),
        })
    }
}

/// The addresses of a name.
pub(crate) type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Resolves names as the system does and leaves out addresses that are not public.
#[derive(Clone)]
pub(crate) struct PublicResolver {
    look_up: Arc<dyn Fn(String) -> Found + Send + Sync>,
    is_public: fn(IpAddr) -> bool,
    /// A name that may be anywhere: the proxy's, which the operator chose.
    spared: Option<String>,
}

impl PublicResolver {
    /// A resolver that asks and judges as it is told; for tests, which have no public address.
    #[cfg(test)]
    pub(crate) fn new(
        look_up: impl Fn(String) -> Found + Send + Sync + 'static,
        is_public: fn(IpAddr) -> bool,
    ) -> Self {
        Self {
            look_up: Arc::new(look_up),
            is_public,
            spared: None,
        }
    }

    /// The addresses of a name, public or not.
    pub(crate) fn look_up(&self, name: String) -> Found {
        (self.look_up)(name)
    }

    /// Lets all names be at any address.
    pub(crate) fn allowing_all(self) -> Self {
        let is_public = |_| true;
        Self { is_public, ..self }
    }

    /// Lets one name be at an address that is not public.
    pub(crate) fn sparing(self, spared: Option<String>) -> Self {
        Self { spared, ..self }
    }
}

impl Default for PublicResolver {
    fn default() -> Self {
        let bound = Arc::new(Semaphore::new(LOOKUPS_MAX));
        let look_up = move |name: String| -> Found {
            let bound = Arc::clone(&bound);
            Box::pin(async move {
                let place = bound.acquire_owned().await.map_err(io::Error::other)?;
                // The system's look-up cannot be broken off: it keeps its place to its end,
                // whether or not anybody waits for it.
                let system = tokio::spawn(async move {
                    let _place = place;
                    tokio::net::lookup_host((name, 0)).await.map(Vec::from_iter)
                });
                system.await.map_err(io::Error::other)?
            })
        };
        Self {
            look_up: Arc::new(look_up),
            is_public,
            spared: None,
        }
    }
}

impl fmt::Debug for PublicResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicResolver").finish_non_exhaustive()
    }
}

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self {
            look_up,
            is_public,
            spared,
        } = self.clone();
        Box::pin(async move {
            let found = look_up(name.as_str().to_owned()).await?;
            let any = !found.is_empty();
            let spared = spared.as_deref() == Some(name.as_str());
            let public: Vec<_> = found
                .into_iter()
                .filter(|at| spared || is_public(at.ip()))
                .collect();
            if any && public.is_empty() {
                return Err(PrivateAddress {
                    host: name.as_str().to_owned(),
                }
                .into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether `address` is one of the public internet's machines (RFC 6890 and its successors).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = a == 0
        || a >= 224 // multicast, reserved, broadcast
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b)) // carrier-grade NAT
        || (a == 192 && b == 0 && c == 0) // protocol assignments
        || (a == 192 && b == 88 && c == 99) // 6to4 relays
        || (a == 198 && (18..20).contains(&b)); // benchmarks
    !reserved
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = inner_v4(address) {
        return is_public_v4(inner);
    }
    let [a, b, ..] = address.segments();
    // Global unicast is 2000::/3; documentation is 2001:db8::/32 and 3fff::/20, and 2001::/23
    // holds protocol assignments, Teredo among them.
    let global = a & 0xe000 == 0x2000;
    let documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    let protocol = a == 0x2001 && b < 0x0200;
    global && !documentation && !protocol
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 or 6to4.
fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(v4(high, low))
        }
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, expected: bool) {
        assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
    }

    #[test]
    fn public_machines_may_be_asked() {
        for address in [
            "1.1.1.1",
            "190.85.1.2",
            "100.63.0.1",
            "172.32.0.1",
            "2800:3f0::1",
        ] {
            check(address, true);
        }
        check("::ffff:8.8.8.8", true);
        check("64:ff9b::808:808", true);
    }

    #[test]
    fn the_inside_is_refused() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.9",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            check(address, false);
        }
    }

    #[test]
    fn the_inside_is_refused_in_disguise() {
        for address in [
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:c0a8:101::",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "::ffff:0:127.0.0.1",
            "::ffff:169.254.169.254",
        ] {
            check(address, false);
        }
    }

    #[test]
    fn an_address_in_a_url_is_checked_however_it_is_written() {
        for url in [
            "http://127.1/",
            "http://0x7f000001/",
            "http://[::1]:80/",
            "http://2130706433/",
        ] {
            assert!(check_literal(&url.parse().unwrap()).is_err(), "{url}");
        }
        assert!(check_literal(&"https://eldiario.test/".parse().unwrap()).is_ok());
    }
}
