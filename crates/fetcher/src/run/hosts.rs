//! The tasks that bring hosts' pages: one a host, and few a registrable domain.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use story::storage::FetchStore;
use tokio::{
    sync::Notify,
    task::{Id, JoinError, JoinSet},
};

use crate::{
    pages::{HostPages, LineClosed},
    politeness::domain,
};

/// How many hosts of one registrable domain have tasks at a time: a feed may name thousands, and
/// one gate stands before them all.
const PER_DOMAIN: usize = 16;

/// What a task came to.
pub(super) type Brought = Result<(Id, Result<(), LineClosed>), JoinError>;

/// All hosts that have a task or wait for one.
#[derive(Default)]
pub(super) struct Hosts {
    tasks: JoinSet<Result<(), LineClosed>>,
    names: HashMap<Id, String>,
    active: HashMap<String, Active>,
    domains: HashMap<String, Domain>,
}

/// A host whose pages are being brought.
struct Active {
    bell: Arc<Notify>,
    /// Whether the bell was rung, perhaps too late for the task to hear.
    rung: bool,
}

/// How many hosts of a domain have tasks, and which wait for one to end.
#[derive(Default)]
struct Domain {
    active: usize,
    waiting: BTreeSet<String>,
}

/// A host whose task has ended.
pub(super) struct Ended {
    /// Its name.
    pub(super) host: String,
    /// How it ended.
    pub(super) how: Result<(), Broken>,
    /// The hosts to wake now: this one, if it was rung too late to hear, and one that waited.
    pub(super) to_wake: Vec<String>,
}

/// Why a task brought no more pages.
pub(super) enum Broken {
    /// Nobody takes them any more.
    LineClosed,
    /// It panicked.
    Panicked(JoinError),
}

impl Hosts {
    /// How many have tasks.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether none has a task.
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Has a host's pages brought, by the task that does so already or by a new one, which `pages`
    /// makes of the name and the bell.
    pub(super) fn wake<S: FetchStore>(
        &mut self,
        host: String,
        pages: impl FnOnce(String, Arc<Notify>) -> HostPages<S>,
    ) {
        if let Some(active) = self.active.get_mut(&host) {
            active.rung = true;
            active.bell.notify_one();
            return;
        }
        let of_domain = self.domains.entry(domain(&host).to_owned()).or_default();
        if of_domain.active >= PER_DOMAIN {
            of_domain.waiting.insert(host);
            return;
        }
        of_domain.active += 1;
        let bell = Arc::new(Notify::new());
        let pages = pages(host.clone(), Arc::clone(&bell));
        let id = self.tasks.spawn(pages.bring_all()).id();
        self.names.insert(id, host.clone());
        self.active.insert(host, Active { bell, rung: false });
    }

    /// Waits for the next task to end; `None` where there is none.
    pub(super) async fn next_end(&mut self) -> Option<Brought> {
        self.tasks.join_next_with_id().await
    }

    /// Takes note of a task's end.
    pub(super) fn note_end(&mut self, brought: Brought) -> Option<Ended> {
        let id = brought.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let host = self.names.remove(&id)?;
        let rung = self.active.remove(&host).is_some_and(|active| active.rung);
        let waited = self.leave_domain(&host);
        Some(Ended {
            to_wake: rung
                .then(|| host.clone())
                .into_iter()
                .chain(waited)
                .collect(),
            how: match brought {
                Ok((_, Ok(()))) => Ok(()),
                Ok((_, Err(LineClosed))) => Err(Broken::LineClosed),
                Err(error) => Err(Broken::Panicked(error)),
            },
            host,
        })
    }

    /// Makes room for another host of the same domain, and says which has waited for it.
    fn leave_domain(&mut self, host: &str) -> Option<String> {
        let name = domain(host);
        let of_domain = self.domains.get_mut(name)?;
        of_domain.active -= 1;
        let next = of_domain.waiting.pop_first();
        if of_domain.active == 0 && next.is_none() {
            self.domains.remove(name);
        }
        next
    }
}
