//! How fast feeds are read, from bytes to entries, on one core: `cargo bench -p fetcher`.
//!
//! It prints megabytes a second on feeds of its own and, where the feed corpus is at hand, on
//! its larger files, and beside each what feed-rs alone does. It fails below the bar.

use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use fetcher::feed::{self, FeedContext};
use story::Home;

/// Megabytes a second that are enough.
const BAR: f64 = 40.0;

/// How long each set of feeds is read over and over.
const MEASURED: Duration = Duration::from_secs(3);

/// Smaller files of the corpus are test cases and no feeds.
const FEED_BYTES_MIN: u64 = 8 << 10;

fn main() {
    let mut slowest = f64::INFINITY;
    let mut sets = vec![("own feeds", own())];
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/feeds/files");
    if corpus.exists() {
        let mut files = Vec::new();
        collect(&corpus, &mut files);
        sets.push(("corpus", files));
    } else {
        println!("corpus: not at hand, left out");
    }
    for (name, feeds) in sets {
        let ours = measure(&feeds, |feed| {
            black_box(feed::parse(feed, None, &context())).is_ok()
        });
        let other = measure(&feeds, |feed| {
            black_box(feed_rs::parser::parse(feed)).is_ok()
        });
        println!(
            "{name}: {} feeds, {ours:.0} MB/s, feed-rs {other:.0} MB/s",
            feeds.len()
        );
        slowest = slowest.min(ours);
    }
    // `cargo test --benches` runs this too, without the compiler's care.
    let measured = std::env::args().any(|argument| argument == "--bench");
    assert!(
        !measured || slowest >= BAR,
        "{slowest:.0} MB/s are under the bar of {BAR:.0}"
    );
}

/// Megabytes a second over several passes.
fn measure(feeds: &[Vec<u8>], read: impl Fn(&[u8]) -> bool) -> f64 {
    let bytes: usize = feeds.iter().map(Vec::len).sum();
    let (started, mut passes) = (Instant::now(), 0);
    while passes == 0 || started.elapsed() < MEASURED {
        for feed in feeds {
            black_box(read(feed));
        }
        passes += 1;
    }
    (bytes * passes) as f64 / started.elapsed().as_secs_f64() / 1e6
}

fn context() -> FeedContext {
    FeedContext {
        id: "diario".parse().expect("a valid id"),
        url: "https://diario.test/rss".parse().expect("a valid address"),
        home: Home::default(),
        timezone: chrono_tz::America::Bogota,
    }
}

/// Feeds with summaries only, with short texts and with long ones.
fn own() -> Vec<Vec<u8>> {
    let item = |number: usize, paragraphs: usize| {
        let text = "<p>La polic&iacute;a inform\u{f3} que tres hombres armados atacaron un puesto de control en la v\u{ed}a.</p>\n";
        format!(
            "<item><title>Ataque n\u{fa}mero {number} en la v\u{ed}a a Tib\u{fa}</title>\n<link>https://diario.test/judicial/ataque-{number}?a=1&amp;b=2</link>\n<guid isPermaLink=\"false\">n-{number}</guid><dc:creator><![CDATA[Ana Ruiz]]></dc:creator><pubDate>Mon, 05 Jan 2026 14:30:00 -0500</pubDate><category>Judicial</category><description>&lt;p&gt;Tres hombres armados atacaron un puesto.&lt;/p&gt;</description><content:encoded><![CDATA[{}]]></content:encoded></item>\n",
            text.repeat(paragraphs)
        )
    };
    let rss = |paragraphs| {
        let items: Vec<String> = (0..60).map(|number| item(number, paragraphs)).collect();
        let items = items.concat();
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Diario</title>{items}</channel></rss>").into_bytes()
    };
    vec![rss(0), rss(8), rss(40)]
}

/// The larger files below a folder.
fn collect(folder: &Path, files: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if entry
            .metadata()
            .is_ok_and(|file| file.len() >= FEED_BYTES_MIN)
        {
            files.extend(std::fs::read(&path));
        }
    }
}
