//! The end of a run in two steps: nothing new is begun, and a little later what is under way is
//! given up.

use std::future::Future;

use tokio_util::sync::CancellationToken;

/// The run is ending; what was asked for was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

/// The signals that end a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    /// No new work from here on.
    soft: CancellationToken,
    /// Give up what is under way.
    hard: CancellationToken,
}

impl Stop {
    /// Follows `signal`, which may also be raised from within by [`begin`](Self::begin).
    pub(crate) fn following(signal: &CancellationToken) -> Self {
        Self {
            soft: signal.child_token(),
            hard: CancellationToken::new(),
        }
    }

    /// Begins the end: no new work.
    pub(crate) fn begin(&self) {
        self.soft.cancel();
    }

    /// Ends the grace: work under way is given up.
    pub(crate) fn give_up(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }

    /// Whether the end has begun.
    pub(crate) fn begun(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Waits until the end begins.
    pub(crate) async fn wait(&self) {
        self.soft.cancelled().await;
    }

    /// Runs what need not be begun any more once the end has begun.
    pub(crate) async fn before_it<T>(&self, work: impl Future<Output = T>) -> Result<T, Stopped> {
        self.soft.run_until_cancelled(work).await.ok_or(Stopped)
    }

    /// Runs what may use the grace.
    pub(crate) async fn within_grace<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, Stopped> {
        self.hard.run_until_cancelled(work).await.ok_or(Stopped)
    }
}
