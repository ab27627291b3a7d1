use super::*;
use crate::config::load;

/// Loads a configuration with this text and returns its problems, without the folder.
fn problems(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vigia.toml");
    fs::write(&path, text).unwrap();
    let prefix = format!("{}/", folder.path().display());
    match load(&path) {
        Ok(_) => Vec::new(),
        Err(Problems(problems)) => problems
            .iter()
            .map(|p| p.to_string().replace(&prefix, ""))
            .collect(),
    }
}

fn check_problem(text: &str, expected: &str) {
    assert_eq!(problems(text), [expected], "{text}");
}

const FEED: &str = "[[feed]]\nid = \"a\"\nurl = \"https://a.test/rss\"\n";

#[test]
fn a_feed_and_defaults_are_enough() {
    assert_eq!(problems(FEED), [""; 0]);
}

#[test]
fn own_rules_are_read_and_their_faults_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vigia.toml");
    fs::write(
        &path,
        format!("[clean]\nboilerplate = [\"own.tsv\"]\n{FEED}"),
    )
    .unwrap();
    let missing = load(&path).unwrap_err().to_string();
    assert!(missing.contains("vigia.toml:2: cannot read"), "{missing}");
    fs::write(folder.path().join("own.tsv"), "# ours\nes\tshare\t(compre").unwrap();
    let wrong = load(&path).unwrap_err().to_string();
    assert!(
        wrong.contains("own.tsv:2: the pattern cannot be used"),
        "{wrong}"
    );
    fs::write(
        folder.path().join("own.tsv"),
        "es\tshare\tcompre el diario.*",
    )
    .unwrap();
    let cleaner = load(&path).unwrap().settings.cleaner;
    let text = "Tres hombres hirieron a dos guardias.\n\nCompre el Diario del Sur.";
    let article = cleaner
        .clean_text(Some("Hieren a dos"), text, None)
        .unwrap();
    assert_eq!(article.text, "Tres hombres hirieron a dos guardias.");
}

#[test]
fn every_problem_names_file_line_and_remedy() {
    check_problem(
        "[fetch]\nhost_gab = \"5s\"",
        "vigia.toml:2: unknown key `host_gab`; did you mean `host_gap`?",
    );
    check_problem(
        "[sync]",
        "vigia.toml:1: unknown key `sync`; did you mean `sink`?",
    );
    check_problem(
        "[[feed]]\nid = \"a\"\nurl = \"https://a.test/\"\ncolour = 1",
        "vigia.toml:4: unknown key `colour`; did you mean `country`?",
    );
    check_problem(
        "[fetch]\nhost_gap = \"soon\"",
        "vigia.toml:2: `soon` is not a duration (expected number at 0): write a number and a \
         unit, such as \"30s\", \"5m\", \"24h\" or \"30d\"",
    );
    check_problem(
        &format!("{FEED}{FEED}"),
        "vigia.toml:5: feed id `a` is taken by the feed at vigia.toml:2",
    );
    check_problem(
        "[[feed]]\nid = \"a\"\nurl = \"ftp://a.test/\"",
        "vigia.toml:3: `ftp://a.test/` is not the address of a feed: `ftp:` is not fetched, \
         only http and https are",
    );
    check_problem(
        &format!("{FEED}timezone = \"America/Bogata\""),
        "vigia.toml:4: unknown time zone `America/Bogata`; did you mean `America/Bogota`?",
    );
    check_problem(
        "[classify]\nthreshold = 1.5",
        "vigia.toml:2: threshold 1.5 is not between 0 and 1",
    );
    check_problem(
        "include = [\"none/co.toml\"]",
        "vigia.toml:1: `none/co.toml` names no file",
    );
}

#[test]
fn values_that_would_not_do_are_refused_with_the_way_out() {
    for (section, key) in [
        ("fetch", "host_concurrency"),
        ("fetch", "concurrency"),
        ("fetch", "page_attempts"),
        ("pipeline", "queue"),
    ] {
        check_problem(
            &format!("[{section}]\n{key} = 0"),
            &format!("vigia.toml:2: {key} = 0 would let nothing through: write 1 or more"),
        );
    }
    let remedy = "write one line, such as \"vigia/0.1 (+https://example.org/contact)\"";
    for agent in ["vigia\\nHost: b.test", "vigia\\u0000", "a\\rb"] {
        check_problem(
            &format!("[fetch]\nuser_agent = \"{agent}\""),
            &format!(
                "vigia.toml:2: user_agent has a line break or another control character in it, \
                 which no header may: {remedy}"
            ),
        );
    }
    check_problem(
        "[fetch]\nuser_agent = \" \"",
        &format!("vigia.toml:2: user_agent says nothing: {remedy}"),
    );
    check_problem(
        "[fetch]\nmax_interval = \"1h\"\nmin_interval = \"2h\"",
        "vigia.toml:3: min_interval is 2h and max_interval only 1h: lower the one or raise the other",
    );
    check_problem(
        "[fetch]\nmax_interval = \"1m\"",
        "vigia.toml:2: min_interval is 5m and max_interval only 1m: lower the one or raise the other",
    );
    assert_eq!(problems("[fetch]\nmax_interval = \"5m\""), [""; 0]);
}

#[test]
fn sizes_are_written_as_people_write_them() {
    let sink = |keys: &str| format!("{FEED}[sink]\n{keys}");
    assert_eq!(
        problems(&sink(
            "rotate_size = \"64 MiB\"\nretain_size = \"50GB\"\nreserve = \"1G\""
        )),
        [""; 0]
    );
    check_problem(
        &sink("rotate_size = \"0B\""),
        "vigia.toml:5: rotate_size = 0 would let nothing through: write 1 or more",
    );
    let remedy = "write a number and a unit, such as \"500MB\", \"256MiB\" or \"20GiB\"";
    check_problem(
        &sink("reserve = \"much\""),
        &format!("vigia.toml:5: `much` is no size: {remedy}"),
    );
    check_problem(
        &sink("compress = \"lz4\""),
        "vigia.toml:5: unknown variant `lz4`, expected one of `none`, `zstd`, `gzip`",
    );
}

