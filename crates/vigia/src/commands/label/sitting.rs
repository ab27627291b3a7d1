//! One sitting: story after story, until there are no more or the person has had enough.

use std::{io::Write, path::PathBuf};

use anstyle::Style;
use anyhow::Result;
use pipeline::{Classifier, Explanation};
use serde_json::{Value, json};
use story::{Article, Home};

use crate::{args::JudgeArgs, commands::explain};

use super::{
    answers::{Answer, Answers},
    book::Book,
    card,
    queue::{Candidate, Queue},
};

const DIM: Style = Style::new().dimmed();
const KEYS: &str = "k keep · d drop · s skip · u undo · m more · e evidence · q quit";
/// Clears a terminal and goes to its top.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// Stories that are gone through.
pub(super) struct Sitting<'a> {
    classifier: &'a Classifier,
    book: Book,
    queue: Queue,
    /// Which of them is asked about.
    at: usize,
    /// What was answered in this sitting, the last at the end.
    answered: Vec<Answered>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answered {
    Skipped,
    /// As the model would have, or not.
    Labelled {
        unlike: bool,
    },
}

impl<'a> Sitting<'a> {
    pub(super) fn new(classifier: &'a Classifier, book: Book, queue: Queue) -> Self {
        Self {
            classifier,
            book,
            queue,
            at: 0,
            answered: Vec::new(),
        }
    }

    /// Asks about each story until there is no more, or enough is enough.
    pub(super) fn run(&mut self, answers: &mut Answers, screen: &mut impl Write) -> Result<()> {
        let mut on = true;
        while on {
            on = match self.queue.candidates.get(self.at).cloned() {
                Some(candidate) => self.one(&candidate, answers, screen)?,
                None => self.last(answers, screen)?,
            };
        }
        Ok(())
    }

    /// Asks about one story until it is decided; whether to go on.
    fn one(
        &mut self,
        candidate: &Candidate,
        answers: &mut Answers,
        screen: &mut impl Write,
    ) -> Result<bool> {
        let explained = self.classifier.explain(candidate.article.clone());
        self.show(screen, answers, &explained, false)?;
        loop {
            match answers.next()? {
                Answer::Keep => self.label(candidate, &explained, true)?,
                Answer::Drop => self.label(candidate, &explained, false)?,
                Answer::Skip => {
                    self.answered.push(Answered::Skipped);
                    self.at += 1;
                }
                Answer::Undo => match self.undo()? {
                    Some(note) => {
                        writeln!(screen, "{note}")?;
                        continue;
                    }
                    None => return Ok(true),
                },
                Answer::Again => {}
                Answer::Quit => return Ok(false),
                Answer::More => {
                    self.show(screen, answers, &explained, true)?;
                    continue;
                }
                Answer::Evidence => {
                    explain::print::explanation(screen, &explained)?;
                    self.ask(screen)?;
                    continue;
                }
                Answer::Unknown => {
                    writeln!(screen, "{KEYS}")?;
                    continue;
                }
            }
            return Ok(true);
        }
    }

    /// The last answer can be taken back as any other can; whether it was.
    fn last(&mut self, answers: &mut Answers, screen: &mut impl Write) -> Result<bool> {
        writeln!(
            screen,
            "There is nothing more to ask about.  {DIM}u undo · q quit{DIM:#}"
        )?;
        screen.flush()?;
        loop {
            match answers.next()? {
                Answer::Undo => match self.undo()? {
                    Some(note) => writeln!(screen, "{note}")?,
                    None => return Ok(true),
                },
                Answer::Quit => return Ok(false),
                _ => {}
            }
        }
    }

    fn show(
        &self,
        screen: &mut impl Write,
        answers: &Answers,
        explained: &Explanation,
        whole: bool,
    ) -> Result<()> {
        if answers.keys() {
            write!(screen, "{CLEAR}")?;
        }
        card::print(screen, explained, whole)?;
        self.ask(screen)
    }

    /// How far the sitting has come, and what can be answered.
    fn ask(&self, screen: &mut impl Write) -> Result<()> {
        let (number, of) = (self.at + 1, self.queue.candidates.len());
        let (_, kept) = self.book.counts();
        writeln!(screen, "{number} of {of}, {kept} kept  {DIM}{KEYS}{DIM:#}")?;
        screen.flush()?;
        Ok(())
    }

