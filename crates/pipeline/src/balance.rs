//! The daemon's check of its own books: everything that a feed showed is accounted for.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use ledger::{BalanceRow, Ledger};
use story::storage::Stored;
use tokio::time::{Instant, sleep};

use crate::status::Status;

/// How often the books of the hours are balanced.
const EVERY: Duration = Duration::from_mins(10);

/// How often those of the days are, too: nothing is entered there any more.
const DAYS_EVERY: Duration = Duration::from_hours(24);

/// How many imbalances are told one by one.
const TOLD: usize = 10;

/// Balances the books again and again, and puts the hours that are over together to days.
pub(crate) async fn watch(ledger: Arc<Ledger>, status: Arc<Status>) {
    loop {
        let days = tell(ledger.imbalanced_days().await);
        let day_end = Instant::now() + DAYS_EVERY;
        while Instant::now() < day_end {
            let hours = tell(ledger.imbalanced_hours().await);
            note(&status, days, hours);
            if let Err(error) = ledger.fold_books().await {
                tracing::warn!(%error, "hours of the books stay as they are");
            }
            sleep(EVERY).await;
        }
    }
}

/// Balances all books once.
pub(crate) async fn check(ledger: &Ledger, status: &Status) {
    let days = tell(ledger.imbalanced_days().await);
    let hours = tell(ledger.imbalanced_hours().await);
    note(status, days, hours);
}

fn note(status: &Status, days: Option<usize>, hours: Option<usize>) {
    // A ledger that cannot be read now says so itself, and is asked again the next time.
    if let Some(hours) = hours {
        let imbalances = hours + days.unwrap_or_default();
        status.imbalances.store(imbalances as u64, Relaxed);
    }
}

/// Tells imbalances and counts them. One is a fault of the program, and is told as one.
fn tell(imbalances: Stored<Vec<BalanceRow>>) -> Option<usize> {
    let imbalances = imbalances.ok()?;
    for row in imbalances.iter().take(TOLD) {
        tracing::error!(
            feed = row.feed,
            hour = %row.hour,
            whole_day = row.whole_day,
            shown = row.shown,
            new = row.new,
            known = row.known,
            ended = row.kept + row.dropped + row.duplicate + row.failed + row.skipped,
            pending = row.pending,
            "entries are not accounted for; `vigia feeds balance` shows them all"
        );
    }
    Some(imbalances.len())
}
