//! What the knowledge says about a story, as numbers that have names.

use story::Lang;

use crate::{
    actors::{Named, is_armed_group},
    geography::Geography,
    knowledge::Terms,
    reading::{Prominence, Reading},
    security::{Security, Term},
};

/// What a feature speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Head {
    /// What the story is about.
    Topic,
    /// Where it plays.
    Region,
}

use Head::{Region, Topic};

/// Features that are one number each.
const PLAIN: [(&str, Head); 35] = [
    ("topic", Topic),
    ("title", Topic),
    ("lead", Topic),
    ("density", Topic),
    ("terms", Topic),
    ("actors", Topic),
    ("actors-early", Topic),
    ("vetoes", Topic),
    ("vetoes-title", Topic),
    ("past", Topic),
    ("agreeing", Topic),
    ("no-title", Topic),
    ("others-title", Topic),
    ("groups-title", Topic),
    ("groups-alone", Topic),
    ("region", Region),
    ("share", Region),
    ("latin", Region),
    ("foreign", Region),
    ("latin-title", Region),
    ("latin-lead", Region),
    ("foreign-title", Region),
    ("foreign-lead", Region),
    ("foreign-first", Region),
    ("latin-first", Region),
    ("nowhere", Region),
    ("spanish", Region),
    ("portuguese", Region),
    ("english", Region),
    ("actors-latin", Region),
    ("foreign-title-alone", Region),
    ("spanish-nowhere", Region),
    ("portuguese-nowhere", Region),
    ("english-nowhere", Region),
    ("groups-nowhere", Region),
];

/// Steps of shares, of sums of evidence and of votes.
const SHARES: &[f32] = &[0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 0.95];
const SUMS: &[f32] = &[0.15, 0.4, 0.8, 1.5, 2.5, 4.0, 6.0];
const VOTES: &[f32] = &[0.3, 1.0, 2.0, 4.0, 8.0];

/// Features that say whether a number has come up to each of some steps.
const STEPPED: [(&str, Head, &[f32]); 41] = [
    ("title", Topic, &[0.1, 0.5, 1.0, 1.5, 2.5]),
    ("lead", Topic, &[0.2, 0.6, 1.2, 2.0, 3.0, 4.5, 7.0]),
    ("density", Topic, &[0.3, 0.8, 1.5, 2.5, 4.0, 6.0, 9.0, 13.0]),
    ("strong", Topic, &[1.0, 2.0, 3.0, 5.0, 8.0, 12.0]),
    ("ratio", Topic, &[0.2, 0.4, 0.55, 0.7, 0.8, 0.9, 0.97]),
    ("words", Topic, &[40.0, 80.0, 150.0, 300.0, 600.0]),
    ("share", Region, &[0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95]),
    ("latin", Region, &[0.4, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0]),
    ("foreign", Region, &[0.4, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0]),
    (
        "share-early",
        Region,
        &[0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95],
    ),
    ("share-title", Region, &[0.1, 0.5, 0.9]),
    ("spread", Topic, SHARES),
    ("violent-spread", Topic, SHARES),
    ("opening", Topic, SUMS),
    ("violent-opening", Topic, SUMS),
    ("densest", Topic, &[0.4, 1.0, 1.5, 2.2, 3.0, 4.0]),
    ("violent-title", Topic, SUMS),
    ("violent-lead", Topic, SUMS),
    ("violent-density", Topic, SUMS),
    ("types", Topic, &[1.0, 2.0, 3.0, 4.0, 6.0, 8.0]),
    ("types-early", Topic, &[1.0, 2.0, 3.0, 4.0, 5.0]),
    ("ratio-early", Topic, SHARES),
    ("ratio-title", Topic, &[0.1, 0.4, 0.6, 0.8]),
    ("groups", Topic, &[1.0, 2.0, 4.0]),
    ("short-spread", Topic, SHARES),
    ("short-violent-spread", Topic, SHARES),
    ("short-violent-title", Topic, SUMS),
    ("short-violent-lead", Topic, SUMS),
    ("short-types-early", Topic, &[1.0, 2.0, 3.0, 4.0, 5.0]),
    ("short-ratio-early", Topic, SHARES),
    (
        "security-share",
        Region,
        &[0.15, 0.3, 0.45, 0.55, 0.7, 0.8, 0.9],
    ),
    ("security-here", Region, VOTES),
    ("security-there", Region, VOTES),
    ("security-both", Region, VOTES),
    ("spread-latin", Region, &[0.05, 0.15, 0.3, 0.5, 0.7]),
    ("spread-foreign", Region, &[0.05, 0.15, 0.3, 0.5, 0.7]),
    ("top-share", Region, &[0.1, 0.3, 0.45, 0.6, 0.75, 0.9]),
    ("top-latin", Region, VOTES),
    ("top-foreign", Region, VOTES),
    ("countries-latin", Region, &[1.0, 2.0, 3.0]),
    ("countries-foreign", Region, &[1.0, 2.0, 3.0]),
];

