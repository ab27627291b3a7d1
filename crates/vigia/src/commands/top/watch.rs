//! What was heard of the daemon and its feeds, and what the keys have moved.

use std::{io, path::PathBuf, rc::Rc, time::Instant};

use anyhow::{Context, Result};
use chrono::TimeDelta;
use crossterm::event::Event;
use story::Timestamp;

use super::{
    news::News,
    rates::History,
    screen::Screen,
    view::{FeedRow, View},
};
use crate::commands::daemon::remedy;
use crate::commands::{feeds::short, typeset};

/// Everything that the screen is made from.
pub(super) struct Watch {
    socket: PathBuf,
    /// What the keys have moved.
    pub(super) screen: Screen,
    history: History,
    feeds: Rc<[FeedRow]>,
    feeds_problem: Option<String>,
    silence: Option<Silence>,
    /// What is shown while it stands still.
    still: Option<Rc<View>>,
}

/// The daemon does not answer.
struct Silence {
    since: Instant,
    last: Instant,
    remedy: &'static str,
    why: String,
}

impl Watch {
    /// Nothing was heard yet.
    pub(super) fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            screen: Screen::default(),
            history: History::default(),
            feeds: Rc::new([]),
            feeds_problem: None,
            silence: None,
            still: None,
        }
    }

    /// Whether nobody has quit.
    pub(super) fn goes_on(&self) -> bool {
        !self.screen.ends
    }

    /// Takes in what was heard. A terminal that cannot be read any more is an error.
    pub(super) fn hear(&mut self, news: News, at: Instant) -> Result<()> {
        match news {
            News::Terminal(event) => {
                if let Event::Key(key) = event.context("read a key from the terminal")? {
                    self.screen.key(key);
                }
            }
            News::Stop => self.screen.ends = true,
            News::Daemon(Ok(snapshot)) => {
                self.silence = None;
                self.history.add(at, *snapshot);
            }
            News::Daemon(Err(error)) => self.unanswered(&error, at),
            News::Feeds(Ok(feeds)) => {
                self.feeds = FeedRow::worst_first(&feeds).into();
                self.feeds_problem = None;
            }
            // Those that were read last are still the best that there is.
            News::Feeds(Err(error)) => {
                self.feeds_problem = Some(typeset::words(&format!("{error:#}")));
            }
        }
        Ok(())
    }

    fn unanswered(&mut self, error: &io::Error, at: Instant) {
        let since = self.silence.as_ref().map_or(at, |silence| silence.since);
        self.history.forget_rates();
        self.silence = Some(Silence {
            since,
            last: at,
            remedy: remedy(error.kind()),
            why: error.to_string(),
        });
    }

    /// What is to be seen now; while it stands still, what was to be seen then.
    pub(super) fn view(&mut self, now: Timestamp) -> Rc<View> {
        if !self.screen.paused {
            self.still = None;
        }
        if let Some(still) = &self.still {
            return Rc::clone(still);
        }
        let mut view = View::of(&self.history, now);
        if let Some(silence) = &self.silence {
            view.not_answering(&self.not_answering(silence));
        }
        view.feeds = Rc::clone(&self.feeds);
        view.feeds_problem.clone_from(&self.feeds_problem);
        let view = Rc::new(view);
        self.still = self.screen.paused.then(|| Rc::clone(&view));
        view
    }

    fn not_answering(&self, silence: &Silence) -> String {
        let length = silence.last - silence.since;
        format!(
            "NO ANSWER for {}: {}. It is asked on and on at `{}`: {}",
            short(TimeDelta::from_std(length).unwrap_or_default()),
            silence.remedy,
            self.socket.display(),
            silence.why
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use story::Health;

    use super::*;
    use crate::commands::{daemon::samples::snapshot, feeds::listed::Listed};

    fn watch() -> Watch {
        Watch::new(PathBuf::from("/run/vigia.sock"))
    }

    fn refused() -> News {
        News::Daemon(Err(io::ErrorKind::ConnectionRefused.into()))
    }

    fn answered(taken: u64) -> News {
        let mut snapshot = snapshot();
        snapshot.clean.taken = taken;
        News::Daemon(Ok(Box::new(snapshot)))
    }

    fn key(code: KeyCode) -> News {
        News::Terminal(Ok(Event::Key(KeyEvent::new(code, KeyModifiers::NONE))))
    }

    #[test]
    fn a_daemon_that_went_away_is_told_of_until_it_is_back() {
        let (mut watch, start) = (watch(), Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        for (second, news) in [(0, answered(10)), (1, answered(20)), (2, refused())] {
            watch.hear(news, later(second)).unwrap();
        }
        watch.hear(refused(), later(14)).unwrap();
        let view = watch.view(chrono::Utc::now());
        let alarm = &view.alarms[0];
        assert!(
            alarm.starts_with("NO ANSWER for 12s: is `vigia run` running?"),
            "{alarm}"
        );
        assert!(
            alarm.ends_with("`/run/vigia.sock`: connection refused"),
            "{alarm}"
        );
        assert_eq!(view.stages[1].taken, None, "what stands still has no rate");
        assert!(!view.stories.is_empty(), "what was known stays to be seen");
        watch.hear(answered(30), later(15)).unwrap();
        assert!(watch.view(chrono::Utc::now()).alarms.is_empty());
    }

    #[test]
    fn nothing_moves_while_it_is_paused() {
        let (mut watch, start) = (watch(), Instant::now());
        watch.hear(answered(10), start).unwrap();
        watch.hear(key(KeyCode::Char('p')), start).unwrap();
        let now = chrono::Utc::now();
        let before = watch.view(now);
        watch.hear(refused(), start).unwrap();
        watch
            .hear(
                News::Feeds(Ok(vec![Listed::sample("a", Health::Ok, "")])),
                start,
            )
            .unwrap();
        assert!(Rc::ptr_eq(&before, &watch.view(now)));
        watch.hear(key(KeyCode::Char('p')), start).unwrap();
        let after = watch.view(now);
        assert_eq!((after.alarms.len(), after.feeds.len()), (1, 1));
    }

    #[test]
    fn feeds_that_cannot_be_read_leave_those_that_were() {
        let (mut watch, start) = (watch(), Instant::now());
        let feeds = vec![Listed::sample("a", Health::Ok, "")];
        watch.hear(News::Feeds(Ok(feeds)), start).unwrap();
        let problem = anyhow::anyhow!("no such\u{1b}[2J file").context("open `ledger.db`");
        watch.hear(News::Feeds(Err(problem)), start).unwrap();
        let view = watch.view(chrono::Utc::now());
        assert_eq!(view.feeds.len(), 1);
        let problem = view.feeds_problem.as_deref();
        assert_eq!(problem, Some("open `ledger.db`: no such [2J file"));
    }

    #[test]
    fn signals_and_keys_end_it_and_a_lost_terminal_is_an_error() {
        let start = Instant::now();
        for news in [News::Stop, key(KeyCode::Char('q'))] {
            let mut watch = watch();
            assert!(watch.goes_on());
            watch.hear(news, start).unwrap();
            assert!(!watch.goes_on());
        }
        let lost = News::Terminal(Err(io::ErrorKind::UnexpectedEof.into()));
        assert!(watch().hear(lost, start).is_err());
    }
}
