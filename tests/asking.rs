//! The commands of docs/record.md, each typed as it stands there.

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use support::{Desk, feeds, text};
use testkit::{News, Site};

/// A `duckdb` for machines that have it as a Python module only.
const DUCKDB: &str = "#!/usr/bin/env python3
import sys, duckdb
assert sys.argv[1] == '-c', sys.argv
answer = duckdb.sql(sys.argv[2])
if answer is not None:
    answer.show(max_rows=1000)
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_command_answers() {
    let site = Site::start().await;
    let news = News::new(50).feeds(3).articles_per_feed(20);
    news.install(&site);
    let paths = news.feed_paths();
    let urls = feeds(paths.iter().map(|path| site.url(path)));
    for compress in ["none", "zstd"] {
        let sink = format!("rotate_size = \"60kB\"\ncompress = \"{compress}\"\n");
        let desk = Desk::with_sink(&urls, "", &sink);
        desk.run_once();
        run_all(&desk, compress == "none");
    }
}

/// Runs the page's commands over a record; those that say `cat` are for plain files.
fn run_all(desk: &Desk, plain: bool) {
    let stories = desk.stories().len();
    let tools = tools(desk);
    let mut ran = 0;
    for command in commands() {
        if command.starts_with("cat ") && !plain {
            continue;
        }
        if let Some(missing) = ["duckdb", "jq"].into_iter().find(|tool| {
            command.contains(&format!("{tool} -")) && !tools.contains(&(*tool).to_owned())
        }) {
            println!("skipped: {missing} is not there: {command}");
            continue;
        }
        let output = shell(desk, &command);
        let said = text(&output.stderr);
        assert!(output.status.success(), "{command}\n{said}");
        let answer = text(&output.stdout);
        let to_file = command.contains("> ") || command.contains("COPY");
        assert!(
            to_file || !answer.trim().is_empty(),
            "{command}\nsaid nothing"
        );
        ran += 1;
    }
    println!("{ran} commands over {stories} stories");
    assert!(ran >= 3, "the page has commands that need no other tool");
    let rows = fs::read_to_string(desk.path("stories.csv"));
    if let Ok(rows) = rows {
        assert_eq!(rows.lines().count(), stories + 1);
    }
    let map = fs::read(desk.path("stories.geojson")).unwrap();
    let map: serde_json::Value = serde_json::from_slice(&map).unwrap();
    assert_eq!(map["features"].as_array().unwrap().len(), stories);
}

/// The blocks of shell in the page, each one command.
fn commands() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/record.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("```sh\n").skip(1);
    let commands: Vec<_> = blocks
        .map(|block| block.split("```").next().unwrap().trim().to_owned())
        .collect();
    assert!(commands.iter().all(|command| command.lines().count() == 1));
    let readme = include_str!("../README.md");
    assert!(readme.contains(&commands[0]), "the README says the same");
    commands
}

/// Puts `vigia`, and `duckdb` where it is a module, on the path; returns which of the others are there.
fn tools(desk: &Desk) -> Vec<String> {
    let bin = desk.path("bin");
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_vigia"), bin.join("vigia")).unwrap();
    let works = |command: &str| shell(desk, command).status.success();
    if !works("command -v duckdb") && works("python3 -c 'import duckdb'") {
        let path = bin.join("duckdb");
        fs::write(&path, DUCKDB).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let there = |tool: &&str| works(&format!("command -v {tool}"));
    let tools = ["duckdb", "jq"].into_iter().filter(there);
    tools.map(ToOwned::to_owned).collect()
}

fn shell(desk: &Desk, command: &str) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new("bash")
        .args(["-o", "pipefail", "-c", command])
        .env("PATH", format!("{}:{path}", desk.path("bin").display()))
        .current_dir(desk.path(""))
        .output()
        .expect("bash runs")
}
