//! Armed groups and state forces, and the names that they go by.

use rustc_hash::FxHashMap;

use super::{
    KnowledgeFiles, Terms,
    atlas::{Atlas, CountryId},
    table::{Problems, Row, bare, list, rows},
};
use crate::matcher::{Builder, Case, Kind, Payload};

/// An armed group or state force.
#[derive(Debug)]
pub(crate) struct ActorEntry {
    pub id: Box<str>,
    pub name: Box<str>,
    pub kind: Box<str>,
    /// Where it is active, the home first.
    pub countries: Vec<CountryId>,
    /// Whether it has ceased to be.
    pub extinct: bool,
}

/// A name of an actor, and when it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActorName {
    pub actor: u16,
    pub rule: NameRule,
    /// Whether it is an acronym of three letters or fewer.
    pub short: bool,
}

/// When a name of an actor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameRule {
    /// Always.
    Free,
    /// Where the text speaks of security in one of its countries.
    Context,
}

/// An actor that is told by a word near another's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Umbrella {
    pub actor: u16,
    pub base: u16,
}

const ACTORS: [&str; 13] = [
    "id",
    "name",
    "name_en",
    "acronyms",
    "aliases",
    "countries",
    "kind",
    "active_from",
    "active_to",
    "match_mode",
    "acronym_match",
    "free_aliases",
    "caution",
];

impl Terms {
    pub(crate) fn add_actors(
        &mut self,
        files: &KnowledgeFiles,
        atlas: &Atlas,
        builder: &mut Builder,
        problems: &mut Problems,
    ) {
        let mut by_id = FxHashMap::default();
        for row in &rows("actors.tsv", &files.actors, ACTORS, problems) {
            let [id, name, _, _, _, countries, kind, _, active_to, ..] = row.cells;
            let actor = self.actors.len() as u16;
            if by_id.insert(id, actor).is_some() {
                row.wrong(problems, format!("`{id}` stands twice"));
            }
            // A group may be at work where no story is looked for; such a country is left out.
            let countries: Vec<_> = list(countries)
                .filter_map(|iso2| atlas.country(iso2.parse().ok()?))
                .collect();
            if countries.is_empty() {
                row.wrong(
                    problems,
                    format!("no country of `{id}` is in countries.tsv or foreign.tsv"),
                );
            }
            let name = bare(name).unwrap_or(name);
            self.actors.push(ActorEntry {
                id: id.into(),
                name: name.into(),
                kind: kind.into(),
                countries,
                extinct: !active_to.is_empty(),
            });
            self.add_actor_names(row, actor, builder, problems);
        }
        for row in &rows(
            "umbrellas.tsv",
            &files.umbrellas,
            ["id", "base", "cues"],
            problems,
        ) {
            let (Some(&actor), Some(&base)) = (by_id.get(row.cells[0]), by_id.get(row.cells[1]))
            else {
                row.wrong(problems, "both actors must be in actors.tsv");
                continue;
            };
            self.umbrellas.push(Umbrella { actor, base });
            for cue in list(row.cells[2]) {
                let index = self.umbrellas.len() as u32 - 1;
                let added = builder.term(
                    cue,
                    Payload {
                        kind: Kind::Umbrella,
                        case: Case::Any,
                        index,
                    },
                );
                row.expect_word(added, cue, problems);
            }
        }
    }

    fn add_actor_names(
        &mut self,
        row: &Row<'_, 13>,
        actor: u16,
        builder: &mut Builder,
        problems: &mut Problems,
    ) {
        let [
            _,
            name,
            name_en,
            acronyms,
            aliases,
            _,
            _,
            _,
            _,
            mode,
            acronym_match,
            free,
            _,
        ] = row.cells;
        let rule = match mode {
            "free" => Some(NameRule::Free),
            "context" => Some(NameRule::Context),
            "never_bare" => None,
            other => {
                row.wrong(
                    problems,
                    format!("`{other}` is not a match mode: use free, context or never_bare"),
                );
                return;
            }
        };
        let mut names: FxHashMap<&str, Option<NameRule>> = FxHashMap::default();
        for name in [name, name_en]
            .into_iter()
            .chain(list(aliases))
            .chain(list(acronyms))
        {
            names.insert(name, rule);
            if let Some(bare) = bare(name) {
                // Without its remark a name is no longer told from others.
                let rule = rule.map(|_| NameRule::Context);
                names.entry(bare).or_insert(rule);
            }
        }
        for name in list(free) {
            names.insert(name, Some(NameRule::Free));
        }
        for acronym in list(acronym_match) {
            match acronym.rsplit_once(':') {
                Some((acronym, "free")) => names.insert(acronym, Some(NameRule::Free)),
                Some((acronym, "context")) => names.insert(acronym, Some(NameRule::Context)),
                Some((acronym, "never")) => names.insert(acronym, None),
                _ => {
                    row.wrong(
                        problems,
                        format!(
                            "`{acronym}` is not an acronym with `:free`, `:context` or `:never`"
                        ),
                    );
                    None
                }
            };
        }
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable_by_key(|(name, _)| *name);
        for (name, rule) in names {
            let Some(rule) = rule else { continue };
            let case = Case::of_name(name);
            let short = case == Case::Upper && name.chars().count() <= 3;
            self.actor_names.push(ActorName { actor, rule, short });
            let index = self.actor_names.len() as u32 - 1;
            let added = builder.name(
                name,
                Payload {
                    kind: Kind::Actor,
                    case,
                    index,
                },
            );
            row.expect_word(added || name.is_empty(), name, problems);
        }
    }
}
