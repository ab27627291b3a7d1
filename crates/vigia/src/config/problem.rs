//! What is wrong with a configuration: the file, the line, the key, and the way out.

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
};

/// How unlike a known name may be to be offered as what was meant (Jaro-Winkler, 1 is equal).
const ALIKE: f64 = 0.65;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    path: PathBuf,
    /// 1 for the first line; 0 for the whole file.
    line: usize,
}

impl Source {
    /// The line of `text`, the content of `path`, on which `span` begins.
    pub(crate) fn at(path: &Path, text: &str, span: &Range<usize>) -> Self {
        let before = text.as_bytes().iter().take(span.start);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        Self {
            path: path.to_owned(),
            line,
        }
    }

    /// A line, counted from 1.
    pub(crate) fn line(path: &Path, line: usize) -> Self {
        Self {
            path: path.to_owned(),
            line,
        }
    }

    /// The file as a whole.
    pub(crate) fn whole(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            line: 0,
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    source: Source,
    message: String,
}

impl Problem {
    /// A problem at a place.
    pub(crate) fn new(source: Source, message: impl Into<String>) -> Self {
        Self {
            source,
            message: message.into(),
        }
    }

    /// A name that is not known, with the nearest one that is.
    pub(crate) fn unknown<'a>(
        source: Source,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let alike = |other: &str| strsim::jaro_winkler(name, other);
        let nearest = known
            .into_iter()
            .max_by(|a, b| alike(a).total_cmp(&alike(b)))
            .filter(|nearest| alike(nearest) >= ALIKE);
        let hint = nearest
            .map(|nearest| format!("; did you mean `{nearest}`?"))
            .unwrap_or_default();
        Self::new(source, format!("unknown {what} `{name}`{hint}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Source { path, line } = &self.source;
        match line {
            0 => write!(f, "{}: {}", path.display(), self.message),
            line => write!(f, "{}:{line}: {}", path.display(), self.message),
        }
    }
}

impl std::error::Error for Problem {}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(f, "use the configuration: {only}"),
            problems => {
                write!(
                    f,
                    "use the configuration, which has {} problems:",
                    problems.len()
                )?;
                problems
                    .iter()
                    .try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for Problems {}