#[test]
fn a_log_level_is_one_that_logs() {
    for level in [
        "loud",
        "",
        "info,",
        "info,fetcher",
        "fetcher=loud",
        "INFO;debug",
    ] {
        check_problem(
            &format!("[log]\nlevel = \"{level}\""),
            &format!(
                "vigia.toml:2: log level `{level}` is none: write one of off, error, warn, info, \
                 debug, trace, or a filter such as \"info,fetcher=debug\""
            ),
        );
    }
    for level in [
        "warn",
        "DEBUG",
        "info,fetcher=debug",
        "info,fetcher::http=trace",
    ] {
        assert_eq!(
            problems(&format!("[log]\nlevel = \"{level}\"")),
            [""; 0],
            "{level}"
        );
    }
}

#[test]
fn logins_are_kept_out_of_the_file_and_of_what_is_said() {
    check_problem(
        "[[feed]]\nid = \"a\"\nurl = \"https://ana:hunter2@a.test/\"",
        "vigia.toml:3: a feed's address has no user and password in it: they would show \
         wherever it does; write auth = { username = \"…\", password = { env = \"NAME\" } }",
    );
    check_problem(
        &format!("{FEED}auth = {{ username = \"ana\", password = \"hunter2\" }}"),
        "vigia.toml:4: a secret is not written here; say where it is kept: { env = \"NAME\" }, \
         { file = \"/path\" } or { credential = \"name\" }",
    );
    check_problem(
        &format!("{FEED}auth = {{ username = \"ana\" }}"),
        "vigia.toml:4: `auth` is either `username` with `password`, or `bearer`",
    );
    check_problem(
        &format!("{FEED}headers = {{ Host = \"b.test\" }}"),
        "vigia.toml:2: header `Host` is vigia's own to set; leave it out",
    );
    check_problem(
        "[fetch]\nproxy = \"socks5://ana:hunter2@127.0.0.1\"",
        "vigia.toml:2: `proxy` has a password in it; move it to `proxy_password`",
    );
    check_problem(
        "[websub]\npublic_url = \"vigia.example.org\"",
        "vigia.toml:2: public_url = \"vigia.example.org\" is no address that a hub can reach: write \
         one such as \"https://vigia.example.org/push\"",
    );
    let good = "headers = { X-Key = { file = \"/run/key\" } }\n\
                auth = { bearer = { credential = \"token\" } }";
    assert_eq!(problems(&format!("{FEED}{good}")), [""; 0]);
}

#[test]
fn problems_are_reported_together() {
    let text =
        "[fetch]\nhost_gab = 1\n[[feed]]\nid = \"A B\"\nurl = \"nowhere\"\ncountry = \"Peru\"";
    assert_eq!(problems(text).len(), 4, "{:?}", problems(text));
}

#[test]
fn an_archive_has_a_folder_of_its_own_and_files_with_room() {
    let said = problems("[sink]\ndir = \"a\"\n[archive]\ndir = \"./a/\"\nrotate_size = \"0B\"\n");
    assert_eq!(said.len(), 2, "{said:?}");
    let said = said.join("\n");
    assert!(
        said.contains("vigia.toml:4") && said.contains("cannot both live in"),
        "{said}"
    );
    assert!(said.contains("rotate_size = 0"), "{said}");
}

#[test]
fn a_file_that_is_no_toml_is_one_problem() {
    assert_eq!(problems("[fetch\n").len(), 1);
}

/// The file that ships, with its commented keys made real, says what the defaults are.
#[test]
fn the_shipped_configuration_states_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/vigia.toml");
    let text = fs::read_to_string(&path).unwrap();
    let uncommented: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(key) if key.contains(" = ") && !key.starts_with(char::is_uppercase) => key,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let stated: RawConfig = toml::from_str(&uncommented).unwrap();
    let defaults = RawConfig::default();
    let mut sink = stated.sink.clone();
    sink.dir.clone_from(&defaults.sink.dir);
    assert_eq!(sink, defaults.sink);
    assert_eq!(stated.fetch, defaults.fetch);
    assert_eq!(stated.clean, defaults.clean);
    assert_eq!(stated.pipeline, defaults.pipeline);
    assert_eq!(stated.log, defaults.log);
    let archive = |raw: &RawConfig| (raw.archive.enabled, raw.archive.rotate_size.value);
    assert_eq!(archive(&stated), archive(&defaults));
    let difference = stated.classify.threshold.value - defaults.classify.threshold.value;
    assert!(difference.abs() < f64::EPSILON);
    assert_eq!(
        stated.classify.other_languages,
        defaults.classify.other_languages
    );
    assert_eq!(
        stated.classify.near_duplicates.value,
        defaults.classify.near_duplicates.value
    );
    // Every key is there, so that a reader of the file knows what can be set.
    let schema = schema_for!(RawConfig);
    for section in [
        "RawSink",
        "RawFetch",
        "RawWebSub",
        "RawPipeline",
        "RawLog",
        "RawClean",
        "RawClassify",
        "RawArchive",
        "RawFeed",
    ] {
        let keys = schema.as_value()["$defs"][section]["properties"]
            .as_object()
            .unwrap();
        for key in keys.keys() {
            assert!(
                text.contains(&format!("{key} = ")),
                "{section}: {key} is not in the file"
            );
        }
    }
    assert!(load(&path).is_ok(), "{:?}", load(&path).err());
}
