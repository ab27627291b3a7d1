//! The command line: exit statuses, machine output, and errors that say what to do.

mod support;

use std::{fs, path::Path};

use serde_json::Value;
use support::{Desk, DeskFeed, feeds, text, vigia, vigia_with_input};
use testkit::{News, Reply, Site};

/// Runs `vigia` and asserts its exit status; returns what it wrote to both streams.
fn run(arguments: &[&str], status: i32) -> (String, String) {
    let output = vigia().args(arguments).output().unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(
        output.status.code(),
        Some(status),
        "{arguments:?}: {out}{err}"
    );
    (out, err)
}

#[test]
fn usage_errors_are_status_2_and_teach() {
    let (_, err) = run(&["polish"], 2);
    assert!(err.contains("Usage: vigia"), "{err}");
    let (help, _) = run(&["--help"], 0);
    for command in [
        "run", "demo", "check", "fetch", "clean", "classify", "explain", "status", "top",
    ] {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command} is not in:\n{help}"
        );
    }
}

#[test]
fn what_is_expected_of_the_judgement_is_tried() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/vigia.toml");
    let (out, err) = run(&["test", "--config", shipped.to_str().unwrap()], 0);
    assert!(
        out.is_empty() && err.contains("7 of 7 as expected"),
        "{out}{err}"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vigia.toml");
    let config = path.to_str().unwrap();
    fs::write(&path, "[log]\nlevel = \"warn\"\n").unwrap();
    let (_, err) = run(&["test", "--config", config], 2);
    assert!(err.contains("[[test]]"), "{err}");

    let text = "Seis hombres armados asaltaron un banco en Lima y mataron a un policía.";
    fs::write(
        folder.path().join("robbery.txt"),
        format!("Asalto en Lima\n\n{text}"),
    )
    .unwrap();
    let expected = "[[test]]\nname = \"a robbery\"\nfile = \"robbery.txt\"\ncountry = \"PE\"\n";
    let wrong = format!(
        "{expected}[[test]]\nname = \"a robbery elsewhere\"\ntext = \"{text}\"\nkept = false\n\
         country = \"CL\"\nplaces = [\"Santiago\"]\nscore_max = 0.2\n"
    );
    fs::write(&path, &wrong).unwrap();
    let (out, err) = run(&["test", "--config", config], 1);
    assert!(out.contains("vigia.toml:6: a robbery elsewhere"), "{out}");
    for difference in [
        "it is kept",
        "not CL: PE",
        "Santiago is not among",
        "not within 0 to 0.2",
    ] {
        assert!(out.contains(difference), "{difference} is not in:\n{out}");
    }
    assert!(err.contains("1 of 2 as expected"), "{err}");
    let (out, _) = run(&["test", "--config", config, "--json", "elsewhere"], 1);
    let line: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&line["ok"], &line["relevant"]),
        (&false.into(), &true.into())
    );

    fs::write(&path, "[[test]]\nname = \"nothing\"\ntext = \"a\"\n").unwrap();
    let (_, err) = run(&["check", "--config", config], 2);
    assert!(
        err.contains("vigia.toml:2: test `nothing`: it expects nothing"),
        "{err}"
    );
}

#[test]
fn a_missing_or_bad_configuration_is_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = vigia()
        .arg("check")
        .current_dir(folder.path())
        .output()
        .unwrap();
    // A machine on which vigia is installed has one in /etc.
    if !Path::new("/etc/vigia/vigia.toml").exists() {
        assert_eq!(nowhere.status.code(), Some(2));
        assert!(
            text(&nowhere.stderr).contains("vigia demo"),
            "{}",
            text(&nowhere.stderr)
        );
    }
    let path = folder.path().join("vigia.toml");
    fs::write(
        &path,
        "[fetch]\nhost_gab = \"5s\"\n[[feed]]\nid = \"A\"\nurl = \"x\"\n",
    )
    .unwrap();
    let (_, err) = run(&["run", "--config", path.to_str().unwrap()], 2);
    assert!(
        err.contains("vigia.toml:2: unknown key `host_gab`; did you mean `host_gap`?"),
        "{err}"
    );
    assert!(err.contains("3 problems"), "{err}");
}

