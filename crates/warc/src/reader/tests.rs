use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;
use crate::{Kind, Record, Writer};

const DATE: &str = "2026-01-02T03:04:05Z";
const BYTES_MAX: u64 = 1 << 20;

fn record(name: &str, body: &[u8]) -> Record {
    let content_type = "application/http;msgtype=response";
    Record::new(&Kind::Response, name, DATE, content_type, body.to_vec())
}

/// A body that does not compress to nothing.
fn body(seed: u32, bytes: u32) -> Vec<u8> {
    (0..bytes)
        .map(|n| (n.wrapping_mul(2_654_435_761).rotate_left(seed) >> 24) as u8)
        .collect()
}

/// Records `0`, `1` and so on, each compressed by itself, and where each begins.
fn members(bodies: &[Vec<u8>]) -> (Vec<u8>, Vec<usize>) {
    let mut writer = Writer::at(Vec::new(), 0);
    let mut starts = Vec::new();
    for (n, body) in bodies.iter().enumerate() {
        let span = writer.write(&record(&n.to_string(), body)).unwrap();
        starts.push(span.offset as usize);
    }
    (writer.get_ref().clone(), starts)
}

fn plain(bodies: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for (n, body) in bodies.iter().enumerate() {
        record(&n.to_string(), body).write_to(&mut file).unwrap();
    }
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The ids and blocks that are read, and the problems in words.
fn read(file: &[u8]) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let mut reader = Reader::new(Cursor::new(file)).unwrap();
    let (mut records, mut problems) = (Vec::new(), Vec::new());
    while let Some(next) = reader.advance() {
        let block = next.and_then(|head| {
            let id = head.header.get("WARC-Record-ID").unwrap_or_default();
            Ok((id.to_owned(), reader.block(BYTES_MAX)?))
        });
        match block {
            Ok(record) => records.push(record),
            Err(problem) => problems.push(problem.to_string()),
        }
        assert!(records.len() + problems.len() <= file.len() + 1, "no end");
    }
    (records, problems)
}

/// Checks which records are read of a file, and what its problems are called.
fn check(file: &[u8], ids: &[&str], problems: &[&str]) {
    let (records, found) = read(file);
    let read: Vec<_> = records.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(read, ids, "{found:?}");
    assert_eq!(found.len(), problems.len(), "{found:?}");
    for (found, expected) in found.iter().zip(problems) {
        assert!(found.contains(expected), "{found} is not {expected}");
    }
}

fn three() -> Vec<Vec<u8>> {
    vec![body(1, 3000), body(2, 4000), body(3, 5000)]
}

#[test]
fn records_are_read_however_the_file_is_compressed() {
    let bodies = three();
    let text = plain(&bodies);
    for file in [text.clone(), gzip(&text), members(&bodies).0] {
        let (records, problems) = read(&file);
        assert_eq!(problems, [""; 0]);
        let blocks: Vec<_> = records.into_iter().map(|(_, block)| block).collect();
        assert_eq!(blocks, bodies);
    }
}

#[test]
fn a_position_is_enough_to_read_a_record() {
    let (file, starts) = members(&three());
    for (n, start) in starts.into_iter().enumerate() {
        let mut reader = Reader::at(Cursor::new(&file), start as u64).unwrap();
        let head = reader.advance().unwrap().unwrap();
        assert_eq!((head.offset, head.index), (start as u64, 0));
        assert_eq!(
            head.header.get("WARC-Record-ID"),
            Some(n.to_string().as_str())
        );
    }
    let whole = gzip(&plain(&three()));
    let mut reader = Reader::new(Cursor::new(&whole)).unwrap();
    let mut places = Vec::new();
    while let Some(head) = reader.advance() {
        places.push(head.map(|head| (head.offset, head.index)).unwrap());
    }
    assert_eq!(places, [(0, 0), (0, 1), (0, 2)]);
}

#[test]
fn reading_goes_on_from_a_mark() {
    let bodies = three();
    let text = plain(&bodies);
    for file in [text.clone(), gzip(&text), members(&bodies).0] {
        let mut reader = Reader::new(Cursor::new(&file)).unwrap();
        reader.advance().unwrap().unwrap();
        reader.block(BYTES_MAX).unwrap();
        let (offset, passed) = reader.mark();
        let mut reader = Reader::at(Cursor::new(&file), offset).unwrap();
        reader.pass(passed);
        let head = reader.advance().unwrap().unwrap();
        assert_eq!(head.header.get("WARC-Record-ID"), Some("1"));
    }
}

