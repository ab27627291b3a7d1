//! What the workers finish in any order, put back into that of the files: which of two captures of
//! a story is kept then does not depend on which worker was quicker.

use std::{collections::BTreeMap, sync::Arc};

use story::EntryId;
use tokio::sync::{
    Semaphore,
    mpsc::{Receiver, Sender},
};

use crate::parcel::{Parcel, Verdict};

/// Units that may be under way: it bounds what waits for a slow one before it.
pub(super) const WINDOW: usize = 256;

/// The number of a unit as the number of an entry. The ledger's own are above zero.
pub(super) fn entry(number: u64) -> EntryId {
    EntryId(-1 - number as i64)
}

/// The number of the unit that goes by this.
pub(super) fn number(entry: EntryId) -> u64 {
    (-1 - entry.0) as u64
}

/// Passes parcels on by number, from 0, and lets a further unit be begun for each.
pub(super) async fn in_order(
    mut from: Receiver<Parcel<Verdict>>,
    to: Sender<Parcel<Verdict>>,
    window: Arc<Semaphore>,
) {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    'line: while let Some(parcel) = from.recv().await {
        waiting.insert(number(parcel.id), parcel);
        while let Some(parcel) = waiting.remove(&next) {
            next += 1;
            if to.send(parcel).await.is_err() {
                break 'line;
            }
            window.add_permits(1);
        }
    }
    // Nobody takes what is begun from now on.
    window.close();
}

#[cfg(test)]
mod tests {
    use story::storage::Ending;
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn parcels_leave_by_number_however_they_came() {
        let (sender, from) = mpsc::channel(8);
        let (to, mut receiver) = mpsc::channel(8);
        let window = Arc::new(Semaphore::new(0));
        for unit in [2, 0, 1, 3] {
            let ending = Ending::Failed {
                reason: unit.to_string(),
                detail: String::new(),
            };
            let (id, content) = (entry(unit), Verdict::End(ending));
            sender.send(Parcel::new(id, content)).await.unwrap();
        }
        drop(sender);
        in_order(from, to, Arc::clone(&window)).await;
        for unit in 0..4 {
            assert_eq!(number(receiver.recv().await.unwrap().id), unit);
        }
        assert_eq!(window.available_permits(), 4);
        assert!(window.is_closed());
    }
}
