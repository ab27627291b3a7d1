//! The daemon's socket: whoever may open it asks what the daemon is doing, looks on at what passes a
//! stage, and has it read its configuration again.
//!
//! A client sends one line and reads lines of JSON. `status` is answered with a [`Snapshot`], `reload`
//! with a [`Reloaded`], and `tap` with a stage's name with [`Tapped`] lines until the client goes.

use std::{
    io,
    ops::ControlFlow,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, broadcast::error::RecvError, mpsc, oneshot},
    time::timeout,
};
use tracing::{debug, warn};

use crate::{
    status::{Snapshot, Status},
    tap::{Passing, Stage},
};

/// Longest request that is read, and longest wait for it.
const REQUEST_BYTES_MAX: u64 = 256;
const REQUEST_TIME_MAX: Duration = Duration::from_secs(5);
/// Longest wait for the configuration to be read and put to use.
const RELOAD_TIME_MAX: Duration = Duration::from_mins(1);
/// Clients that are served at once; more wait their turn.
const CLIENTS_MAX: usize = 8;

/// The socket of the daemon whose ledger lies at `ledger`.
pub fn socket_path(ledger: &Path) -> PathBuf {
    ledger.with_file_name("vigia.sock")
}

/// Bytes of a Unix socket's path, above which the system refuses it (`sun_path`, less its NUL).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// Why the socket beside this ledger cannot be had, where that can be told beforehand.
pub fn socket_problem(ledger: &Path) -> Option<String> {
    let socket = socket_path(ledger);
    let bytes = socket.as_os_str().len();
    (bytes > SOCKET_PATH_BYTES_MAX).then(|| {
        format!(
            "the socket for `vigia status` would lie at `{}`, a path of {bytes} bytes where \
             {SOCKET_PATH_BYTES_MAX} are allowed: the daemon goes on without it; give the ledger a \
             shorter path in [state]",
            socket.display()
        )
    })
}

/// Longest wait for a looker-on to read what he is shown.
const READING_TIME_MAX: Duration = Duration::from_mins(1);
/// Lookers-on at once, so that some places are left for short questions.
const TAPS_MAX: usize = CLIENTS_MAX / 2;

/// Somebody asks that the configuration be read again, and waits for what came of it.
#[derive(Debug)]
pub struct ReloadAsked {
    /// Where the answer goes.
    pub answer: oneshot::Sender<Reloaded>,
}

/// What came of reading the configuration again, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reloaded {
    /// It is in use; what changed.
    Ok(String),
    /// It is wrong, and nothing was changed; what is wrong.
    Refused(String),
    /// It cannot be told, or not now; why.
    Failed(String),
}

/// What a looker-on is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Tapped {
    /// Something passed the stage.
    Passing(Arc<Passing>),
    /// So much passed unseen because it was read too slowly.
    Missed {
        /// How much.
        missed: u64,
    },
    /// Nothing can be shown.
    Error {
        /// Why.
        error: String,
    },
}

/// Opens a socket. Whoever holds the ledger's lock may take the place of one that an earlier process
/// left behind.
pub(crate) fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Serves the socket, until the task is dropped.
pub(crate) async fn serve(
    listener: UnixListener,
    status: Arc<Status>,
    reloads: mpsc::Sender<ReloadAsked>,
) {
    let clients = Arc::new(Semaphore::new(CLIENTS_MAX));
    let taps = Arc::new(Semaphore::new(TAPS_MAX));
    loop {
        let place = Arc::clone(&clients).acquire_owned().await;
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "cannot accept on the status socket");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let (status, reloads) = (Arc::clone(&status), reloads.clone());
        let taps = Arc::clone(&taps);
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &status, &reloads, &taps).await {
                debug!(%error, "a client of the status socket was not served");
            }
            drop(place);
        });
    }
}

