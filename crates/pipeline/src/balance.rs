//! The daemon's check of its own books: everything that a feed showed is accounted for.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use ledger::Ledger;
use tokio::time::sleep;

use crate::status::Status;

/// How often the books are balanced.
const EVERY: Duration = Duration::from_mins(10);

/// How many imbalances are told one by one.
const TOLD: usize = 10;

/// Balances the books again and again.
pub(crate) async fn watch(ledger: Arc<Ledger>, status: Arc<Status>) {
    loop {
        check(&ledger, &status).await;
        sleep(EVERY).await;
    }
}

/// Balances the books once. An imbalance is a fault of the program, and is told as one.
pub(crate) async fn check(ledger: &Ledger, status: &Status) {
    // A ledger that cannot be read now says so itself, and is asked again the next time.
    let Ok(imbalances) = ledger.imbalances().await else {
        return;
    };
    status.imbalances.store(imbalances.len() as u64, Relaxed);
    for row in imbalances.iter().take(TOLD) {
        tracing::error!(
            feed = row.feed,
            hour = %row.hour,
            shown = row.shown,
            new = row.new,
            known = row.known,
            ended = row.kept + row.dropped + row.duplicate + row.failed + row.skipped,
            pending = row.pending,
            "entries are not accounted for; `vigia feeds balance` shows them all"
        );
    }
}
