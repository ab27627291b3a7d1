//! `vigia verify`: is the record what it should be, and what can be mended.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use pipeline::{
    Inspection, LookedUp, Remedy, Repaired, Settings, record_files, repair, replay::ledger_within,
    verify, verify_pages,
};

use crate::{args::VerifyArgs, config};

/// Problems that are told one by one.
const TOLD: usize = 100;

/// The record is not what it should be.
#[derive(Debug)]
pub(crate) struct Unsound {
    problems: usize,
    repairable: usize,
}

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (problems, repairable) = (self.problems, self.repairable);
        write!(f, "find the record sound: {problems} problems, ")?;
        match repairable {
            0 => f.write_str("none of which a repair mends"),
            _ => write!(
                f,
                "{repairable} of which `vigia verify --repair` mends without losing anything"
            ),
        }
    }
}

impl std::error::Error for Unsound {}

/// Where the record lies, and what it is held against.
struct Places {
    dir: PathBuf,
    ledger: Option<PathBuf>,
    archive: Option<PathBuf>,
}

pub(crate) fn run(args: &VerifyArgs) -> Result<()> {
    let places = places(args)?;
    if !places.dir.is_dir() {
        bail!(
            "find a record: there is no directory `{}`",
            places.dir.display()
        );
    }
    let mut out = io::stdout().lock();
    if args.repair {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let repaired = runtime.block_on(repair(&places.dir, places.ledger.as_deref()))?;
        tell_repaired(&mut out, &repaired)?;
    }
    let mut found = looked_at(&places)?;
    let archive = places.archive.as_deref();
    let looked_up = archive.map(|archive| verify_pages(archive, &mut found));
    for problem in found.problems.iter().take(TOLD) {
        let mends = match problem.remedy {
            Remedy::Repair => " (--repair mends it)",
            Remedy::Person => "",
        };
        writeln!(out, "{problem}{mends}")?;
    }
    if found.problems.len() > TOLD {
        writeln!(out, "and {} more", found.problems.len() - TOLD)?;
    }
    summarise(&mut out, &found, &places)?;
    if let (Some(looked_up), Some(archive)) = (looked_up, archive) {
        tell_looked_up(&mut out, looked_up, archive)?;
    }
    let repairable = |problem: &&pipeline::Problem| problem.remedy == Remedy::Repair;
    match found.problems.len() {
        0 => Ok(()),
        problems => Err(Unsound {
            problems,
            repairable: found.problems.iter().filter(repairable).count(),
        }
        .into()),
    }
}

/// The record, ledger and archive that are named, or those of the configuration, whose ledger and
/// archive are believed only of its own record. A record that was replayed has its ledger within.
fn places(args: &VerifyArgs) -> Result<Places> {
    let configured = configured(args)?;
    let own = configured.as_ref().filter(|settings| {
        let dir = args.dir.as_ref();
        dir.is_none_or(|dir| same(dir, &settings.record.dir))
    });
    let dir = args.dir.clone();
    let dir = dir.or_else(|| own.map(|settings| settings.record.dir.clone()));
    let dir = dir.expect("without one the configuration was asked for");
    if let Some(ledger) = args.ledger.as_ref().filter(|ledger| !ledger.is_file()) {
        bail!("find a ledger at `{}`", ledger.display());
    }
    if let Some(archive) = args.archive.as_ref().filter(|archive| !archive.is_dir()) {
        bail!("find an archive in `{}`", archive.display());
    }
    let ledger = match own {
        Some(settings) => settings.ledger.clone(),
        None => ledger_within(&dir),
    };
    let archive = own.and_then(|settings| settings.archive.as_ref());
    let archive = archive.map(|archive| archive.dir.clone());
    Ok(Places {
        dir,
        ledger: args.ledger.clone().or(Some(ledger).filter(|l| l.is_file())),
        archive: args
            .archive
            .clone()
            .or(archive.filter(|archive| archive.is_dir())),
    })
}

/// The configuration. One that was not named is not needed where the record is, whatever is wrong
/// with it.
fn configured(args: &VerifyArgs) -> Result<Option<Settings>> {
    let named = args.config.config.as_deref();
    let found = config::find(named);
    if args.dir.is_none() || named.is_some() {
        return Ok(Some(config::load(&found?)?.settings));
    }
    let Ok(path) = found else {
        return Ok(None);
    };
    let loaded = config::load(&path);
    if let Err(problems) = &loaded {
        anstream::eprintln!("cannot {problems}; going on without it");
    }
    Ok(loaded.ok().map(|config| config.settings))
}

/// Whether two paths lead to one folder.
fn same(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

fn looked_at(places: &Places) -> Result<Inspection> {
    let total = record_files(&places.dir)?
        .iter()
        .map(|file| file.stored_bytes)
        .sum();
    let bar = if io::stderr().is_terminal() {
        let style = "{bar:30} {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left";
        let style = ProgressStyle::with_template(style);
        ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    } else {
        ProgressBar::hidden()
    };
    let found = verify(&places.dir, places.ledger.as_deref(), &mut |bytes| {
        bar.inc(bytes);
    });
    bar.finish_and_clear();
    Ok(found?)
}

fn tell_repaired(out: &mut impl Write, repaired: &Repaired) -> io::Result<()> {
    for kept_as in &repaired.cut {
        let kept_as = kept_as.display();
        writeln!(out, "took out what is no whole line, kept as {kept_as}")?;
    }
    for file in &repaired.ended {
        writeln!(out, "ended the last line of {file}")?;
    }
    for (file, problem) in &repaired.failed {
        writeln!(out, "{file} could not be looked after: {problem}")?;
    }
    for name in &repaired.set_aside {
        writeln!(out, "set aside {name}, whose other form stays")?;
    }
    let counts = [
        (repaired.counted, "finished files counted into the manifest"),
        (repaired.adopted, "stories told to the ledger"),
        (repaired.acknowledged, "stories acknowledged in the ledger"),
    ];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        writeln!(out, "{count} {what}")?;
    }
    Ok(())
}

fn summarise(out: &mut impl Write, found: &Inspection, places: &Places) -> io::Result<()> {
    let ledger = match &places.ledger {
        Some(ledger) => format!("held against the ledger {}", ledger.display()),
        None => "without a ledger to hold them against".to_owned(),
    };
    let in_use = if found.in_use {
        ", a daemon is writing"
    } else {
        ""
    };
    if found.uncounted > 0 {
        let files = found.uncounted;
        writeln!(
            out,
            "{files} finished files are yet to be counted into the manifest"
        )?;
    }
    writeln!(
        out,
        "{} files, {} stories, {} as written, {ledger}{in_use}",
        found.files.len(),
        found.stories.len(),
        HumanBytes(found.bytes.values().sum())
    )?;
    let (removed, known) = (found.removed_lines, found.removed_known);
    match (removed, &places.ledger) {
        (0, _) => Ok(()),
        (_, None) => writeln!(out, "{removed} stories were removed with their files"),
        (_, Some(_)) => writeln!(
            out,
            "{removed} stories were removed with their files, and the ledger knows {known} of them"
        ),
    }
}

fn tell_looked_up(out: &mut impl Write, looked_up: LookedUp, archive: &Path) -> io::Result<()> {
    let LookedUp {
        named,
        pages,
        elsewhere,
    } = looked_up;
    let archive = archive.display();
    writeln!(
        out,
        "{named} stories name their page, and {pages} of those were looked up in {archive}"
    )?;
    if elsewhere > 0 {
        writeln!(
            out,
            "{elsewhere} of the pages are in files that are not there"
        )?;
    }
    Ok(())
}