/// Serves one client. Each wait for it is bounded: a stuck one keeps its place for seconds.
async fn answer(
    stream: UnixStream,
    status: &Status,
    reloads: &mpsc::Sender<ReloadAsked>,
    taps: &Semaphore,
) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut request = String::new();
    let mut read = BufReader::new(read.take(REQUEST_BYTES_MAX));
    timeout(REQUEST_TIME_MAX, read.read_line(&mut request)).await??;
    let error = |error: String| serde_json::to_string(&Tapped::Error { error });
    let mut line = match request.trim().split_once(' ') {
        None if request.trim() == "status" => serde_json::to_string(&status.snapshot())?,
        None if request.trim() == "reload" => serde_json::to_string(&reload(reloads).await)?,
        Some(("tap", name)) => match (Stage::named(name), taps.try_acquire()) {
            (None, _) => error(format!("there is no stage `{name}`"))?,
            (_, Err(_)) => error(format!("{TAPS_MAX} look on already"))?,
            (Some(stage), Ok(_place)) => return show(stage, status, read, write).await,
        },
        _ => error(format!("unknown request `{}`", request.trim()))?,
    };
    line.push('\n');
    timeout(REQUEST_TIME_MAX, write.write_all(line.as_bytes())).await?
}

/// Shows what passes a stage until the client goes.
async fn show(
    stage: Stage,
    status: &Status,
    mut client: impl AsyncRead + Unpin,
    mut write: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut passing = status.taps.open(stage);
    let mut said = [0; 64];
    loop {
        let next = tokio::select! {
            // It has nothing more to say: this is where it goes.
            _ = client.read(&mut said) => return Ok(()),
            next = passing.recv() => next,
        };
        let told = match next {
            Ok(passing) => Tapped::Passing(passing),
            Err(RecvError::Lagged(missed)) => Tapped::Missed { missed },
            Err(RecvError::Closed) => return Ok(()),
        };
        let mut line = serde_json::to_vec(&told)?;
        line.push(b'\n');
        // Who is stopped for longer than this gives his place to others.
        timeout(READING_TIME_MAX, write.write_all(&line)).await??;
    }
}

async fn reload(reloads: &mpsc::Sender<ReloadAsked>) -> Reloaded {
    let (answer, answered) = oneshot::channel();
    let asked = async {
        reloads.send(ReloadAsked { answer }).await.ok()?;
        answered.await.ok()
    };
    match timeout(RELOAD_TIME_MAX, asked).await {
        Ok(Some(came)) => came,
        Ok(None) => Reloaded::Failed("the daemon is stopping".to_owned()),
        Err(_) => Reloaded::Failed(format!("it takes longer than {RELOAD_TIME_MAX:?}")),
    }
}

/// Asks the daemon behind `socket` what it is doing.
pub async fn ask_status(socket: &Path) -> io::Result<Snapshot> {
    Ok(serde_json::from_str(
        &ask(socket, "status", REQUEST_TIME_MAX).await?,
    )?)
}

/// Has the daemon behind `socket` read its configuration again.
pub async fn ask_reload(socket: &Path) -> io::Result<Reloaded> {
    let answer = ask(socket, "reload", RELOAD_TIME_MAX + REQUEST_TIME_MAX).await?;
    Ok(serde_json::from_str(&answer)?)
}

/// Looks on at a stage of the daemon behind `socket` until that ends, or `seen` breaks off.
pub async fn look_on(
    socket: &Path,
    stage: Stage,
    mut seen: impl FnMut(Tapped) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket).await?;
    stream
        .write_all(format!("tap {stage}\n").as_bytes())
        .await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await? {
        if seen(serde_json::from_str(&line)?).is_break() {
            break;
        }
    }
    Ok(())
}

