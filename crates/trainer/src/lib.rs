//! Labelled articles to a model, and how well a model does. Pure: no I/O, no clock; the same
//! articles in the same order with the same seed give the same model.
//!
//! ```text
//! Labelled ──▶ Trainer (numbers only are kept) ──▶ folds ──▶ fit, on all but one fold each
//!                                                            │
//!                 Model ◀── fit on all ◀── how long, how much of what, calibration
//! ```
//!
//! Three fits are mixed: one of the knowledge's features and one of the n-grams for what a story is
//! about and where it plays, and one of all words for both at once. Fitted together, n-grams and words
//! would explain away what the knowledge says, and they know only the outlets they saw.
//!
//! An [`Adapter`] starts from a model that is there and needs no more than one labelled article.

mod adapt;
mod calibration;
mod descent;
mod example;
mod fit;
mod folds;
mod ftrl;
mod measure;
mod passages;
mod plan;
mod trainer;

pub use adapt::{Adapted, Adapter, NothingToLearn};
pub use example::Labelled;
pub use measure::{Bin, Figures, Judgement, bins, figures};
pub use plan::Mixture;
pub use trainer::{Options, Stage, TrainError, Trained, Trainer};
