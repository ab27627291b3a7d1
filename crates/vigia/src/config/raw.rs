//! The TOML as it is written: every key, with its default. `vigia schema config` prints the JSON
//! Schema that these types derive; the descriptions there are the comments here.

mod archive;
mod spanned;
mod test;

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf, time::Duration};

use pipeline::{Given, Secret, SecretSource};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;

use super::size::Size;
pub(crate) use archive::RawArchive;
pub(crate) use spanned::SpannedOr;
pub(crate) use test::RawTest;

/// The whole of `vigia.toml`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RawConfig {
    /// Further files with `[[feed]]` and `[[test]]` tables; `*` stands for any name.
    #[schemars(with = "Vec<String>")]
    pub(crate) include: Vec<Spanned<String>>,
    /// The ledger.
    pub(crate) state: RawState,
    /// The record.
    pub(crate) sink: RawSink,
    /// How to ask servers.
    pub(crate) fetch: RawFetch,
    /// How hubs push what feeds show, where they do (W3C WebSub); off without it.
    pub(crate) websub: Option<RawWebSub>,
    /// How to make articles of pages.
    pub(crate) clean: RawClean,
    /// How to judge.
    pub(crate) classify: RawClassify,
    /// Keeping what is fetched as it came.
    pub(crate) archive: RawArchive,
    /// Queues and threads.
    pub(crate) pipeline: RawPipeline,
    /// Where metrics and health are asked for; nowhere without it.
    pub(crate) listen: Option<RawListen>,
    /// What the daemon says of itself.
    pub(crate) log: RawLog,
    /// The feeds.
    pub(crate) feed: Vec<RawFeed>,
    /// What `vigia test` tries.
    pub(crate) test: Vec<RawTest>,
}

/// An included file: feeds and tests, and nothing else.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RawIncluded {
    /// The feeds.
    pub(crate) feed: Vec<RawFeed>,
    /// What `vigia test` tries.
    pub(crate) test: Vec<RawTest>,
}

/// The ledger: what was seen and what is in flight.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RawState {
    /// The database; its folder is made where it is not there.
    pub(crate) path: String,
}

/// The record.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RawSink {
    /// The directory in which the JSONL files live.
    pub(crate) dir: String,
    /// A file that has grown to this size is finished, as each is when its day of UTC is over.
    #[schemars(with = "String")]
    pub(crate) rotate_size: SpannedOr<Size>,
    /// How finished files are stored: `none`, `zstd` or `gzip`.
    pub(crate) compress: RawCompress,
    /// How long after its day a finished file is removed; none is where it is not set.
    pub(crate) retain_age: Option<Span>,
    /// The size that all files may have together, above which the oldest finished ones are removed.
    pub(crate) retain_size: Option<Size>,
    /// The room on the disk that is to be left: with less, writing waits.
    pub(crate) reserve: Size,
    /// Whether each story is written to standard output as well, once it is on the disk.
    pub(crate) stdout: bool,
}

/// Ways of storing finished files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawCompress {
    /// As they were written.
    #[default]
    None,
    /// Zstandard: `zstdcat` reads them.
    Zstd,
    /// Gzip: `zcat` reads them.
    Gzip,
}

/// How to ask servers.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RawFetch {
    /// Sent with every request; name an address at which a publisher can reach you.
    #[schemars(with = "String")]
    pub(crate) user_agent: SpannedOr<String>,
    /// Whether addresses of private networks may be asked: for tests and intranets only.
    pub(crate) allow_private_networks: bool,
    /// Least time between two requests to one host.
    pub(crate) host_gap: Span,
    /// Requests under way at one host.
    #[schemars(with = "usize")]
    pub(crate) host_concurrency: SpannedOr<usize>,
    /// Requests under way in all.
    #[schemars(with = "usize")]
    pub(crate) concurrency: SpannedOr<usize>,
    /// No feed is polled more often than this.
    #[schemars(with = "String")]
    pub(crate) min_interval: SpannedOr<Span>,
    /// Nor less often, unless the server asks for it or the feed is gone.
    #[schemars(with = "String")]
    pub(crate) max_interval: SpannedOr<Span>,
    /// An older entry is recorded as seen and not fetched.
    pub(crate) max_entry_age: Span,
    /// Longest wait for a connection.
    pub(crate) connect_timeout: Span,
    /// Longest time for a whole request, body included.
    pub(crate) request_timeout: Span,
    /// Bytes of a feed that are read, decompressed.
    pub(crate) feed_bytes_max: usize,
    /// Bytes of a page that are read, decompressed; a larger one is not read at all.
    pub(crate) page_bytes_max: usize,
    /// How often a page is asked for before the feed's own text stands in.
    #[schemars(with = "u32")]
    pub(crate) page_attempts: SpannedOr<u32>,
    /// A proxy for all requests: `http`, `https`, `socks5` or `socks5h`. It must keep private
    /// networks apart itself: what it dials is not seen from here.
    #[schemars(with = "Option<String>")]
    pub(crate) proxy: Option<SpannedOr<String>>,
    /// The proxy's password; the user name stands in its address.
    pub(crate) proxy_password: Option<RawSecret>,
}

