//! A folder in which the real binary runs.

use std::{fs, path::PathBuf, process::Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{text, vigia, vigia_with_input};

/// A folder with files in it, in which `vigia` runs.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn write_lines(&self, name: &str, lines: &[Value]) {
        let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
        self.write(name, &(lines.join("\n") + "\n"));
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<Value> {
        let lines = self.read(name);
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }

    /// Runs a command, words split at blanks, and asserts its exit status.
    pub(crate) fn run(&self, command: &str, status: i32) -> (String, String) {
        let arguments = command.split_whitespace();
        let output = vigia().args(arguments).current_dir(self.0.path()).output();
        checked(command, &output.unwrap(), status)
    }

    /// The records of stories, judged by what the arguments name.
    pub(crate) fn judged(&self, by: &str, file: &str) -> Vec<Value> {
        let (out, _) = self.run(&format!("classify --all {by} {file}"), 0);
        out.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Answers what `vigia label` asks.
    pub(crate) fn label(&self, arguments: &str, answers: &str, status: i32) -> (String, String) {
        let named = |word: &str| {
            let path = self.path(word);
            if word.starts_with('-') {
                word.to_owned()
            } else {
                path.display().to_string()
            }
        };
        let mut words = vec!["label".to_owned()];
        words.extend(arguments.split_whitespace().map(named));
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        checked(arguments, &vigia_with_input(&words, answers), status)
    }
}

fn checked(command: &str, output: &Output, status: i32) -> (String, String) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{command}: {out}{err}");
    (out, err)
}