#[test]
fn reading_goes_on_from_a_mark_behind_what_is_wrong() {
    let record = |name, length| with_length(name, "body", length);
    let text = [
        record("a", "4"),
        record("b", "2"),
        record("c", "4"),
        record("d", "4"),
    ]
    .concat();
    for file in [text.clone().into_bytes(), gzip(text.as_bytes())] {
        let mut reader = Reader::new(Cursor::new(&file)).unwrap();
        let id = |next: Option<Result<Head, Problem>>| {
            let head = next?.ok()?;
            head.header.get("WARC-Record-ID").map(str::to_owned)
        };
        while id(reader.advance()).as_deref() != Some("c") {
            let _ = reader.block(BYTES_MAX);
        }
        reader.block(BYTES_MAX).unwrap();
        let (offset, passed) = reader.mark();
        let mut reader = Reader::at(Cursor::new(&file), offset).unwrap();
        reader.pass(passed);
        assert_eq!(id(reader.advance()).as_deref(), Some("d"));
    }
}

#[test]
fn the_span_of_a_record_is_that_which_was_written() {
    let mut writer = Writer::at(Vec::new(), 0);
    let bodies = three();
    let spans: Vec<_> = bodies
        .iter()
        .map(|body| writer.write(&record("a", body)).unwrap())
        .collect();
    let mut reader = Reader::new(Cursor::new(writer.get_ref())).unwrap();
    for span in spans {
        reader.advance().unwrap().unwrap();
        reader.block(BYTES_MAX).unwrap();
        assert_eq!(reader.span(), Some(span));
    }
    let whole = gzip(&plain(&bodies));
    let mut reader = Reader::new(Cursor::new(&whole)).unwrap();
    reader.advance().unwrap().unwrap();
    reader.block(BYTES_MAX).unwrap();
    assert_eq!(reader.span(), None);
}

#[test]
fn a_file_that_is_cut_off_says_so_and_loses_one_record() {
    let (file, starts) = members(&three());
    for cut in [
        starts[2] + 5,
        starts[2] + 30,
        starts[2] + 500,
        file.len() - 1,
    ] {
        check(&file[..cut], &["0", "1"], &["cut off"]);
    }
    check(&file[..starts[2]], &["0", "1"], &[]);
    let text = plain(&three());
    check(&text[..text.len() - 1000], &["0", "1"], &["cut off"]);
}

#[test]
fn a_damaged_member_costs_itself_alone() {
    let (file, starts) = members(&three());
    let mut damaged = file.clone();
    damaged[starts[1] + 700] ^= 0x55;
    let (records, problems) = read(&damaged);
    let ids: Vec<_> = records.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["0", "2"]);
    assert!(
        problems[0].starts_with(&format!("at byte {}:", starts[1])),
        "{problems:?}"
    );
    assert_eq!(problems.len(), 1, "{problems:?}");
    let mut no_magic = file.clone();
    no_magic[starts[1]] = b'x';
    check(&no_magic, &["0", "2"], &["no record"]);
    // Bytes that were lost or doubled by a copy.
    let lost = [&file[..starts[1] + 300], &file[starts[1] + 900..]].concat();
    let (records, problems) = read(&lost);
    assert_eq!((records.len(), problems.len()), (2, 1), "{problems:?}");
    let between = [
        &file[..starts[1]],
        &b"\0\0\0 rubbish \x1f\x8b"[..],
        &file[starts[1]..],
    ];
    check(&between.concat(), &["0", "1", "2"], &["no record"]);
}

/// A record that says that its block has `length` bytes.
fn with_length(name: &str, body: &str, length: &str) -> String {
    format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: {name}\r\nContent-Length: {length}\
         \r\n\r\n{body}\r\n\r\n"
    )
}