/// The features of each domain.
const DOMAIN_PARTS: [&str; 5] = [
    "domain",
    "domain-title",
    "domain-early",
    "domain-early-alone",
    "domain-early-many",
];

/// Where the features of one quantity are.
#[derive(Clone, Copy)]
pub(crate) struct Quantity {
    pub head: Head,
    /// The feature that is the quantity as it is.
    plain: Option<u32>,
    /// The first feature of its steps.
    from: u32,
    steps: &'static [f32],
}

impl Quantity {
    /// The quantity of a name. Every story asks for each of them, so that they are looked up where
    /// the program is compiled, by [`quantity`]; there a name that is none is an error.
    pub(crate) const fn named(head: Head, name: &str) -> Self {
        let mut quantity = Self {
            head,
            plain: None,
            from: 0,
            steps: &[],
        };
        let mut at = 0;
        while at < PLAIN.len() {
            if PLAIN[at].1 as u8 == head as u8 && is(PLAIN[at].0, name) {
                quantity.plain = Some(at as u32);
            }
            at += 1;
        }
        at = 0;
        while at < STEPPED.len() {
            if STEPPED[at].1 as u8 == head as u8 && is(STEPPED[at].0, name) {
                quantity.from = Layout::stepped(at) as u32;
                quantity.steps = STEPPED[at].2;
            }
            at += 1;
        }
        assert!(quantity.plain.is_some() || !quantity.steps.is_empty());
        quantity
    }

    /// The numbers of its features.
    pub(crate) fn features(self) -> impl Iterator<Item = u32> {
        let steps = self.from..self.from + self.steps.len() as u32;
        self.plain.into_iter().chain(steps)
    }
}

/// Whether two names are the same, where `==` cannot be asked.
const fn is(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// The quantity of a name, or an array of those of several, looked up where the program is compiled.
macro_rules! quantity {
    ($head:ident, $name:literal) => {
        const { $crate::features::dense::Quantity::named($crate::features::Head::$head, $name) }
    };
    ($head:ident, $($name:literal),+ $(,)?) => {
        [$(quantity!($head, $name)),+]
    };
}
pub(crate) use quantity;

/// Names the numbers of the features for one taxonomy.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    types: usize,
}

impl Layout {
    pub(crate) fn of(terms: &Terms) -> Self {
        Self {
            types: terms.taxonomy.event_types.len(),
        }
    }

    const fn stepped(number: usize) -> usize {
        let mut before = PLAIN.len();
        let mut at = 0;
        while at < number {
            before += STEPPED[at].2.len();
            at += 1;
        }
        before
    }

    /// The feature of an event type; those of its terms in headline and lead and of its terms in
    /// the headline alone follow.
    pub(crate) fn event_type(number: usize) -> usize {
        Self::stepped(STEPPED.len()) + 3 * number
    }

    /// The features of a domain: how often its words stand there, whether in the headline, how
    /// often in headline and lead, whether there without violence beside them, and whether more
    /// than once.
    pub(crate) fn domain(self, number: usize) -> std::ops::Range<usize> {
        let from = Self::event_type(self.types) + DOMAIN_PARTS.len() * number;
        from..from + DOMAIN_PARTS.len()
    }

    /// The names of the features, in their order.
    pub(crate) fn names(terms: &Terms) -> Vec<String> {
        let plain = PLAIN.iter().map(|(name, _)| (*name).to_owned());
        let stepped = STEPPED
            .iter()
            .flat_map(|(name, _, steps)| steps.iter().map(move |step| format!("{name}>={step}")));
        let types = terms.taxonomy.event_types.iter().flat_map(|event_type| {
            ["event", "event-early", "event-title"]
                .map(|part| format!("{part}:{}", event_type.name))
        });
        let domains = terms
            .domains
            .iter()
            .flat_map(|domain| DOMAIN_PARTS.map(|part| format!("{part}:{domain}")));
        plain.chain(stepped).chain(types).chain(domains).collect()
    }
}

