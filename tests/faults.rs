//! Everything that is done to the record, and what it cost: 200 SIGKILLs at all named points and at
//! random moments, and 200 more with the archive on; system calls that fail, disks that are full, and
//! power that goes. It writes `tests/faults.md`.
//!
//! Run it with `cargo bench --profile dev -p vigia --bench faults`; it takes some minutes. `-- only=rotation` tries one
//! point and writes no table.

mod archived;
mod killing;
mod support;

use std::{fmt::Write, fs, path::Path, process::Command, time::Instant};

use killing::{BUSY_ARCHIVE, BUSY_SINK, Moments, Newsroom, SHORT_QUEUES, Toll};
use sink::fault;

/// Kills at each named point.
const KILLS_AT_POINT: u64 = 5;

/// Kills of a record, and as many with the archive on.
const KILLS: u64 = 200;

/// System calls that fail.
const CALLS: [&str; 5] = ["write", "fdatasync", "rename", "fsync", "ftruncate"];

/// A line of a table.
struct Row {
    what: String,
    times: u64,
    toll: Toll,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let begun = Instant::now();
    let record = fault::POINTS;
    let archive = [&record[..], &fault::ARCHIVE_POINTS].concat();
    if let Some(only) =
        std::env::args().find_map(|argument| argument.strip_prefix("only=").map(str::to_owned))
    {
        let point = archive.iter().find(|point| **point == only);
        killed(&[point.expect("a point")], BUSY_ARCHIVE, 99, 0).await;
        return;
    }
    let at_random = |points: usize| KILLS.saturating_sub(points as u64 * KILLS_AT_POINT);
    let mut rows = killed(&record, BUSY_SINK, 100, at_random(record.len())).await;
    for (number, call) in CALLS.into_iter().enumerate() {
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
        rows.extend(full(what, sink, "stories", left).await);
    }
    rows.push(power());
    let mut archived = killed(&archive, BUSY_ARCHIVE, 500, at_random(archive.len())).await;
    let what = "a tmpfs of the archive's that is full and is freed again";
    let short = format!("{BUSY_ARCHIVE}{SHORT_QUEUES}");
    archived.extend(full(what, &short, "archive", 44).await);

    let page = page(&rows, &archived);
    print!("{page}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/faults.md");
    fs::write(path, page).expect("the tables are written");
    println!("in {:.0?}", begun.elapsed());
    let harmed = |row: &&Row| row.toll != row.toll.none();
    assert_eq!(rows.iter().chain(&archived).filter(harmed).count(), 0);
}

/// Kills daemons at each of the points, and `at_random` more at random moments.
async fn killed(points: &[&'static str], sink: &str, seed: u64, at_random: u64) -> Vec<Row> {
    let mut rows = Vec::new();
    for (seed, point) in (seed..).zip(points) {
        let sink = match *point {
            fault::RETENTION => &format!("retain_size = \"40kB\"\n{sink}"),
            _ => sink,
        };
        let room = Newsroom::open(seed, sink).await;
        rows.push(tokio::task::block_in_place(|| at_point(&room, point)));
    }
    if at_random > 0 {
        let room = Newsroom::open(seed + 50, sink).await;
        rows.push(tokio::task::block_in_place(|| at_moments(&room, at_random)));
    }
    rows
}

fn row(what: String, times: u64, room: &Newsroom) -> Row {
    let toll = room.toll();
    println!("{what}: {times} times, {toll:?}");
    Row { what, times, toll }
}

fn at_point(room: &Newsroom, point: &'static str) -> Row {
    for kill in 0..KILLS_AT_POINT {
        // Recovery is passed once in a life.
        let passages = if point.contains("recovery") { 1 } else { 3 };
        room.kill_at(point, 1 + kill % passages);
    }
    room.settle();
    row(format!("SIGKILL at `{point}`"), KILLS_AT_POINT, room)
}

fn at_moments(room: &Newsroom, kills: u64) -> Row {
    let mut moments = Moments::new();
    for kill in 0..kills {
        room.kill_at_random(kill as usize, &mut moments);
    }
    room.settle();
    row("SIGKILL at random moments".to_owned(), kills, room)
}

fn failing(room: &Newsroom, call: &str, error: &str) -> Option<Row> {
    let times = room.write_under(call, error)?;
    Some(row(
        format!("`{call}` fails with {error}"),
        times as u64,
        room,
    ))
}

async fn full(what: &str, sink: &str, folder: &str, left_kilobytes: u64) -> Option<Row> {
    let room = Newsroom::open(400 + left_kilobytes, sink).await;
    tokio::task::block_in_place(|| {
        let disk = room.mount_small_disk(folder, 2048)?;
        let filler = disk.at.join("filler");
        let bytes = (2048 - left_kilobytes) << 10;
        fs::write(&filler, vec![0; bytes as usize]).expect("the disk is filled");
        room.fill_and_free(|| fs::remove_file(&filler).expect("there is room again"));
        Some(row(what.to_owned(), 1, &room))
    })
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

fn page(record: &[Row], archive: &[Row]) -> String {
    let mut page = "# What was done to the record, and what it cost\n\n\
                    Written by `cargo bench --profile dev -p vigia --bench faults`. Each row is a \
                    daemon, or many in turn, whose record was compared with that of a daemon that \
                    was left alone. Stories that were removed with their files, as the \
                    configuration asked at `retention`, are neither counted nor lost.\n\n\
                    | what was done | times | stories | lost | doubled | torn |\n\
                    |---|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for Row { what, times, toll } in record {
        let _ = writeln!(page, "| {what} | {times} | {} |", of_stories(toll));
    }
    page += "\n## The same with the archive on\n\n\
             Every page that a story names was read off the archive, where the story says that it \
             stands, and compared with the site's: those that were not there are astray. Every record \
             of the archive was read: those that cannot be are broken.\n\n\
             | what was done | times | stories | lost | doubled | torn | pages named | astray | broken |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    for Row { what, times, toll } in archive {
        let (stories, pages) = (of_stories(toll), toll.pages);
        let (astray, broken) = (toll.astray, toll.broken);
        let _ = writeln!(
            page,
            "| {what} | {times} | {stories} | {pages} | {astray} | {broken} |"
        );
    }
    page
}

/// The columns that both tables have.
fn of_stories(toll: &Toll) -> String {
    format!(
        "{} | {} | {} | {}",
        toll.stories, toll.lost, toll.doubled, toll.torn
    )
}
