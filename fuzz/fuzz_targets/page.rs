//! Any bytes as a page, and as text that somebody scraped: no panic, and an article has text.

#![no_main]

use std::sync::LazyLock;

use cleaner::Cleaner;
use libfuzzer_sys::fuzz_target;

static CLEANER: LazyLock<Cleaner> = LazyLock::new(Cleaner::new);

fuzz_target!(|bytes: &[u8]| {
    let url = "https://outlet.example/nota".parse().expect("an address");
    if let Ok(article) = CLEANER.clean_html(bytes, None, Some(&url)) {
        assert!(!article.text.trim().is_empty());
    }
    if let Ok(article) = CLEANER.clean_text(None, &String::from_utf8_lossy(bytes), Some(&url)) {
        assert!(!article.text.trim().is_empty());
    }
});
