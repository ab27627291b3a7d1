//! Where names are, for the gates: several names at one address are one server to be polite to.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout};
use url::{Host, Url};

use crate::address::PublicResolver;

/// How long an address is believed. It decides about politeness only: what is dialled is looked up
/// and judged anew.
const BELIEVED: Duration = Duration::from_mins(10);

/// How long a look-up may take before the name goes without.
const LOOKUP: Duration = Duration::from_secs(5);

/// From this many names on, old ones are forgotten.
const NAMES_KEPT: usize = 16 << 10;

/// The addresses of names, as they were found lately.
pub(super) struct Whereabouts {
    resolver: PublicResolver,
    known: Mutex<HashMap<String, Found>>,
}

/// What a look-up found: the address, or that there is none now.
#[derive(Clone, Copy)]
struct Found {
    at: Instant,
    address: Option<IpAddr>,
}

impl Whereabouts {
    /// Asks `resolver`.
    pub(super) fn new(resolver: PublicResolver) -> Self {
        Self {
            resolver,
            known: Mutex::default(),
        }
    }

    /// The first address of a URL's host, however it is written; `None` for a name that cannot be
    /// found now.
    pub(super) async fn of(&self, url: &Url) -> Option<IpAddr> {
        let name = match url.host()? {
            Host::Domain(name) => name,
            Host::Ipv4(address) => return Some(address.into()),
            Host::Ipv6(address) => return Some(address.to_canonical()),
        };
        if let Some(believed) = self.known(name) {
            return believed.address;
        }
        let found = timeout(LOOKUP, self.resolver.look_up(name.to_owned())).await;
        let address = found.ok().and_then(Result::ok).and_then(|found| {
            let mut addresses: Vec<_> = found.iter().map(|at| at.ip().to_canonical()).collect();
            addresses.sort_unstable(); // servers turn the order round
            addresses.first().copied()
        });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= NAMES_KEPT {
            known.retain(|_, found| found.at.elapsed() < BELIEVED);
        }
        let at = Instant::now();
        known.insert(name.to_owned(), Found { at, address });
        address
    }

    fn known(&self, name: &str) -> Option<Found> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = *known.get(name)?;
        (found.at.elapsed() < BELIEVED).then_some(found)
    }
}