async fn ask(socket: &Path, request: &str, patience: Duration) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(format!("{request}\n").as_bytes()).await?;
    let mut answer = String::new();
    timeout(patience, stream.read_to_string(&mut answer)).await??;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_reads_what_the_daemon_counts() {
        let folder = tempfile::tempdir().unwrap();
        let socket = socket_path(&folder.path().join("ledger.db"));
        std::fs::write(&socket, "left over from a crash").unwrap();
        let status = Arc::new(Status::new(3, &sink::Settings::new(Path::new("stories"))));
        status.clean.took(std::time::Instant::now());
        status.hindered(
            crate::status::Hindered::Record,
            "the disk is full".to_owned(),
        );
        let (reloads, _asked) = mpsc::channel(1);
        let serving = serve(listen(&socket).unwrap(), Arc::clone(&status), reloads);
        let serving = tokio::spawn(serving);
        let snapshot = ask_status(&socket).await.unwrap();
        assert_eq!(snapshot, status.snapshot());
        assert!(
            snapshot
                .sentence()
                .starts_with("NOT WRITING: the disk is full; 3 feeds")
        );
        let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        serving.abort();
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_keeps_no_other_waiting_and_a_reload_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let socket = socket_path(&folder.path().join("ledger.db"));
        let status = Arc::new(Status::new(0, &sink::Settings::new(Path::new("stories"))));
        let (reloads, mut asked) = mpsc::channel(1);
        let serving = tokio::spawn(serve(listen(&socket).unwrap(), status, reloads));
        let added = || Reloaded::Ok("1 feed added".to_owned());
        let refused = || Reloaded::Refused("no such key".to_owned());
        let _silent = UnixStream::connect(&socket).await.unwrap();
        let daemon = tokio::spawn(async move {
            for answer in [added(), refused()] {
                let ReloadAsked { answer: to } = asked.recv().await.unwrap();
                to.send(answer).unwrap();
            }
        });
        assert_eq!(ask_reload(&socket).await.unwrap(), added());
        assert_eq!(ask_reload(&socket).await.unwrap(), refused());
        daemon.await.unwrap();
        // The daemon is about to end.
        assert_eq!(
            ask_reload(&socket).await.unwrap(),
            Reloaded::Failed("the daemon is stopping".to_owned())
        );
        serving.abort();
    }

    #[tokio::test]
    async fn a_looker_on_sees_what_passes_one_stage_and_what_it_missed() {
        let folder = tempfile::tempdir().unwrap();
        let socket = socket_path(&folder.path().join("ledger.db"));
        let status = Arc::new(Status::new(0, &sink::Settings::new(Path::new("stories"))));
        let (reloads, _asked) = mpsc::channel(1);
        let serving = serve(listen(&socket).unwrap(), Arc::clone(&status), reloads);
        let serving = tokio::spawn(serving);
        let story = |title: &str| {
            let article =
                story::Article::new(title.to_owned(), String::new(), story::TextSource::Text);
            let knowledge = crate::load_knowledge(None).unwrap();
            let model = crate::load_model(None, &knowledge).unwrap();
            classifier::Classifier::new(knowledge, model, 0.5).classify(article)
        };
        let story = story("Hallan un cuerpo");
        let looking = async {
            let mut seen = Vec::new();
            look_on(&socket, Stage::Sink, |tapped| {
                seen.push(tapped);
                ControlFlow::Break(())
            })
            .await
            .unwrap();
            seen
        };
        let passing = async {
            while !status.taps.watched(Stage::Sink) {
                tokio::task::yield_now().await;
            }
            let other = || -> Passing { panic!("nobody looks on there") };
            status.taps.show(Stage::Classify, other);
            let kept = || Passing::story(Stage::Sink, &story, "kept");
            status.taps.show(Stage::Sink, kept);
        };
        let (seen, ()) = tokio::join!(looking, passing);
        let [Tapped::Passing(passing)] = &seen[..] else {
            panic!("{seen:?}")
        };
        assert_eq!(
            (passing.title.as_str(), passing.outcome.as_str()),
            ("Hallan un cuerpo", "kept")
        );
        while status.taps.watched(Stage::Sink) {
            tokio::task::yield_now().await; // until its going is noticed
        }
        let mut slow = status.taps.open(Stage::Sink);
        for _ in 0..1000 {
            let kept = || Passing::story(Stage::Sink, &story, "kept");
            status.taps.show(Stage::Sink, kept);
        }
        assert!(matches!(slow.recv().await, Err(RecvError::Lagged(744))));
        serving.abort();
    }
}
