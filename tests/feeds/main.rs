//! `vigia feeds`: finding feeds, bringing them in and out, and what is said of their health.

mod doctor;
#[path = "../support.rs"]
mod support;

use std::{fs, process::Output, time::Duration};

use serde_json::Value;
use support::{Desk, DeskFeed, feeds, text, vigia};
use testkit::{News, Reply, Site};

/// A feed of one entry that was published just now.
fn rss(title: &str) -> Reply {
    let now = chrono::Utc::now().to_rfc2822();
    let body = format!(
        "<rss version='2.0'><channel><title>{title}</title><item><guid>1</guid>\
         <title>Uno</title><pubDate>{now}</pubDate></item></channel></rss>"
    );
    Reply::ok("application/rss+xml", body)
}

fn html(body: &str) -> Reply {
    Reply::ok("text/html", format!("<!DOCTYPE html><html>{body}</html>"))
}

/// A site whose front page declares one feed among other things.
async fn newspaper() -> Site {
    let site = Site::start().await;
    site.set(
        "/",
        html(
            "<link rel=alternate type=application/rss+xml href=/rss.xml>\
             <link rel=alternate type=application/rss+xml href=/comments/feed/>\
             <link rel=alternate type=application/rss+xml href=/broken>",
        ),
    );
    site.set("/rss.xml", rss("El Ñandú \u{1b}[31mdiario"));
    site.set("/comments/feed/", rss("Comentarios"));
    site
}

fn lines(output: &Output) -> Vec<Value> {
    text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// Asserts the exit status; returns what was written to both streams.
fn check(output: &Output, status: i32) -> (String, String) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{out}{err}");
    assert!(!out.contains('\u{1b}'), "colours in a pipe: {out}");
    (out, err)
}

