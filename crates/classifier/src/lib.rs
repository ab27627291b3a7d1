//! An article to a story: is it Latin American security news, where does it play, who acts in it,
//! and what does that verdict rest on. Synchronous and pure: no I/O, no clock, no randomness.
//!
//! ```text
//!             ┌─ fold ──▶ matcher ─┐
//! Article ──▶ reading              ├─▶ security ──┐
//!             (one pass)           ├─▶ geography ─┼─▶ score ──▶ evidence, verdict ──▶ Story
//!                                  └─▶ actors ────┘
//! ```
//!
//! What it knows are the tables of `config/knowledge`, compiled into one automaton; how much each
//! thing counts is a [`Model`], trained elsewhere and read from bytes.
//! Events and their casualties are not read here.

mod actors;
mod classifier;
mod evidence;
mod features;
mod flip;
mod fold;
mod geography;
mod knowledge;
mod matcher;
mod model;
mod reading;
mod score;
mod security;
mod verdict;

pub use classifier::{Classifier, CountryVotes, Explanation, OtherLanguages};
pub use features::{Head, Vector};
pub use knowledge::{Knowledge, KnowledgeError, KnowledgeFiles};
pub use model::{Model, ModelError, PassageWeights, Summary, Sums, Weights};
pub use verdict::{DropReason, drop_reason};
