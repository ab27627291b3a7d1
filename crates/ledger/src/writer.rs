//! The thread that owns the writing connection and groups commits.

use std::{io, thread};

use rusqlite::Connection;
use story::storage::{StorageError, StoreEnded, Stored};
use tokio::sync::{mpsc, oneshot, watch};

/// Jobs that wait for the thread; a full queue makes callers wait.
const QUEUE: usize = 1024;

/// Jobs in one transaction at most, so that the first of them does not wait for ever.
const GROUP_MAX: usize = 256;

/// Work on the connection inside the group's transaction, or the reason why there is none. It
/// returns what is to be done once it is known whether the group was committed.
type Job = Box<dyn FnOnce(Result<&Connection, &rusqlite::Error>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), &rusqlite::Error>) + Send>;

/// The sending side of the ledger's thread.
#[derive(Debug)]
pub(crate) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
    /// Closed when the thread ends.
    alive: watch::Receiver<()>,
}

impl Writer {
    /// Starts the thread over `connection`.
    pub(crate) fn start(connection: Connection) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (living, alive) = watch::channel(());
        let thread = thread::Builder::new()
            .name("vigia-ledger".to_owned())
            .spawn(move || {
                work(&connection, queue);
                drop(living); // as it is where a job panics
            })?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            alive,
        })
    }

    /// Ends when the thread has ended. It does not keep the thread from ending.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut alive = self.alive.clone();
        async move { while alive.changed().await.is_ok() {} }
    }

    /// Runs `work` inside a transaction and answers when that is committed and synced. An error of
    /// `work` undoes what it did and nothing else of its group.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Stored<T> {
        let (sender, receiver) = oneshot::channel::<Stored<T>>();
        let job: Job = Box::new(move |connection| {
            let done = match connection {
                Ok(connection) => {
                    in_savepoint(connection, work).map_err(|error| failed(what, error))
                }
                Err(error) => Err(failed(what, CommitFailed(error.to_string()))),
            };
            Box::new(move |committed| {
                let answer = done.and_then(|value| match committed {
                    Ok(()) => Ok(value),
                    Err(error) => Err(failed(what, CommitFailed(error.to_string()))),
                });
                // Nobody listens any more when the caller was cancelled; the work stands.
                let _ = sender.send(answer);
            })
        });
        let gone = || failed(what, StoreEnded);
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(job).await.map_err(|_| gone())?;
        receiver.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    /// Lets the thread finish what it was given.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// SQLite could not begin or commit a group.
#[derive(Debug, thiserror::Error)]
#[error("no transaction: {0}")]
struct CommitFailed(String);

fn failed(what: &str, source: impl std::error::Error + Send + Sync + 'static) -> StorageError {
    StorageError {
        what: what.to_owned(),
        source: Some(Box::new(source)),
    }
}

fn work(connection: &Connection, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        let mut answers = Vec::new();
        let begun = connection.execute_batch("BEGIN IMMEDIATE");
        let mut next = Some(first);
        while let Some(job) = next {
            // A savepoint without a transaction would commit by itself: no job runs without one.
            answers.push(job(begun.as_ref().map(|()| connection)));
            next = (answers.len() < GROUP_MAX)
                .then(|| queue.try_recv().ok())
                .flatten();
        }
        let committed = begun.and_then(|()| connection.execute_batch("COMMIT"));
        if committed.is_err() {
            // A commit that failed leaves the transaction open.
            let _ = connection.execute_batch("ROLLBACK");
        }
        for answer in answers {
            answer(committed.as_ref().copied());
        }
    }
    // Leaves one file behind instead of three.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.execute_batch("SAVEPOINT job")?;
    match work(connection) {
        Ok(value) => connection.execute_batch("RELEASE job").map(|()| value),
        Err(error) => {
            connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failing_job_undoes_itself_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (x UNIQUE)")
            .unwrap();
        let writer = Writer::start(connection).unwrap();
        let insert = |values: &'static [i64]| {
            writer.write("insert", move |c| {
                values
                    .iter()
                    .try_for_each(|v| c.execute("INSERT INTO t VALUES (?1)", [v]).map(drop))
            })
        };
        let (one, two, three) = tokio::join!(insert(&[1]), insert(&[2, 1]), insert(&[3]));
        assert!(one.is_ok() && two.is_err() && three.is_ok());
        let sum: i64 = writer
            .write("sum", |c| {
                c.query_row("SELECT sum(x) FROM t", [], |row| row.get(0))
            })
            .await
            .unwrap();
        assert_eq!(sum, 4);
    }

    #[tokio::test]
    async fn a_thread_that_died_says_so_for_good() {
        let writer = Writer::start(Connection::open_in_memory().unwrap()).unwrap();
        let ended = writer.ended();
        let fault = writer.write("count", |_| -> rusqlite::Result<()> { panic!("a fault") });
        assert!(fault.await.unwrap_err().is_final());
        ended.await;
        let after = writer.write("count", |_| Ok(())).await.unwrap_err();
        assert!(after.is_final(), "{after:?}");
    }

    #[tokio::test]
    async fn without_a_transaction_nothing_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let connection = Connection::open(&path).unwrap();
        connection.busy_timeout(std::time::Duration::ZERO).unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        let other = Connection::open(&path).unwrap();
        let writer = Writer::start(connection).unwrap();
        let insert = || {
            writer.write("insert", |c| {
                c.execute("INSERT INTO t VALUES (1)", []).map(drop)
            })
        };
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(!insert().await.unwrap_err().is_final());
        other.execute_batch("COMMIT").unwrap();
        insert().await.unwrap();
        let rows: i64 = other
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1);
    }
}
