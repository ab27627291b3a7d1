//! The log: where it goes and how it looks.

use std::{
    io::{self, IsTerminal},
    panic, thread,
};

use anyhow::{Context, Result};
use tracing::warn;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::FilterExt,
    fmt,
    layer::SubscriberExt,
    reload::{self, Handle},
    util::SubscriberInitExt,
};

use super::repeats::Repeats;
use crate::config::LogFormat;

/// The variable whose level goes before the configured one.
const LEVEL_VARIABLE: &str = "VIGIA_LOG";

/// A daemon's log at work.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    level: Handle<EnvFilter, Registry>,
    repeats: Repeats,
}

impl Log {
    /// Goes on with another level, unless `VIGIA_LOG` names one; whether it does.
    pub(crate) fn set_level(&self, level: &str) -> Result<bool> {
        if std::env::var_os(LEVEL_VARIABLE).is_some() {
            return Ok(false);
        }
        let filter = read(level, "the configuration")?;
        self.level.reload(filter).context("change the log level")?;
        Ok(true)
    }

    /// Tells how often warnings were held back that repeat themselves; to be called now and then.
    pub(crate) fn tell_repeats(&self) {
        self.repeats.tell();
    }

    /// Tells all of it, where the run is over.
    pub(crate) fn end(&self) {
        self.repeats.tell_all();
    }
}

fn read(level: &str, of: &str) -> Result<EnvFilter> {
    EnvFilter::try_new(level).with_context(|| format!("read the log level `{level}` of {of}"))
}

/// Starts the log of a daemon. `VIGIA_LOG` goes before the configured level.
pub(crate) fn start(level: &str, format: LogFormat) -> Result<Log> {
    let filter = match std::env::var(LEVEL_VARIABLE) {
        Ok(level) => read(&level, LEVEL_VARIABLE)?,
        Err(_) => read(level, "the configuration")?,
    };
    // systemd names the journal's stream where standard error leads to it.
    let under_systemd = std::env::var_os("JOURNAL_STREAM").is_some();
    let text = || {
        fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal())
            .with_target(false)
    };
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Json => Box::new(fmt::layer().json().with_writer(io::stderr)),
        LogFormat::Text => Box::new(text()),
        LogFormat::Auto if !under_systemd => Box::new(text()),
        LogFormat::Auto | LogFormat::Journald => match tracing_journald::layer() {
            Ok(journal) => Box::new(journal.with_field_prefix(None)),
            Err(error) if format == LogFormat::Auto => {
                let _ = error; // Text goes to the journal as well, without its fields.
                Box::new(text())
            }
            Err(error) => {
                return Err(error).context(
                    "open the journal, which `format = \"journald\"` in [log] asks for; write \"auto\" to \
                     have text where there is none",
                );
            }
        },
    };
    let (filter, level) = reload::Layer::new(filter);
    let repeats = Repeats::default();
    let filter = filter.and(repeats.clone());
    tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .init();
    log_panics();
    Ok(Log { level, repeats })
}

/// Sends panics to the log. Those of workers and parsers are caught and recorded with the entry or
/// feed that caused them; this adds where in the code it was.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let thread = thread::current();
        let location = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        warn!(thread = thread.name(), location, message, "panic");
    }));
}

/// Starts the log of a command that a person runs: warnings only, as text.
pub(crate) fn start_quiet() {
    let filter = EnvFilter::try_from_env(LEVEL_VARIABLE).unwrap_or_else(|_| EnvFilter::new("warn"));
    let text = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .without_time();
    tracing_subscriber::registry()
        .with(text.with_filter(filter))
        .init();
}
