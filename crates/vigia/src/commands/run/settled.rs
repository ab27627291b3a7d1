//! Reading a configuration that somebody may be writing at this moment: half a file can be good TOML with
//! half of the feeds.

use std::{
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, SystemTime},
};

use crate::config::{self, Config, Problems};

/// A file that was not written to for so long is taken to be whole.
const REST: Duration = Duration::from_millis(300);

/// How long it is waited for that nobody writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a configuration is not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsettled {
    /// It is wrong.
    #[error(transparent)]
    Wrong(#[from] Problems),
    /// Somebody goes on writing to it.
    #[error(
        "`{}` is being written to; reload when it is whole, or write it beside and rename it",
        file.display()
    )]
    Written {
        /// The file.
        file: PathBuf,
    },
}

/// Reads and checks the configuration once nobody has written to its files for a moment; with its files.
/// `files` are those of the last one, which are waited for first, so that it is most often read once.
pub(super) fn load(path: &Path, files: &[PathBuf]) -> Result<(Config, Vec<PathBuf>), Unsettled> {
    let mut files = files.to_vec();
    if files.is_empty() {
        files.push(path.to_owned());
    }
    let (files, read) = settle(files, || config::load_files(path), SystemTime::now, sleep)?;
    Ok((read?, files))
}

/// Reads again and again, until none of the files that were read was written to lately.
fn settle<T>(
    mut files: Vec<PathBuf>,
    mut read: impl FnMut() -> (Vec<PathBuf>, T),
    now: impl Fn() -> SystemTime,
    mut pause: impl FnMut(Duration),
) -> Result<(Vec<PathBuf>, T), Unsettled> {
    let begun = now();
    let give_up = |file| match now().duration_since(begun) {
        Ok(waited) if waited < PATIENCE => Ok(()),
        _ => Err(Unsettled::Written { file }),
    };
    loop {
        while let Some(file) = fresh(&files, now()) {
            give_up(file)?;
            pause(REST / 4);
        }
        let started = now();
        let came;
        // A file that is wrong may be half a file as well.
        (files, came) = read();
        match fresh(&files, started) {
            None => return Ok((files, came)),
            Some(file) => give_up(file)?,
        }
    }
}

/// A file that was written to less than a rest before `now`, or after it. One that is dated in the
/// future by more than that has a clock of its own, which says nothing.
fn fresh(files: &[PathBuf], now: SystemTime) -> Option<PathBuf> {
    let written = |file: &PathBuf| fs::metadata(file).and_then(|file| file.modified()).ok();
    let recent = |then: SystemTime| match now.duration_since(then) {
        Ok(age) => age < REST,
        Err(ahead) => ahead.duration() < PATIENCE,
    };
    let mut files = files.iter();
    files
        .find(|file| written(file).is_some_and(recent))
        .cloned()
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, fs::File};

    use super::*;

    /// A file in a folder of its own, which was last written to then.
    struct Written(tempfile::TempDir);

    impl Written {
        fn at(then: SystemTime) -> Self {
            let file = Self(tempfile::tempdir().unwrap());
            file.write("one", then);
            file
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("vigia.toml")
        }

        fn write(&self, text: &str, then: SystemTime) {
            fs::write(self.path(), text).unwrap();
            let file = File::options().write(true).open(self.path()).unwrap();
            file.set_modified(then).unwrap();
        }

        /// Reads it by a clock that goes on with each pause, and has `meanwhile` do something at each;
        /// what was read, and how often.
        fn settle(
            &self,
            start: SystemTime,
            meanwhile: impl Fn(&Self, SystemTime),
        ) -> (Option<String>, usize) {
            let (clock, reads) = (Cell::new(start), Cell::new(0));
            let read = || {
                reads.set(reads.get() + 1);
                (vec![self.path()], fs::read_to_string(self.path()).unwrap())
            };
            let pause = |pause: Duration| {
                clock.set(clock.get() + pause);
                meanwhile(self, clock.get());
            };
            let settled = settle(vec![self.path()], read, || clock.get(), pause);
            (settled.ok().map(|(_, text)| text), reads.get())
        }
    }

    fn noon() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(500_004)
    }

    #[test]
    fn a_file_that_is_being_written_is_waited_for() {
        let file = Written::at(noon());
        let end = noon() + Duration::from_secs(2);
        let (text, reads) = file.settle(noon(), |file, now| {
            if now <= end {
                file.write("two", now);
            }
        });
        assert_eq!((text.as_deref(), reads), (Some("two"), 1));
    }

    #[test]
    fn one_that_rests_is_read_at_once_and_once() {
        let file = Written::at(noon() - REST);
        let (text, reads) = file.settle(noon(), |_, _| panic!("it does not wait"));
        assert_eq!((text.as_deref(), reads), (Some("one"), 1));
    }

    #[test]
    fn one_that_is_written_without_end_is_given_up() {
        let file = Written::at(noon());
        let (text, reads) = file.settle(noon(), |file, now| file.write("more", now));
        assert_eq!((text, reads), (None, 0));
    }

    #[test]
    fn one_that_was_written_while_it_was_read_is_read_again() {
        let file = Written::at(noon() - REST);
        let (clock, reads) = (Cell::new(noon()), Cell::new(0));
        let read = || {
            reads.set(reads.get() + 1);
            if reads.get() == 1 {
                file.write("two", clock.get());
            }
            (vec![file.path()], reads.get())
        };
        let pause = |pause| clock.set(clock.get() + pause);
        let (_, read) = settle(vec![file.path()], read, || clock.get(), pause).unwrap();
        assert_eq!(read, 2);
    }

    #[test]
    fn a_clock_that_is_far_ahead_holds_nothing_up() {
        let file = Written::at(noon() + Duration::from_hours(2));
        let (text, _) = file.settle(noon(), |_, _| panic!("it does not wait"));
        assert_eq!(text.as_deref(), Some("one"));
    }
}
