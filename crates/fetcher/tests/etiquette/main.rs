//! The etiquette of a feed poller, sentence by sentence: each of the 53 is one trial against sites
//! on loopback, under a paused clock. `cargo test -p fetcher etiquette` prints the score.
//!
//! A trial judges by what the sites were asked, byte for byte and when, and by what was stored;
//! never by the fetcher's inside.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, set_hook},
    pin::Pin,
    process::ExitCode,
    sync::{Arc, Mutex},
};

use libtest_mimic::{Arguments, Trial};

mod conditional;
mod documents;
mod headers;
mod hosts;
mod hub;
mod lock;
mod pace;
mod redirects;
mod robots;
mod rules;
mod safety;
mod status;
#[expect(dead_code, reason = "another target's needs")]
#[path = "../fetching/store.rs"]
mod store;
mod unchanged;
mod websub;
mod world;

use world::{Pacemaker, World};

/// How many sentences the etiquette has.
const SENTENCES: usize = 53;

/// How much is told of how a sentence was broken.
const SAID_CHARS_MAX: usize = 400;

/// One sentence.
pub(crate) struct Sentence {
    /// Its number.
    number: usize,
    /// It as the name of a test.
    name: &'static str,
    /// It in a few words.
    says: &'static str,
    /// How it is tried: panics where it is not kept.
    trial: fn(World) -> Pin<Box<dyn Future<Output = ()>>>,
}

/// A section's sentences: `number name "what it says";` for each, with a function of that name.
macro_rules! sentences {
    ($($number:literal $name:ident $says:literal;)*) => {
        pub(crate) const SENTENCES: &[crate::Sentence] = &[$(crate::Sentence {
            number: $number,
            name: stringify!($name),
            says: $says,
            trial: |world| Box::pin($name(world)),
        }),*];
    };
}
pub(crate) use sentences;

/// What came of each sentence that was tried: nothing, or how it was broken.
type Book = Arc<Mutex<BTreeMap<usize, Option<String>>>>;

thread_local! {
    /// Where the last panic of this thread was.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

fn main() -> ExitCode {
    lock::with_certificate(suite)
}

fn suite() -> ExitCode {
    let arguments = Arguments::from_args();
    let numbers: Vec<_> = all().map(|sentence| sentence.number).collect();
    assert!(numbers.into_iter().eq(1..=SENTENCES), "each is there once");
    let book = Book::default();
    let trials = all().map(|sentence| trial(sentence, &book)).collect();
    set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        PLACE.set(place.unwrap_or_default());
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        print_score(&book.lock().expect("no trial fails with the book in hand"));
    }
    conclusion.exit_code()
}

/// All of them, in order.
fn all() -> impl Iterator<Item = &'static Sentence> {
    let sections = [
        conditional::SENTENCES,
        unchanged::SENTENCES,
        pace::SENTENCES,
        hosts::SENTENCES,
        headers::SENTENCES,
        status::SENTENCES,
        redirects::SENTENCES,
        robots::SENTENCES,
        rules::SENTENCES,
        websub::SENTENCES,
        safety::SENTENCES,
    ];
    let mut all: Vec<_> = sections.into_iter().flatten().collect();
    all.sort_by_key(|sentence| sentence.number);
    all.into_iter()
}

fn trial(sentence: &'static Sentence, book: &Book) -> Trial {
    let book = Arc::clone(book);
    let name = format!("etiquette::s{:02}_{}", sentence.number, sentence.name);
    Trial::test(name, move || {
        let broken = tried(sentence).err();
        let mut book = book.lock().expect("no trial fails with the book in hand");
        book.insert(sentence.number, broken.clone());
        broken.map_or(Ok(()), |broken| Err(broken.into()))
    })
}

/// Tries a sentence in a world of its own; says how it was broken.
fn tried(sentence: &Sentence) -> Result<(), String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let (runtime, pacemaker) = Pacemaker::runtime();
        runtime.block_on(async { (sentence.trial)(World::new(pacemaker)).await });
        runtime.shutdown_background();
    }));
    outcome.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        let place = PLACE.take();
        let said: String = said
            .unwrap_or("it broke off")
            .chars()
            .take(SAID_CHARS_MAX)
            .collect();
        format!("{said} ({place})")
    })
}

fn print_score(book: &BTreeMap<usize, Option<String>>) {
    let kept = book.values().filter(|broken| broken.is_none()).count();
    if book.len() == SENTENCES {
        println!("etiquette: kept {kept} of {SENTENCES}");
    } else {
        println!(
            "etiquette: kept {kept} of the {} that ran, of {SENTENCES}",
            book.len()
        );
    }
    for sentence in all() {
        if let Some(Some(broken)) = book.get(&sentence.number) {
            println!("  {:2} not kept: {}", sentence.number, sentence.says);
            println!("     {}", broken.replace('\n', "\n     "));
        }
    }
}
