//! `vigia feeds doctor`: the successors of feeds that are gone or moved, as a patch that applies.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use testkit::{News, Reply, Site};

use crate::{
    check, newspaper, rss,
    support::{Desk, feeds},
};

/// Applies a patch in the desk's folder, as a person would.
fn apply(desk: &Desk, program: &[&str], patch: &str) {
    let mut command = Command::new(program[0]);
    command
        .args(&program[1..])
        .current_dir(desk.path(""))
        .stdin(Stdio::piped());
    let mut child = command
        .spawn()
        .expect("it is installed where this is developed");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(patch.as_bytes())
        .unwrap();
    assert!(
        child.wait().unwrap().success(),
        "{program:?} refuses:\n{patch}"
    );
}

fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_prints_a_patch_that_applies() {
    let site = newspaper().await;
    site.set("/moved", Reply::redirect(301, "/deportes.rss"));
    site.set("/deportes.rss", rss("Deportes"));
    site.set("/wall", Reply::status(403));
    site.set("/well", rss("Bien"));
    let desk = Desk::new(&[]);
    fs::create_dir(desk.path("feeds")).unwrap();
    let feed = |id: &str, path: &str| {
        let url = site.url(path);
        format!(
            "# About {id}.\n[[feed]]\nid = \"{id}\"\nurl = '{url}' # as seen on its page\nlang = \"es\"\n\n"
        )
    };
    let files = [
        (
            "feeds/co.toml",
            [
                feed("gone", "/gone.xml"),
                feed("well", "/well"),
                feed("moved", "/moved"),
            ]
            .concat(),
        ),
        ("feeds/pe.toml", feed("wall", "/wall").trim_end().to_owned()),
    ];
    for (name, content) in &files {
        fs::write(desk.path(name), content).unwrap();
    }
    let config = fs::read_to_string(desk.config()).unwrap();
    fs::write(
        desk.config(),
        format!("include = [\"feeds/*.toml\"]\n{config}"),
    )
    .unwrap();

    let (patch, err) = check(&desk.run(&["feeds", "doctor"]), 0);
    for said in [
        "gone: gone",
        "moved: moved for good",
        "wall: blocked",
        "4 feeds looked at, 3 unwell, 2 found",
    ] {
        assert!(err.contains(said), "{said:?} is not in {err}");
    }
    assert!(
        patch.starts_with("--- feeds/co.toml\n+++ feeds/co.toml\n@@ -1,"),
        "{patch}"
    );
    assert_eq!(
        fs::read_to_string(desk.path("feeds/co.toml")).unwrap(),
        files[0].1,
        "nothing is written"
    );
    let expected = files[0]
        .1
        .replace(
            &format!("'{}'", site.url("/gone.xml")),
            &format!("\"{}\"", site.url("/rss.xml")),
        )
        .replace(
            &format!("'{}'", site.url("/moved")),
            &format!("\"{}\"", site.url("/deportes.rss")),
        );
    for program in [&["patch", "-p0"][..], &["git", "apply", "-p0"]] {
        if !is_installed(program[0]) {
            continue;
        }
        fs::write(desk.path("feeds/co.toml"), &files[0].1).unwrap();
        apply(&desk, program, &patch);
        assert_eq!(
            fs::read_to_string(desk.path("feeds/co.toml")).unwrap(),
            expected
        );
    }
    // From elsewhere, the names start at the configuration's folder.
    fs::write(desk.path("feeds/co.toml"), &files[0].1).unwrap();
    let away = tempfile::tempdir().unwrap();
    let mut elsewhere = desk.command(&["feeds", "doctor", "gone"]);
    let (from_elsewhere, err) = check(&elsewhere.current_dir(away.path()).output().unwrap(), 0);
    assert!(
        from_elsewhere.starts_with("--- feeds/co.toml\n"),
        "{from_elsewhere}"
    );
    assert!(err.contains("patch -p0 -d /"), "{err}");
    if is_installed("patch") {
        apply(&desk, &["patch", "-p0"], &from_elsewhere);
        assert_ne!(
            fs::read_to_string(desk.path("feeds/co.toml")).unwrap(),
            files[0].1
        );
    }
    fs::write(desk.path("feeds/co.toml"), expected).unwrap();
    let (patch, err) = check(&desk.run(&["feeds", "doctor", "gone", "moved", "well"]), 0);
    assert!(patch.is_empty() && err.contains("0 unwell"), "{patch}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_starts_from_what_the_ledger_knows() {
    let site = Site::start().await;
    let news = News::new(3).feeds(1).articles_per_feed(2);
    news.install(&site);
    site.set("/gone", Reply::status(410));
    let desk = Desk::new(&feeds([site.url(&news.feed_paths()[0]), site.url("/gone")]));
    desk.run_once();
    let before = site.requests_to(&news.feed_paths()[0]).len();
    let (patch, err) = check(&desk.run(&["feeds", "doctor"]), 0);
    assert!(patch.is_empty(), "{patch}");
    assert!(
        err.contains("the 1 of 2 feeds") && err.contains("f1: gone"),
        "{err}"
    );
    assert_eq!(
        site.requests_to(&news.feed_paths()[0]).len(),
        before,
        "a feed that is well is left alone"
    );
}
