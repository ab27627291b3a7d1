//! Everything that is done to the record, and what it cost: 200 SIGKILLs at all named points and at
//! random moments, system calls that fail, a disk that is full, and power that goes. It writes
//! `tests/faults.md`.
//!
//! Run it with `cargo bench -p vigia --bench faults`; it takes some minutes. `-- only=rotation` tries one
//! point and writes no table.

mod killing;
mod support;

use std::{fmt::Write, fs, path::Path, process::Command, time::Instant};

use killing::{BUSY_SINK, Moments, Newsroom, SHORT_QUEUES, Toll};
use sink::fault;

/// Kills at each named point.
const KILLS_AT_POINT: u64 = 5;

/// Kills at random moments.
const KILLS_AT_RANDOM: usize = 140;

/// A line of the table.
struct Row {
    what: String,
    times: u64,
    toll: Toll,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let begun = Instant::now();
    let mut rows = Vec::new();
    let points = fault::POINTS.iter().filter(|p| **p != fault::RETENTION);
    if let Some(only) =
        std::env::args().find_map(|argument| argument.strip_prefix("only=").map(str::to_owned))
    {
        let room = Newsroom::open(99, BUSY_SINK).await;
        let point = points
            .into_iter()
            .find(|point| **point == only)
            .expect("a point");
        tokio::task::block_in_place(|| at_point(&room, point));
        return;
    }
    for (seed, point) in (100..).zip(points) {
        let room = Newsroom::open(seed, BUSY_SINK).await;
        rows.push(tokio::task::block_in_place(|| at_point(&room, point)));
    }
    let room = Newsroom::open(200, BUSY_SINK).await;
    rows.push(tokio::task::block_in_place(|| at_random(&room)));
    for (number, call) in ["write", "fdatasync", "rename"].into_iter().enumerate() {
        for (seed, error) in (300 + 10 * number as u64..).zip(["ENOSPC", "EIO", "EINTR"]) {
            let room = Newsroom::open(seed, BUSY_SINK).await;
            rows.extend(tokio::task::block_in_place(|| failing(&room, call, error)));
        }
    }
    let reserve = format!("reserve = \"600KiB\"\n{SHORT_QUEUES}");
    for (what, sink, left) in [
        ("a tmpfs that is full and is freed again", SHORT_QUEUES, 44),
        (
            "a reserve that is used up and is freed again",
            &reserve,
            644,
        ),
    ] {
        let room = Newsroom::open(400 + left, sink).await;
        rows.extend(tokio::task::block_in_place(|| full(&room, what, left)));
    }
    rows.push(power());
    let table = table(&rows);
    print!("{table}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/faults.md");
    fs::write(path, table).expect("the table is written");
    println!("in {:.0?}", begun.elapsed());
    let harmed = |row: &&Row| row.toll.lost + row.toll.doubled + row.toll.torn > 0;
    assert_eq!(rows.iter().filter(harmed).count(), 0);
}

fn row(what: String, times: u64, room: &Newsroom) -> Row {
    let toll = room.toll();
    println!("{what}: {times} times, {toll:?}");
    Row { what, times, toll }
}

fn at_point(room: &Newsroom, point: &'static str) -> Row {
    for kill in 0..KILLS_AT_POINT {
        if point == fault::RECOVERY_CUTTING {
            room.kill_at(fault::MID_LINE, 1); // so that there is something to cut
        }
        // Recovery is passed once in a life.
        let passages = if point.starts_with("recovery") { 1 } else { 3 };
        room.kill_at(point, 1 + kill % passages);
    }
    room.settle();
    row(format!("SIGKILL at `{point}`"), KILLS_AT_POINT, room)
}

fn at_random(room: &Newsroom) -> Row {
    let mut moments = Moments::new();
    for kill in 0..KILLS_AT_RANDOM {
        room.kill_at_random(kill, &mut moments);
    }
    room.settle();
    let what = "SIGKILL at random moments".to_owned();
    row(what, KILLS_AT_RANDOM as u64, room)
}

fn failing(room: &Newsroom, call: &str, error: &str) -> Option<Row> {
    let times = room.write_under(call, error)?;
    Some(row(
        format!("`{call}` fails with {error}"),
        times as u64,
        room,
    ))
}

fn full(room: &Newsroom, what: &str, left_kilobytes: u64) -> Option<Row> {
    let disk = room.mount_small_disk(2048)?;
    let filler = disk.at.join("filler");
    let bytes = (2048 - left_kilobytes) << 10;
    fs::write(&filler, vec![0; bytes as usize]).expect("the disk is filled");
    room.fill_and_free(|| fs::remove_file(&filler).expect("there is room again"));
    Some(row(what.to_owned(), 1, room))
}

/// The sink's own test on a simulated disk, which says what it found.
fn power() -> Row {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let tested = Command::new(cargo)
        .args([
            "test",
            "--quiet",
            "-p",
            "sink",
            "--lib",
            "power_loss",
            "--",
            "--nocapture",
        ])
        .output()
        .expect("cargo runs");
    let said = support::text(&tested.stdout);
    assert!(tested.status.success(), "{said}");
    let line = said.lines().find(|line| line.contains("losses of power"));
    let line = line.expect("the test says what it found");
    let number = |before: &str| {
        let end = line.find(before).expect("a number before it");
        let start = line[..end]
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .len();
        line[start..end].parse::<u64>().expect("a number")
    };
    Row {
        what: "power lost or process killed, on a simulated disk that forgets what was not synced"
            .to_owned(),
        times: number(" crashes"),
        toll: Toll {
            stories: number(" stories") as usize,
            ..Toll::default()
        },
    }
}

fn table(rows: &[Row]) -> String {
    let mut table = "# What was done to the record, and what it cost\n\n\
                     Written by `cargo bench -p vigia --bench faults`. Each row is a daemon, or many in \
                     turn, whose record was compared with that of a daemon that was left alone.\n\n\
                     | what was done | times | stories | lost | doubled | torn |\n\
                     |---|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for Row { what, times, toll } in rows {
        let Toll {
            stories,
            lost,
            doubled,
            torn,
        } = toll;
        let _ = writeln!(
            table,
            "| {what} | {times} | {stories} | {lost} | {doubled} | {torn} |"
        );
    }
    table
}
