//! OPML, the format in which readers exchange their lists of feeds, and `[[feed]]` tables made
//! of it.

mod id;
mod read;
mod tables;
mod write;

pub(crate) use id::{identity, unique_id};
pub(crate) use read::{Opml, read};
pub(crate) use tables::{Known, one_line, quoted, table_of, to_toml};
pub(crate) use write::write;
