//! Killed at any moment, the daemon loses nothing and writes nothing twice.

mod archived;
mod killing;
mod support;

use killing::{BUSY_ARCHIVE, BUSY_RETENTION, BUSY_SINK, Moments, Newsroom};
use sink::fault;

/// How often the daemon is killed at random moments; `tests/faults.rs` does it 200 times.
const KILLS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_doubled_at_random_moments() {
    let room = Newsroom::open(7, "").await;
    let mut moments = Moments::new();
    tokio::task::block_in_place(|| {
        for kill in 0..KILLS {
            room.kill_at_random(kill, &mut moments);
        }
        check(&room, KILLS);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_doubled_at_any_named_point() {
    let is_retention = |point: &&str| *point == fault::RETENTION;
    let (retention, others): (Vec<&str>, Vec<&str>) =
        fault::POINTS.into_iter().partition(is_retention);
    for (seed, sink, points) in [(8, BUSY_SINK, others), (10, BUSY_RETENTION, retention)] {
        let room = Newsroom::open(seed, sink).await;
        tokio::task::block_in_place(|| {
            for point in &points {
                room.kill_at(point, 1);
            }
            check(&room, points.len());
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_with_the_archive_on_and_every_page_is_where_its_story_says() {
    let room = Newsroom::open(9, BUSY_ARCHIVE).await;
    tokio::task::block_in_place(|| {
        for point in fault::ARCHIVE_POINTS {
            room.kill_at(point, 1);
        }
        check(&room, fault::ARCHIVE_POINTS.len());
        assert!(room.toll().pages > 0, "no story names its page");
    });
}

/// Lets what is left end, and finds nothing amiss.
fn check(room: &Newsroom, kills: usize) {
    room.settle();
    let toll = room.toll();
    println!("{kills} kills, {} stories", toll.stories);
    assert_eq!(toll, toll.none());
    let written = toll.stories + toll.removed;
    assert!(written > kills, "too few stories to prove anything");
}
