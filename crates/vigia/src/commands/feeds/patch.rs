//! A change to a file as a unified diff, for `patch` and `git apply`.

use std::{fmt::Write as _, ops::Range};

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// A piece of a file to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// The bytes, within one line.
    pub(super) span: Range<usize>,
    /// What takes their place, without a line break.
    pub(super) text: String,
}

/// The patch that makes these changes to the file of this name and content; empty where there is
/// none to be made.
pub(super) fn patch(name: &str, content: &str, edits: &[Edit]) -> String {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in content.split_inclusive('\n') {
        lines.push((line, edited(line, start, edits)));
        start += line.len();
    }
    let changed = lines
        .iter()
        .enumerate()
        .filter(|(_, (_, new))| new.is_some());
    let changed: Vec<usize> = changed.map(|(at, _)| at).collect();
    if changed.is_empty() {
        return String::new();
    }
    let mut patch = format!("--- {name}\n+++ {name}\n");
    // Changes whose context would touch stand in one hunk.
    for hunk in changed.chunk_by(|one, next| next - one <= 2 * CONTEXT) {
        let first = hunk[0].saturating_sub(CONTEXT);
        let end = (hunk[hunk.len() - 1] + CONTEXT + 1).min(lines.len());
        let place = format!("{},{}", first + 1, end - first);
        // Writing to a String cannot fail.
        let _ = writeln!(patch, "@@ -{place} +{place} @@");
        for (old, new) in &lines[first..end] {
            match new {
                None => push(&mut patch, ' ', old),
                Some(new) => {
                    push(&mut patch, '-', old);
                    push(&mut patch, '+', new);
                }
            }
        }
    }
    patch
}

/// The line that begins at byte `start`, with the edits within it made; `None` where there are none.
fn edited(line: &str, start: usize, edits: &[Edit]) -> Option<String> {
    let within = |edit: &&Edit| edit.span.start >= start && edit.span.end <= start + line.len();
    let mut within: Vec<&Edit> = edits.iter().filter(within).collect();
    within.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut new = line.to_owned();
    for Edit { span, text } in within {
        new.replace_range(span.start - start..span.end - start, text);
    }
    (new != line).then_some(new)
}

fn push(patch: &mut String, mark: char, line: &str) {
    patch.push(mark);
    patch.push_str(line);
    if !line.ends_with('\n') {
        patch.push_str("\n\\ No newline at end of file\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A patch that replaces each of `changes` in a file.
    fn check(content: &str, changes: &[(&str, &str)], expected: &str) {
        let edits: Vec<Edit> = changes
            .iter()
            .map(|(old, new)| {
                let start = content.find(old).unwrap();
                Edit {
                    span: start..start + old.len(),
                    text: (*new).to_owned(),
                }
            })
            .collect();
        assert_eq!(patch("a.toml", content, &edits), expected);
    }

    #[test]
    fn a_change_stands_among_its_lines() {
        let content = "1\n2\n3\n4\nurl = 'x' # why\n6\n7\n8\n9\n";
        let expected = "--- a.toml\n+++ a.toml\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-url = 'x' # why\n\
                        +url = 'y' # why\n 6\n 7\n 8\n";
        check(content, &[("'x'", "'y'")], expected);
    }

    #[test]
    fn changes_that_are_near_share_a_hunk() {
        let content: String = (10..40)
            .flat_map(|n| [n.to_string(), "\n".to_owned()])
            .collect();
        let near = patch("a", &content, &edits(&content, &["12", "18"]));
        assert_eq!(near.matches("@@ -").count(), 1);
        let far = patch("a", &content, &edits(&content, &["12", "19", "38"]));
        assert_eq!(far.matches("@@ -").count(), 3);
        assert!(far.contains("@@ -26,5 +26,5 @@"), "{far}");
    }

    fn edits(content: &str, lines: &[&str]) -> Vec<Edit> {
        let edit = |line: &&str| {
            let start = content.find(line).unwrap();
            Edit {
                span: start..start + line.len(),
                text: "x".to_owned(),
            }
        };
        lines.iter().map(edit).collect()
    }

    #[test]
    fn the_last_line_may_lack_its_end() {
        let end = "\n\\ No newline at end of file\n";
        let expected = format!("--- a.toml\n+++ a.toml\n@@ -1,1 +1,1 @@\n-u = 1{end}+u = 2{end}");
        check("u = 1", &[("1", "2")], &expected);
    }

    #[test]
    fn nothing_to_change_is_no_patch() {
        check("u = 1\n", &[], "");
        check("u = 1\n", &[("1", "1")], "");
    }
}
