//! Any bytes as a robots.txt, with their first line as the path that is asked about: no panic, and
//! the file itself is always allowed (RFC 9309 §2.2.2).

#![no_main]

use fetcher::robots::Robots;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let robots = Robots::parse(bytes, "vigia");
    let first = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let path = format!("/{}", String::from_utf8_lossy(first));
    let allowed = robots.verdict_on(&path).allowed;
    assert_eq!(allowed, robots.verdict_on(&path).allowed);
    assert!(robots.verdict_on("/robots.txt").allowed);
    let _ = (robots.crawl_delay(), robots.sitemaps().len());
});
