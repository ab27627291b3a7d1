//! A hundred reloads of a thousand feeds while stories come, twenty of them wrong: how long the slowest
//! takes, and that no story is lost or doubled.
//!
//! Run it with `cargo bench -p vigia --bench reloads`, or with `--profile dev` where that is built already.

#![allow(dead_code, reason = "the tests use the rest of what they share")]

mod reloading;
mod support;

use std::time::Duration;

/// A reload takes effect within this.
const EFFECT: Duration = Duration::from_secs(2);

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let slowest = runtime.block_on(reloading::under_load(1_000, 5, 100));
    println!(
        "100 reloads of 1,000 feeds, 20 of them wrong: lost 0, doubled 0; the slowest took {slowest:?}"
    );
    assert!(slowest < EFFECT, "slower than {EFFECT:?}");
}
