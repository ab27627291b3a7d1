//! What the daemon tells those who look after it: its log, its metrics, and whether it is well.

mod listen;
mod log;
mod metrics;

pub(crate) use listen::{Listen, listen};
pub(crate) use log::{start, start_quiet};
