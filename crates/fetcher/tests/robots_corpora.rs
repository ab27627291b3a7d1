//! The robots.txt parser against the cases that other parsers are tested with, and against real
//! files. Both lie outside the repository; where they are not there, this says so and passes.

use std::{collections::BTreeMap, fs, path::PathBuf};

use fetcher::robots::Robots;
use serde_json::Value;
use url::Url;

/// Cases of each suite, and how many may differ: those that say the contrary of another suite's
/// or of RFC 9309.
///
/// - google, 1: a rule for `/%62%61%7A` has nothing to say of `/baz`; RFC 9309 §2.2.2 says that the
///   two are the same.
/// - reppy, 3: it obeys rules before the first user agent (§2.2.1 leaves them out), lets an
///   unknown line end a group (§2.2.4 forbids it), and passes over a rule without a colon, which
///   google's suite wants obeyed.
const SUITES: [(&str, usize, usize); 2] = [("google", 142, 1), ("reppy", 77, 3)];

fn corpus(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/corpora/robots")
        .join(name);
    if !path.exists() {
        println!("skipped: no robots.txt corpus beside the repository");
        return None;
    }
    Some(path)
}

/// The path and query of a case's address as it is written there, which `Url` would encode; an
/// address without them stands for a site's front page.
fn path_and_query(url: &str) -> String {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find(['/', '?']).map(|at| &after_scheme[at..]);
    let path = path
        .unwrap_or_default()
        .split('#')
        .next()
        .unwrap_or_default();
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    }
}

#[test]
fn other_parsers_cases_are_decided_as_they_say() {
    let Some(path) = corpus("cases.jsonl") else {
        return;
    };
    let mut agreed: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| case[key].as_str().unwrap();
        let path = path_and_query(text("url"));
        let robots = Robots::parse(text("robots").as_bytes(), text("agent"));
        let agrees = robots.verdict_on(&path).allowed == case["allowed"].as_bool().unwrap();
        let (agreeing, all) = agreed.entry(text("suite").to_owned()).or_default();
        *agreeing += usize::from(agrees);
        *all += 1;
        if !agrees {
            println!("differs: {line}");
        }
    }
    for (suite, expected, differing_max) in SUITES {
        let (agreeing, all) = agreed[suite];
        println!("{suite}: {agreeing} of {all} agree");
        assert!(
            all >= expected && all - agreeing <= differing_max,
            "{suite}"
        );
    }
}

#[test]
fn real_files_are_read_and_their_rules_obeyed() {
    let Some(folder) = corpus("files") else {
        return;
    };
    let mut files = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let robots = Robots::parse(&bytes, "vigia");
        for path in [
            "/",
            "/noticias/2026/01/05/nota.html",
            "/robots.txt",
            "/search?q=a",
        ] {
            let url = Url::parse("https://diario.test")
                .unwrap()
                .join(path)
                .unwrap();
            let verdict = robots.verdict(&url);
            assert!(verdict.allowed || verdict.rule.is_some());
            assert!(verdict.allowed || path != "/robots.txt");
        }
        files += 1;
    }
    println!("{files} files read");
}
