//! The configuration read again while the daemon runs: what is new is used, what is the same goes on,
//! and what is wrong changes nothing.

mod reloading;
mod support;

use std::{fs, process::Stdio, time::Duration};

use reloading::{SOON, news, reload, running, under_load};
use support::{Daemon, Desk, DeskFeed, Systemd, text, until};

#[tokio::test(flavor = "multi_thread")]
async fn feeds_come_and_go_without_a_restart() {
    let (site, all) = news(3, 4).await;
    let desk = Desk::new(&all[..2]);
    let daemon = running(&desk);
    until(SOON, "both are polled", || {
        site.requests()
            .iter()
            .any(|r| all[1].url.ends_with(&r.path))
    });
    // The first stays, the second goes, the third comes.
    let next = [&all[0], &all[2]].map(|feed| DeskFeed {
        id: feed.id.clone(),
        url: feed.url.clone(),
    });
    desk.configure(&next, "", "");
    let reloaded = reload(&desk);
    assert_eq!(
        reloaded.status.code(),
        Some(0),
        "{}",
        text(&reloaded.stderr)
    );
    let said = text(&reloaded.stderr);
    assert!(said.contains("1 feed added, 1 feed removed"), "{said}");
    let mark = site.requests().len();
    until(SOON, "the third is polled", || {
        site.requests()
            .iter()
            .any(|r| all[2].url.ends_with(&r.path))
    });
    until(SOON, "the first goes on", || {
        site.requests()[mark..]
            .iter()
            .any(|r| all[0].url.ends_with(&r.path))
    });
    // A poll may have been under way when it went.
    let polls = |feed: &DeskFeed| {
        let requests = site.requests();
        let of_feed = requests[mark..].iter();
        of_feed.filter(|r| feed.url.ends_with(&r.path)).count()
    };
    let before = polls(&all[1]);
    until(SOON, "the third is polled five times", || {
        polls(&all[2]) > 5
    });
    assert!(
        polls(&all[1]) <= before.max(1),
        "the second is still polled"
    );
    daemon.signal("TERM");
    assert_eq!(daemon.wait(SOON).code(), Some(0), "{}", desk.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_changes_nothing_and_everybody_is_told_why() {
    let (site, all) = news(1, 4).await;
    let desk = Desk::new(&all);
    let daemon = running(&desk);
    let good = fs::read_to_string(desk.config()).unwrap();

    fs::write(desk.config(), good.replace("[log]", "[lgo]")).unwrap();
    let refused = reload(&desk);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(
        said.contains("lgo") && said.contains("goes on with"),
        "{said}"
    );
    let status = text(&desk.run(&["status"]).stdout);
    assert!(status.contains("NOT RELOADED"), "{status}");
    assert!(desk.log().contains("lgo"), "{}", desk.log());

    // Half of it was written when the signal came, and then whoever wrote it died.
    let half = good.find("http").unwrap();
    fs::write(desk.config(), &good[..half]).unwrap();
    daemon.signal("HUP");
    until(SOON, "the log says so", || {
        desk.log().matches("going on with the one before").count() == 2
    });
    // No file of TOML tells where the daemon is, and yet it is reached.
    let refused = reload(&desk);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));

    // Or nothing of it but what comes before the feeds, which is a configuration of its own.
    let before = good.find("[[feed]]").unwrap();
    fs::write(desk.config(), &good[..before]).unwrap();
    let refused = reload(&desk);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("no feeds"));

    fs::write(desk.config(), &good).unwrap();
    let status = text(&desk.run(&["status"]).stdout);
    assert!(status.contains("NOT RELOADED"), "{status}");
    let polled = site.requests().len();
    until(SOON, "it goes on polling", || {
        site.requests().len() > polled
    });
    assert_eq!(reload(&desk).status.code(), Some(0));
    let status = text(&desk.run(&["status"]).stdout);
    assert!(!status.contains("NOT RELOADED"), "{status}");
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_change_in_a_running_daemon_is_named() {
    let (_site, all) = news(1, 1).await;
    let desk = Desk::new(&all);
    let daemon = running(&desk);
    desk.configure(&all, "page_attempts = 2", "rotate_size = \"9MB\"");
    let written = fs::read_to_string(desk.config()).unwrap();
    let listen = "[listen]\naddress = \"unix:http.sock\"\n[log]\nlevel = \"debug\"\n";
    fs::write(desk.config(), written.replace("[log]\n", listen)).unwrap();
    let said = text(&reload(&desk).stderr);
    assert!(
        said.contains("[sink], [fetch], [listen]") && said.contains("next start"),
        "{said}"
    );
    assert!(said.contains("new log level"), "{said}");
    until(SOON, "polls are told of", || desk.log().contains("DEBUG"));

    // A ledger at another place has another socket, where nobody is.
    let written = fs::read_to_string(desk.config()).unwrap();
    fs::write(
        desk.config(),
        written.replace("ledger.db", "other/ledger.db"),
    )
    .unwrap();
    let missed = reload(&desk);
    assert_eq!(missed.status.code(), Some(1));
    assert!(text(&missed.stderr).contains("--socket"));
    let socket = desk.path("vigia.sock");
    let mut told = support::vigia();
    let told = told
        .args(["reload", "--socket"])
        .arg(&socket)
        .output()
        .unwrap();
    let said = text(&told.stderr);
    assert!(said.contains("[state], [sink]"), "{said}");
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_being_written_is_read_when_it_is_whole() {
    let (_site, all) = news(4, 1).await;
    let desk = Desk::new(&all);
    let daemon = running(&desk);
    let whole = fs::read_to_string(desk.config()).unwrap();
    let half = whole.rfind("[[feed]]").unwrap();
    let config = desk.config();
    fs::write(&config, &whole[..half]).unwrap();
    // Three of the four feeds stand there now, which is good TOML; by its date it is written to for a
    // second more.
    let second = std::time::SystemTime::now() + Duration::from_secs(1);
    let file = fs::File::options().write(true).open(&config).unwrap();
    file.set_modified(second).unwrap();
    let mut asking = desk.command(&["reload"]);
    let asking = asking.stderr(Stdio::piped()).spawn().unwrap();
    fs::write(&config, &whole).unwrap();
    file.set_modified(second).unwrap();
    let said = text(&asking.wait_with_output().unwrap().stderr);
    assert!(said.contains("feeds and judgement as before"), "{said}");
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_hears_of_a_reload_and_a_storm_of_signals_disturbs_nothing() {
    let (_site, all) = news(1, 1).await;
    let desk = Desk::new(&all);
    let systemd = Systemd::at(&desk, SOON);
    let mut command = desk.command(&["run"]);
    command
        .env("NOTIFY_SOCKET", desk.path("notify"))
        .stderr(Stdio::null());
    let daemon = Daemon::of(command.spawn().unwrap());
    let hear = |start: &str| loop {
        let message = systemd.hear().expect("a message in time");
        if message.starts_with(start) {
            return message;
        }
    };
    hear("READY=1");
    for _ in 0..200 {
        daemon.signal("HUP");
    }
    let reloading = hear("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    let ready = hear("READY=1");
    assert!(ready.contains("STATUS=1 feeds"), "{ready}");
    daemon.signal("TERM");
    hear("STOPPING=1");
    assert_eq!(daemon.wait(SOON).code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn reloads_under_load_lose_and_double_nothing() {
    under_load(60, 5, 15).await;
}
