//! Reading a configuration that somebody may be writing at this moment: half a file can be good TOML with
//! half of the feeds.

use std::{
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant, SystemTime},
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

/// Reads and checks the configuration once nobody has written to its files for a moment. `files` are
/// those of the last one, which are waited for first, so that it is most often read once.
pub(super) fn load(path: &Path, files: &[PathBuf]) -> Result<Config, Unsettled> {
    let give_up = Instant::now() + PATIENCE;
    let mut files = files.to_vec();
    if files.is_empty() {
        files.push(path.to_owned());
    }
    loop {
        while let Some(file) = fresh(&files, SystemTime::now()) {
            if Instant::now() > give_up {
                return Err(Unsettled::Written { file });
            }
            sleep(REST / 4);
        }
        let begun = SystemTime::now();
        let read = config::load(path);
        // A file that is wrong may be half a file as well.
        files = match &read {
            Ok(config) => config.files.clone(),
            Err(_) => files,
        };
        if fresh(&files, begun).is_none() {
            return Ok(read?);
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
    use std::{fs::File, io::Write};

    use super::*;

    const FEEDS: &str = "[[feed]]\nid = \"a\"\nurl = \"https://a.example/rss\"\n";

    fn age(file: &Path, seconds: u64) {
        let then = SystemTime::now() - Duration::from_secs(seconds);
        let file = File::options().write(true).open(file).unwrap();
        file.set_modified(then).unwrap();
    }

    #[test]
    fn a_file_that_grows_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vigia.toml");
        fs::write(&path, FEEDS).unwrap();
        let mut file = File::options().append(true).open(&path).unwrap();
        let writer = std::thread::spawn(move || {
            for number in 0..5 {
                sleep(Duration::from_millis(100));
                let feed = FEEDS.replace("\"a\"", &format!("\"b{number}\""));
                file.write_all(feed.as_bytes()).unwrap();
            }
        });
        let config = load(&path, &[]).unwrap();
        writer.join().unwrap();
        assert_eq!(config.settings.feeds.len(), 6);
    }

    #[test]
    fn one_that_rests_is_read_at_once_and_clocks_that_go_wrong_are_no_matter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vigia.toml");
        fs::write(&path, FEEDS).unwrap();
        age(&path, 60);
        let files = [path.clone()];
        assert_eq!(fresh(&files, SystemTime::now()), None);
        assert_eq!(load(&path, &files).unwrap().files, files);
        let future = SystemTime::now() + Duration::from_hours(2);
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(future)
            .unwrap();
        assert_eq!(fresh(&files, SystemTime::now()), None);
        fs::write(&path, FEEDS).unwrap();
        assert_eq!(fresh(&files, SystemTime::now()), Some(path));
    }
}
