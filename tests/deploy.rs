//! What an administrator installs: the unit is sound and shut tight, and alerts and dashboard ask for
//! metrics that there are.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use support::{skipped, text};

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
fn the_alert_rules_are_rules() {
    if !has("promtool") {
        return skipped("promtool", "there is no promtool");
    }
    let checked = Command::new("promtool")
        .args(["check", "rules"])
        .arg(deploy("prometheus/vigia.rules.yml"))
        .output()
        .unwrap();
    let said = text(&checked.stdout) + &text(&checked.stderr);
    assert!(checked.status.success(), "{said}");
}

#[test]
fn the_dashboard_is_json() {
    let dashboard = fs::read_to_string(deploy("grafana/vigia.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 5);
}
