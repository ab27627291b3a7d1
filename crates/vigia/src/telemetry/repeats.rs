//! Warnings that repeat themselves: the first is told, those that follow within a minute are counted,
//! and then it is told how many they were.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    fmt::{self, Debug, Write},
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tracing::{
    Event, Level, Metadata,
    field::{Field, Visit},
    level_filters::LevelFilter,
    warn,
};
use tracing_subscriber::layer::{Context, Filter};

/// How long a warning is not told again.
const WINDOW: Duration = Duration::from_mins(1);

/// Different warnings that are remembered; more are told each time.
const REMEMBERED_MAX: usize = 1024;

/// What is told with a warning that was held back: whom it is about.
const NAMING: [&str; 4] = ["feed", "host", "stage", "file"];

/// Fields that count or measure the same trouble as it goes on.
const COUNTING: [&str; 6] = [
    "attempt",
    "attempts",
    "wait_s",
    "robots_wait",
    "seconds",
    "bytes",
];

/// Fields that say in words what is wrong; numbers in them are of no account.
const WORDS: [&str; 2] = ["message", "error"];

/// The target of what answers somebody who asked, and is told each time.
pub(crate) const ANSWER: &str = "vigia::answer";

/// Remembers what was told lately.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repeats(Arc<Mutex<HashMap<u64, Repeat>>>);

#[derive(Debug)]
struct Repeat {
    told: Instant,
    held_back: u64,
    /// What it says, and of whom.
    words: String,
}

impl Repeats {
    /// Tells how often each warning was held back whose minute is over.
    pub(crate) fn tell(&self) {
        self.tell_older_than(WINDOW);
    }

    /// Tells it of all, at the end of a run.
    pub(crate) fn tell_all(&self) {
        self.tell_older_than(Duration::ZERO);
    }

    fn tell_older_than(&self, age: Duration) {
        let mut over = Vec::new();
        self.remembered().retain(|_, repeat| {
            let recent = repeat.told.elapsed() < age;
            if !recent && repeat.held_back > 0 {
                over.push((std::mem::take(&mut repeat.words), repeat.held_back));
            }
            recent
        });
        for (message, times) in over {
            warn!(target: module_path!(), times, "held back: {message}");
        }
    }

    /// Whether it is to be told, being new or long ago.
    fn is_news(&self, identity: u64, words: impl FnOnce() -> String) -> bool {
        let mut remembered = self.remembered();
        if let Some(repeat) = remembered.get_mut(&identity) {
            // One whose minute is over goes on being counted until it was told of.
            if repeat.held_back > 0 || repeat.told.elapsed() < WINDOW {
                repeat.held_back += 1;
                return false;
            }
            repeat.told = Instant::now();
            return true;
        }
        if remembered.len() < REMEMBERED_MAX {
            let repeat = Repeat {
                told: Instant::now(),
                held_back: 0,
                words: words(),
            };
            remembered.insert(identity, repeat);
        }
        true
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<u64, Repeat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Filter<S> for Repeats {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    /// Leaves the levels to the other filters: without a hint they would all be asked for.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        // What is not wrong is asked for by its level, and is told as often as it happens.
        if *metadata.level() > Level::WARN || [module_path!(), ANSWER].contains(&metadata.target())
        {
            return true;
        }
        let mut words = Words::default();
        metadata.callsite().hash(&mut words.identity);
        event.record(&mut words);
        self.is_news(words.identity.finish(), || words.text)
    }
}

/// What an event says. An attempt more is the same trouble; another feed or file is another.
#[derive(Default)]
struct Words {
    identity: DefaultHasher,
    text: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if COUNTING.contains(&field.name()) {
            return;
        }
        let mut said = Said {
            identity: &mut self.identity,
            digits: !WORDS.contains(&field.name()),
        };
        // A hasher takes everything.
        let _ = write!(said, "{value:?}");
        if field.name() == "message" {
            self.text.insert_str(0, &format!("{value:?}"));
        } else if NAMING.contains(&field.name()) {
            let _ = write!(self.text, ", {} {value:?}", field.name());
        }
    }
}

/// Takes in what is said, with or without its digits.
struct Said<'a> {
    identity: &'a mut DefaultHasher,
    digits: bool,
}

impl Write for Said<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.digits || !byte.is_ascii_digit() {
                self.identity.write_u8(byte);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing::{error, info, subscriber::with_default};
    use tracing_subscriber::{Layer, fmt, layer::SubscriberExt, registry};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Runs `work` with a log, lets a minute pass, and returns what was told.
    fn told(work: impl Fn()) -> String {
        let (paper, repeats) = (Paper::default(), Repeats::default());
        let writer = paper.clone();
        let layer = fmt::layer()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .with_filter(repeats.clone());
        with_default(registry().with(layer), || {
            work();
            repeats.tell();
            for repeat in repeats.remembered().values_mut() {
                repeat.told = Instant::now().checked_sub(WINDOW).unwrap();
            }
            repeats.tell();
            repeats.tell();
        });
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_warning_is_told_once_and_then_how_often_it_was_held_back() {
        let log = told(|| {
            for attempt in 1..=20 {
                warn!(feed = %"eltiempo", attempt, "poll failed: {attempt} s late");
            }
            warn!(feed = %"eltiempo2", attempt = 1, "poll failed: 1 s late");
            warn!(feed = %"eltiempo", entry = 1, "an entry cannot be read");
            warn!(feed = %"eltiempo", entry = 2, "an entry cannot be read");
        });
        assert_eq!(log.matches("poll failed: 1 s late").count(), 3, "{log}");
        assert!(
            log.contains("held back: poll failed: 1 s late, feed eltiempo times=19"),
            "{log}"
        );
        assert_eq!(log.lines().count(), 5, "{log}");
    }

    #[test]
    fn what_was_held_back_is_told_at_the_end_at_the_latest() {
        let (paper, repeats) = (Paper::default(), Repeats::default());
        let writer = paper.clone();
        let layer = fmt::layer()
            .with_writer(move || writer.clone())
            .with_filter(repeats.clone());
        with_default(registry().with(layer), || {
            (0..3).for_each(|_| warn!("the disk is slow"));
            repeats.tell_all();
        });
        let log = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.lines().count(), 2, "{log}");
    }

    #[test]
    fn what_is_not_wrong_is_told_each_time() {
        let log = told(|| {
            for _ in 0..3 {
                info!("so far");
            }
            error!("the disk is full");
        });
        assert_eq!(log.lines().count(), 4, "{log}");
    }
}