/// Push: a listener to which hubs send what is new in their feeds.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub(crate) struct RawWebSub {
    /// The address that hubs are given, such as `https://vigia.example.org/push`: what comes there is
    /// sent on to `listen`.
    #[schemars(with = "String")]
    pub(crate) public_url: SpannedOr<String>,
    /// Where the listener stands.
    #[serde(default = "RawWebSub::listen")]
    #[schemars(with = "String", default = "RawWebSub::listen")]
    pub(crate) listen: SocketAddr,
}

impl RawWebSub {
    fn listen() -> SocketAddr {
        ([127, 0, 0, 1], 8099).into()
    }
}

/// A listener for `/metrics`, `/health` and `/ready`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub(crate) struct RawListen {
    /// An address of this machine's own, such as `127.0.0.1:9469`, or `unix:` and the path of a socket.
    #[schemars(with = "String")]
    pub(crate) address: SpannedOr<String>,
}

/// How to make articles of pages.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RawClean {
    /// Files with further rules for lines that are no part of a story, in the form of
    /// `boilerplate.tsv`: language, kind and pattern, split by tabs.
    #[schemars(with = "Vec<String>")]
    pub(crate) boilerplate: Vec<Spanned<String>>,
    /// Whether paragraphs that recur on many pages of a site are learned, and left out of its stories
    /// from the tenth page on.
    pub(crate) learn_templates: bool,
}

/// How to judge.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RawClassify {
    /// A story at or above this score is kept.
    #[schemars(with = "f64")]
    pub(crate) threshold: SpannedOr<f64>,
    /// What becomes of stories in a language that the model does not judge: "drop" records them as
    /// `unsupported-language`, "judge" judges them by the knowledge alone.
    pub(crate) other_languages: RawOtherLanguages,
    /// What becomes of near-duplicates; "mark" is the one way there is so far.
    #[schemars(with = "String")]
    pub(crate) near_duplicates: SpannedOr<String>,
    /// A folder whose TSV files replace the embedded ones of the same name.
    #[schemars(with = "Option<String>")]
    pub(crate) knowledge: Option<Spanned<String>>,
    /// The file of a topic, with its model; without it, the embedded `latam-security`.
    #[schemars(with = "Option<String>")]
    pub(crate) topic: Option<Spanned<String>>,
}

/// What becomes of stories in other languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawOtherLanguages {
    /// They are dropped, with the reason.
    Drop,
    /// They are judged by names and what words they share.
    Judge,
}

/// Queues and threads.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RawPipeline {
    /// Messages that a queue between two stages holds.
    #[schemars(with = "usize")]
    pub(crate) queue: SpannedOr<usize>,
    /// Threads that clean pages; 0 is one a core.
    pub(crate) workers: usize,
    /// How long the line may take to drain when it is told to stop; shorter than systemd's.
    pub(crate) grace: Span,
}

/// What the daemon says of itself.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RawLog {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,fetcher=debug`.
    #[schemars(with = "String")]
    pub(crate) level: SpannedOr<String>,
    /// Where it goes and how it looks.
    pub(crate) format: LogFormat,
}

/// Forms of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// The journal under systemd, text otherwise.
    #[default]
    Auto,
    /// Text on standard error, in colour on a terminal.
    Text,
    /// JSON on standard error, an object a line.
    Json,
    /// The journal, with fields.
    Journald,
}

/// One feed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub(crate) struct RawFeed {
    /// A name of its own: a-z, 0-9, `-`, `_` and `.`.
    #[schemars(with = "String")]
    pub(crate) id: Spanned<String>,
    /// RSS, Atom, JSON Feed or news sitemap; the kind is detected.
    #[schemars(with = "String")]
    pub(crate) url: Spanned<String>,
    /// The outlet's home, ISO 3166-1: a prior, never a verdict.
    #[schemars(with = "Option<String>")]
    pub(crate) country: Option<Spanned<String>>,
    /// The outlet's language, ISO 639-1.
    #[schemars(with = "Option<String>")]
    pub(crate) lang: Option<Spanned<String>>,
    /// The wait between two polls to start from; 60 minutes where none is given.
    pub(crate) interval: Option<Span>,
    /// The zone of dates that name none; the country's most populous zone where none is given.
    #[schemars(with = "Option<String>")]
    pub(crate) timezone: Option<Spanned<String>>,
    /// Headers that its server wants to see, with values as text or from where they are kept.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, RawValue>,
    /// A login: `{ username = "…", password = … }` or `{ bearer = … }`.
    #[schemars(with = "Option<RawAuth>")]
    pub(crate) auth: Option<SpannedOr<RawAuth>>,
}