/// The features of a story that are not zero, by head.
pub(crate) fn all(
    reading: &Reading<'_>,
    security: &Security,
    geography: &Geography,
    actors: &[Named],
) -> [Vec<(u32, f32)>; 2] {
    let mut values = Values {
        layout: Layout::of(&reading.knowledge.terms),
        heads: [Vec::with_capacity(64), Vec::with_capacity(32)],
    };
    values.topic(reading, security, actors);
    values.region(reading, geography, actors);
    super::spread::add(&mut values, reading, security, geography, actors);
    values.heads
}

pub(super) struct Values {
    layout: Layout,
    heads: [Vec<(u32, f32)>; 2],
}

impl Values {
    fn put(&mut self, head: Head, at: usize, value: f32) {
        if value != 0.0 {
            self.heads[head as usize].push((at as u32, value));
        }
    }

    pub(super) fn plain(&mut self, quantity: Quantity, value: f32) {
        let at = quantity.plain.expect("a quantity that counts as it is");
        self.put(quantity.head, at as usize, value);
    }

    pub(super) fn steps(&mut self, quantity: Quantity, value: f32) {
        debug_assert!(!quantity.steps.is_empty(), "a quantity that has steps");
        let reached = quantity.steps.iter().filter(|step| value >= **step);
        for step in 0..reached.count() {
            self.put(quantity.head, quantity.from as usize + step, 1.0);
        }
    }

    /// What a domain's words in headline and lead say.
    pub(super) fn early_domain(&mut self, domain: usize, [count, alone, many]: [f32; 3]) {
        let at = self.layout.domain(domain).start + 2;
        self.put(Topic, at, count.ln_1p());
        self.put(Topic, at + 1, alone);
        self.put(Topic, at + 2, many);
    }

    fn topic(&mut self, reading: &Reading<'_>, security: &Security, actors: &[Named]) {
        let types = reading.knowledge.terms.taxonomy.event_types.len();
        let mut sums = vec![[0.0_f32; 3]; types];
        for term in &security.terms {
            for (event_type, weight) in &term.event_types {
                let sums = &mut sums[usize::from(*event_type)];
                sums[0] += term.strength * weight / term.weight;
                if term.prominence >= Prominence::Lead {
                    sums[1] += weight;
                }
                if term.prominence == Prominence::Title {
                    sums[2] += weight;
                }
            }
        }
        for (event_type, sums) in sums.iter().enumerate() {
            for (part, sum) in sums.iter().enumerate() {
                self.put(Topic, Layout::event_type(event_type) + part, sum.ln_1p());
            }
        }
        let sum = |weight: &dyn Fn(&Term) -> f32| security.terms.iter().map(weight).sum::<f32>();
        let from = |least: Prominence| {
            move |term: &Term| {
                if term.prominence >= least {
                    term.weight
                } else {
                    0.0
                }
            }
        };
        let (title, lead) = (sum(&from(Prominence::Title)), sum(&from(Prominence::Lead)));
        let all = sum(&|term| term.weight * term.mentions.len() as f32);
        let density = 100.0 * all / security.words.max(40.0);
        self.plain(quantity!(Topic, "topic"), 1.0);
        self.plain(quantity!(Topic, "title"), title.ln_1p());
        self.plain(quantity!(Topic, "lead"), lead.ln_1p());
        self.plain(quantity!(Topic, "density"), density.ln_1p());
        self.plain(quantity!(Topic, "terms"), sum(&|term| term.weight).ln_1p());
        self.steps(quantity!(Topic, "title"), title);
        self.steps(quantity!(Topic, "lead"), lead);
        self.steps(quantity!(Topic, "density"), density);
        self.steps(
            quantity!(Topic, "strong"),
            sum(&|term| f32::from(u8::from(term.weight >= 1.0))),
        );
        self.steps(quantity!(Topic, "words"), security.words);
        let mut others = 0.0;
        for (domain, (per_hundred, in_title)) in security.domains.iter().enumerate() {
            let at = self.layout.domain(domain).start;
            self.put(Topic, at, per_hundred.ln_1p());
            self.put(Topic, at + 1, flag(*in_title));
            others += per_hundred;
        }
        self.steps(
            quantity!(Topic, "ratio"),
            density / (density + others + 0.3),
        );
        let groups = actors
            .iter()
            .filter(|named| is_armed_group(reading.knowledge, named.actor));
        let mentions = groups.flat_map(|named| &named.mentions);
        let (mut count, mut early) = (0, 0);
        for (part, hit) in mentions {
            count += 1;
            early += u32::from(reading.parts[*part].prominence(*hit) >= Prominence::Lead);
        }
        self.plain(quantity!(Topic, "actors"), (count as f32).ln_1p());
        self.plain(quantity!(Topic, "actors-early"), (early as f32).ln_1p());
        let vetoes = security.vetoes.iter().flat_map(|(_, places)| places);
        let (mut count, mut early) = (0, 0);
        for (part, hit) in vetoes {
            count += 1;
            early += u32::from(reading.parts[*part].prominence(*hit) == Prominence::Title);
        }
        self.plain(quantity!(Topic, "vetoes"), (count as f32).ln_1p());
        self.plain(quantity!(Topic, "vetoes-title"), (early as f32).ln_1p());
        self.plain(
            quantity!(Topic, "past"),
            (100.0 * past(reading) / security.words.max(50.0)).ln_1p(),
        );
    }