#[test]
fn a_wrong_length_costs_its_record_alone() {
    let sound = with_length("b", "body", "4");
    for (length, problem) in [
        ("3000", "cut off"),
        ("2", "Content-Length 2 is wrong"),
        ("60", "Content-Length 60 is wrong"),
        ("-4", "no usable Content-Length: `-4`"),
        ("", "no usable Content-Length"),
        ("99999999999999999999999", "no usable"),
    ] {
        let wrong = with_length("a", "long body", length);
        let text = format!("{wrong}{sound}");
        check(text.as_bytes(), &["b"], &[problem]);
        let members = [gzip(wrong.as_bytes()), gzip(sound.as_bytes())].concat();
        let (records, problems) = read(&members);
        assert_eq!(
            (records.len(), problems.len()),
            (1, 1),
            "{length}: {problems:?}"
        );
        // Compressed as a whole, nothing can be read a second time.
        let (_, problems) = read(&gzip(text.as_bytes()));
        assert!(!problems.is_empty());
    }
}

#[test]
fn what_is_larger_than_the_caller_takes_is_passed_over() {
    let huge = vec![0; 40 << 20];
    let bodies = [body(1, 100), huge, body(2, 100)];
    let text = plain(&bodies);
    for file in [members(&bodies).0, gzip(&text), text] {
        check(&file, &["0", "2"], &["skipped: 41943040 bytes"]);
    }
}

#[test]
fn a_huge_record_costs_none_of_those_behind_it_wherever_it_stands() {
    let huge = body(4, 17 << 20);
    for place in 0..3 {
        let mut bodies = three();
        bodies.insert(place, huge.clone());
        let others: Vec<_> = (0..4)
            .filter(|n| *n != place)
            .map(|n| n.to_string())
            .collect();
        let others: Vec<_> = others.iter().map(String::as_str).collect();
        let text = plain(&bodies);
        // Two files that were compressed as a whole, one behind the other.
        let more = gzip(with_length("more", "body", "4").as_bytes());
        let with_more = [&others[..], &["more"]].concat();
        check(&gzip(&text), &others, &["skipped"]);
        check(&[gzip(&text), more].concat(), &with_more, &["skipped"]);
        check(&members(&bodies).0, &others, &["skipped"]);
    }
}

#[test]
fn a_length_that_is_claimed_is_neither_reserved_nor_waited_for() {
    let claimed = with_length("huge", "little", "10737418240");
    let file = [gzip(claimed.as_bytes()), members(&three()).0].concat();
    let problems = [
        "skipped: 10737418240 bytes",
        "Content-Length 10737418240 is wrong",
    ];
    check(&file, &["0", "1", "2"], &problems);
}

#[test]
fn what_is_no_archive_is_one_problem_and_an_end() {
    check(b"", &[], &[]);
    check(b"\r\n\r\n", &[], &[]);
    check(
        b"<html>not a record</html>\n\nnor this",
        &[],
        &["no record"],
    );
    check(&gzip(b"<html></html>"), &[], &["no record"]);
    check(&gzip(b""), &[], &[]);
    check(&vec![0; 70_000], &[], &["no record"]);
    let endless = format!("WARC/1.1\r\n{}", "a".repeat(200_000));
    check(endless.as_bytes(), &[], &["too long"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever happens to a file's bytes, reading ends, and records before the damage are read.
    #[test]
    fn any_damage_leaves_what_stands_before_it(
        at in any::<prop::sample::Index>(),
        replaced in prop::collection::vec(any::<u8>(), 0..40),
        dropped in 0_usize..40,
        compressed in 0..3,
    ) {
        let bodies: Vec<_> = (0..6).map(|n| body(n, 300 + 100 * n)).collect();
        let (file, _) = members(&bodies);
        let file = match compressed {
            0 => file,
            1 => plain(&bodies),
            _ => gzip(&plain(&bodies)),
        };
        let at = at.index(file.len());
        let behind = file.len().min(at + dropped);
        let damaged = [&file[..at], &replaced, &file[behind..]].concat();
        let (records, _) = read(&damaged);
        if compressed == 0 {
            // One record is hit, or two where the damage lies across their border.
            prop_assert!(records.len() >= 4, "{}", records.len());
        }
    }

    /// Any bytes are read to an end.
    #[test]
    fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        read(&bytes);
        read(&[b"WARC/1.1\r\n", bytes.as_slice()].concat());
    }
}
