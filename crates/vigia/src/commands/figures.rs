//! Figures as a person reads them: lengths of time, bytes, shares of a histogram.

use pipeline::HistogramSnapshot;

use super::typeset;

/// The bound below which at least this share of the durations lies: `≤5s`, `>7d` where that is above
/// the last bound, `-` where none was counted.
pub(super) fn quantile(histogram: &HistogramSnapshot, share: f64) -> String {
    match histogram.quantile(share) {
        None => "-".to_owned(),
        Some(bound) if bound.is_finite() => format!("≤{}", length(bound)),
        Some(_) => format!(
            ">{}",
            length(histogram.bounds.last().copied().unwrap_or_default())
        ),
    }
}

/// A length of time in seconds, in the largest unit that it reaches: `10ms`, `5s`, `1.5m`, `4h`, `7d`.
pub(super) fn length(seconds: f64) -> String {
    let units = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "m"), (1.0, "s")];
    let reached = units.into_iter().find(|(size, _)| seconds >= *size);
    let (size, unit) = reached.unwrap_or((0.001, "ms"));
    rounded(seconds / size) + unit
}

/// Bytes, in the largest unit that they reach: `512 B`, `1.2 MB`, `48 GB`.
pub(super) fn bytes(count: u64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let count = count as f64;
    let reached = units.into_iter().find(|(size, _)| count >= *size);
    let (size, unit) = reached.unwrap_or((1.0, "B"));
    format!("{} {unit}", rounded(count / size))
}

/// A count that may be large, or a rate that may be small: `0`, `0.2`, `12`, `1.5k`, `3M`.
pub(super) fn short_count(count: f64) -> String {
    let units = [(1e9, "G"), (1e6, "M"), (1e4, "k")];
    let reached = units.into_iter().find(|(size, _)| count >= *size);
    match reached {
        Some((1e4, unit)) => rounded(count / 1e3) + unit,
        Some((size, unit)) => rounded(count / size) + unit,
        None => rounded(count),
    }
}

/// A counter of a daemon's with its name: `12 polls ok`, `1.2 MB`, `late p50 120ms`.
pub(super) fn counter(name: &str, count: u64) -> String {
    let words = |name: &str| typeset::words(&name.replace('_', " "));
    match name.split_once("_ms") {
        Some((what, share)) => {
            let length = length(count as f64 / 1000.0);
            let what = words(&format!("{what} {share}"));
            format!("{what} {length}")
        }
        None if name == "bytes" => bytes(count),
        None => format!("{count} {}", words(name)),
    }
}

/// With one decimal below ten, where that is not zero.
fn rounded(value: f64) -> String {
    let tenths = (value * 10.0).round();
    if tenths < 100.0 && tenths % 10.0 != 0.0 {
        format!("{:.1}", tenths / 10.0)
    } else {
        format!("{:.0}", value.round())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_in_the_unit_that_they_reach() {
        for (seconds, expected) in [
            (0.0, "0ms"),
            (0.0015, "1.5ms"),
            (0.01, "10ms"),
            (0.5, "500ms"),
            (1.0, "1s"),
            (60.0, "1m"),
            (90.0, "1.5m"),
            (300.0, "5m"),
            (3_600.0, "1h"),
            (43_200.0, "12h"),
            (604_800.0, "7d"),
        ] {
            assert_eq!(length(seconds), expected);
        }
    }

    #[test]
    fn bytes_and_counts_are_short() {
        for (count, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_240_000, "1.2 MB"),
            (48_100_000_000, "48 GB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
        for (count, expected) in [
            (0.0, "0"),
            (0.04, "0"),
            (0.25, "0.3"),
            (9.96, "10"),
            (9_999.0, "9999"),
            (12_345.0, "12k"),
            (3_000_000.0, "3M"),
        ] {
            assert_eq!(short_count(count), expected);
        }
    }

    #[test]
    fn a_counter_is_told_in_its_own_unit() {
        for (name, count, expected) in [
            ("polls_not_modified", 12, "12 polls not modified"),
            ("bytes", 1_240_000, "1.2 MB"),
            ("late_ms_p50", 120, "late p50 120ms"),
            ("held_ms", 3_000, "held 3s"),
        ] {
            assert_eq!(counter(name, count), expected);
        }
    }

    #[test]
    fn a_quantile_is_told_by_its_bound() {
        let mut histogram = HistogramSnapshot {
            bounds: vec![0.1, 60.0],
            counts: vec![0, 0, 0],
            sum: 0.0,
        };
        assert_eq!(quantile(&histogram, 0.5), "-");
        histogram.counts = vec![3, 0, 1];
        assert_eq!(quantile(&histogram, 0.5), "≤100ms");
        assert_eq!(quantile(&histogram, 0.95), ">1m");
    }
}