#[tokio::test(flavor = "multi_thread")]
async fn discover_prints_what_the_configuration_takes() {
    let site = newspaper().await;
    let desk = Desk::new(&[]);
    let front = site.url("/");
    let (table, err) = check(&desk.run(&["feeds", "discover", &front]), 0);
    assert!(table.contains("# El Ñandú [31mdiario"), "{table}");
    assert!(
        table.contains("declared") && table.contains(&site.url("/rss.xml\n")),
        "{table}"
    );
    assert!(err.contains("/broken: declared, and no feed: 404"), "{err}");
    assert!(
        err.lines().all(|line| !line.contains("elapsed")),
        "a bar in a pipe: {err}"
    );

    let (toml, _) = check(&desk.run(&["feeds", "discover", &front, "--toml"]), 0);
    let expected = format!(
        "id = \"el-nandu-31mdiario\"\nurl = \"{}\"\n",
        site.url("/rss.xml")
    );
    assert!(toml.contains(&expected), "{toml}");
    assert!(!toml.contains("comments"), "{toml}");
    assert!(table.ends_with(&toml), "{table}");
    let mut config = fs::read_to_string(desk.config()).unwrap();
    config += &toml;
    fs::write(desk.config(), config).unwrap();
    check(&desk.run(&["check"]), 0);

    let again = desk.run(&["feeds", "discover", &front, "--json"]);
    let found = lines(&again);
    assert_eq!(found[0]["configured"], "el-nandu-31mdiario");
    assert_eq!(
        (&found[0]["kind"], &found[0]["entries"]),
        (&"rss".into(), &1.into())
    );
    assert_eq!(found[1]["comments"], true);
    check(&desk.run(&["feeds", "discover", &front, "--toml"]), 0);
    assert_eq!(site.requests_to("/rss.xml").len(), 4, "one request a run");
    assert!(
        site.requests_to("/feed/").is_empty(),
        "nobody asked for guesses"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn discover_says_what_to_do_where_there_is_nothing() {
    let site = Site::start().await;
    site.set("/", html("<a href=/contacto>Contacto</a>"));
    site.set("/feed/", rss("Oculto"));
    let desk = Desk::new(&[]);
    let front = site.url("/");
    let (out, err) = check(&desk.run(&["feeds", "discover", &front]), 1);
    assert_eq!(out, "");
    assert!(
        err.contains("failed to find a feed") && err.contains("--guess"),
        "{err}"
    );
    let (out, _) = check(&desk.run(&["feeds", "discover", &front, "--guess"]), 0);
    assert!(out.contains("guessed"), "{out}");
    let (_, err) = check(&desk.run(&["feeds", "discover", "ftp://a.test/"]), 2);
    assert!(err.contains("only http and https"), "{err}");
}

const OPML: &str = "<?xml version='1.0' encoding='ISO-8859-1'?><opml><body><outline text='Judicial'>\
    <outline text='Ma\u{f1}ana & Noche' XMLURL='https://diario.test/rss?a=1&b=2'>\
    <outline title='Conocido' xmlUrl='http://www.conocido.test/rss/'/></body>";

#[test]
fn import_and_export_are_each_others_opposite() {
    let desk = Desk::new(&[DeskFeed {
        id: "known".to_owned(),
        url: "https://conocido.test/rss".to_owned(),
    }]);
    let latin: Vec<u8> = OPML.chars().map(|c| c as u8).collect();
    fs::write(desk.path("in.opml"), latin).unwrap();
    let import = ["feeds", "import", "in.opml", "--out", "more.toml"];
    let (out, err) = check(&desk.run(&import), 0);
    assert_eq!(out, "");
    assert!(
        err.contains("left out http://www.conocido.test/rss/: configured as `known`"),
        "{err}"
    );
    assert!(
        err.contains("1 feed imported, 1 left out") && err.contains("include"),
        "{err}"
    );
    let toml = fs::read_to_string(desk.path("more.toml")).unwrap();
    assert!(
        toml.contains("# == Judicial ==\n\n# Mañana & Noche\n[[feed]]\nid = \"manana-noche\"\n"),
        "{toml}"
    );

    // Nothing is overwritten unasked.
    let (_, err) = check(&desk.run(&import), 1);
    assert!(err.contains("--force"), "{err}");
    let forced = [&import[..], &["--force"]].concat();
    check(&desk.run(&forced), 0);

    let config = fs::read_to_string(desk.config()).unwrap();
    fs::write(
        desk.config(),
        format!("include = [\"more.toml\"]\n{config}"),
    )
    .unwrap();
    let (opml, _) = check(&desk.run(&["feeds", "export"]), 0);
    check(&desk.run(&["feeds", "export", "--out", "out.opml"]), 0);
    assert_eq!(fs::read_to_string(desk.path("out.opml")).unwrap(), opml);
    check(&desk.run(&["feeds", "export", "--out", "out.opml"]), 1);

    let fresh = Desk::new(&[]);
    fs::write(fresh.path("out.opml"), &opml).unwrap();
    let (toml, _) = check(&fresh.run(&["feeds", "import", "out.opml"]), 0);
    let tables: toml::Table = toml::from_str(&toml).unwrap();
    let ids: Vec<_> = tables["feed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["known", "manana-noche"]);
    // What is configured already leaves nothing to do.
    let (out, err) = check(&desk.run(&["feeds", "import", "out.opml"]), 0);
    assert!(out.is_empty() && err.contains("nothing new"), "{err}");
}

#[test]
fn what_is_no_opml_is_told_so() {
    let desk = Desk::new(&[]);
    fs::write(desk.path("x.opml"), "{\"not\": \"opml\"}").unwrap();
    let (_, err) = check(&desk.run(&["feeds", "import", "x.opml"]), 1);
    assert!(err.contains("is it OPML?"), "{err}");
    let (_, err) = check(&desk.run(&["feeds", "import", "none.opml"]), 1);
    assert!(err.contains("failed to open `none.opml`"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_how_each_feed_answers_and_writes_nothing() {
    let site = newspaper().await;
    site.set("/moved", Reply::redirect(308, "/rss.xml"));
    site.set("/for-now", Reply::redirect(302, "/rss.xml"));
    site.set("/portal", html("<title>Portada</title>"));
    let vague = "<rss version='2.0'><channel><item><guid>1</guid><pubDate>2026-01-05 14:30:00</pubDate></item></channel></rss>";
    site.set("/vague", Reply::ok("text/xml", vague).etag("\"a\""));
    let paths = [
        "/rss.xml", "/moved", "/for-now", "/portal", "/vague", "/none",
    ];
    let desk = Desk::new(&feeds(paths.map(|path| site.url(path))));
    let output = desk.run(&["feeds", "check", "--json"]);
    let (_, err) = check(&output, 1);
    assert!(
        err.contains("failed to read 2 of 6 feeds") && err.contains("feeds doctor"),
        "{err}"
    );
    let checked = lines(&output);
    assert_eq!(checked[0]["ok"], true);
    assert_eq!(checked[1]["moved_to"], site.url("/rss.xml"));
    assert_eq!(checked[1]["redirects"][0]["permanent"], true);
    assert_eq!(checked[2]["moved_to"], Value::Null);
    assert_eq!(checked[2]["redirects"][0]["status"], 302);
    assert!(
        checked[3]["error"]
            .as_str()
            .unwrap()
            .contains("HTML where a feed was expected")
    );
    assert_eq!(
        (
            &checked[4]["dates_without_zone"],
            &checked[4]["validators"][0]
        ),
        (&1.into(), &"ETag".into())
    );
    assert_eq!(
        (&checked[5]["status"], &checked[5]["ok"]),
        (&404.into(), &false.into())
    );
    assert!(!desk.path("ledger.db").exists());
    assert!(
        site.requests()
            .iter()
            .all(|request| request.header("if-none-match").is_none())
    );

    let (table, _) = check(&desk.run(&["feeds", "check", "f0", "f4"]), 0);
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.contains("1 date without a zone"), "{table}");
    let (_, err) = check(&desk.run(&["feeds", "check", "f00"]), 2);
    assert!(err.contains("did you mean `f0`?"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_keeps_to_a_hosts_bounds() {
    let site = Site::start().await;
    site.set_handler("/", |_| rss("Lento").delay(Duration::from_millis(30)));
    let desk = Desk::new(&feeds((0..6).map(|n| site.url(&format!("/{n}.xml")))));
    let config = fs::read_to_string(desk.config()).unwrap();
    let config = config.replace("host_concurrency = 16", "host_concurrency = 1");
    fs::write(desk.config(), config).unwrap();
    let (table, _) = check(&desk.run(&["feeds", "check"]), 0);
    assert_eq!(table.lines().count(), 7, "{table}");
    assert_eq!((site.requests().len(), site.requests_at_once_max()), (6, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_fits_its_terminal() {
    let site = Site::start().await;
    let news = News::new(2).feeds(1).articles_per_feed(4);
    news.install(&site);
    site.set(
        "/portal",
        html(&format!(
            "<title>{}</title>",
            "Un título muy largo ".repeat(8)
        )),
    );
    let desk = Desk::new(&[
        DeskFeed {
            id: "a-newspaper-with-quite-a-long-name-of-its-own".to_owned(),
            url: site.url(&news.feed_paths()[0]),
        },
        DeskFeed {
            id: "portal".to_owned(),
            url: site.url("/portal"),
        },
    ]);
    desk.run_once();
    let unwell = desk.listed()[1]["health"].as_str().unwrap().to_owned();
    assert_ne!(unwell, "ok");
    let at = |columns: &str, arguments: &[&str]| {
        let mut command = desk.command(&[&["feeds", "list"], arguments].concat());
        check(&command.env("COLUMNS", columns).output().unwrap(), 0).0
    };
    for arguments in [
        &[][..],
        &["--sort", "next"],
        &["--sort", "new"],
        &["--sort", "health"],
    ] {
        let narrow = at("80", arguments);
        for line in narrow.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert!(narrow.contains(&unwell), "{narrow}");
    }
    assert!(at("300", &[]).contains("a-newspaper-with-quite-a-long-name-of-its-own"));
    let health = |word: &str| at("80", &["--health", word]).lines().count() - 1;
    assert_eq!((health("ok"), health(&unwell), health("gone")), (1, 1, 0));
    assert!(
        at("80", &["--sort", "health"])
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("portal")
    );
    let (_, err) = check(&desk.run(&["feeds", "list", "--health", "sick"]), 2);
    assert!(err.contains("lying-validators"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_balance() {
    let site = Site::start().await;
    let news = News::new(4).feeds(2).articles_per_feed(5);
    news.install(&site);
    let desk = Desk::new(&feeds(news.feed_paths().iter().map(|path| site.url(path))));
    desk.run_once();
    let output = desk.run(&["feeds", "balance", "--json"]);
    check(&output, 0);
    let rows = lines(&output);
    let sum = |name: &str| {
        rows.iter()
            .map(|row| row[name].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(
        (sum("shown"), sum("unaccounted"), sum("pending")),
        (10, 0, 0)
    );
    let (table, err) = check(&desk.run(&["feeds", "balance"]), 0);
    assert_eq!(table.lines().count(), 1 + rows.len(), "{table}");
    assert!(
        err.contains("10 shown, and every one accounted for"),
        "{err}"
    );
}

#[test]
fn balance_needs_a_ledger() {
    let desk = Desk::new(&[]);
    let (_, err) = check(&desk.run(&["feeds", "balance"]), 1);
    assert!(err.contains("vigia run"), "{err}");
}

#[test]
fn every_command_teaches_by_example() {
    for command in [
        "list", "discover", "import", "export", "check", "doctor", "balance",
    ] {
        let help = vigia().args(["feeds", command, "--help"]).output().unwrap();
        let help = text(&help.stdout);
        assert!(help.contains(&format!("vigia feeds {command}")), "{help}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn robots_names_the_line_that_decides() {
    let site = Site::start().await;
    let file = "User-agent: *\nDisallow: /privado/\nCrawl-delay: 7\n";
    site.set("/robots.txt", Reply::ok("text/plain", file));
    let desk = Desk::new(&[]);
    let (out, _) = check(&desk.run(&["feeds", "robots", &site.url("/judicial/1")]), 0);
    assert!(out.contains("allowed") && out.contains("7 s"), "{out}");
    let (out, err) = check(&desk.run(&["feeds", "robots", &site.url("/privado/1")]), 1);
    assert!(
        out.contains("line 2") && out.contains("Disallow: /privado/"),
        "{out}"
    );
    assert!(err.contains("1 of 1"), "{err}");
}