    fn label(&mut self, of: &Candidate, explained: &Explanation, label: bool) -> Result<()> {
        self.book.add(&of.id, label, &line(of, explained, label))?;
        let unlike = explained.story.relevant != label;
        self.answered.push(Answered::Labelled { unlike });
        self.at += 1;
        Ok(())
    }

    /// Goes back to the story before and takes its label back, one of an earlier sitting too; what
    /// to say where there is none.
    fn undo(&mut self) -> Result<Option<&'static str>> {
        match self.answered.pop() {
            Some(Answered::Skipped) => self.at -= 1,
            Some(Answered::Labelled { .. }) => {
                self.book.undo()?;
                self.at -= 1;
            }
            None => {
                let Some(line) = self.book.undo()? else {
                    return Ok(Some("there is no label to take back"));
                };
                match Candidate::read(&line) {
                    Ok(candidate) => self.queue.candidates.insert(self.at, candidate),
                    Err(_) => return Ok(Some("the last label was taken back")),
                }
            }
        }
        Ok(None)
    }

    /// What was done, and what to do with it.
    pub(super) fn report(&self, by: &JudgeArgs, screen: &mut impl Write) -> Result<()> {
        let (labels, kept) = self.book.counts();
        let path = self.book.path().display();
        let unlike = Answered::Labelled { unlike: true };
        let unlike = self.answered.iter().filter(|one| **one == unlike).count();
        let skipped = Answered::Skipped;
        let skipped = self.answered.iter().filter(|one| **one == skipped).count();
        writeln!(
            screen,
            "\n{} in `{path}`: {kept} kept, {} dropped. In this sitting {}, {unlike} of them unlike the \
             model's verdict, and {skipped} skipped.",
            counted(labels, "label"),
            labels - kept,
            counted(self.answered.len() - skipped, "label"),
        )?;
        let Queue {
            labelled,
            unjudged,
            later,
            ..
        } = self.queue;
        for (count, what) in [
            (labelled, "that had a label already"),
            (
                unjudged,
                "that the model does not judge, and so cannot learn from: too short, or in another \
                 language",
            ),
            (later, "that it is more certain of, for another sitting"),
        ] {
            if count > 0 {
                writeln!(screen, "Not asked about: {} {what}.", stories(count))?;
            }
        }
        if labels > 0 {
            let named = |flag: &str, path: &Option<PathBuf>| {
                let path = path.as_ref();
                path.map_or_else(String::new, |path| format!(" {flag}{}", path.display()))
            };
            let (base, topic) = (named("", &by.model), named("--topic ", &by.topic));
            writeln!(
                screen,
                "Have the model learn from them:\n  \
                 vigia train --base{base}{topic} --data {path} --out mine.model"
            )?;
        }
        Ok(())
    }
}

/// A number of things, in words.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn stories(count: usize) -> String {
    let what = if count == 1 { "story" } else { "stories" };
    format!("{count} {what}")
}

/// The line of a label: what `vigia train` reads, and what the model made of it at the time.
fn line(candidate: &Candidate, explained: &Explanation, label: bool) -> String {
    let Article {
        title,
        text,
        lang,
        outlet,
        url,
        canonical_url,
        feed,
        home,
        section,
        tags,
        published,
        ..
    } = &candidate.article;
    let mut line = json!({
        "id": candidate.id,
        "label": u8::from(label),
        "title": title,
        "text": text,
        "lang": lang,
        "outlet": outlet,
        "source": candidate.carried.source,
        "weight": candidate.carried.weight,
        "url": url,
        "canonical_url": canonical_url,
        "feed": feed,
        "home": home,
        "section": section,
        "tags": tags,
        "published": published,
        "score": explained.story.score,
        "model": explained.story.model,
        "labelled": chrono::Utc::now(),
    });
    if let Some(line) = line.as_object_mut() {
        let nothing = [json!(null), json!([]), json!(Home::default())];
        line.retain(|_, value| !nothing.contains(value));
    }
    Value::to_string(&line)
}
