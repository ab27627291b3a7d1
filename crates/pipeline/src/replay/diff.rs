//! Today's verdicts beside those of an existing record: what would change.

use std::{collections::HashMap, path::Path, sync::Arc};

use serde::{Deserialize, Serialize};
use sink::Lines;
use story::{StoryId, storage::Ending};
use tokio::sync::mpsc::Receiver;

use super::{
    ReplayError,
    done::Done,
    input::{self, Form},
};
use crate::parcel::{Parcel, Verdict};

/// The least change of a score that is told.
const MOVED_MIN: f64 = 0.005;

/// What changes of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was not kept and would be.
    KeptNow,
    /// It was kept and would not be.
    DroppedNow,
    /// It stays, and its score is another.
    Moved,
}

/// A story of which something changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changed {
    /// What.
    pub change: Change,
    /// The story.
    pub id: StoryId,
    /// Its headline.
    pub title: String,
    /// Its address.
    pub url: Option<String>,
    /// Its score in the record; none where it is not there.
    pub score_before: Option<f64>,
    /// Its score today.
    pub score_now: f64,
    /// Why it would be dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What would change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// The stories of which something changes: by what, the largest change first.
    pub changed: Vec<Changed>,
    /// Stories of which nothing changes.
    pub same: u64,
    /// Stories that would be dropped and are not in the record.
    pub dropped: u64,
    /// Stories of the record that were not among what was replayed.
    pub absent: u64,
}

/// The part of a story that is compared, off a line of the record or a verdict.
#[derive(Deserialize)]
struct Judged {
    id: StoryId,
    title: String,
    url: Option<String>,
    score: f64,
    relevant: bool,
}

/// What became of a story, of which one file may hold several captures.
#[derive(Default)]
struct Compared {
    before: Option<(f64, bool)>,
    now: Option<(Judged, Option<String>)>,
}

/// The verdicts of a record.
#[derive(Default)]
pub(super) struct Verdicts(HashMap<StoryId, Compared>);

impl Verdicts {
    /// Reads those of a folder or file. Lines that are no stories are passed over.
    pub(super) fn read(record: &Path) -> Result<Self, ReplayError> {
        let mut verdicts = Self::default();
        for file in input::list(&[record.to_owned()])? {
            if file.form != Form::Lines {
                continue;
            }
            let unreadable = |source| ReplayError::Input {
                path: file.path.clone(),
                source,
            };
            let mut lines = Lines::new(file.open_lines().map_err(unreadable)?);
            let mut line = Vec::new();
            while lines.next(&mut line).map_err(unreadable)?.is_some() {
                if let Ok(judged) = serde_json::from_slice::<Judged>(&line) {
                    // The last revision counts.
                    let compared = verdicts.0.entry(judged.id).or_default();
                    compared.before = Some((judged.score, judged.relevant));
                }
            }
        }
        Ok(verdicts)
    }

    /// Takes today's verdicts off the line until that ends.
    pub(super) async fn compare(
        mut self,
        mut queue: Receiver<Parcel<Verdict>>,
        done: Arc<Done>,
    ) -> Diff {
        while let Some(Parcel { id, content, .. }) = queue.recv().await {
            let ending = match content {
                Verdict::Keep(story) => {
                    let ending = Ending::Kept {
                        story: story.id.clone(),
                        revision: story.revision,
                    };
                    let judged = Judged {
                        id: story.id,
                        title: story.title,
                        url: story.url.map(Into::into),
                        score: story.score,
                        relevant: true,
                    };
                    if self.note(judged, None) {
                        ending
                    } else {
                        let Ending::Kept { story: of, .. } = ending else {
                            continue;
                        };
                        Ending::Duplicate { of }
                    }
                }
                Verdict::End(ending) => {
                    if let Ending::Dropped {
                        verdict, reason, ..
                    } = &ending
                        && let Ok(judged) = serde_json::from_str::<Judged>(verdict)
                    {
                        self.note(judged, Some(reason.clone()));
                    }
                    ending
                }
            };
            done.finish([(id, &ending)]);
        }
        self.diff()
    }

    /// Notes a verdict of today; of several captures, the first that is kept counts. Returns
    /// whether this one does.
    fn note(&mut self, judged: Judged, reason: Option<String>) -> bool {
        let compared = self.0.entry(judged.id.clone()).or_default();
        let counts = match &compared.now {
            None => true,
            Some((now, _)) => judged.relevant && !now.relevant,
        };
        if counts {
            compared.now = Some((judged, reason));
        }
        counts
    }

    fn diff(self) -> Diff {
        let mut diff = Diff::default();
        for Compared { before, now } in self.0.into_values() {
            let Some((now, reason)) = now else {
                diff.absent += 1;
                continue;
            };
            let change = match before {
                Some((_, true)) if !now.relevant => Change::DroppedNow,
                Some((_, false)) | None if now.relevant => Change::KeptNow,
                Some((score, _)) if (score - now.score).abs() >= MOVED_MIN => Change::Moved,
                Some(_) => {
                    diff.same += 1;
                    continue;
                }
                None => {
                    diff.dropped += 1;
                    continue;
                }
            };
            diff.changed.push(Changed {
                change,
                id: now.id,
                title: now.title,
                url: now.url,
                score_before: before.map(|(score, _)| score),
                score_now: now.score,
                reason,
            });
        }
        diff.changed.sort_by(|a, b| {
            let by =
                |changed: &Changed| changed.score_now - changed.score_before.unwrap_or_default();
            let larger = by(b).abs().total_cmp(&by(a).abs());
            a.change.cmp(&b.change).then(larger).then(a.id.cmp(&b.id))
        });
        diff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(id: &str, score: f64, relevant: bool) -> Judged {
        Judged {
            id: StoryId::carried(id.to_owned()),
            title: id.to_owned(),
            url: None,
            score,
            relevant,
        }
    }

    #[test]
    fn what_changes_is_told_and_what_does_not_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let line = |id, score, relevant| {
            format!(
                "{{\"id\":\"{id}\",\"title\":\"\",\"score\":{score},\"relevant\":{relevant}}}\n"
            )
        };
        let record = line("stays", 0.9, true)
            + "no story\n"
            + &line("moves", 0.9, true)
            + &line("goes", 0.6, true)
            + &line("gone", 0.6, true)
            + &line("was-dropped", 0.1, false);
        std::fs::write(folder.path().join("stories.jsonl"), record).unwrap();
        let mut verdicts = Verdicts::read(folder.path()).unwrap();
        for (id, score, relevant) in [
            ("stays", 0.901, true),
            ("moves", 0.7, true),
            ("goes", 0.2, false),
            ("was-dropped", 0.8, true),
            ("new", 0.1, false),
            ("new", 0.9, true),
            ("new", 0.2, false),
            ("nothing", 0.1, false),
        ] {
            verdicts.note(judged(id, score, relevant), None);
        }
        let diff = verdicts.diff();
        let changed: Vec<_> = diff
            .changed
            .iter()
            .map(|changed| (changed.change, changed.id.as_str()))
            .collect();
        let expected = [
            (Change::KeptNow, "new"),
            (Change::KeptNow, "was-dropped"),
            (Change::DroppedNow, "goes"),
            (Change::Moved, "moves"),
        ];
        assert_eq!(changed, expected);
        assert_eq!((diff.same, diff.dropped, diff.absent), (1, 1, 1));
    }
}
