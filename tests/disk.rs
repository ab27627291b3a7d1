//! A disk that refuses, or is full, stops writing and not the daemon.

mod archived;
mod killing;
mod support;

use std::fs;

use killing::{BUSY_ARCHIVE, BUSY_SINK, Newsroom, SHORT_QUEUES};

fn check(room: &Newsroom) {
    let toll = room.toll();
    assert_eq!(toll, toll.none());
    assert!(toll.stories > 10, "too few stories to prove anything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn system_calls_that_fail_cost_nothing_but_time() {
    for (seed, (call, error)) in [
        ("write", "ENOSPC"),
        ("fdatasync", "EIO"),
        ("rename", "EINTR"),
        ("fsync", "EIO"),
        ("ftruncate", "EIO"),
    ]
    .into_iter()
    .enumerate()
    {
        let room = Newsroom::open(20 + seed as u64, BUSY_SINK).await;
        tokio::task::block_in_place(|| {
            if let Some(injected) = room.write_under(call, error) {
                println!("{call} {error}: {injected} times");
                assert!(injected > 0, "{call} {error}: {injected} times");
                check(&room);
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_writing_until_there_is_room() {
    let room = Newsroom::open(30, SHORT_QUEUES).await;
    fill_and_free(&room, "stories");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_whose_disk_is_full_holds_up_the_line_until_there_is_room() {
    let room = Newsroom::open(31, &format!("{BUSY_ARCHIVE}{SHORT_QUEUES}")).await;
    fill_and_free(&room, "archive");
}

/// Room that is free at first, and how much more is free later: enough for all that the feeds show and
/// the archive keeps meanwhile, however slow the machine is. Both in kilobytes.
const ROOM: u32 = 44;
const FREED: u32 = 16 << 10;

fn fill_and_free(room: &Newsroom, folder: &str) {
    tokio::task::block_in_place(|| {
        let Some(disk) = room.mount_small_disk(folder, ROOM + FREED) else {
            return;
        };
        let filler = disk.at.join("filler");
        fs::write(&filler, vec![0; (FREED as usize) << 10]).unwrap();
        room.fill_and_free(|| fs::remove_file(&filler).unwrap());
        check(room);
    });
}
