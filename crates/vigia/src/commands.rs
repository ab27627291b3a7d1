//! The subcommands, one module each.

pub(crate) mod adapt;
pub(crate) mod check;
pub(crate) mod classify;
pub(crate) mod clean;
mod daemon;
pub(crate) mod entries;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod feeds;
pub(crate) mod fetch;
mod figures;
mod input;
pub(crate) mod label;
mod labelled;
pub(crate) mod print;
pub(crate) mod reload;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod status;
pub(crate) mod tap;
pub(crate) mod test;
pub(crate) mod top;
pub(crate) mod train;
mod typeset;
pub(crate) mod verify;
pub(crate) mod whole_file;
