//! Countries, places and what names them.

use rustc_hash::FxHashMap;
use story::{Iso2, Lang};

use super::{
    KnowledgeFiles,
    table::{Problems, Row, bare, cells, list, rows},
};
use crate::matcher::{Builder, Case, Kind, Matcher, Node, Payload};

/// A country, by its number in the atlas.
pub(crate) type CountryId = u8;

/// A country.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountryEntry {
    pub iso2: Iso2,
    /// Whether it belongs to Latin America and the Caribbean.
    pub latin: bool,
    /// Whether its name may be trusted: islands share theirs with many towns.
    pub large: bool,
}

/// What a place is; the order is that of rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PlaceKind {
    City,
    Admin2,
    Region,
    Admin1,
}

impl PlaceKind {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "city" => Self::City,
            "admin2" => Self::Admin2,
            "region" => Self::Region,
            "admin1" => Self::Admin1,
            _ => return None,
        })
    }
}

/// A place; its name and all that is only printed stay in the file's text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlaceEntry {
    row: u32,
    pub population: u32,
    /// The first-order division that it lies in; 0 is none.
    pub admin1: u16,
    pub country: CountryId,
    pub kind: PlaceKind,
}

/// What a place's row says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlaceRow<'a> {
    pub name: &'a str,
    pub kind: &'a str,
    /// What it is called there: `municipio`, `supranational`.
    pub subkind: &'a str,
    pub admin1: &'a str,
    pub lat: Option<f64>,
    pub lon: Option<f64>,
}

/// What an institution or a person says about a country.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signal {
    pub country: CountryId,
    pub vote: f32,
    /// The language in which it says so; in any where there is none.
    pub lang: Option<Lang>,
}

/// How often a name is something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Risk {
    #[default]
    Low,
    Medium,
    High,
}

/// Countries and places.
#[derive(Debug, Default)]
pub(crate) struct Atlas {
    pub countries: Vec<CountryEntry>,
    pub places: Vec<PlaceEntry>,
    /// Where each place elsewhere lies, and how many people live there.
    pub homonyms: Vec<(CountryId, u32)>,
    /// Institutions, people and places elsewhere that give a country away.
    pub signals: Vec<Signal>,
    risks: FxHashMap<Node, Risk>,
    by_iso2: FxHashMap<Iso2, CountryId>,
}

const PLACES: [&str; 11] = [
    "id",
    "name",
    "kind",
    "subkind",
    "iso2",
    "admin1",
    "admin2",
    "lat",
    "lon",
    "population",
    "aliases",
];
const COUNTRIES: [&str; 8] = [
    "iso2",
    "name_en",
    "name_es",
    "name_pt",
    "capital",
    "demonyms_en",
    "demonyms_es",
    "demonyms_pt",
];

/// The most that a signal may count; a country's name counts 2.
const VOTE_MAX: f32 = 10.0;
/// Territories and islands whose names are trusted, beside the first countries of the file.
const LARGE_FIRST: usize = 26;

impl Atlas {
    pub(crate) fn country(&self, iso2: Iso2) -> Option<CountryId> {
        self.by_iso2.get(&iso2).copied()
    }

    pub(crate) fn entry(&self, country: CountryId) -> &CountryEntry {
        &self.countries[usize::from(country)]
    }

    pub(crate) fn risk(&self, node: Node) -> Risk {
        self.risks.get(&node).copied().unwrap_or_default()
    }

