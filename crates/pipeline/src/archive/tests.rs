use std::{fs, fs::File, path::Path};

use bytes::Bytes;
use story::{Content, Entry, EntryId, Fetched, Timestamp};
use warc::{Head, HttpResponse, Kind, Reader};

use super::*;
use crate::archived::{ArchivedEntry, ENTRY, ROLE};

fn now() -> Timestamp {
    "2026-03-04T05:06:07.089Z".parse().unwrap()
}

fn settings(dir: &Path) -> ArchiveSettings {
    ArchiveSettings {
        dir: dir.to_owned(),
        rotate_bytes: 1 << 30,
    }
}

fn exchange(url: &str, status: u16, body: &str) -> Exchange {
    let field = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    Exchange {
        url: url.parse().unwrap(),
        asked: vec![field("user-agent", "vigia")],
        status,
        answered: vec![
            field("content-type", "text/html"),
            field("content-encoding", "gzip"),
            field("content-length", "7"),
        ],
        body: Bytes::from(body.to_owned()),
        truncated: None,
        at: now(),
    }
}

fn feed(url: &str, status: u16, body: &str) -> Piece {
    Piece::Feed(Box::new(exchange(url, status, body)))
}

fn entry() -> Entry {
    Entry {
        guid: Some("7".to_owned()),
        title: Some("Título".to_owned()),
        ..Entry::new("f".parse().unwrap())
    }
}

fn page(content: Content) -> Piece {
    let entry = entry();
    let page = story::Page { entry, content };
    Piece::Page(Box::new(InFlight {
        id: EntryId(1),
        page,
        seen: chrono::Utc::now(),
        since: std::time::Instant::now(),
    }))
}

fn fetched(url: &str, body: &str) -> Piece {
    let exchange = exchange(url, 200, body);
    page(Content::Fetched(Fetched {
        final_url: exchange.url.clone(),
        status: 200,
        content_type: None,
        etag: None,
        last_modified: None,
        body: exchange.body.clone(),
        fetched: exchange.at,
        exchange: Some(Box::new(exchange)),
    }))
}

/// The records of a folder's files, in order.
fn records(dir: &Path) -> Vec<(Head, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "gz"))
        .collect();
    files.sort();
    let mut records = Vec::new();
    for file in files {
        let mut reader = Reader::new(File::open(file).unwrap()).unwrap();
        while let Some(head) = reader.advance() {
            records.push((head.unwrap(), reader.block(1 << 20).unwrap()));
        }
    }
    records
}

fn kinds(dir: &Path) -> Vec<Kind> {
    let records = records(dir);
    records.iter().map(|(head, _)| head.header.kind()).collect()
}

#[test]
fn a_page_is_kept_with_its_request_and_its_entry() {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(settings(dir.path())).unwrap();
    let positions = archive
        .write(&[fetched("https://a.test/nota?x=1", "<p>cuerpo")], now())
        .unwrap();
    let records = records(dir.path());
    let expected = [
        Kind::Warcinfo,
        Kind::Metadata,
        Kind::Request,
        Kind::Response,
    ];
    assert_eq!(kinds(dir.path()), expected);
    let [_, (known, entry), (_, request), (head, block)] = records.as_slice() else {
        panic!()
    };
    let position = positions[0].clone().unwrap();
    assert_eq!(position.offset, head.offset);
    assert!(request.starts_with(b"GET /nota?x=1 HTTP/1.1\r\nuser-agent: vigia\r\n"));
    let response = HttpResponse::parse(block, 100).unwrap();
    assert_eq!(response.body, b"<p>cuerpo");
    // The body is without its coding, and the headers say so.
    assert_eq!(response.header("content-encoding"), None);
    assert_eq!(response.header("x-crawler-content-encoding"), Some("gzip"));
    assert_eq!(response.header("content-length"), Some("9"));
    assert_eq!(
        head.header.get("WARC-Date"),
        Some("2026-03-04T05:06:07.089Z")
    );
    let payload = head.header.get("WARC-Payload-Digest").unwrap();
    assert_eq!(payload, warc::digest([&b"<p>cuerpo"[..]]));
    assert_eq!(
        known.header.get("WARC-Concurrent-To"),
        head.header.get("WARC-Record-ID")
    );
    assert_eq!(known.header.get(ROLE), Some(ENTRY));
    let entry: ArchivedEntry = serde_json::from_slice(entry).unwrap();
    assert_eq!(entry.entry.title.as_deref(), Some("Título"));
}

