//! What an actor does in a story, by the words beside its name.

use story::{Field, Role};

use crate::{
    knowledge::CueKind,
    matcher::Hit,
    reading::{Part, Reading},
};

/// Words on either side of a name within which a cue speaks of it.
const NEAR_WORDS: u32 = 40;

/// What speaks for each role.
#[derive(Default)]
struct Votes {
    perpetrator: f32,
    target: f32,
    party: f32,
}

/// The role that most mentions speak for.
pub(super) fn of(reading: &Reading<'_>, mentions: &[(usize, Hit)]) -> Role {
    let mut votes = Votes::default();
    for (part, hit) in mentions {
        votes.count(&reading.parts[*part], *hit);
    }
    let sides = [
        (Role::Perpetrator, votes.perpetrator),
        (Role::Target, votes.target),
        (Role::Party, votes.party),
    ];
    // Of two roles with as many votes the first in this order is told.
    let most = sides.into_iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
    most.filter(|(_, votes)| *votes >= 1.0)
        .map_or(Role::Mentioned, |(role, _)| role)
}

impl Votes {
    fn count(&mut self, part: &Part<'_>, hit: Hit) {
        let weight = if part.field == Field::Title { 2.0 } else { 1.0 };
        let sentence = part.sentence(hit);
        // Only so far, for texts that are one sentence.
        let from = part
            .cues
            .partition_point(|(cue, _)| cue.start + NEAR_WORDS < hit.start);
        let cues = part.cues[from..]
            .iter()
            .take_while(|(cue, _)| cue.start <= hit.end + NEAR_WORDS)
            .filter(|(cue, _)| part.sentence(*cue) == sentence);
        // One word beside a name is one piece of evidence, however many cues it belongs to.
        let (mut blamed, mut acts, mut suffers, mut deals) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
        for (cue, kind) in cues {
            let before = hit.start.checked_sub(cue.end);
            let after = cue.start.checked_sub(hit.end);
            match (kind, before, after) {
                (CueKind::Blame, Some(0..=4), _) => blamed = 1.5,
                (CueKind::AttackVerb, _, Some(0..=7)) => acts = 1.5,
                (CueKind::AttackVerb, Some(0..=2), _) => suffers = suffers.max(1.0),
                (CueKind::Passive, _, Some(0..=7)) => suffers = 2.0,
                (CueKind::Target, Some(0..=3), _) => suffers = suffers.max(1.6),
                (CueKind::Talks, ..) => deals = 1.0,
                _ => {}
            }
        }
        self.perpetrator += weight * blamed.max(if suffers >= 2.0 { 0.0 } else { acts });
        self.target += weight * suffers;
        self.party += weight * deals;
    }
}
