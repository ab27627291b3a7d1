use proptest::prelude::*;

use super::*;

fn url(path: &str) -> Url {
    format!("https://diario.test{path}").parse().unwrap()
}

/// Whether a file lets `vigia` ask for a path, and the number of the line that decided.
fn decide(file: &str, path: &str) -> (bool, Option<usize>) {
    let robots = Robots::parse(file.as_bytes(), "vigia");
    let verdict = robots.verdict(&url(path));
    (verdict.allowed, verdict.rule.map(|rule| rule.line))
}

/// Checks a rule for everybody against paths that it hits and paths that it misses.
fn check_rule(rule: &str, hits: &[&str], misses: &[&str]) {
    let file = format!("User-agent: *\nDisallow: {rule}\n");
    for path in hits {
        assert_eq!(decide(&file, path), (false, Some(2)), "{rule} hits {path}");
    }
    for path in misses {
        assert_eq!(decide(&file, path), (true, None), "{rule} misses {path}");
    }
}

#[test]
fn a_rule_is_a_prefix_of_path_and_query() {
    check_rule(
        "/nota",
        &["/nota", "/notas/1", "/nota?id=1"],
        &["/", "/Nota", "/a/nota"],
    );
    check_rule(
        "/nota/",
        &["/nota/", "/nota/1"],
        &["/nota", "/nota?x=/nota/"],
    );
    check_rule("/?", &["/?", "/?p=1"], &["/", "/a?"]);
    check_rule("/", &["/", "/a"], &[]);
    check_rule("", &[], &["/", "/a"]);
    check_rule("nota", &[], &["/nota", "/a/nota"]);
}

#[test]
fn a_star_is_anything_and_a_last_dollar_the_end() {
    check_rule(
        "/*.pdf$",
        &["/a.pdf", "/a/b.pdf", "/a.pdf.pdf"],
        &["/a.pdf?x", "/a.pdfs"],
    );
    check_rule(
        "/a*b*c",
        &["/abc", "/aXbXcX", "/a/b/b/c"],
        &["/acb", "/ab", "/a"],
    );
    check_rule("/a*b$", &["/ab", "/aabb"], &["/abc", "/ba"]);
    check_rule("*a", &["/a", "/xa"], &["/b"]);
    check_rule("/a$", &["/a"], &["/a/", "/a?", "/aa"]);
    check_rule("/a*aa$", &["/aaa"], &["/aa", "/a"]);
    check_rule("/a$b", &["/a$b", "/a%24bc"], &["/a"]);
}

#[test]
fn a_path_is_the_same_path_however_it_is_encoded() {
    check_rule(
        "/opinión",
        &["/opinión", "/opini%C3%B3n", "/opini%c3%b3n/1"],
        &["/opinion"],
    );
    check_rule("/opini%c3%B3n", &["/opinión"], &[]);
    check_rule("/%61%2Db%7Ec", &["/a-b~c", "/%61-b%7ec"], &[]);
    check_rule("/a b", &["/a%20b", "/a b"], &["/a+b"]);
    check_rule(
        "/a|b^c'd",
        &["/a|b^c'd", "/a%7Cb%5Ec%27d", "/a|b^c'd?x"],
        &[],
    );
    check_rule("/?q='a'", &["/?q='a'", "/?q=%27a%27"], &[]);
    check_rule("/a%2Fb", &["/a%2fb"], &["/a/b"]);
    check_rule("/a%2A", &["/a*", "/a%2Ab"], &["/ab"]);
    check_rule("/100%", &["/100%", "/100%25", "/100%x"], &["/100"]);
}

#[test]
fn the_longest_rule_decides_and_leave_wins_a_tie() {
    let file =
        "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/*.x\nAllow: /c\nDisallow: /c\n";
    assert_eq!(decide(file, "/a/1"), (false, Some(2)));
    assert_eq!(decide(file, "/a/b/1"), (true, Some(3)));
    assert_eq!(decide(file, "/a/b/1.x"), (false, Some(4)));
    assert_eq!(decide(file, "/c"), (true, Some(5)));
    assert_eq!(decide(file, "/d"), (true, None));
    assert_eq!(
        decide("User-agent: *\nDisallow: /robots.txt", "/robots.txt"),
        (true, None)
    );
}

#[test]
fn leave_for_an_index_page_is_leave_for_its_folder() {
    let file = "User-agent: *\nDisallow: /\nAllow: /a/index.html\n";
    assert_eq!(decide(file, "/a/"), (true, Some(3)));
    assert_eq!(decide(file, "/a/index.html"), (true, Some(3)));
    assert_eq!(decide(file, "/a/b"), (false, Some(2)));
}