#[test]
fn an_entry_without_a_page_is_kept_and_has_no_position() {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(settings(dir.path())).unwrap();
    let why = "404 Not Found".to_owned();
    let pieces = [
        page(Content::FeedOnly { why, at: now() }),
        page(Content::SharedPage { at: now() }),
    ];
    assert_eq!(archive.write(&pieces, now()).unwrap(), [None, None]);
    let records = records(dir.path());
    let entry: ArchivedEntry = serde_json::from_slice(&records[1].1).unwrap();
    let Some(Content::FeedOnly { why, at }) = entry.without_page().map(|page| page.content) else {
        panic!()
    };
    assert_eq!((why.as_str(), at), ("404 Not Found", now()));
}

#[test]
fn what_has_not_changed_is_a_revisit_of_what_was_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(settings(dir.path())).unwrap();
    let url = "https://a.test/rss";
    let group = [feed(url, 200, "uno"), feed(url, 200, "uno")];
    archive.write(&group, now()).unwrap();
    archive.write(&[feed(url, 304, "")], now()).unwrap();
    archive.write(&[feed(url, 200, "dos")], now()).unwrap();
    let records = records(dir.path());
    let answers: Vec<_> = records
        .iter()
        .filter(|(head, _)| matches!(head.header.kind(), Kind::Response | Kind::Revisit))
        .map(|(head, block)| {
            let profile = head.header.get("WARC-Profile").unwrap_or_default();
            let profile = profile.rsplit('/').next().unwrap().to_owned();
            let refers = head.header.get("WARC-Refers-To-Target-URI");
            let body = HttpResponse::parse(block, 100).unwrap().body;
            (profile, refers.map(str::to_owned), body)
        })
        .collect();
    let refers = Some(url.to_owned());
    let expected = [
        (String::new(), None, b"uno".to_vec()),
        (
            "identical-payload-digest".to_owned(),
            refers.clone(),
            Vec::new(),
        ),
        ("server-not-modified".to_owned(), refers, Vec::new()),
        (String::new(), None, b"dos".to_vec()),
    ];
    assert_eq!(answers, expected);
}

#[test]
fn a_feed_is_remembered_and_a_page_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(settings(dir.path())).unwrap();
    let url = "https://a.test/rss";
    archive.write(&[feed(url, 200, "uno")], now()).unwrap();
    let pieces = [
        feed(url, 200, "uno"),
        fetched("https://a.test/1", "a"),
        fetched("https://a.test/1", "a"),
    ];
    let positions = archive.write(&pieces, now()).unwrap();
    assert!(positions[1].is_some() && positions[2].is_some());
    assert_ne!(positions[1], positions[2]);
    let kinds = kinds(dir.path());
    let revisits = kinds.iter().filter(|kind| **kind == Kind::Revisit);
    assert_eq!(revisits.count(), 1);
}

#[test]
fn a_torn_end_is_cut_off_and_kept_aside_and_writing_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(settings(dir.path())).unwrap();
    let url = |n| format!("https://a.test/{n}");
    let position = archive.write(&[fetched(&url(1), "uno")], now()).unwrap();
    let path = dir.path().join(&position[0].as_ref().unwrap().file);
    let whole = fs::metadata(&path).unwrap().len();
    archive.write(&[fetched(&url(2), "dos")], now()).unwrap();
    let length = fs::metadata(&path).unwrap().len();
    drop(archive);
    // Killed at any byte of the second group, with what was noted or without it.
    for (cut, noted) in [(whole + 1, true), (length - 1, false), (whole + 40, false)] {
        let copy = tempfile::tempdir().unwrap();
        let torn = copy.path().join(path.file_name().unwrap());
        fs::write(&torn, &fs::read(&path).unwrap()[..cut as usize]).unwrap();
        if noted {
            tail::note(
                copy.path(),
                &torn.file_name().unwrap().to_string_lossy(),
                whole,
            );
        }
        let mut archive = Archive::open(settings(copy.path())).unwrap();
        let kept = fs::metadata(&torn).unwrap().len();
        assert!(kept >= whole && kept < cut, "{kept} of {cut}");
        let aside = copy.path().join(format!(
            "{}.torn-at-{kept}",
            torn.file_name().unwrap().display()
        ));
        assert_eq!(fs::metadata(aside).unwrap().len(), cut - kept);
        archive.write(&[fetched(&url(3), "tres")], now()).unwrap();
        let last = records(copy.path()).pop().unwrap();
        assert_eq!(last.0.header.target(), Some("https://a.test/3"));
        assert!(last.0.offset > kept);
    }
}

