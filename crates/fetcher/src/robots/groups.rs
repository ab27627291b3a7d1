//! Which lines of a file are for us: groups of rules, merged (RFC 9309 §2.2.1).

use std::{cmp::Reverse, time::Duration};

use url::Url;

use super::{
    Robots, RuleLine,
    lines::{Line, Name},
    pattern::Pattern,
    product_token, usual_form,
};

/// How many sitemaps are kept.
const SITEMAPS_MAX: usize = 100;

/// How long a sitemap's address may be (sitemaps.org: less than 2,048 characters).
const SITEMAP_BYTES_MAX: usize = 2048;

/// How much of a line's text is kept to be shown.
const SHOWN_BYTES_MAX: usize = 200;

/// Makes the rules for one product of a file's lines.
pub(super) fn collect<'a>(lines: impl Iterator<Item = Line<'a>>, product: &str) -> Robots {
    let mut groups = Groups::default();
    for line in lines {
        match line.name {
            Name::UserAgent => groups.user_agent(line.value, product),
            Name::Allow => groups.rule(line, true),
            Name::Disallow => groups.rule(line, false),
            Name::CrawlDelay => groups.crawl_delay(line.value),
            Name::Sitemap => groups.sitemap(line.value),
        }
    }
    groups.into_robots()
}

/// What was read so far.
#[derive(Default)]
struct Groups {
    /// What is for us by name.
    ours: Group,
    /// What is for everybody who is not named.
    everyones: Group,
    /// Whether we are named anywhere.
    named: bool,
    /// Whom the next rule is for.
    rules_for: Agents,
    /// Whether a rule has been read since the last user agent: then the next begins a group.
    rules_begun: bool,
    /// Whom the next delay is for. A delay must not end a group of rules (RFC 9309 §2.2.4), but
    /// those named after it did not hear it.
    delays_for: Agents,
    delays_begun: bool,
    sitemaps: Vec<Url>,
}

/// Those of a group's user agents that concern us.
#[derive(Clone, Copy, Default)]
struct Agents {
    we: bool,
    everyone: bool,
}

#[derive(Default)]
struct Group {
    rules: Vec<RuleLine>,
    crawl_delay: Option<Duration>,
}

impl Groups {
    fn user_agent(&mut self, value: &[u8], product: &str) {
        if std::mem::take(&mut self.rules_begun) {
            self.rules_for = Agents::default();
            self.delays_for = Agents::default();
        }
        if std::mem::take(&mut self.delays_begun) {
            self.delays_for = Agents::default();
        }
        // "* (all robots)" means everybody as well.
        let everyone = matches!(value, [b'*'] | [b'*', b' ' | b'\t', ..]);
        let we = !product.is_empty() && names(value, product);
        self.named |= we;
        for agents in [&mut self.rules_for, &mut self.delays_for] {
            agents.we |= we;
            agents.everyone |= everyone;
        }
    }

    fn rule(&mut self, line: Line<'_>, allows: bool) {
        self.rules_begun = true;
        let Agents { we, everyone } = self.rules_for;
        let Some(pattern) = Pattern::new(line.value).filter(|_| we || everyone) else {
            return;
        };
        let usual = line.text == usual_form(allows, &pattern).as_bytes();
        let shown = &line.text[..line.text.len().min(SHOWN_BYTES_MAX)];
        let folder = pattern.folder_of_index().filter(|_| allows);
        let rule = RuleLine {
            allows,
            pattern,
            line: line.number,
            written: (!usual).then(|| String::from_utf8_lossy(shown).into()),
        };
        let folder = folder.map(|pattern| RuleLine {
            pattern,
            written: Some(rule.shown().text.into()),
            ..rule.clone()
        });
        for rule in [Some(rule), folder].into_iter().flatten() {
            if everyone {
                self.everyones.rules.push(rule.clone());
            }
            if we {
                self.ours.rules.push(rule);
            }
        }
    }

    fn crawl_delay(&mut self, value: &[u8]) {
        self.delays_begun = true;
        let seconds = std::str::from_utf8(value)
            .ok()
            .and_then(|text| text.parse().ok());
        let Some(delay) = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok()) else {
            return;
        };
        // Where it is said twice, the longer one satisfies both.
        if self.delays_for.we {
            self.ours.crawl_delay = self.ours.crawl_delay.max(Some(delay));
        }
        if self.delays_for.everyone {
            self.everyones.crawl_delay = self.everyones.crawl_delay.max(Some(delay));
        }
    }

    fn sitemap(&mut self, value: &[u8]) {
        if self.sitemaps.len() == SITEMAPS_MAX || value.len() > SITEMAP_BYTES_MAX {
            return;
        }
        let url = std::str::from_utf8(value)
            .ok()
            .and_then(|text| Url::parse(text).ok());
        let web = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        if let Some(url) = web.filter(|url| !self.sitemaps.contains(url)) {
            self.sitemaps.push(url);
        }
    }

    fn into_robots(self) -> Robots {
        let Group {
            mut rules,
            crawl_delay,
        } = if self.named {
            self.ours
        } else {
            self.everyones
        };
        // The longest decides, and of two that are as long the one that allows.
        let rank = |rule: &RuleLine| (Reverse(rule.pattern.octets()), !rule.allows);
        rules.sort_by(|a, b| {
            let by_rank = rank(a).cmp(&rank(b));
            by_rank.then_with(|| (&a.pattern, a.line).cmp(&(&b.pattern, b.line)))
        });
        rules.dedup_by(|later, first| {
            later.allows == first.allows && later.pattern == first.pattern
        });
        Robots {
            rules: rules.into(),
            crawl_delay,
            sitemaps: self.sitemaps.into(),
        }
    }
}

/// Whether a user agent's value names a product: its first word does, whatever version follows.
fn names(value: &[u8], product: &str) -> bool {
    let value = String::from_utf8_lossy(&value[..value.len().min(SHOWN_BYTES_MAX)]);
    product_token(&value).eq_ignore_ascii_case(product)
}
