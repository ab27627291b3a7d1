//! The wiring: queues, stages, supervision and shutdown; the one crate that sees all stages.
//!
//! ```text
//! fetcher ──Page──▶ clean ──Article──▶ classify ──Story──▶ sink ──▶ JSONL
//!    ▲                │                    │                │
//!    └──── ledger ◀───┴──── how it ended ──┴────────────────┘
//! ```
//!
//! [`Line`] is the daemon; [`filter`] is the same stages on standard input and output. Whoever
//! builds on vigia needs this crate and `story` only: what the stages offer to a program is
//! exported here.

mod archive;
mod archived;
mod balance;
pub mod control;
pub mod filter;
mod histogram;
mod line;
mod parcel;
mod pool;
mod record;
mod reins;
pub mod replay;
mod room;
mod settings;
pub mod status;
mod stdout;
mod steps;
pub mod tap;
mod templates;
mod upkeep;
mod verify;

pub use archive::{ArchiveError, ArchiveSettings};
pub use classifier::{
    Classifier, CountryVotes, DropReason, Explanation, Knowledge, KnowledgeError, KnowledgeFiles,
    Model, ModelError, OtherLanguages, Summary as ModelSummary, drop_reason,
};
pub use cleaner::{Cleaner, Rejection, Rules};
pub use fetcher::{
    Access, Auth, Errand, Feed, FeedReport, FetchError, Given, LOOKUPS_MAX, Proxy, Report, Secret,
    SecretSource, Settings as FetchSettings, WebSub, discovery,
    feed::{FeedContext, parse as parse_feed},
    robots_verdict,
};
pub use histogram::HistogramSnapshot;
pub use ledger::{BalanceRow, FeedCounts, LedgerError, Reader};
pub use line::{Line, LineError, Mode, Steering, Summary};
pub use reins::{Change, Reins, ReloadError};
pub use settings::{LoadKnowledgeError, LoadModelError, Settings, load_knowledge, load_model};
pub use sink::{
    Compression, FileName, Inspection, Line as LineKind, Lines, Problem, RecordFile, Remedy,
    Settings as RecordSettings, SinkError, open_lines, record_files,
};
pub use templates::leave_out_recurring;
pub use verify::{LookedUp, Repaired, repair, verify, verify_pages};
