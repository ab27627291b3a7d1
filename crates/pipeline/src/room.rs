//! The room that is left where the record lies, asked for now and then: a disk that hangs keeps
//! nobody waiting who asks for the status.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use crate::status::Status;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);

/// Looks again and again, until the task is dropped.
pub(crate) async fn watch(status: Arc<Status>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let status = Arc::clone(&status);
        // One that panics or cannot be asked says nothing of the room.
        let _ = spawn_blocking(move || status.measure_room()).await;
    }
}
