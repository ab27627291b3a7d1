//! Threads for a stage that computes: they take parcels off one queue and put them on the next.

use std::{
    any::Any,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use sink::fault;
use story::storage::Ending;
use tokio::sync::mpsc::{Receiver, Sender};
use tracing::error;

use crate::{
    parcel::{Parcel, Step, Verdict},
    status::StageCounters,
};

/// Where a stage's parcels go.
#[derive(Debug)]
pub(crate) struct Outlets<T> {
    /// The next stage.
    pub(crate) next: Sender<Parcel<T>>,
    /// The sink, which is told of every entry that ends here.
    pub(crate) ended: Sender<Parcel<Verdict>>,
}

/// Starts `workers` threads that apply `work` to each parcel. They end when `queue` is closed and
/// empty; their outlets close with the last of them. A panic in `work` ends the entry that caused
/// it, as failed with the reason `panic`, and nothing else.
pub(crate) fn spawn<Incoming, In, Out>(
    stage: &'static str,
    workers: usize,
    queue: Receiver<Incoming>,
    outlets: Outlets<Out>,
    counters: &Arc<StageCounters>,
    work: impl Fn(In) -> Step<Out> + Send + Sync + 'static,
) -> io::Result<Vec<JoinHandle<()>>>
where
    Incoming: Into<Parcel<In>> + Send + 'static,
    In: Send + 'static,
    Out: Send + 'static,
{
    let queue = Arc::new(Mutex::new(queue));
    let outlets = Arc::new(outlets);
    let work = Arc::new(work);
    (0..workers)
        .map(|worker| {
            let (queue, outlets) = (Arc::clone(&queue), Arc::clone(&outlets));
            let (work, counters) = (Arc::clone(&work), Arc::clone(counters));
            thread::Builder::new()
                .name(format!("vigia-{stage}-{worker}"))
                .spawn(move || {
                    // The lock is held while waiting: one worker waits at the queue, the others at it.
                    let take = || {
                        queue
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .blocking_recv()
                    };
                    while let Some(incoming) = take() {
                        let Parcel {
                            id,
                            content,
                            seen,
                            since,
                        } = incoming.into();
                        counters.took(since);
                        fault::point(stage);
                        let step = catch_unwind(AssertUnwindSafe(|| work(content)))
                            .unwrap_or_else(|panic| panicked(stage, id, &*panic));
                        // A closed outlet means that the line is being torn down after a failure
                        // further on; the entry stays pending in the ledger.
                        let _ = match step {
                            Step::On(content) => outlets
                                .next
                                .blocking_send(Parcel::seen(id, seen, content))
                                .ok()
                                .inspect(|()| counters.passed()),
                            Step::End(ending) => {
                                let label = ending.label();
                                let content = Verdict::End(ending);
                                outlets
                                    .ended
                                    .blocking_send(Parcel::seen(id, seen, content))
                                    .ok()
                                    .inspect(|()| counters.ended_as(label))
                            }
                        };
                    }
                })
        })
        .collect()
}

fn panicked<T>(stage: &'static str, entry: story::EntryId, panic: &(dyn Any + Send)) -> Step<T> {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    error!(stage, entry = entry.0, message, "worker panicked");
    Step::End(Ending::Failed {
        reason: "panic".to_owned(),
        detail: format!("{stage}: {message}"),
    })
}

#[cfg(test)]
mod tests {
    use story::EntryId;
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn a_panic_ends_one_entry_and_no_worker() {
        let (to_stage, queue) = mpsc::channel(8);
        let (next, mut passed) = mpsc::channel(8);
        let (ended, mut endings) = mpsc::channel(8);
        let counters = Arc::new(StageCounters::default());
        let work = |number: i32| {
            assert_ne!(number, 2, "two is too much");
            Step::On(number * 10)
        };
        let outlets = Outlets { next, ended };
        let threads = spawn("test", 1, queue, outlets, &counters, work).unwrap();
        for number in 1..=3 {
            to_stage
                .blocking_send(Parcel::new(EntryId(i64::from(number)), number))
                .unwrap();
        }
        drop(to_stage);
        let got: Vec<_> = std::iter::from_fn(|| passed.blocking_recv())
            .map(|p| p.content)
            .collect();
        assert_eq!(got, [10, 30]);
        let parcel = endings.blocking_recv().unwrap();
        assert_eq!(parcel.id, EntryId(2));
        let Verdict::End(Ending::Failed { reason, detail }) = parcel.content else {
            panic!()
        };
        assert_eq!(reason, "panic");
        assert!(detail.contains("two is too much"), "{detail}");
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        let snapshot = counters.snapshot();
        assert_eq!((snapshot.taken, snapshot.passed), (3, 2));
        assert_eq!(snapshot.ended["failed/panic"], 1);
    }
}
