//! What the daemon tells those who look after it: its log, its metrics, and whether it is well.

mod listen;
mod log;
mod metrics;
mod repeats;

pub(crate) use listen::{Listen, listen};
pub(crate) use log::{Log, start, start_quiet};
pub(crate) use repeats::ANSWER;
