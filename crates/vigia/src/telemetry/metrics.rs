//! What the daemon counts, as `OpenMetrics` text, which Prometheus reads.

use std::fmt::{self, Debug, Formatter};

use pipeline::{HistogramSnapshot, status::Snapshot};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text::encode},
    metrics::MetricType,
    registry::{Registry, Unit},
};

/// The type of what [`text`] returns.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics as they stand now.
pub(super) fn text(now: Snapshot) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("vigia");
    registry.register_collector(Box::new(Metrics(now)));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

struct Metrics(Snapshot);

impl Debug for Metrics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Collector for Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let to = &mut encoder;
        let now = &self.0;
        self.about_the_process(to)?;
        self.stages(to)?;
        self.fetcher(to)?;
        let mut feeds = gauge(to, "feeds", "Feeds that are polled, by health")?;
        for (health, count) in &now.health {
            let labels = [("health", health.as_str())];
            feeds.encode_family(&labels)?.encode_gauge(count)?;
        }
        for (name, part, help) in [
            (
                "lag_published_to_seen",
                &now.lags.published_to_seen,
                "From when the outlet says that it published a kept story to when a feed showed it",
            ),
            (
                "lag_seen_to_kept",
                &now.lags.seen_to_kept,
                "From when a feed showed a kept story to its verdict",
            ),
            (
                "lag_kept_to_written",
                &now.lags.kept_to_written,
                "From a story's verdict to its line on the disk",
            ),
            (
                "lag_published_to_written",
                &now.lags.published_to_written,
                "From when the outlet says that it published a kept story to its line on the disk",
            ),
        ] {
            let mut metric =
                to.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
            histogram(&mut metric, part)?;
        }
        Ok(())
    }
}

impl Metrics {
    fn about_the_process(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let now = &self.0;
        let mut build = to.encode_descriptor("build", "The program", None, MetricType::Info)?;
        build.encode_info(&[("version", now.version.as_str())])?;
        let started = Some(&Unit::Seconds);
        let help = "When the daemon started, in Unix time";
        to.encode_descriptor("started", help, started, MetricType::Gauge)?
            .encode_gauge(&(now.started.timestamp_millis() as f64 / 1000.0))?;
        gauge(
            to,
            "not_writing",
            "1 while something keeps the daemon from writing",
        )?
        .encode_gauge(&i64::from(now.trouble.is_some()))?;
        let help = "1 while the configuration that was read last is not in use, being wrong";
        gauge(to, "not_reloaded", help)?.encode_gauge(&i64::from(now.reload_problem.is_some()))?;
        let help = "Hours of feeds in which not everything that was shown is accounted for";
        gauge(to, "unbalanced_hours", help)?.encode_gauge(&now.imbalances)?;
        if let Some(disk) = &now.disk {
            let bytes = Some(&Unit::Bytes);
            let help = "Room that is left where the record lies";
            to.encode_descriptor("disk_free", help, bytes, MetricType::Gauge)?
                .encode_gauge(&disk.free)?;
            let help = "Room below which the daemon stops writing";
            to.encode_descriptor("disk_reserve", help, bytes, MetricType::Gauge)?
                .encode_gauge(&disk.reserve)?;
        }
        Ok(())
    }