#[test]
fn a_fault_in_the_middle_is_no_torn_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(settings(dir.path())).unwrap();
    let first = archive
        .write(&[fetched("https://a.test/1", "uno")], now())
        .unwrap();
    archive
        .write(&[fetched("https://a.test/2", "dos")], now())
        .unwrap();
    drop(archive);
    let first = first[0].as_ref().unwrap();
    let path = dir.path().join(&first.file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[first.offset as usize + 50] ^= 0xff;
    fs::write(&path, &bytes).unwrap();
    fs::remove_file(dir.path().join(".synced")).unwrap();
    drop(Archive::open(settings(dir.path())).unwrap());
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn files_are_rotated_and_numbered_on_whatever_the_clock_says() {
    let dir = tempfile::tempdir().unwrap();
    let small = ArchiveSettings {
        rotate_bytes: 1,
        ..settings(dir.path())
    };
    let earlier = now() - chrono::TimeDelta::days(400);
    let mut names = Vec::new();
    for (n, at) in [now(), earlier, now()].into_iter().enumerate() {
        // Each time by another process.
        let mut archive = Archive::open(small.clone()).unwrap();
        let positions = archive.write(&[fetched(&format!("https://a.test/{n}"), "x")], at);
        names.push(positions.unwrap()[0].clone().unwrap().file);
    }
    assert!(names.is_sorted() && names[0] != names[1], "{names:?}");
    assert_eq!(
        kinds(dir.path())
            .iter()
            .filter(|kind| **kind == Kind::Warcinfo)
            .count(),
        3
    );
}

#[test]
fn a_second_archive_in_one_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _held = Archive::open(settings(dir.path())).unwrap();
    let refused = Archive::open(settings(dir.path()));
    assert!(matches!(refused, Err(ArchiveError::Locked { .. })));
}

#[tokio::test]
async fn a_disk_that_refuses_is_told_and_tried_again_and_the_page_waits() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("archive");
    let archive = Archive::open(settings(&dir)).unwrap();
    // The disk is gone before anything was written.
    fs::remove_dir_all(&dir).unwrap();
    let status = Arc::new(Status::new(0, &sink::Settings::new(Path::new("stories"))));
    let (to_archive, pages) = tokio::sync::mpsc::channel(4);
    let (_, feeds) = tokio::sync::mpsc::channel(4);
    let (out, mut filed) = tokio::sync::mpsc::channel(4);
    let running = tokio::spawn(run(archive, pages, feeds, out, Arc::clone(&status)));
    let Piece::Page(page) = fetched("https://a.test/1", "uno") else {
        panic!()
    };
    to_archive.send(*page).await.unwrap();
    drop(to_archive);
    while status.snapshot().trouble.is_none() {
        tokio::task::yield_now().await;
    }
    let trouble = status.snapshot().trouble.unwrap();
    assert!(trouble.starts_with("make `"), "{trouble}");
    assert!(filed.try_recv().is_err(), "it went on without its record");
    fs::create_dir_all(&dir).unwrap();
    let parcel = filed.recv().await.unwrap();
    assert!(parcel.content.archive.is_some());
    assert!(filed.recv().await.is_none());
    running.await.unwrap();
    assert_eq!(status.snapshot().trouble, None);
    assert_eq!(kinds(&dir).last(), Some(&Kind::Response));
}
