//! How fast pages become articles, on one core: `cargo bench -p cleaner`.
//!
//! It prints pages and megabytes a second, and the slowest page, on pages of its own and, where
//! the page corpus is at hand, on each of its sets. It fails where a page takes too long.

use std::{
    fs::{self, File},
    hint::black_box,
    io::Read,
    path::Path,
    time::{Duration, Instant},
};

use cleaner::Cleaner;
use flate2::read::GzDecoder;

/// How long each set of pages is cleaned over and over.
const MEASURED: Duration = Duration::from_secs(2);

/// No page may take longer; its best time of several counts.
const PAGE_MAX: Duration = Duration::from_millis(100);

struct Page {
    name: String,
    html: Vec<u8>,
    best: Duration,
}

fn main() {
    let mut sets = vec![("own".to_owned(), own())];
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/pages");
    match fs::read_dir(&corpus) {
        Ok(folders) => {
            let mut folders: Vec<_> = folders.map(|folder| folder.unwrap().path()).collect();
            folders.sort();
            for folder in folders.iter().filter(|folder| folder.is_dir()) {
                let name = folder.file_name().unwrap_or_default().to_string_lossy();
                sets.push((name.into_owned(), saved(&folder.join("html"))));
            }
        }
        Err(_) => println!("corpus: not at hand, left out"),
    }
    let cleaner = Cleaner::new();
    let mut slowest = Duration::ZERO;
    for (name, mut pages) in sets {
        let bytes: usize = pages.iter().map(|page| page.html.len()).sum();
        let (started, mut passes) = (Instant::now(), 0);
        // Twice at least: the first time warms the caches.
        while passes < 2 || started.elapsed() < MEASURED {
            for page in &mut pages {
                let from = Instant::now();
                let _ = black_box(cleaner.clean_html(&page.html, None, None));
                page.best = page.best.min(from.elapsed());
            }
            passes += 1;
        }
        let seconds = started.elapsed().as_secs_f64() / f64::from(passes);
        let worst = pages
            .iter()
            .max_by_key(|page| page.best)
            .expect("a set has pages");
        println!(
            "{name}: {} pages, {:.0} pages/s, {:.0} MB/s, slowest {:.1} ms ({}, {} kB)",
            pages.len(),
            pages.len() as f64 / seconds,
            bytes as f64 / seconds / 1e6,
            worst.best.as_secs_f64() * 1e3,
            worst.name,
            worst.html.len() / 1000,
        );
        slowest = slowest.max(worst.best);
    }
    // `cargo test --benches` runs this too, without the compiler's care.
    let measured = std::env::args().any(|argument| argument == "--bench");
    assert!(
        !measured || slowest <= PAGE_MAX,
        "a page takes {slowest:?}, more than {PAGE_MAX:?}"
    );
}

/// The pages of a folder.
fn saved(folder: &Path) -> Vec<Page> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut pages: Vec<Page> = files
        .map(|file| {
            let mut html = Vec::new();
            let packed = File::open(file.path()).expect("open a page");
            GzDecoder::new(packed)
                .read_to_end(&mut html)
                .expect("unpack a page");
            page(file.file_name().to_string_lossy().into_owned(), html)
        })
        .collect();
    pages.sort_by(|a, b| a.name.cmp(&b.name));
    pages
}

/// Pages as outlets make them: a story among menus, scripts and teasers.
fn own() -> Vec<Page> {
    let sentence =
        "Tres hombres hirieron el lunes a dos guardias de una mina del norte, dijo la fiscalía.";
    let menu =
        "<li class=menu-item><a href='/seccion/nota'>Una sección del diario</a></li>".repeat(60);
    let teasers =
        "<div class=card><a href='/otra/nota'><h3>Sube el precio del oro</h3></a></div>".repeat(40);
    let script = format!(
        "<script>var datos = \"{}\";</script>",
        "x = 1; ".repeat(3000)
    );
    let pages = (1..40).map(|paragraphs| {
        let story = format!("<p>{sentence} {sentence} {sentence}</p>").repeat(paragraphs);
        let html = format!(
            "<!doctype html><html lang=es><head><title>Hieren a dos | El Diario</title>{script}</head>\
            <body><nav><ul>{menu}</ul></nav><article><h1>Hieren a dos guardias de una mina</h1>{story}</article>\
            <aside>{teasers}</aside><footer>{menu}</footer>{script}</body></html>"
        );
        page(format!("{paragraphs} paragraphs"), html.into_bytes())
    });
    pages.collect()
}

fn page(name: String, html: Vec<u8>) -> Page {
    Page {
        name,
        html,
        best: Duration::MAX,
    }
}
