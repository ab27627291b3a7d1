//! A mention of a name and what stands around it.

use story::Field;

use crate::{
    fold::Shape,
    knowledge::{CueKind, PlaceKind},
    matcher::{Hit, Kind, Node, Payload},
    reading::{Part, Prominence, Reading},
};

/// One mention of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mention {
    /// 0 for the headline, 1 for the text.
    pub part: usize,
    pub hit: Hit,
    pub prominence: Prominence,
    /// Whether a word before it says that a place follows: `in`, `municipio de`, another place.
    pub located: bool,
    /// Whether it stands inside a longer name, such as a person's.
    pub inside_name: bool,
    /// Whether it names a street, a stadium or the like.
    pub venue: bool,
    /// How much it counts where it stands.
    pub weight: f32,
    /// The kind of place that the word before it says: `province of`.
    noun: Option<PlaceKind>,
}

/// What the first name of a headline counts more than the others: the story is told of it.
const FIRST_IN_TITLE: f32 = 1.35;
/// What a neighbour, an origin or a destination counts: `on the border with`, `bound for`.
const ASIDE: f32 = 0.4;
/// What a name counts that a preposition puts there: `in`, `desde`.
const LOCATED: f32 = 1.2;
/// What a name counts more with which a headline opens, as in `Tumbes: two held`.
const TITLE_OPENS: f32 = 1.3;

/// All mentions of places, countries and their institutions, by node.
pub(super) fn all<'r>(reading: &'r Reading<'_>) -> impl Iterator<Item = (Node, Mention)> + use<'r> {
    reading
        .parts
        .iter()
        .enumerate()
        .flat_map(move |(number, part)| {
            let matcher = &reading.knowledge.matcher;
            part.names
                .iter()
                .enumerate()
                .filter_map(move |(index, hit)| {
                    let place = |payload: &Payload| payload.kind != Kind::Actor;
                    matcher.payloads(hit.node).iter().any(place).then(|| {
                        let before = index.checked_sub(1).map(|index| part.names[index]);
                        (hit.node, mention(part, number, *hit, before))
                    })
                })
        })
}

fn mention(part: &Part<'_>, number: usize, hit: Hit, before: Option<Hit>) -> Mention {
    let cue = |kind: CueKind, reach: u32| {
        let from = part
            .cues
            .partition_point(|(cue, _)| cue.start + 6 < hit.start);
        let near = part.cues[from..]
            .iter()
            .take_while(|(cue, _)| cue.start < hit.start);
        near.filter(move |(cue, k)| {
            *k == kind && cue.end <= hit.start && cue.end + reach >= hit.start
        })
        .map(|(cue, _)| *cue)
        .last()
    };
    let follows_name = before.is_some_and(|before| before.end == hit.start);
    let noun = cue(CueKind::PlaceNoun, 2);
    let locative = cue(CueKind::Locative, 0);
    let venue = cue(CueKind::Venue, 2).is_some();
    let prominence = part.prominence(hit);
    let first_in_title = before.is_none() && part.field == Field::Title;
    let mut weight = prominence.weight();
    if first_in_title {
        weight *= FIRST_IN_TITLE;
        if hit.start == 0 && ends_a_phrase(part, hit) {
            weight *= TITLE_OPENS;
        }
    }
    if cue(CueKind::Aside, 1).is_some() {
        weight *= ASIDE;
    } else if locative.is_some() {
        weight *= LOCATED;
    }
    Mention {
        part: number,
        hit,
        prominence,
        weight,
        located: follows_name || noun.is_some() || locative.is_some(),
        inside_name: !follows_name && inside_name(part, hit, noun.is_some())
            || cue(CueKind::PersonTitle, 0).is_some(),
        venue,
        noun: noun.and_then(|cue| noun_kind(part, cue)),
    }
}

/// Whether a comma, colon or stop follows.
fn ends_a_phrase(part: &Part<'_>, hit: Hit) -> bool {
    let last = part.words.all()[hit.end as usize - 1];
    part.text[last.bytes.1 as usize..].starts_with([':', ',', '.', ';'])
}

/// Whether the words beside a mention have capitals and belong to it, as in a person's name.
fn inside_name(part: &Part<'_>, hit: Hit, cued: bool) -> bool {
    if !part.words.capitals_tell || cued {
        return false;
    }
    let words = part.words.all();
    let (start, end) = (hit.start as usize, hit.end as usize);
    // The names are in the order of the text, and none is inside another.
    let covered = |at: usize| {
        let next = part.names.partition_point(|name| name.end as usize <= at);
        let next = part.names.get(next);
        next.is_some_and(|name| name.start as usize <= at)
    };
    let before = start
        .checked_sub(1)
        .map(|at| (at, words[at]))
        .is_some_and(|(at, word)| {
            let opens = at
                .checked_sub(1)
                .is_none_or(|at| words[at].sentence != word.sentence);
            word.shape == Shape::Capital
                && words[start].joined
                && !opens
                && !covered(at)
                && word.sentence == words[start].sentence
        });
    let after = words.get(end).is_some_and(|word| {
        word.shape == Shape::Capital
            && word.joined
            && word.sentence == words[start].sentence
            && !covered(end)
    });
    before || after
}

fn noun_kind(part: &Part<'_>, cue: Hit) -> Option<PlaceKind> {
    let word = part.words.get(cue.start as usize)?;
    let noun = part.words.folded(word);
    Some(match noun.get(..4)? {
        "prov" | "depa" | "stat" | "esta" => PlaceKind::Admin1,
        "muni" | "cant" | "comu" | "dist" => PlaceKind::Admin2,
        "ciud" | "city" | "cida" | "town" | "vill" | "pueb" => PlaceKind::City,
        "regi" => PlaceKind::Region,
        _ => return None,
    })
}

/// What a name's mentions may stand for by their capitals.
pub(super) fn payloads(reading: &Reading<'_>, mentions: &[Mention]) -> Vec<Payload> {
    let mut payloads: Vec<_> = mentions
        .iter()
        .flat_map(|mention| {
            reading.parts[mention.part].admitted(&reading.knowledge.matcher, mention.hit)
        })
        .filter(|payload| payload.kind != Kind::Actor)
        .collect();
    payloads.sort_unstable();
    payloads.dedup();
    payloads
}

/// The kind of place that the first mention with such a word is called.
pub(super) fn place_noun(mentions: &[Mention]) -> Option<PlaceKind> {
    mentions.iter().find_map(|mention| mention.noun)
}

/// The best mention's weight and a part of the others', so that repetition helps a little.
pub(super) fn saturated(mentions: &[Mention], weight: impl Fn(&Mention) -> f32) -> f32 {
    let (mut best, mut sum) = (0.0_f32, 0.0);
    for mention in mentions {
        let weight = weight(mention);
        best = best.max(weight);
        sum += weight;
    }
    (best + 0.25 * (sum - best)).min(2.5 * best)
}
