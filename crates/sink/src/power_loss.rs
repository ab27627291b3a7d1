//! The record on a disk that loses power, over many lives of a process, against a model of what was
//! acknowledged: nothing lost, nothing doubled, nothing torn.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use chrono::{Days, NaiveDate};
use story::storage::Checkpoint;

use crate::{
    Compression, Done, FileName, Opened, Settings, Sink, SinkError,
    disk::simulated::SimulatedDisk,
    recover::tests::{ids, line, story},
};

/// Worlds that are lived through, each with a seed of its own.
const WORLDS: u64 = 200;

/// Lives of the process in one world.
const LIVES: usize = 8;

/// A disk, a ledger that forgets nothing, and stories that wait to be written.
struct World {
    dice: fastrand::Rng,
    settings: Settings,
    disk: SimulatedDisk,
    today: NaiveDate,
    checkpoint: Option<Checkpoint>,
    acknowledged: BTreeSet<String>,
    pending: BTreeSet<String>,
    next: u64,
    /// Operations of disks that are gone.
    operations: u64,
    compressed: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let compressions = [Compression::None, Compression::Zstd, Compression::Gzip];
        let settings = Settings {
            rotate_size: line("a").len() as u64 * dice.u64(1..6),
            compress: compressions[dice.usize(..3)],
            ..Settings::new(Path::new("stories"))
        };
        Self {
            dice,
            settings,
            disk: SimulatedDisk::default(),
            today: NaiveDate::from_ymd_opt(2026, 1, 10).unwrap(),
            checkpoint: None,
            acknowledged: BTreeSet::new(),
            pending: BTreeSet::new(),
            next: 0,
            operations: 0,
            compressed: 0,
        }
    }

    /// One life of the process, up to a moment at which power goes or the process is killed.
    fn live(&mut self) {
        let operations = self.dice.u64(..160);
        self.disk.lose_power_after(operations);
        if self.dice.u8(..4) == 0 {
            let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::Other];
            let kind = kinds[self.dice.usize(..2)];
            self.disk.refuse(kind, self.dice.u64(1..6));
        }
        // Whatever it ends with, the end is what is looked at.
        let _ = self.work();
        self.operations += self.disk.operations();
        self.disk = if self.dice.bool() {
            self.disk.after_power_loss(&mut self.dice)
        } else {
            self.disk.after_kill()
        };
        if self.dice.u8(..10) == 0 {
            self.checkpoint = None; // the ledger is lost, and rebuilt from the record
            self.pending.append(&mut self.acknowledged.clone());
            self.acknowledged.clear();
        }
    }

    fn open(&self) -> Result<Opened, SinkError> {
        let disk = Arc::new(self.disk.clone());
        Sink::open_on(disk, &self.settings, self.checkpoint.as_ref())
    }

    fn work(&mut self) -> Result<(), SinkError> {
        let opened = self.open()?;
        self.acknowledge(ids(&opened), opened.end);
        let mut sink = opened.sink;
        loop {
            match self.dice.u8(..10) {
                0 => self.today = self.today + Days::new(1),
                1 => self.today = self.today - Days::new(1),
                2 => sink.close_past(self.today),
                3 | 4 => {
                    let now = self.today.and_hms_opt(12, 0, 0).unwrap().and_utc();
                    let never = AtomicBool::new(false);
                    // A refusal is tried again later; without power nothing is.
                    let count = |done| {
                        self.compressed += u64::from(matches!(done, Done::Compressed { .. }));
                    };
                    let _ = sink.upkeep().run(now, &never, &mut { count });
                }
                _ => self.commit(&mut sink)?,
            }
        }
    }

    fn commit(&mut self, sink: &mut Sink) -> Result<(), SinkError> {
        for _ in 0..self.dice.u8(..3) {
            self.pending.insert(format!("s{}", self.next));
            self.next += 1;
        }
        let number = self.dice.usize(1..4);
        let group: Vec<_> = self.pending.iter().take(number).cloned().collect();
        let stories: Vec<_> = group.iter().map(|id| story(id)).collect();
        if stories.is_empty() {
            return Ok(());
        }
        let end = match sink.commit(&stories, self.today) {
            Err(error) if error.is_full() => sink.commit(&stories, self.today)?,
            result => result?,
        };
        if self.dice.u8(..8) == 0 {
            self.disk.lose_power_after(0); // before the ledger knows
            return Ok(());
        }
        self.acknowledge(group, Some(end));
        Ok(())
    }

    fn acknowledge(&mut self, ids: Vec<String>, end: Option<Checkpoint>) {
        for id in ids {
            self.pending.remove(&id);
            assert!(self.acknowledged.insert(id.clone()), "{id} is there twice");
        }
        self.checkpoint = end.or(self.checkpoint.take());
    }

    /// The record as a reader without a ledger finds it.
    fn check(&mut self, seed: u64) {
        self.disk.lose_power_after(u64::MAX);
        let opened = self.open().unwrap();
        self.acknowledge(ids(&opened), opened.end);
        assert!(opened.tail.damaged.is_empty() && opened.tail.set_aside.is_empty());
        drop(opened.sink);
        self.checkpoint = None;
        let opened = self.open().unwrap();
        let mut times = BTreeMap::new();
        for id in ids(&opened) {
            *times.entry(id).or_insert(0) += 1;
        }
        let lost: Vec<_> = self
            .acknowledged
            .iter()
            .filter(|id| !times.contains_key(*id))
            .collect();
        let doubled: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
        assert!(lost.is_empty(), "seed {seed}: lost {lost:?}");
        assert!(doubled.is_empty(), "seed {seed}: doubled {doubled:?}");
        assert_eq!(times.len(), self.acknowledged.len(), "seed {seed}");
        assert_eq!(opened.tail.foreign_lines, 0, "seed {seed}");
        self.checkpoint = opened.end;
    }
}

#[test]
fn nothing_is_lost_doubled_or_torn_when_power_goes() {
    let (mut stories, mut operations, mut compressed) = (0, 0, 0);
    for seed in 0..WORLDS {
        let mut world = World::new(seed);
        for _ in 0..LIVES {
            world.live();
            world.check(seed);
        }
        stories += world.acknowledged.len();
        operations += world.operations;
        compressed += world.compressed;
    }
    println!(
        "{} crashes, half of them losses of power, in {operations} operations: {stories} stories, \
         {compressed} files compressed; lost 0, doubled 0, torn 0",
        WORLDS * LIVES as u64
    );
    assert!(stories > 1000 && compressed > 100);
}

#[test]
fn a_disk_that_forgets_what_was_synced_is_noticed() {
    let disk = SimulatedDisk::default();
    let settings = Settings::new(Path::new("stories"));
    let mut sink = Sink::open_on(Arc::new(disk.clone()), &settings, None)
        .unwrap()
        .sink;
    let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    sink.commit(&[story("a")], day).unwrap();
    let name = FileName::of(day).to_string();
    assert_eq!(disk.bytes(&name).unwrap(), line("a").into_bytes());
    // The model is one that loses: what a sink without syncs wrote would be gone in some of its worlds.
    let lost = (0..20).any(|seed| {
        let disk = SimulatedDisk::default();
        let mut file = crate::disk::Disk::open(&disk, Path::new("a"), crate::disk::Open::New);
        file.as_mut().unwrap().write_all(b"unsynced").unwrap();
        let after = disk.after_power_loss(&mut fastrand::Rng::with_seed(seed));
        after.bytes("a").is_none_or(|bytes| bytes != b"unsynced")
    });
    assert!(lost);
}