    fn region(&mut self, reading: &Reading<'_>, geography: &Geography, actors: &[Named]) {
        let knowledge = reading.knowledge;
        let (latin, foreign) = (geography.latin, geography.foreign);
        let share = latin / (latin + foreign + 0.5);
        self.plain(quantity!(Region, "region"), 1.0);
        self.plain(quantity!(Region, "share"), share);
        self.plain(quantity!(Region, "latin"), latin.ln_1p());
        self.plain(quantity!(Region, "foreign"), foreign.ln_1p());
        self.steps(quantity!(Region, "share"), share);
        self.steps(quantity!(Region, "latin"), latin);
        self.steps(quantity!(Region, "foreign"), foreign);
        let prominence = geography.latin_prominence;
        self.plain(
            quantity!(Region, "latin-title"),
            flag(prominence == Some(Prominence::Title)),
        );
        self.plain(
            quantity!(Region, "latin-lead"),
            flag(prominence >= Some(Prominence::Lead)),
        );
        let prominence = geography.foreign_prominence;
        self.plain(
            quantity!(Region, "foreign-title"),
            flag(prominence == Some(Prominence::Title)),
        );
        self.plain(
            quantity!(Region, "foreign-lead"),
            flag(prominence >= Some(Prominence::Lead)),
        );
        let mut early = [[0.0_f32; 2]; 2];
        let mut first = [None; 2];
        for name in geography.names.iter().filter(|name| name.vote > 0.2) {
            let Some(country) = name.country else {
                continue;
            };
            let foreign = usize::from(!knowledge.atlas.entry(country).latin);
            for mention in &name.mentions {
                if mention.prominence >= Prominence::Lead {
                    early[0][foreign] += 1.0;
                }
                if mention.prominence == Prominence::Title {
                    early[1][foreign] += 1.0;
                }
                let at = mention.hit.start;
                let first: &mut Option<(u32, usize)> = &mut first[mention.part];
                if first.is_none_or(|(before, _)| at < before) {
                    *first = Some((at, foreign));
                }
            }
        }
        let share = |[latin, foreign]: [f32; 2]| (latin + 0.1) / (latin + foreign + 0.2);
        self.steps(quantity!(Region, "share-early"), share(early[0]));
        self.steps(quantity!(Region, "share-title"), share(early[1]));
        let first = first[0].or(first[1]);
        self.plain(
            quantity!(Region, "latin-first"),
            flag(first.is_some_and(|(_, foreign)| foreign == 0)),
        );
        self.plain(
            quantity!(Region, "foreign-first"),
            flag(first.is_some_and(|(_, foreign)| foreign == 1)),
        );
        self.plain(quantity!(Region, "nowhere"), flag(first.is_none()));
        for (quantity, lang) in [
            (quantity!(Region, "spanish"), Lang::ES),
            (quantity!(Region, "portuguese"), Lang::PT),
            (quantity!(Region, "english"), Lang::EN),
        ] {
            self.plain(quantity, flag(reading.lang == Some(lang)));
        }
        let groups = actors
            .iter()
            .filter(|named| is_armed_group(knowledge, named.actor));
        let count: usize = groups.map(|named| named.mentions.len()).sum();
        self.plain(quantity!(Region, "actors-latin"), (count as f32).ln_1p());
    }
}

fn flag(on: bool) -> f32 {
    f32::from(u8::from(on))
}

/// How many years of the last century and before are named.
fn past(reading: &Reading<'_>) -> f32 {
    let years = reading.parts.iter().flat_map(|part| {
        part.words.all().iter().filter(|word| {
            let folded = part.words.folded(word);
            folded.len() == 4
                && folded
                    .parse()
                    .is_ok_and(|year: u16| (1500..2005).contains(&year))
        })
    });
    years.count() as f32
}