    /// Reads a place's row from the file that the atlas was made from.
    pub(crate) fn row<'a>(&self, places: &'a str, place: u32) -> PlaceRow<'a> {
        let text = &places[self.places[place as usize].row as usize..];
        let line = text.lines().next().unwrap_or_default();
        let cells = cells::<11>(line).unwrap_or_default();
        PlaceRow {
            name: bare(cells[1]).unwrap_or(cells[1]),
            kind: cells[2],
            subkind: cells[3],
            admin1: cells[5],
            lat: cells[7].parse().ok(),
            lon: cells[8].parse().ok(),
        }
    }

    /// Reads the countries, elsewhere too; everything else refers to them.
    pub(crate) fn add_countries(
        &mut self,
        files: &KnowledgeFiles,
        builder: &mut Builder,
        problems: &mut Problems,
    ) {
        let header = {
            let mut header = ["aliases"; 9];
            header[..8].copy_from_slice(&COUNTRIES);
            header
        };
        for (index, row) in rows("countries.tsv", &files.countries, header, problems)
            .iter()
            .enumerate()
        {
            let large = index < LARGE_FIRST;
            let Some(country) = self.add_country(row, true, large, problems) else {
                continue;
            };
            let names = [1, 2, 3, 8]
                .into_iter()
                .flat_map(|cell| list(row.cells[cell]));
            for name in names.filter(|name| bare(name).is_none()) {
                let added = builder.name(name, payload(Kind::Country, name, country.into()));
                row.expect_word(added, name, problems);
            }
            let demonyms = [5, 6, 7].map(|cell| row.cells[cell]);
            add_demonyms(row, demonyms, country, builder, problems);
        }
        for row in &rows(
            "foreign.tsv",
            &files.foreign,
            ["iso2", "names", "demonyms", "places"],
            problems,
        ) {
            let Some(country) = self.add_country(row, false, true, problems) else {
                continue;
            };
            for name in list(row.cells[1]) {
                let added = builder.name(name, payload(Kind::Country, name, country.into()));
                row.expect_word(added, name, problems);
            }
            add_demonyms(row, [row.cells[2], "", ""], country, builder, problems);
            for name in list(row.cells[3]) {
                self.signals.push(Signal {
                    country,
                    vote: 1.0,
                    lang: None,
                });
                let index = self.signals.len() as u32 - 1;
                let added = builder.name(name, payload(Kind::Signal, name, index));
                row.expect_word(added, name, problems);
            }
        }
    }

    fn add_country<const N: usize>(
        &mut self,
        row: &Row<'_, N>,
        latin: bool,
        large: bool,
        problems: &mut Problems,
    ) -> Option<CountryId> {
        let Ok(iso2) = row.cells[0].parse::<Iso2>() else {
            row.wrong(
                problems,
                format!("`{}` is not a country code", row.cells[0]),
            );
            return None;
        };
        let Ok(country) = CountryId::try_from(self.countries.len()) else {
            row.wrong(problems, "more than 256 countries");
            return None;
        };
        if self.by_iso2.insert(iso2, country).is_some() {
            row.wrong(problems, format!("`{iso2}` stands twice"));
        }
        self.countries.push(CountryEntry { iso2, latin, large });
        Some(country)
    }

    pub(crate) fn add_places(
        &mut self,
        files: &KnowledgeFiles,
        builder: &mut Builder,
        problems: &mut Problems,
    ) {
        let mut admin1s: FxHashMap<(CountryId, &str), u16> = FxHashMap::default();
        for row in &rows("places.tsv", &files.places, PLACES, problems) {
            let [_, name, kind, _, iso2, admin1, ..] = row.cells;
            let Some(kind) = PlaceKind::of(kind) else {
                row.wrong(
                    problems,
                    format!("`{kind}` is not a kind: use admin1, admin2, city or region"),
                );
                continue;
            };
            let population = row.parse(9, "a number of people", problems);
            for (cell, most) in [(7, 90.0), (8, 180.0)] {
                let degrees: f64 = row.parse(cell, "a number of degrees", problems);
                if degrees.abs() > most {
                    row.wrong(problems, format!("`{degrees}` is more than {most} degrees"));
                }
            }
            let names = std::iter::once(name).chain(list(row.cells[10]));
            let names: Vec<_> = names.filter(|name| name.chars().nth(2).is_some()).collect();
            for iso2 in list(iso2) {
                let Some(country) = self.known(iso2, row, problems) else {
                    continue;
                };
                let next = admin1s.len() as u16 + 1;
                let admin1 = if admin1.is_empty() {
                    0
                } else {
                    *admin1s.entry((country, admin1)).or_insert(next)
                };
                let place = self.places.len() as u32;
                self.places.push(PlaceEntry {
                    row: row.offset as u32,
                    population,
                    admin1,
                    country,
                    kind,
                });
                for name in &names {
                    let mut added = builder.name(name, payload(Kind::Place, name, place));
                    if let Some(english) = translated(name) {
                        added |= builder.name(&english, payload(Kind::Place, name, place));
                    }
                    row.expect_word(added, name, problems);
                }
            }
        }
    }

    pub(crate) fn add_signals(
        &mut self,
        files: &KnowledgeFiles,
        builder: &mut Builder,
        problems: &mut Problems,
    ) {
        for row in &rows(
            "homonyms.tsv",
            &files.homonyms,
            ["name", "iso2", "population"],
            problems,
        ) {
            let population = row.parse(2, "a number of people", problems);
            // A country that is not listed as foreign is nowhere that a story would name.
            if let Some(country) = row.cells[1]
                .parse()
                .ok()
                .and_then(|iso2| self.country(iso2))
            {
                self.homonyms.push((country, population));
                let index = self.homonyms.len() as u32 - 1;
                let name = row.cells[0];
                let added = builder.name(name, payload(Kind::Homonym, name, index));
                row.expect_word(added, name, problems);
            }
        }
        for row in &rows(
            "signals.tsv",
            &files.signals,
            ["term", "lang", "iso2", "weight"],
            problems,
        ) {
            let vote: f32 = row.parse(3, "a weight", problems);
            if !(0.0..=VOTE_MAX).contains(&vote) {
                row.wrong(
                    problems,
                    format!("`{vote}` is not between 0 and {VOTE_MAX}"),
                );
            }
            let lang = row.cells[1].parse().ok();
            if lang.is_none() && !row.cells[1].is_empty() {
                row.wrong(problems, format!("`{}` is not a language", row.cells[1]));
            }
            if let Some(country) = self.known(row.cells[2], row, problems) {
                self.signals.push(Signal {
                    country,
                    vote,
                    lang,
                });
                let index = self.signals.len() as u32 - 1;
                let name = row.cells[0];
                let added = builder.name(name, payload(Kind::Signal, name, index));
                row.expect_word(added, name, problems);
            }
        }
    }

    pub(crate) fn add_risks(
        &mut self,
        files: &KnowledgeFiles,
        matcher: &Matcher,
        problems: &mut Problems,
    ) {
        for row in &rows(
            "ambiguity.tsv",
            &files.ambiguity,
            ["name", "risk"],
            problems,
        ) {
            let risk = match row.cells[1] {
                "high" => Risk::High,
                "medium" => Risk::Medium,
                "low" => Risk::Low,
                other => {
                    row.wrong(
                        problems,
                        format!("`{other}` is not a risk: use low, medium or high"),
                    );
                    continue;
                }
            };
            if let Some(node) = matcher.find(row.cells[0]) {
                self.risks.insert(node, risk);
            }
        }
    }

    /// The country of a code that must be in the countries' or the foreign file.
    pub(crate) fn known<const N: usize>(
        &self,
        iso2: &str,
        row: &Row<'_, N>,
        problems: &mut Problems,
    ) -> Option<CountryId> {
        let country = iso2.parse().ok().and_then(|iso2| self.country(iso2));
        if country.is_none() {
            row.wrong(
                problems,
                format!("`{iso2}` is not a country of countries.tsv or foreign.tsv"),
            );
        }
        country
    }
}

fn payload(kind: Kind, name: &str, index: u32) -> Payload {
    Payload {
        kind,
        case: Case::of_name(name),
        index,
    }
}

/// The form in which English machine translation gives a name of two or more words: `La
/// Convención` becomes `La Convention`.
fn translated(name: &str) -> Option<String> {
    let stem = name.strip_suffix("ción")?;
    name.contains(' ').then(|| format!("{stem}tion"))
}
/// Adds the words for a country's people.
fn add_demonyms<const N: usize>(
    row: &Row<'_, N>,
    lists: [&str; 3],
    country: CountryId,
    builder: &mut Builder,
    problems: &mut Problems,
) {
    let names = lists.into_iter().flat_map(list);
    for name in names.filter(|name| bare(name).is_none()) {
        // English demonyms have a capital; Spanish and Portuguese ones do not.
        let payload = Payload {
            case: Case::Any,
            ..payload(Kind::Demonym, name, country.into())
        };
        let added = builder.name(name, payload);
        row.expect_word(added, name, problems);
    }
}
