//! A disk that loses power: what was not synced may be lost, in part, and in any order.
//!
//! It is as hard as POSIX allows. Bytes that were not synced may be there, or not, or be zeros. A name
//! that was given or taken away lasts only once its directory was synced; before that each change may
//! have reached the disk or not, whichever came first.

use std::{
    collections::BTreeMap,
    io::SeekFrom,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
};

use super::*;

/// A disk in memory with one directory, which is to be made first.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The directory, once it is made.
    dir: Option<PathBuf>,
    /// Whether the one above it was synced since.
    dir_lasts: bool,
    inodes: Vec<Inode>,
    /// Names as a program sees them.
    names: BTreeMap<String, usize>,
    /// Names as they are on the disk for certain.
    synced: BTreeMap<String, usize>,
    /// What happened to names since.
    pending: Vec<Vec<Change>>,
    /// Operations that still work; `None` for all of them.
    left: Option<u64>,
    /// What the next operations fail with instead, while power is there.
    refusal: Option<(io::ErrorKind, u64)>,
    /// How many operations that write come before those.
    accepted: u64,
    operations: u64,
    /// Bytes that were asked for at once, at most.
    longest_read: usize,
}

/// A change of one name: what it leads to now, if to anything.
type Change = (String, Option<usize>);

#[derive(Clone, Debug, Default)]
struct Inode {
    bytes: Vec<u8>,
    synced: Vec<u8>,
}

impl SimulatedDisk {
    /// Lets power go after so many further operations.
    pub(crate) fn lose_power_after(&self, operations: u64) {
        self.state().left = Some(operations);
    }

    /// Has `count` operations that write refused with an error, from now on.
    pub(crate) fn refuse(&self, kind: io::ErrorKind, count: u64) {
        self.state().refusal = Some((kind, count));
    }

    /// The same, after some that are not refused.
    pub(crate) fn refuse_after(&self, accepted: u64, kind: io::ErrorKind, count: u64) {
        self.refuse(kind, count);
        self.state().accepted = accepted;
    }

    /// Whether there are still operations to be refused.
    pub(crate) fn refuses(&self) -> bool {
        self.state().refusal.is_some()
    }

    /// How many operations there were.
    pub(crate) fn operations(&self) -> u64 {
        self.state().operations
    }

    /// How many bytes were asked for at once, at most.
    pub(crate) fn longest_read(&self) -> usize {
        self.state().longest_read
    }

    /// What is on the disk when power is back.
    pub(crate) fn after_power_loss(&self, dice: &mut fastrand::Rng) -> Self {
        let old = self.state();
        if !old.dir_lasts && dice.bool() {
            return Self::default();
        }
        let mut names = old.synced.clone();
        for changes in &old.pending {
            if dice.bool() {
                apply(&mut names, changes);
            }
        }
        let inodes = old.inodes.iter().map(|inode| inode.survive(dice)).collect();
        Self {
            state: Arc::new(Mutex::new(State {
                dir: old.dir.clone(),
                dir_lasts: true,
                inodes,
                synced: names.clone(),
                names,
                ..State::default()
            })),
        }
    }