#[test]
fn the_groups_that_name_us_are_merged_and_leave_out_everybodys() {
    let file = "User-agent: *\nDisallow: /\n\
                User-agent: VIGIA/2.0 (lookout)\nUser-agent: other\nDisallow: /a\n\
                User-agent: other\nDisallow: /b\n\
                User-agent: vigia\nDisallow: /c\n";
    assert_eq!(decide(file, "/a"), (false, Some(5)));
    assert_eq!(decide(file, "/b"), (true, None));
    assert_eq!(decide(file, "/c"), (false, Some(9)));
    let stranger = "User-agent: vigiador\nDisallow: /\nUser-agent: el vigia\nDisallow: /";
    assert_eq!(decide(stranger, "/a"), (true, None));
    let named_and_free = "User-agent: *\nDisallow: /\nUser-agent: vigia\nDisallow:\n";
    assert_eq!(decide(named_and_free, "/a"), (true, None));
    let of_nobody = "Disallow: /\nUser-agent: other\nDisallow: /";
    assert_eq!(decide(of_nobody, "/a"), (true, None));
}

#[test]
fn what_is_no_rule_ends_no_group() {
    let file = "User-agent: other\nCrawl-delay: 9\nSitemap: https://a.test/s.xml\nNoindex: /n\n\
                User-agent: *\nDisallow: /a\n";
    assert_eq!(decide(file, "/a"), (false, Some(6)));
    let others = Robots::parse(file.as_bytes(), "other");
    assert!(!others.verdict(&url("/a")).allowed);
}

#[test]
fn a_misspelt_wish_is_a_wish() {
    for wish in [
        "disalow: /a",
        "Dissallow: /a",
        "DISALLOW : /a",
        "dis-allow: /a",
        "Desallow:/a",
        "disallow /a",
        "Disallow\t/a",
        " \u{feff}disallow: /a # private",
    ] {
        let file = format!("useragent: *\n{wish}\n");
        assert_eq!(decide(&file, "/a"), (false, Some(2)), "{wish}");
    }
    for agent in [
        "User agent: *",
        "user-agent *",
        "USER-AGENT: * everybody",
        "User_agent:*",
    ] {
        let file = format!("{agent}\nDisallow: /a\n");
        assert_eq!(decide(&file, "/a"), (false, Some(2)), "{agent}");
    }
    for nothing in [
        "disallow all /a",
        "dis: /a",
        "allowed: /a",
        "no: disallow: /a",
        "#disallow: /a",
    ] {
        let file = format!("User-agent: *\n{nothing}\n");
        assert_eq!(decide(&file, "/a"), (true, None), "{nothing}");
    }
}

#[test]
fn lines_may_end_in_any_way_and_keep_their_numbers() {
    for end in ["\n", "\r", "\r\n"] {
        let file = [
            "# all",
            "",
            "User-agent: *",
            "Disallow: /a",
            "",
            "Disallow: /b",
        ]
        .join(end);
        assert_eq!(decide(&file, "/b"), (false, Some(6)), "{end:?}");
    }
}

#[test]
fn a_files_encoding_does_not_matter() {
    let file = "User-agent: *\nDisallow: /opinión\n";
    let utf_16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(file.encode_utf16());
        units.flat_map(order).collect()
    };
    let marked = [b"\xEF\xBB\xBF", file.as_bytes()].concat();
    for bytes in [marked, utf_16(u16::to_le_bytes), utf_16(u16::to_be_bytes)] {
        let robots = Robots::parse(&bytes, "vigia");
        assert!(!robots.verdict(&url("/opinión")).allowed);
    }
    let bytes = b"User-agent: *\nDisallow: /\xF3\0\nDisallow: /a";
    let robots = Robots::parse(bytes, "vigia");
    assert!(!robots.verdict(&url("/%F3%00")).allowed && !robots.verdict(&url("/a")).allowed);
}

#[test]
fn a_long_file_is_read_up_to_its_last_whole_line() {
    let rule = |number| format!("Disallow: /seccion/{number:05}\n");
    let mut file = "User-agent: *\n".to_owned();
    file.extend((0..40_000).map(rule));
    let read = (BYTES_MAX - "User-agent: *\n".len()) / rule(0).len();
    assert!(!decide(&file, &format!("/seccion/{:05}", read - 1)).0);
    assert!(decide(&file, &format!("/seccion/{read:05}")).0);
    assert!(decide(&file, "/seccion/").0);
}

#[test]
fn a_long_line_is_read_in_part_and_the_next_one_whole() {
    let file = format!(
        "User-agent: *\nDisallow: /{}\nDisallow: /b\n",
        "a".repeat(600_000 / 2)
    );
    assert_eq!(decide(&file, "/b"), (false, Some(3)));
    let robots = Robots::parse(file.as_bytes(), "vigia");
    assert!(robots.weight() < 40_000, "{}", robots.weight());
}

