//! Feeds read from the outside: against a second reader, broken at random, and against the feed
//! corpus where it is at hand.

mod budget;
mod corpus;
mod mutate;
mod mutations;
mod samples;
mod second_opinion;
mod size;

use fetcher::feed::FeedContext;
use story::Home;

/// A feed of Colombia.
fn context() -> FeedContext {
    FeedContext {
        id: "diario".parse().unwrap(),
        url: "https://diario.test/rss/todo.xml".parse().unwrap(),
        home: Home::default(),
        timezone: chrono_tz::America::Bogota,
    }
}