/// A login; the secret itself is kept elsewhere.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAuth {
    /// The name, for a login with name and password.
    pub(crate) username: Option<String>,
    /// The password.
    pub(crate) password: Option<RawSecret>,
    /// The token, for a login with a token.
    pub(crate) bearer: Option<RawSecret>,
}

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a secret is not written here; say where it is kept: { env = \"NAME\" }, \
                 { file = \"/path\" } or { credential = \"name\" }"
)]
pub(crate) enum RawSecret {
    /// In an environment variable.
    Env {
        /// Its name.
        env: String,
    },
    /// In a file.
    File {
        /// Its path.
        file: PathBuf,
    },
    /// In a credential of the systemd unit.
    Credential {
        /// Its name.
        credential: String,
    },
}

/// The value of a header.
#[derive(Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a header's value is text, { env = \"NAME\" }, { file = \"/path\" } or \
                 { credential = \"name\" }"
)]
pub(crate) enum RawValue {
    /// In so many words.
    Plain(String),
    /// From where it is kept.
    From(RawSecret),
}

impl fmt::Debug for RawValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain"), // it may be a key all the same
            Self::From(secret) => secret.fmt(f),
        }
    }
}

impl From<&RawSecret> for SecretSource {
    fn from(raw: &RawSecret) -> Self {
        match raw {
            RawSecret::Env { env } => Self::Env(env.clone()),
            RawSecret::File { file } => Self::File(file.clone()),
            RawSecret::Credential { credential } => Self::Credential(credential.clone()),
        }
    }
}

impl From<&RawValue> for Given {
    fn from(raw: &RawValue) -> Self {
        match raw {
            RawValue::Plain(text) => Self::Plain(Secret::new(text)),
            RawValue::From(secret) => Self::From(secret.into()),
        }
    }
}

/// A duration as people write it: `5s`, `90m`, `24h`, `30d`.
#[derive(Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map(Self).map_err(|error| {
            D::Error::custom(format!(
                "`{text}` is not a duration ({error}): write a number and a unit, such as \"30s\", \
                 \"5m\", \"24h\" or \"30d\""
            ))
        })
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const fn seconds(seconds: u64) -> Span {
    Span(Duration::from_secs(seconds))
}

impl Default for RawState {
    fn default() -> Self {
        Self {
            path: "/var/lib/vigia/ledger.db".to_owned(),
        }
    }
}

impl Default for RawSink {
    fn default() -> Self {
        Self {
            dir: "/var/lib/vigia/stories".to_owned(),
            rotate_size: Size(256 << 20).into(),
            compress: RawCompress::None,
            retain_age: None,
            retain_size: None,
            reserve: Size(0),
            stdout: false,
        }
    }
}

impl Default for RawFetch {
    fn default() -> Self {
        Self {
            user_agent: "vigia/0.1 (+https://example.org/contact)".to_owned().into(),
            allow_private_networks: false,
            host_gap: seconds(5),
            host_concurrency: 1.into(),
            concurrency: 64.into(),
            min_interval: seconds(5 * MINUTE).into(),
            max_interval: seconds(DAY).into(),
            max_entry_age: seconds(30 * DAY),
            connect_timeout: seconds(10),
            request_timeout: seconds(30),
            feed_bytes_max: 10 << 20,
            page_bytes_max: 5 << 20,
            page_attempts: 4.into(),
            proxy: None,
            proxy_password: None,
        }
    }
}

impl Default for RawClassify {
    fn default() -> Self {
        Self {
            threshold: 0.5.into(),
            other_languages: RawOtherLanguages::Drop,
            near_duplicates: "mark".to_owned().into(),
            knowledge: None,
            topic: None,
        }
    }
}

impl Default for RawPipeline {
    fn default() -> Self {
        Self {
            queue: 32.into(),
            workers: 0,
            grace: seconds(20),
        }
    }
}

impl Default for RawLog {
    fn default() -> Self {
        Self {
            level: "info".to_owned().into(),
            format: LogFormat::Auto,
        }
    }
}
