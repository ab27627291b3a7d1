//! Killed at any moment, the daemon loses nothing and writes nothing twice.

mod killing;
mod support;

use killing::{BUSY_SINK, Moments, Newsroom, Toll};
use sink::fault;

/// How often the daemon is killed at random moments.
const KILLS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_doubled_over_twenty_kills() {
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
    let room = Newsroom::open(8, BUSY_SINK).await;
    // Removing files is not losing them; it has a test of its own.
    let points = fault::POINTS.iter().filter(|p| **p != fault::RETENTION);
    tokio::task::block_in_place(|| {
        let mut kills = 0;
        for point in points {
            if *point == fault::RECOVERY_CUTTING {
                room.kill_at(fault::MID_LINE, 1); // so that there is something to cut
                kills += 1;
            }
            room.kill_at(point, 1);
            kills += 1;
        }
        check(&room, kills);
    });
}

/// Lets what is left end, and finds nothing amiss.
fn check(room: &Newsroom, kills: usize) {
    room.settle();
    let toll = room.toll();
    let stories = toll.stories;
    println!("{kills} kills, {stories} stories");
    let expected = Toll {
        stories,
        ..Toll::default()
    };
    assert_eq!(toll, expected);
    assert!(stories > kills, "too few stories to prove anything");
}