    fn stages(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let stages = self.0.stages().into_iter();
        let stages: Vec<_> = stages
            .map(|(name, counts)| ([("stage", name)], counts))
            .collect();
        let mut taken = counter(to, "stage_taken", "Entries that a stage took")?;
        for (labels, stage) in &stages {
            count(&mut taken.encode_family(labels)?, stage.taken)?;
        }
        let mut passed = counter(to, "stage_passed", "Entries that a stage passed on")?;
        for (labels, stage) in &stages {
            count(&mut passed.encode_family(labels)?, stage.passed)?;
        }
        let mut ended = counter(to, "stage_ended", "Entries that ended in a stage, and why")?;
        for ([stage_label], stage) in &stages {
            for (label, times) in &stage.ended {
                let (ending, reason) = label.split_once('/').unwrap_or((label, ""));
                let labels = [*stage_label, ("ending", ending), ("reason", reason)];
                count(&mut ended.encode_family(&labels)?, *times)?;
            }
        }
        let mut work = gauge(to, "stage_in_work", "Entries that a stage is at work on")?;
        for (labels, stage) in &stages {
            work.encode_family(labels)?.encode_gauge(&stage.in_work())?;
        }
        let mut length = gauge(to, "queue_length", "Entries that wait before a stage")?;
        for (labels, stage) in &stages {
            let length_now = stage.queue.length as u64;
            length.encode_family(labels)?.encode_gauge(&length_now)?;
        }
        let mut room = gauge(to, "queue_capacity", "Entries that may wait before a stage")?;
        for (labels, stage) in &stages {
            let capacity = stage.queue.capacity as u64;
            room.encode_family(labels)?.encode_gauge(&capacity)?;
        }
        let (help, unit) = (
            "How long entries waited before a stage",
            Some(&Unit::Seconds),
        );
        let mut waits = to.encode_descriptor("queue_wait", help, unit, MetricType::Histogram)?;
        for (labels, stage) in &stages {
            histogram(&mut waits.encode_family(labels)?, &stage.waits)?;
        }
        Ok(())
    }

    /// Polls, entries, pages and requests, each family by kind.
    fn fetcher(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let families = [
            ("polls_", "polls", "Polls that ended, by how"),
            (
                "entries_",
                "entries",
                "Entries that feeds showed, by what they were",
            ),
            ("pages_", "pages", "Pages, by what came of asking for them"),
            (
                "politeness_",
                "politeness",
                "Answers that asked to be left alone, and requests that were not made for that or for a \
                 robots.txt",
            ),
        ];
        for (prefix, name, help) in families {
            let mut family = counter(to, name, help)?;
            for (key, times) in &self.0.fetch {
                if let Some(kind) = key.strip_prefix(prefix) {
                    let labels = [("kind", kind.replace('_', "-"))];
                    count(&mut family.encode_family(&labels)?, *times)?;
                }
            }
        }
        let times = |name: &str| self.0.fetch.get(name).copied().unwrap_or_default();
        let mut requests = counter(to, "requests", "Requests started")?;
        count(&mut requests, times("requests"))?;
        gauge(to, "requests_under_way", "Requests under way")?
            .encode_gauge(&times("requests_under_way"))?;
        let late = "How late polls started of which so great a share was no later";
        let mut lateness = to.encode_descriptor(
            "poll_lateness",
            late,
            Some(&Unit::Seconds),
            MetricType::Gauge,
        )?;
        for (key, share) in [("late_ms_p50", "0.5"), ("late_ms_p99", "0.99")] {
            let seconds = times(key) as f64 / 1000.0;
            let labels = [("quantile", share)];
            lateness.encode_family(&labels)?.encode_gauge(&seconds)?;
        }
        let (help, unit) = ("Bytes of bodies read, decompressed", Some(&Unit::Bytes));
        let mut read = to.encode_descriptor("read", help, unit, MetricType::Counter)?;
        count(&mut read, times("bytes"))
    }
}

fn count(metric: &mut MetricEncoder<'_>, times: u64) -> fmt::Result {
    metric.encode_counter::<NoLabelSet, _, f64>(&times, None)
}

fn histogram(metric: &mut MetricEncoder<'_>, histogram: &HistogramSnapshot) -> fmt::Result {
    let bounds = histogram.bounds.iter().copied().chain([f64::MAX]);
    let buckets: Vec<(f64, u64)> = bounds.zip(histogram.counts.iter().copied()).collect();
    metric.encode_histogram::<NoLabelSet>(histogram.sum, histogram.count(), &buckets, None)
}

fn counter<'e>(
    to: &'e mut DescriptorEncoder<'_>,
    name: &'e str,
    help: &'e str,
) -> Result<MetricEncoder<'e>, fmt::Error> {
    to.encode_descriptor(name, help, None, MetricType::Counter)
}

fn gauge<'e>(
    to: &'e mut DescriptorEncoder<'_>,
    name: &'e str,
    help: &'e str,
) -> Result<MetricEncoder<'e>, fmt::Error> {
    to.encode_descriptor(name, help, None, MetricType::Gauge)
}
