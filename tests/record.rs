//! The record from outside: `vigia verify` on records that something was done to, and retention.

mod archived;
mod killing;
mod support;

use std::{fs, process::Stdio};

use killing::{BUSY_RETENTION, BUSY_SINK, Newsroom};
use sink::fault;
use support::text;

/// `vigia verify`, with how it ended and what it said.
fn verify(room: &Newsroom, arguments: &[&str]) -> (i32, String) {
    let output = room.desk.run(&[&["verify"], arguments].concat());
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code().unwrap(), said)
}

fn sound(room: &Newsroom) {
    let (code, said) = verify(room, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("held against the ledger"), "{said}");
}

/// A newsroom whose daemon has written three files or more and ended: how many one run fills
/// depends on how its stories fall into batches, and it fills one at least.
async fn with_record(seed: u64) -> Newsroom {
    let room = Newsroom::open(seed, BUSY_SINK).await;
    for _ in 0..3 {
        room.news.publish(12);
        room.desk.run_once();
    }
    let files = sink::record_files(&room.desk.path("stories")).unwrap();
    assert!(files.len() >= 3, "{files:?}");
    room
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_held_against_its_ledger() {
    let room = with_record(40).await;
    tokio::task::block_in_place(|| {
        sound(&room);
        let stories = room.desk.stories().len();
        // Beside a daemon at work too.
        let daemon = room.desk.daemon();
        for _ in 0..5 {
            room.news.publish(4);
            sound(&room);
        }
        daemon.kill();

        // A ledger that is older than the files: what was written since is told to it.
        let ledger = room.desk.path("ledger.db");
        let others = ["ledger.db-wal", "ledger.db-shm"];
        others
            .iter()
            .for_each(|name| drop(fs::remove_file(room.desk.path(name))));
        fs::remove_file(&ledger).unwrap();
        fs::write(&ledger, "").unwrap();
        room.desk.run(&["run", "--once"]); // makes the tables; nothing is written twice
        sound(&room);
        assert!(room.desk.stories().len() >= stories);

        // A ledger that is newer than the files.
        let files = sink::record_files(&room.desk.path("stories")).unwrap();
        fs::remove_file(&files[1].path).unwrap();
        let (code, said) = verify(&room, &[]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("is in the manifest"), "{said}");
        assert!(
            said.contains("are acknowledged and stand nowhere"),
            "{said}"
        );
        let (code, said) = verify(&room, &["--repair"]);
        assert_eq!(code, 1, "what is gone cannot be made again: {said}");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repair_mends_what_loses_nothing() {
    let room = with_record(41).await;
    tokio::task::block_in_place(|| {
        let stories = room.desk.path("stories");
        let before = room.desk.stories().len();
        let files = sink::record_files(&stories).unwrap();
        let newest = files.last().unwrap();
        let mut text = fs::read_to_string(&newest.path).unwrap();
        text += "{\"schema\":\"vigia.story/1\",\"id\":";
        fs::write(&newest.path, text).unwrap();
        let manifest = fs::read_to_string(stories.join("MANIFEST")).unwrap();
        fs::write(
            stories.join("MANIFEST"),
            manifest.split_once('\n').unwrap().1,
        )
        .unwrap();
        let (code, said) = verify(&room, &[]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("ends in the middle of a line"), "{said}");
        assert!(said.contains("is missing from the manifest"), "{said}");
        let daemon = room.desk.daemon();
        support::until(std::time::Duration::from_secs(10), "it runs", || {
            room.desk.run(&["status"]).status.success()
        });
        let (code, said) = verify(&room, &["--repair"]);
        assert!(code == 1 && said.contains("another vigia"), "{said}");
        daemon.kill();
        let (code, said) = verify(&room, &["--repair"]);
        assert_eq!(code, 0, "{said}");
        assert!(room.desk.stories().len() >= before);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_named_needs_no_configuration() {
    let room = with_record(44).await;
    tokio::task::block_in_place(|| {
        let config = room.desk.path("config/vigia.toml");
        fs::create_dir_all(config.parent().unwrap()).unwrap();
        fs::write(&config, "[fetch]\nuser_agnet = 1\n").unwrap();
        let said = |arguments: &[&str]| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_vigia"));
            let output = command
                .current_dir(room.desk.path(""))
                .arg("verify")
                .args(arguments)
                .output()
                .unwrap();
            let said = text(&output.stdout) + &text(&output.stderr);
            (output.status.code().unwrap(), said)
        };
        let (code, words) = said(&["stories"]);
        assert_eq!(code, 0, "{words}");
        assert!(words.contains("user_agnet"), "{words}");
        assert!(words.contains("without a ledger"), "{words}");
        for arguments in [&[][..], &["stories", "--config", "config/vigia.toml"]] {
            let (code, words) = said(arguments);
            assert_eq!(code, 2, "{words}");
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_was_harmed_by_hand_loses_no_story_and_doubles_none() {
    let room = with_record(45).await;
    tokio::task::block_in_place(|| {
        let stories = room.desk.path("stories");
        let written = room.desk.stories().len();
        let newest = || sink::record_files(&stories).unwrap().pop().unwrap().path;
        // The end of the last line is lost, where the ledger believes that it is.
        let bytes = fs::read(newest()).unwrap();
        fs::write(newest(), &bytes[..bytes.len() - 1]).unwrap();
        let (code, said) = verify(&room, &[]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("without the end of its line"), "{said}");
        room.news.publish(4);
        room.desk.run_once();
        sound(&room);
        assert!(room.desk.stories().len() > written);
        // A damaged line in the middle: a repair moves it away, and what stands behind it stays.
        let before = room.desk.stories().len();
        let harmed = [&b"\0\0\n"[..], &fs::read(newest()).unwrap()].concat();
        fs::write(newest(), harmed).unwrap();
        let (code, said) = verify(&room, &["--repair"]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("took out what is no whole line"), "{said}");
        assert_eq!(room.desk.stories().len(), before);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_to_go_go_and_are_accounted_for() {
    let room = Newsroom::open(42, BUSY_RETENTION).await;
    tokio::task::block_in_place(|| {
        room.kill_at(fault::RETENTION_TAKEN, 1);
        let (code, said) = verify(&room, &[]);
        assert!(code == 1 && said.contains("was to be removed"), "{said}");
        assert!(!said.contains("and is not there"), "{said}");
        let (code, said) = verify(&room, &["--repair"]);
        assert_eq!(code, 0, "{said}");
        room.kill_at(fault::RETENTION, 1);
        room.kill_at(fault::RETENTION, 3);
        room.settle();
        sound(&room);
        let files = sink::record_files(&room.desk.path("stories")).unwrap();
        let bytes: u64 = files.iter().map(|file| file.stored_bytes).sum();
        assert!(bytes < 80_000, "{bytes} bytes are left");
        let manifest = fs::read_to_string(room.desk.path("stories/MANIFEST")).unwrap();
        assert!(manifest.contains("\"state\":\"removed\""), "{manifest}");
        assert!(room.desk.log().contains("as the configuration asks"));
        let removed = |said: &str| -> Vec<u64> {
            let line = said.lines().find(|line| line.contains("were removed with"));
            let words = line.expect(said).split_whitespace();
            words.filter_map(|word| word.parse().ok()).collect()
        };
        let (_, said) = verify(&room, &[]);
        let counts = removed(&said);
        assert!(counts.len() == 2 && counts[0] == counts[1], "{said}");
        // A ledger that is younger than they are does not know them.
        for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            let _ = fs::remove_file(room.desk.path(name));
        }
        fs::write(room.desk.path("ledger.db"), "").unwrap();
        let (code, said) = verify(&room, &["--repair"]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(removed(&said)[1], 0, "{said}");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipe_gets_each_story_and_the_record_does_without_it() {
    let room = Newsroom::open(43, "stdout = true\n").await;
    tokio::task::block_in_place(|| {
        room.news.publish(12);
        let output = room.desk.run(&["run", "--once"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let said = text(&output.stdout);
        let piped: Vec<serde_json::Value> = said
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let written = room.desk.stories();
        assert!(!piped.is_empty());
        assert_eq!(piped, written);

        room.news.publish(12);
        let mut command = room.desk.command(&["run", "--once"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take()); // nobody reads
        assert!(child.wait().unwrap().success());
        assert!(room.desk.stories().len() > written.len());
        sound(&room);
    });
}
