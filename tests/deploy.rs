//! What an administrator installs: the unit is sound and shut tight, its configuration good, the package
//! finds its files, the scripts are sound, and each alert fires when it should. The package itself is tried
//! by `tests/package.sh`.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use support::{skipped, text, vigia};

/// Exposure that `systemd-analyze security` may find, times ten.
const EXPOSURE_MAX: u32 = 12;

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy")
        .join(file)
}

/// Whether a program is there.
fn has(program: &str) -> bool {
    let said = Command::new(program).arg("--version").output();
    said.is_ok_and(|output| output.status.success())
}

#[test]
fn the_unit_is_sound_and_shut_tight() {
    if !has("systemd-analyze") {
        return skipped("systemd", "there is no systemd-analyze");
    }
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("vigia.service");
    let binary = env!("CARGO_BIN_EXE_vigia");
    // The unit as it is, with the program where this build has put it.
    let written = fs::read_to_string(deploy("vigia.service")).unwrap();
    assert!(written.contains("ExecStart=/usr/bin/vigia run"));
    fs::write(&unit, written.replace("/usr/bin/vigia", binary)).unwrap();
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&unit)
        .output()
        .unwrap();
    let said = text(&verified.stdout) + &text(&verified.stderr);
    let about_us: Vec<_> = said.lines().filter(|line| line.contains("vigia")).collect();
    assert!(about_us.is_empty(), "{about_us:?}");

    let judged = Command::new("systemd-analyze")
        .args(["security", "--offline=true"])
        .arg(format!("--threshold={EXPOSURE_MAX}"))
        .arg(deploy("vigia.service"))
        .output()
        .unwrap();
    let said = text(&judged.stdout);
    let overall = said.lines().last().unwrap_or_default();
    assert!(judged.status.success(), "{overall}{}", text(&judged.stderr));
}

#[test]
fn the_services_configuration_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("vigia.toml");
    fs::copy(deploy("vigia.toml"), &config).unwrap();
    for included in ["feeds", "tests"] {
        let there = folder.path().join(included);
        fs::create_dir(&there).unwrap();
        let files = deploy(&format!("../config/{included}/*.toml"));
        for file in glob::glob(&files.to_string_lossy()).unwrap() {
            let file = file.unwrap();
            fs::copy(&file, there.join(file.file_name().unwrap())).unwrap();
        }
    }
    let checked = vigia().args(["check", "--config"]).arg(&config).output();
    let checked = checked.unwrap();
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let said = text(&checked.stdout);
    // The unit may write nowhere else.
    assert!(said.contains("  ledger     /var/lib/vigia/"), "{said}");
    assert!(said.contains("  record     /var/lib/vigia/"), "{said}");
}

#[test]
fn the_package_finds_what_it_is_to_hold() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(crate_folder.join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let assets = &manifest["package"]["metadata"]["deb"]["assets"];
    let (mut found, mut missing) = (0, Vec::new());
    for asset in assets.as_array().unwrap() {
        let source = asset[0].as_str().unwrap();
        // What the build and deploy/package.sh make.
        if source.trim_start_matches("../").starts_with("target/") {
            continue;
        }
        let pattern = crate_folder.join(source);
        match glob::glob(&pattern.to_string_lossy()).unwrap().count() {
            0 => missing.push(source),
            files => found += files,
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
    assert!(found > 30, "{found} files");
}

#[test]
fn the_scripts_are_sound() {
    if !has("shellcheck") {
        return skipped("shellcheck", "there is no shellcheck");
    }
    let scripts = [
        "package.sh",
        "debian/postinst",
        "debian/postrm",
        "../tests/package.sh",
        "../.ci/run",
    ];
    let checked = Command::new("shellcheck")
        .arg("--severity=warning")
        .args(scripts.map(deploy))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", text(&checked.stdout));
}

#[test]
fn each_alert_fires_when_it_should_and_rests_when_it_should() {
    if !has("promtool") {
        return skipped("promtool", "there is no promtool");
    }
    for (what, file) in [
        ("check", "vigia.rules.yml"),
        ("test", "vigia.rules.test.yml"),
    ] {
        let tried = Command::new("promtool")
            .args([what, "rules"])
            .arg(deploy("prometheus").join(file))
            .output()
            .unwrap();
        let said = text(&tried.stdout) + &text(&tried.stderr);
        assert!(tried.status.success(), "{said}");
    }
}

#[test]
fn every_alert_has_a_test_in_which_it_fires() {
    let rules = fs::read_to_string(deploy("prometheus/vigia.rules.yml")).unwrap();
    let tests = fs::read_to_string(deploy("prometheus/vigia.rules.test.yml")).unwrap();
    let alerts = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let untried: Vec<_> = alerts
        .filter(|alert| !tests.contains(&format!("alertname=\"{alert}\",alertstate=\"firing\"")))
        .collect();
    assert!(untried.is_empty(), "{untried:?}");
    assert!(rules.contains("- alert: "));
}

#[test]
fn the_dashboard_is_json() {
    let dashboard = fs::read_to_string(deploy("grafana/vigia.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 5);
}
