//! `vigia tap`: what passes a stage of the running daemon.

use std::{
    io::{self, IsTerminal, Write},
    ops::ControlFlow,
};

use anstyle::{AnsiColor, Style};
use anyhow::{Result, anyhow};
use pipeline::{
    control::{Tapped, look_on},
    tap::{Passing, Stage},
};

use super::{daemon, typeset};
use crate::args::TapArgs;

/// What is asked for never passes that stage.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NothingToSee(String);

pub(crate) fn run(args: &TapArgs) -> Result<()> {
    args.check()?;
    let for_a_person = !args.json && io::stdout().is_terminal();
    let stage = args.stage.into();
    let (mut left, mut ended) = (args.count, Ok(()));
    let mut show = |tapped: Tapped| -> io::Result<ControlFlow<()>> {
        match tapped {
            Tapped::Passing(passing) if !args.wants(&passing) => {}
            Tapped::Passing(passing) => {
                let mut out = anstream::stdout().lock();
                if for_a_person {
                    write_line(&mut out, &passing)?;
                } else {
                    writeln!(out, "{}", serde_json::to_string(&*passing)?)?;
                }
                left = left.map(|left| left.saturating_sub(1));
                if left == Some(0) {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Tapped::Missed { missed } => {
                anstream::eprintln!("{missed} passed unseen: they came faster than they were read");
            }
            Tapped::Error { error } => return Err(io::Error::other(error)),
        }
        Ok(ControlFlow::Continue(()))
    };
    daemon::ask(&args.daemon, async |socket| {
        look_on(socket, stage, |tapped| {
            show(tapped).unwrap_or_else(|error| {
                ended = Err(error);
                ControlFlow::Break(())
            })
        })
        .await
    })?;
    ended?;
    if left == Some(0) {
        return Ok(());
    }
    Err(anyhow!("look on any longer: the daemon has ended"))
}

impl TapArgs {
    /// Whether anything can ever be as wanted: who waits for the rest waits for ever.
    fn check(&self) -> Result<(), NothingToSee> {
        let stage = Stage::from(self.stage);
        let judged = matches!(stage, Stage::Classify | Stage::Sink);
        if self.country.is_some() && !judged {
            let why = format!("look for a country at `{stage}`: it is told from `classify` on");
            return Err(NothingToSee(why));
        }
        let wanted = self.outcome.as_deref().unwrap_or_default();
        let there = stage.outcomes();
        let possible = |outcome: &&str| outcome.starts_with(wanted) || wanted.starts_with(*outcome);
        if there.iter().any(possible) {
            return Ok(());
        }
        let there = there.join(", ");
        Err(NothingToSee(format!(
            "look for `{wanted}` at `{stage}`: what passes there is {there}"
        )))
    }

    fn wants(&self, passing: &Passing) -> bool {
        let feed = passing.feed.as_ref().map(story::FeedId::as_str);
        let of_feed = self.feed.as_deref().is_none_or(|id| feed == Some(id));
        let outcome = self.outcome.as_deref().unwrap_or_default();
        let country = self.country.as_ref().is_none_or(|country| {
            let mut countries = passing.countries.iter();
            countries.any(|known| known.eq_ignore_ascii_case(country))
        });
        let words = self.grep.as_ref().is_none_or(|words| {
            let words = words.to_lowercase();
            let texts = [Some(&passing.title), passing.url.as_ref()];
            let mut texts = texts.into_iter().flatten();
            texts.any(|text| text.to_lowercase().contains(&words))
        });
        of_feed && country && words && passing.outcome.starts_with(outcome)
    }
}

/// One line for a person: when, what became of it, from where, and what it is.
fn write_line(out: &mut impl Write, passing: &Passing) -> io::Result<()> {
    let colour = match passing.outcome.split('/').next() {
        Some("kept" | "cleaned" | "fetched") => AnsiColor::Green,
        Some("failed" | "no-page") => AnsiColor::Red,
        _ => AnsiColor::Yellow,
    };
    let (colour, faint) = (
        Style::new().fg_color(Some(colour.into())),
        Style::new().dimmed(),
    );
    let at = passing.at.with_timezone(&chrono::Local).format("%H:%M:%S");
    let feed = passing.feed.as_ref().map_or("-", story::FeedId::as_str);
    write!(
        out,
        "{faint}{at}{faint:#} {colour}{}{colour:#} ",
        passing.outcome
    )?;
    if let Some(score) = passing.score {
        write!(out, "{score:.2} ")?;
    }
    if let Some(country) = passing.countries.first() {
        write!(out, "{} ", typeset::line(country))?;
    }
    write!(out, "{} {faint}{feed}", typeset::line(&passing.title))?;
    if let Some(detail) = &passing.detail {
        write!(out, ", {}", typeset::line(detail))?;
    }
    writeln!(out, "{faint:#}")
}