#[test]
fn the_shipped_configuration_is_good() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let checked = vigia().arg("check").current_dir(root).output().unwrap();
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let said = text(&checked.stdout);
    let feeds = said.lines().find(|line| line.contains("feeds")).unwrap();
    let count: usize = feeds.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(count >= 300, "{said}");
}

#[test]
fn schemas_are_json_schemas_of_all_fields() {
    for (what, field) in [("story", "evidence"), ("config", "feed")] {
        let schema: Value = serde_json::from_str(&run(&["schema", what], 0).0).unwrap();
        assert!(
            schema["$schema"]
                .as_str()
                .unwrap()
                .contains("json-schema.org"),
            "{what}"
        );
        assert!(
            schema["properties"][field]["description"].is_string(),
            "{what}: {field}"
        );
    }
}

#[test]
fn completions_and_the_manual_come_from_the_program() {
    assert!(run(&["completions", "bash"], 0).0.contains("_vigia()"));
    let (manual, _) = run(&["man"], 0);
    assert!(
        manual.contains(".TH vigia 1") && manual.contains("explain"),
        "{manual:.200}"
    );
    // Each page that another names is there.
    let pages = manual.matches("\n.TH vigia-").count();
    assert!(pages > 20, "{pages}");
    assert_eq!(manual.matches("(1)\n").count(), pages);
}

#[test]
fn filters_answer_each_line_with_one_and_carry_the_id() {
    let lines = concat!(
        "{\"id\":7,\"text\":\"Doce soldados murieron en una emboscada del ELN en Arauca, Colombia. ",
        "El ataque ocurrió de madrugada, informó el Ejército.\"}\n",
        "{\"id\":\"b\",\"text\":42}\n",
        "\n",
        "not json at all\n",
        "{\"id\":\"d\"}\n",
    );
    let output = vigia_with_input(&["clean"], lines);
    assert!(output.status.success());
    let answers: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0]["id"], 7);
    assert_eq!(answers[0]["lang"], "es");
    assert_eq!(answers[1]["id"], "b");
    for failed in &answers[1..] {
        assert!(failed["error"].is_string(), "{failed}");
    }
}

#[test]
fn a_filter_writes_nothing_of_nothing_and_skips_a_byte_order_mark() {
    for filter in [&["clean"][..], &["clean", "--text"], &["classify", "--all"]] {
        for nothing in ["", "\u{feff}", "\n \n"] {
            let output = vigia_with_input(filter, nothing);
            let (out, err) = (text(&output.stdout), text(&output.stderr));
            assert_eq!(
                (output.status.code(), out, err),
                (Some(0), String::new(), String::new())
            );
        }
    }
    let marked = "\u{feff}{\"id\":3,\"title\":\"Uno\",\"text\":\"Una frase.\",\"tag\":\"x\"}\n";
    let story = text(&vigia_with_input(&["classify", "--all"], marked).stdout);
    assert!(
        story.starts_with("{\"schema\":\"vigia.story/1\",\"id\":3,"),
        "{story}"
    );
    assert!(story.ends_with(",\"tag\":\"x\"}\n"), "{story}");
}

#[test]
fn an_article_for_reading_may_have_any_id() {
    let line =
        "{\"id\":7,\"title\":\"Uno\",\"text\":\"Una frase que se lee bien y no es corta.\"}\n";
    let read = text(&vigia_with_input(&["clean", "--text"], line).stdout);
    assert!(read.starts_with("Uno\n") && !read.contains('{'), "{read}");
}