#[test]
fn a_file_made_to_be_slow_is_not() {
    let begun = std::time::Instant::now();
    let wildcards = "Disallow: /".to_owned() + &"*a".repeat(7_000) + "b$\n";
    let many = (0..25_000).map(|n| format!("allow:*a*az{n}\n"));
    let file = format!(
        "User-agent:*\n{wildcards}{}",
        many.collect::<Vec<_>>().concat()
    );
    assert_eq!(
        decide(&file, &format!("/{}", "a".repeat(100_000))),
        (true, None)
    );
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn the_deciding_line_is_shown_as_it_is_written() {
    let file = "user-agent: *\ndisalow /opinión   # ours\nAllow: /b\n";
    let robots = Robots::parse(file.as_bytes(), "vigia");
    let text = |path| robots.verdict(&url(path)).rule.unwrap().text.into_owned();
    assert_eq!(text("/opini%C3%B3n/1"), "disalow /opinión");
    assert_eq!(text("/b"), "Allow: /b");
}

fn check_delay(file: &str, expected_s: Option<f64>) {
    let delay = Robots::parse(file.as_bytes(), "vigia").crawl_delay();
    assert_eq!(delay, expected_s.map(Duration::from_secs_f64), "{file}");
}

#[test]
fn a_delay_is_for_whom_it_is_said_to() {
    check_delay("User-agent: *\nCrawl-delay: 10\n", Some(10.0));
    check_delay("User-agent: *\ncrawldelay: 0.5\nDisallow: /a", Some(0.5));
    check_delay(
        "User-agent: *\nCrawl-delay: 10\nUser-agent: vigia\nDisallow: /a\n",
        None,
    );
    check_delay(
        "User-agent: vigia\nCrawl-delay: 3\nUser-agent: other\nCrawl-delay: 60\n",
        Some(3.0),
    );
    check_delay(
        "User-agent: vigia\nCrawl-delay: 3\nDisallow: /\nCrawl-delay: 7\n",
        Some(7.0),
    );
    for nonsense in ["-1", "mañana", "NaN", "inf", "1e300", ""] {
        check_delay(&format!("User-agent: *\nCrawl-delay: {nonsense}\n"), None);
    }
}

#[test]
fn sitemaps_are_everybodys_and_bounded() {
    let named = "Sitemap: https://diario.test/noticias.xml\n".repeat(2);
    let one = |n| format!("User-agent: x\nsite-map: http://a.test/{n}\n");
    let many = (0..500).map(one).collect::<Vec<_>>().concat();
    let file = format!("{named}Sitemap: /relative.xml\nSitemap: ftp://a.test/\n{many}");
    let robots = Robots::parse(file.as_bytes(), "vigia");
    assert_eq!(robots.sitemaps().len(), 100);
    assert_eq!(
        robots.sitemaps()[0].as_str(),
        "https://diario.test/noticias.xml"
    );
    assert_eq!(robots.sitemaps()[1].as_str(), "http://a.test/0");
}

#[test]
fn a_product_is_the_first_word_of_the_user_agent() {
    for (user_agent, product) in [
        ("vigia/0.1 (+https://example.org/contact)", "vigia"),
        ("news24-bot", "news24-bot"),
        (" archive.org_bot x", "archive.org_bot"),
        ("(none)", ""),
        ("", ""),
    ] {
        assert_eq!(product_token(user_agent), product);
    }
}

/// Files that look like some: names, values and ends of lines in any order.
fn files() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("User-agent: *"),
        Just("User-agent: vigia"),
        Just("Disallow: /"),
        Just("Allow: /"),
        Just("*"),
        Just("$"),
        Just("%"),
        Just("%4"),
        Just("%C3"),
        Just("a"),
        Just("/"),
        Just("\n"),
        Just("\r"),
        Just("\n"),
        Just("#"),
        Just(":"),
        Just("ñ"),
        Just("Crawl-delay: "),
        Just("index.html"),
    ];
    let likely =
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![likely, prop::collection::vec(any::<u8>(), 0..400)]
}

/// Whether a glob matches, by trying everything: slow and plainly right.
fn matches_slowly(glob: &[u8], path: &[u8]) -> bool {
    match (glob.split_first(), path.split_first()) {
        (None, _) => true,
        (Some((b'$', [])), _) => path.is_empty(),
        (Some((b'*', rest)), None) => matches_slowly(rest, path),
        (Some((b'*', rest)), Some((_, less))) => {
            matches_slowly(rest, path) || matches_slowly(glob, less)
        }
        (Some((a, glob)), Some((b, path))) => a == b && matches_slowly(glob, path),
        (Some(_), None) => false,
    }
}

proptest! {
    #[test]
    fn no_file_panics_and_a_verdict_is_the_same_each_time(file in files(), path in "/[a-zñ/?%*$.]{0,12}") {
        let robots = Robots::parse(&file, "vigia");
        let again = Robots::parse(&file, "vigia");
        let url = url(&path);
        prop_assert_eq!(robots.verdict(&url), again.verdict(&url));
        prop_assert!(robots.verdict(&url).allowed || robots.verdict(&url).rule.is_some());
    }

    #[test]
    fn matching_is_what_trying_everything_finds(glob in "/[ab*]{0,8}\\$?", path in "/[ab]{0,10}") {
        let matched = !decide(&format!("User-agent: *\nDisallow: {glob}"), &path).0;
        prop_assert_eq!(matched, matches_slowly(glob.as_bytes(), path.as_bytes()), "{} {}", glob, path);
    }
}
