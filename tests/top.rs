//! `vigia top` in a terminal of its own: what it draws, how it ends, and that it leaves the terminal as
//! it was.

mod support;

use std::{
    fs,
    io::{Read, Write},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use support::{Desk, desk_with_news, skipped, text, until, vigia};

const COLUMNS: usize = 80;
const ROWS: usize = 24;
const SOON: Duration = Duration::from_secs(20);

/// The title of the story that was kept last, once all twenty are kept or dropped.
fn last_title(desk: &Desk) -> String {
    let mut status = Value::Null;
    until(SOON, "all twenty stories are kept or dropped", || {
        let said = desk.run(&["status", "--json"]).stdout;
        status = serde_json::from_slice(&said).unwrap_or_default();
        let stages = ["clean", "classify", "sink"].map(|stage| &status[stage]["ended"]);
        let counts = stages.into_iter().filter_map(Value::as_object).flatten();
        counts.filter_map(|(_, count)| count.as_u64()).sum::<u64>() == 20
    });
    status["last_kept"][0]["title"]
        .as_str()
        .expect("a title")
        .to_owned()
}

/// `vigia top` in a terminal of 80 columns and 24 rows, and what it wrote there.
struct Terminal {
    script: Child,
    keys: ChildStdin,
    wrote: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Its process id goes to `top.pid` and how it ended to `top.ended`, even where the terminal is gone by
    /// then; if it is not, it says how it is set. `None`, said aloud, where there is no `script` to make a terminal with.
    fn open(desk: &Desk, variables: &[(&str, &str)]) -> Option<Self> {
        let top = format!(
            "trap '' HUP; stty rows {ROWS} cols {COLUMNS}; sh -c 'echo $$ > top.pid; exec {} top --every 100ms --config {}'; \
             ended=$?; echo $ended > top.ended; stty -a; exit $ended",
            env!("CARGO_BIN_EXE_vigia"),
            desk.config().display()
        );
        let mut command = Command::new("script");
        command
            .args(["-qec", &top, "/dev/null"])
            .current_dir(desk.path("."))
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let Ok(mut script) = command.spawn() else {
            skipped("script", "there is no `script` to make a terminal with");
            return None;
        };
        let wrote = Arc::new(Mutex::new(Vec::new()));
        let (into, mut out) = (Arc::clone(&wrote), script.stdout.take().unwrap());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = out.read(&mut bytes) {
                into.lock().unwrap().extend_from_slice(&bytes[..length]);
            }
        });
        let keys = script.stdin.take().unwrap();
        Some(Self {
            script,
            keys,
            wrote,
        })
    }

    fn wrote(&self) -> String {
        text(&self.wrote.lock().unwrap())
    }

    /// Waits until these words are to be seen.
    fn shows(&self, words: &str) {
        until(SOON, &format!("`{words}` is drawn"), || {
            seen(&self.wrote()).contains(words)
        });
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for the end; the terminal must be as it was.
    fn ends(mut self) -> ExitStatus {
        let mut ended = None;
        until(SOON, "it ends", || {
            ended = self.script.try_wait().unwrap();
            ended.is_some()
        });
        until(SOON, "the terminal says how it is set", || {
            self.wrote().contains("echoke")
        });
        let wrote = self.wrote();
        let (entered, left) = (wrote.rfind("\x1b[?1049h"), wrote.rfind("\x1b[?1049l"));
        assert!(entered.is_some() && entered < left, "{wrote:?}");
        assert!(
            wrote.rfind("\x1b[?25l") < wrote.rfind("\x1b[?25h"),
            "the cursor is hidden"
        );
        for set in ["icanon", "echo", "isig"] {
            let mut settings = wrote.split_whitespace();
            assert!(settings.any(|word| word == set), "{set} is not in {wrote}");
        }
        ended.unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

/// What a terminal shows that was written to: the cursor is moved about, and the screen cleared.
fn seen(wrote: &str) -> String {
    let mut screen = vec![vec![' '; COLUMNS]; ROWS];
    let (mut x, mut y) = (0, 0);
    let mut rest = wrote.chars();
    while let Some(character) = rest.next() {
        match character {
            '\x1b' => {
                let mut numbers = String::new();
                let end = rest.by_ref().skip(1).find(|c| {
                    numbers.push(*c);
                    c.is_ascii_alphabetic()
                });
                let mut numbers = numbers.split(|c: char| !c.is_ascii_digit());
                let mut next = || numbers.next().and_then(|number| number.parse().ok());
                match end {
                    Some('H') => {
                        let (row, column): (usize, usize) =
                            (next().unwrap_or(1), next().unwrap_or(1));
                        (x, y) = (column - 1, row - 1);
                    }
                    Some('J') => screen = vec![vec![' '; COLUMNS]; ROWS],
                    _ => {}
                }
            }
            '\r' => x = 0,
            '\n' => y += 1,
            _ => {
                if let Some(cell) = screen.get_mut(y).and_then(|row| row.get_mut(x)) {
                    *cell = character;
                }
                x += 1;
            }
        }
    }
    let rows = screen.into_iter().map(String::from_iter);
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn without_a_terminal_it_names_what_says_the_same() {
    let output = vigia().args(["top"]).stdin(Stdio::null()).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("`vigia status --json`"), "{said}");
    assert!(output.stdout.is_empty());
    let wrong = vigia().args(["top", "--every", "1ms"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_draws_what_the_daemon_does_until_a_key_ends_it() {
    let (_site, desk) = desk_with_news().await;
    let daemon = desk.daemon();
    let title = last_title(&desk);
    let Some(mut top) = Terminal::open(&desk, &[]) else {
        return;
    };
    let start: String = title.chars().take(40).collect();
    top.shows(&start);
    for part in [
        "2 feeds: 2 ok",
        "classify",
        "published to written",
        "200 with 10 entries",
    ] {
        top.shows(part);
    }
    assert!(
        top.wrote().contains("\x1b[38;5;"),
        "a healthy feed is green"
    );
    daemon.kill();
    top.shows("NO ANSWER for");
    let daemon = desk.daemon();
    top.shows(&format!("process {}", daemon.pid()));
    top.press("?");
    top.shows("how long ago a poll of the feed succeeded");
    top.press("q");
    assert_eq!(top.ends().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_as_a_key_does_and_no_color_is_heeded() {
    let (_site, desk) = desk_with_news().await;
    let Some(top) = Terminal::open(&desk, &[("NO_COLOR", "1")]) else {
        return;
    };
    top.shows("NO ANSWER for");
    let pid = fs::read_to_string(desk.path("top.pid")).unwrap();
    let killed = Command::new("kill").args(["-TERM", pid.trim()]).status();
    assert!(killed.unwrap().success());
    let wrote = Arc::clone(&top.wrote);
    assert_eq!(top.ends().code(), Some(0));
    let wrote = text(&wrote.lock().unwrap());
    assert!(
        !wrote.contains("\x1b[38;5;") && !wrote.contains("\x1b[48;5;"),
        "{wrote:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_closed_ends_it_and_no_fault_does() {
    let (_site, desk) = desk_with_news().await;
    let Some(top) = Terminal::open(&desk, &[]) else {
        return;
    };
    top.shows("NO ANSWER for");
    drop(top);
    let ended = || fs::read_to_string(desk.path("top.ended")).unwrap_or_default();
    until(SOON, "it ends", || ended().ends_with('\n'));
    // By the signal, or by what came of reading a key; a panic would be 101, and one within it 134.
    assert!(["0", "1"].contains(&ended().trim()), "{}", ended());
}