#[test]
fn classify_writes_the_dropped_only_when_asked() {
    let line = "{\"id\":\"x\",\"title\":\"El tiempo\",\"text\":\"Mañana lloverá en Buenos Aires, según el servicio meteorológico de la ciudad.\"}\n";
    assert_eq!(text(&vigia_with_input(&["classify"], line).stdout), "");
    let all = text(&vigia_with_input(&["classify", "--all"], line).stdout);
    let story: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(
        (story["relevant"].as_bool(), story["id"].as_str()),
        (Some(false), Some("x"))
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let line = "{\"id\":1,\"title\":\"t\",\"text\":\"Una frase cualquiera para clasificar.\"}\n";
    let mut command = std::process::Command::new("sh");
    let pipe = "\"$0\" classify --all | head -1";
    command
        .args(["-c", pipe, env!("CARGO_BIN_EXE_vigia")])
        .stdin(std::process::Stdio::piped());
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for _ in 0..2000 {
        if std::io::Write::write_all(&mut stdin, line.as_bytes()).is_err() {
            break;
        }
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_join_as_pipes() {
    let site = Site::start().await;
    let news = News::new(11).feeds(1).articles_per_feed(6);
    news.install(&site);
    let url = site.url(&news.feed_paths()[0]);
    let desk = Desk::new(&[DeskFeed {
        id: "the-feed".to_owned(),
        url,
    }]);
    let fetched = desk.run(&["fetch", "--feed", "the-feed"]);
    assert_eq!(
        text(&fetched.stdout).lines().count(),
        6,
        "{}",
        text(&fetched.stderr)
    );
    let cleaned = vigia_with_input(&["clean"], &text(&fetched.stdout));
    let classified = vigia_with_input(&["classify"], &text(&cleaned.stdout));
    let mut piped: Vec<String> = text(&classified.stdout)
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["title"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    desk.run_once();
    let mut written: Vec<String> = desk
        .stories()
        .iter()
        .map(|story| story["title"].as_str().unwrap().to_owned())
        .collect();
    piped.sort();
    written.sort();
    assert!(!written.is_empty());
    assert_eq!(
        piped, written,
        "the pipe and the daemon keep the same stories"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_shows_what_the_daemon_judged() {
    let site = Site::start().await;
    let news = News::new(5).feeds(1).articles_per_feed(12);
    news.install(&site);
    let desk = Desk::new(&feeds([site.url(&news.feed_paths()[0])]));
    desk.run_once();
    let kept = desk.story_paths();
    assert!(!kept.is_empty());
    for article in news.articles() {
        let explained = text(&desk.run(&["explain", &site.url(&article.path)]).stdout);
        let verdict = if kept.contains_key(&article.path) {
            "KEPT"
        } else {
            "DROPPED"
        };
        assert!(explained.starts_with(verdict), "{explained}");
        for section in ["What it is about", "What would have changed the verdict"] {
            assert!(explained.contains(section), "{explained}");
        }
        assert!(!explained.contains('\u{1b}'), "colours in a pipe");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_never_mixes_what_was_recorded_with_what_is_judged_today() {
    let site = Site::start().await;
    let news = News::new(5).feeds(1).articles_per_feed(12);
    news.install(&site);
    let desk = Desk::new(&feeds([site.url(&news.feed_paths()[0])]));
    desk.run_once();
    // A story of which the model is not all certain: those are kept at any threshold.
    let score = |story: &serde_json::Value| story["score"].as_f64().unwrap();
    let stories = desk.stories();
    let doubted = stories.iter().min_by(|a, b| score(a).total_cmp(&score(b)));
    let doubted = doubted.filter(|story| score(story) < 1.0);
    let url = doubted.expect("a story that is doubted")["url"]
        .as_str()
        .unwrap();
    let config = fs::read_to_string(desk.config()).unwrap();
    fs::write(
        desk.config(),
        format!("{config}\n[classify]\nthreshold = 1.0\n"),
    )
    .unwrap();
    let explained = text(&desk.run(&["explain", url]).stdout);
    let (recorded, today) = explained
        .split_once("Judged again today, by what is configured now: otherwise\n")
        .unwrap_or_else(|| panic!("{explained}"));
    for (part, verdict, threshold) in [
        (recorded, "KEPT", "threshold 0.50"),
        (today, "DROPPED", "threshold 1.00"),
    ] {
        let line = part.lines().find(|line| line.contains("score")).unwrap();
        assert!(
            line.starts_with(verdict) && line.contains(threshold),
            "{explained}"
        );
        assert!(part.contains("What it is about"), "{explained}");
    }
    assert!(recorded.starts_with("As it was judged"), "{explained}");
    assert!(!recorded.contains("What would have changed"), "{explained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_finds_a_story_by_every_address_it_had() {
    let site = Site::start().await;
    let kept = "Doce soldados murieron en una emboscada del ELN en Arauca, Colombia. El ataque \
                ocurrió de madrugada, informó el Ejército Nacional en un comunicado.";
    let dropped = "Mañana lloverá en Buenos Aires, según el servicio meteorológico de la ciudad, \
                   que espera temperaturas de doce grados y viento del sur.";
    let mut items = String::new();
    for (n, words) in [(1, kept), (2, dropped)] {
        let canonical = site.url(&format!("/canon/{n}"));
        let html = format!(
            "<html><head><title>Nota {n}</title><link rel=\"canonical\" href=\"{canonical}\"></head>\
             <body><article><h1>Nota {n}</h1><p>{words}</p><p>{words}</p></article></body></html>"
        );
        site.set(
            &format!("/go/{n}"),
            Reply::redirect(302, &format!("/nota/{n}")),
        );
        site.set(
            &format!("/nota/{n}"),
            Reply::ok("text/html; charset=utf-8", html),
        );
        let link = site.url(&format!("/go/{n}"));
        items += &format!("<item><title>Nota {n}</title><link>{link}</link></item>");
    }
    let rss = format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>");
    site.set("/rss", Reply::ok("application/rss+xml", rss));
    let desk = Desk::new(&feeds([site.url("/rss")]));
    desk.run_once();
    let asked = site.requests_seen();
    for (n, verdict) in [(1, "KEPT"), (2, "DROPPED")] {
        for path in ["go", "nota", "canon"] {
            let explained = desk.run(&["explain", &site.url(&format!("/{path}/{n}"))]);
            let out = text(&explained.stdout);
            assert!(
                out.starts_with(verdict),
                "{path}: {out}{}",
                text(&explained.stderr)
            );
        }
    }
    assert_eq!(
        site.requests_seen(),
        asked,
        "it was judged already, and asked for again"
    );
}

#[test]
fn entries_says_which_file_is_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.xml");
    fs::File::create(&large).unwrap().set_len(1 << 30).unwrap();
    let small = folder.path().join("small.xml");
    fs::write(
        &small,
        "<rss><channel><item><title>Uno</title></item></channel></rss>",
    )
    .unwrap();
    let (out, _) = run(
        &["entries", large.to_str().unwrap(), small.to_str().unwrap()],
        0,
    );
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let error = lines[0]["error"].as_str().unwrap();
    assert!(error.contains("large.xml` is larger than"), "{error}");
    assert_eq!(lines[1]["entries"][0]["title"], "Uno");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_list_shows_health_and_counts() {
    let site = Site::start().await;
    let news = News::new(2).feeds(1).articles_per_feed(4);
    news.install(&site);
    site.set("/gone", Reply::status(410));
    let desk = Desk::new(&feeds([site.url(&news.feed_paths()[0]), site.url("/gone")]));
    let before = text(&desk.run(&["feeds", "list"]).stdout);
    assert!(before.contains("never polled"), "{before}");
    desk.run_once();
    let listed = desk.listed();
    assert_eq!(
        (&listed[0]["health"], &listed[1]["health"]),
        (&"ok".into(), &"gone".into())
    );
    let ended = ["kept", "dropped"].map(|how| listed[0][how].as_u64().unwrap());
    assert_eq!(ended.iter().sum::<u64>(), 4);
    assert!(
        listed[1]["last_result"].as_str().unwrap().contains("410"),
        "{}",
        listed[1]
    );
}

#[test]
fn the_demo_shows_kept_and_dropped_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let output = vigia()
            .arg("demo")
            .current_dir(folder.path())
            .output()
            .unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{out}{err}");
        let starting = |word: &str| out.lines().filter(|line| line.starts_with(word)).count();
        assert!(starting("kept") >= 6 && starting("dropped") >= 5, "{out}");
    }
    let stories = folder.path().join("vigia-demo/stories");
    assert_eq!(
        fs::read_dir(stories)
            .unwrap()
            .filter(|f| f
                .as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|e| e == "jsonl"))
            .count(),
        1
    );
    // A folder of that name that someone else made is not touched.
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("vigia-demo")).unwrap();
    fs::write(other.path().join("vigia-demo/thesis.txt"), "years of work").unwrap();
    let refused = vigia()
        .arg("demo")
        .current_dir(other.path())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(other.path().join("vigia-demo/thesis.txt").exists());
}