    /// What a process that was killed leaves: everything, as far as it came.
    pub(crate) fn after_kill(&self) -> Self {
        let old = self.state();
        let state = State {
            dir: old.dir.clone(),
            dir_lasts: old.dir_lasts,
            inodes: old.inodes.clone(),
            names: old.names.clone(),
            synced: old.synced.clone(),
            pending: old.pending.clone(),
            ..State::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// What a file holds.
    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        let inode = *state.names.get(name)?;
        Some(state.inodes[inode].bytes.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Does something, if there is still power.
    fn powered<T>(&self, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state();
        state.operations += 1;
        match &mut state.left {
            Some(0) => return Err(io::Error::other("no power")),
            Some(left) => *left -= 1,
            None => {}
        }
        work(&mut state)
    }

    /// Writes something, if there is still power and nothing to refuse it.
    fn writing<T>(&self, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        self.powered(|state| {
            if state.accepted > 0 {
                state.accepted -= 1;
            } else if let Some((kind, left)) = state.refusal {
                state.refusal = (left > 1).then_some((kind, left - 1));
                return Err(kind.into());
            }
            work(state)
        })
    }
}

impl Inode {
    fn survive(&self, dice: &mut fastrand::Rng) -> Self {
        let grown = self.bytes.len() > self.synced.len() && self.bytes.starts_with(&self.synced);
        let bytes = if grown {
            // Any length between, and any of the pages that came behind may be zeros.
            let length = dice.usize(self.synced.len()..=self.bytes.len());
            let mut bytes = self.bytes[..length].to_vec();
            let lucky = dice.u8(4..100); // a few pages at times, and many at others
            for page in bytes[self.synced.len()..].chunks_mut(64) {
                if dice.u8(..lucky) == 0 {
                    page.fill(0);
                }
            }
            bytes
        } else if dice.bool() {
            self.bytes.clone()
        } else {
            self.synced.clone()
        };
        let synced = bytes.clone();
        Self { bytes, synced }
    }
}

fn apply(names: &mut BTreeMap<String, usize>, changes: &[Change]) {
    for (name, inode) in changes {
        match inode {
            Some(inode) => drop(names.insert(name.clone(), *inode)),
            None => drop(names.remove(name)),
        }
    }
}

impl State {
    fn change(&mut self, changes: Vec<Change>) {
        apply(&mut self.names, &changes);
        self.pending.push(changes);
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for SimulatedDisk {
    fn make_dir(&self, dir: &Path) -> io::Result<bool> {
        self.writing(|state| Ok(state.dir.replace(dir.to_owned()).is_none()))
    }

    fn lock(&self, _: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        Ok(Some(Box::new(())))
    }

    fn list(&self, _: &Path) -> io::Result<Vec<String>> {
        self.powered(|state| Ok(state.names.keys().cloned().collect()))
    }

    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn DiskFile>> {
        let name = name_of(path);
        let open = |state: &mut State| {
            let there = state.names.get(&name).copied();
            let inode = match (how, there) {
                (Open::Read | Open::Write, None) => return Err(missing()),
                (Open::New, Some(_)) => return Err(io::ErrorKind::AlreadyExists.into()),
                (Open::New | Open::Emptied, None) => {
                    state.inodes.push(Inode::default());
                    let inode = state.inodes.len() - 1;
                    state.change(vec![(name.clone(), Some(inode))]);
                    inode
                }
                (_, Some(inode)) => inode,
            };
            if how == Open::Emptied {
                state.inodes[inode].bytes.clear();
            }
            Ok(inode)
        };
        let inode = match how {
            Open::Read | Open::Write => self.powered(open),
            Open::New | Open::Emptied => self.writing(open),
        }?;
        Ok(Box::new(SimulatedFile {
            disk: self.clone(),
            inode,
            at: 0,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.writing(|state| {
            let (from, to) = (name_of(from), name_of(to));
            let inode = *state.names.get(&from).ok_or_else(missing)?;
            state.change(vec![(to, Some(inode)), (from, None)]);
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.writing(|state| {
            let name = name_of(path);
            state.names.get(&name).ok_or_else(missing)?;
            state.change(vec![(name, None)]);
            Ok(())
        })
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.writing(|state| {
            if state.dir.as_deref() != Some(dir) {
                state.dir_lasts = true;
                return Ok(());
            }
            state.synced = state.names.clone();
            state.pending.clear();
            Ok(())
        })
    }

    fn free(&self, _: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    inode: usize,
    at: usize,
}

impl Read for SimulatedFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (inode, at) = (self.inode, self.at);
        let read = self.disk.powered(|state| {
            state.longest_read = state.longest_read.max(into.len());
            let bytes = &state.inodes[inode].bytes;
            (&bytes[at.min(bytes.len())..]).read(into)
        })?;
        self.at += read;
        Ok(read)
    }
}

impl Write for SimulatedFile {
    /// Writes a part at a time, so that power goes in the middle of a line as well.
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let (inode, at) = (self.inode, self.at);
        let part = &from[..from.len().min(700)];
        self.disk.writing(|state| {
            let bytes = &mut state.inodes[inode].bytes;
            let end = at + part.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[at..end].copy_from_slice(part);
            Ok(())
        })?;
        self.at += part.len();
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SimulatedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        self.at = at as usize;
        Ok(at)
    }
}

impl DiskFile for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        self.disk
            .powered(|state| Ok(state.inodes[self.inode].bytes.len() as u64))
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        let inode = self.inode;
        self.disk.writing(|state| {
            state.inodes[inode].bytes.resize(length as usize, 0);
            Ok(())
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        let inode = self.inode;
        self.disk.writing(|state| {
            let inode = &mut state.inodes[inode];
            inode.synced = inode.bytes.clone();
            Ok(())
        })
    }
}
