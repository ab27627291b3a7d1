//! The daemon's socket: whoever may open it asks what the daemon is doing, and has it read its
//! configuration again.
//!
//! A client sends one line and reads one line of JSON. `status` is answered with a [`Snapshot`],
//! `reload` with `{"ok": …}` once the new configuration is in use, or `{"error": …}` where nothing
//! was changed.

use std::{
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};
use tracing::{debug, warn};

use crate::status::{Snapshot, Status};

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

/// Somebody asks that the configuration be read again, and waits for what came of it: in words,
/// what changed, or why nothing did.
#[derive(Debug)]
pub struct ReloadAsked {
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<String, String>>,
}

/// The daemon's answer to `reload`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Ok(String),
    Error(String),
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
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &status, &reloads).await {
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
) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut request = String::new();
    let mut read = BufReader::new(read.take(REQUEST_BYTES_MAX));
    timeout(REQUEST_TIME_MAX, read.read_line(&mut request)).await??;
    let mut line = match request.trim() {
        "status" => serde_json::to_string(&status.snapshot())?,
        "reload" => serde_json::to_string(&reload(reloads).await)?,
        other => serde_json::to_string(&Answer::Error(format!("unknown request `{other}`")))?,
    };
    line.push('\n');
    timeout(REQUEST_TIME_MAX, write.write_all(line.as_bytes())).await?
}

async fn reload(reloads: &mpsc::Sender<ReloadAsked>) -> Answer {
    let (answer, answered) = oneshot::channel();
    let asked = async {
        reloads.send(ReloadAsked { answer }).await.ok()?;
        answered.await.ok()
    };
    match timeout(RELOAD_TIME_MAX, asked).await {
        Ok(Some(Ok(changed))) => Answer::Ok(changed),
        Ok(Some(Err(why))) => Answer::Error(why),
        Ok(None) => Answer::Error("the daemon is stopping".to_owned()),
        Err(_) => Answer::Error(format!("it took longer than {RELOAD_TIME_MAX:?}")),
    }
}

/// Asks the daemon behind `socket` what it is doing.
pub async fn ask_status(socket: &Path) -> io::Result<Snapshot> {
    Ok(serde_json::from_str(
        &ask(socket, "status", REQUEST_TIME_MAX).await?,
    )?)
}

/// Has the daemon behind `socket` read its configuration again: what changed, or why nothing did.
pub async fn ask_reload(socket: &Path) -> io::Result<Result<String, String>> {
    let answer = ask(socket, "reload", RELOAD_TIME_MAX + REQUEST_TIME_MAX).await?;
    Ok(match serde_json::from_str(&answer)? {
        Answer::Ok(changed) => Ok(changed),
        Answer::Error(why) => Err(why),
    })
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
        status.set_trouble(Some("the disk is full".to_owned()));
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
        let _silent = UnixStream::connect(&socket).await.unwrap();
        let daemon = tokio::spawn(async move {
            for answer in [Ok("1 feed added".to_owned()), Err("no such key".to_owned())] {
                let ReloadAsked { answer: to } = asked.recv().await.unwrap();
                to.send(answer).unwrap();
            }
        });
        assert_eq!(
            ask_reload(&socket).await.unwrap(),
            Ok("1 feed added".to_owned())
        );
        assert_eq!(
            ask_reload(&socket).await.unwrap(),
            Err("no such key".to_owned())
        );
        daemon.await.unwrap();
        // The daemon is about to end.
        assert_eq!(
            ask_reload(&socket).await.unwrap(),
            Err("the daemon is stopping".to_owned())
        );
        serving.abort();
    }
}
