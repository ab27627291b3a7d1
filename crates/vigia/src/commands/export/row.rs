//! A story as one row, with the columns that analysts of conflict data know from ACLED and UCDP.

use chrono::NaiveDate;
use story::{Actor, CasualtyScope, Event, Outcome, Place, Role, Story};

/// The value of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Nothing is known.
    Empty,
    /// Words, which may be anybody's.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
}

impl<T: ToString> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, |value| Self::Text(value.to_string()))
    }
}

/// A story, and what is worked out of it for a row.
#[derive(Debug)]
pub(super) struct Row<'a> {
    story: &'a Story,
    /// The day of the event where that is known, else of the publication, else of the fetch.
    pub(super) event_date: Option<NaiveDate>,
    /// Which of those it is.
    date_basis: Option<&'static str>,
    /// The most particular place in the story's country.
    place: Option<&'a Place>,
    actors: [Option<&'a Actor>; 2],
}

/// Names of the columns, in order.
pub(super) const COLUMNS: [&str; 26] = [
    "event_id",
    "revision",
    "event_date",
    "date_basis",
    "event_type",
    "sub_event_type",
    "actor1",
    "actor1_role",
    "actor2",
    "actor2_role",
    "iso2",
    "country",
    "admin1",
    "location",
    "location_kind",
    "latitude",
    "longitude",
    "fatalities",
    "source",
    "url",
    "notes",
    "language",
    "published",
    "fetched",
    "score",
    "cluster",
];

impl<'a> Row<'a> {
    /// The row of a story.
    pub(super) fn of(story: &'a Story) -> Self {
        let event = story.events.first().and_then(event_day);
        let day = |time: Option<story::Timestamp>| time.map(|time| time.date_naive());
        let dates = [
            (event, "event"),
            (day(story.published), "published"),
            (day(story.fetched), "fetched"),
        ];
        let date = dates
            .into_iter()
            .find_map(|(date, basis)| Some((date?, basis)));
        Self {
            story,
            event_date: date.map(|(date, _)| date),
            date_basis: date.map(|(_, basis)| basis),
            place: place(story),
            actors: actors(story),
        }
    }

    /// The cells, in the order of [`COLUMNS`].
    pub(super) fn cells(&self) -> [Cell; COLUMNS.len()] {
        let Self { story, place, .. } = self;
        let categories = |range: std::ops::RangeFrom<usize>| {
            let rest = story.categories.get(range).unwrap_or_default();
            let names: Vec<_> = rest.iter().map(|category| &*category.name).collect();
            names.join("; ")
        };
        let main = story.categories.first().map(|category| &category.name);
        let iso2 = story.countries.first().map(|country| country.iso2);
        let degrees = |degrees: Option<f64>| degrees.map_or(Cell::Empty, Cell::Number);
        let [actor1, actor2] = self.actors;
        let name = |actor: Option<&Actor>| Cell::from(actor.map(|actor| &actor.name));
        let role = |actor: Option<&Actor>| Cell::from(actor.map(|actor| role_word(actor.role)));
        [
            Cell::Text(story.id.to_string()),
            Cell::Count(story.revision.into()),
            self.event_date.into(),
            self.date_basis.into(),
            main.into(),
            Some(categories(1..))
                .filter(|names| !names.is_empty())
                .into(),
            name(actor1),
            role(actor1),
            name(actor2),
            role(actor2),
            iso2.into(),
            iso2.and_then(|iso2| country_name(iso2.as_str())).into(),
            place.and_then(|place| place.admin1.as_ref()).into(),
            place.map(|place| &place.name).into(),
            place.map(|place| &place.kind).into(),
            degrees(place.and_then(|place| place.lat)),
            degrees(place.and_then(|place| place.lon)),
            fatalities(story).map_or(Cell::Empty, Cell::Count),
            story.outlet.as_ref().into(),
            story.url.as_ref().into(),
            Cell::Text(story.title.clone()),
            story.lang.map(|lang| lang.as_str().to_owned()).into(),
            story.published.map(|time| time.to_rfc3339()).into(),
            story.fetched.map(|time| time.to_rfc3339()).into(),
            Cell::Number(story.score),
            story.cluster.as_ref().map(|cluster| &cluster.id).into(),
        ]
    }

    /// Longitude and latitude in degrees, where both are known.
    pub(super) fn position(&self) -> Option<[f64; 2]> {
        let place = self.place?;
        Some([place.lon?, place.lat?])
    }
}

/// The day of an event, where it is known to the day.
fn event_day(event: &Event) -> Option<NaiveDate> {
    event.date.as_deref()?.parse().ok()
}

/// The most particular place in the story's country that has a position; the earlier one, which is
/// named more often, where two are alike.
fn place(story: &Story) -> Option<&Place> {
    let country = story.countries.first()?.iso2;
    let particular = |place: &&Place| match (&*place.kind, place.lat) {
        (_, None) => 0,
        ("city", _) => 5,
        ("admin2", _) => 4,
        ("region", _) => 3,
        ("admin1", _) => 2,
        _ => 1,
    };
    let there = story.places.iter().filter(|place| place.iso2 == country);
    there.rev().max_by_key(particular)
}

/// Who did it, or is a side of it, and to whom or with whom.
fn actors(story: &Story) -> [Option<&Actor>; 2] {
    let pick = |roles: [Role; 4], but: Option<&Actor>| {
        let of = |role| {
            let is_such =
                |actor: &&Actor| actor.role == role && but.is_none_or(|other| other.id != actor.id);
            story.actors.iter().find(is_such)
        };
        roles.into_iter().find_map(of)
    };
    let first = pick(
        [
            Role::Perpetrator,
            Role::Party,
            Role::Mentioned,
            Role::Target,
        ],
        None,
    );
    let second = pick(
        [
            Role::Target,
            Role::Party,
            Role::Mentioned,
            Role::Perpetrator,
        ],
        first,
    );
    [first, second]
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Perpetrator => "perpetrator",
        Role::Target => "target",
        Role::Party => "party",
        Role::Mentioned => "mentioned",
    }
}

/// Deaths of the events themselves; nothing where no figure of them was read.
fn fatalities(story: &Story) -> Option<u64> {
    let casualties = story.events.iter().flat_map(|event| &event.casualties);
    let killed = casualties.filter(|casualty| {
        casualty.outcome == Outcome::Killed && casualty.scope == CasualtyScope::Event
    });
    killed
        .map(|casualty| u64::from(casualty.count))
        .reduce(|a, b| a + b)
}

/// A country's English name.
fn country_name(iso2: &str) -> Option<&'static str> {
    let table = include_str!("../../../../../config/knowledge/countries.tsv");
    let mut rows = table.lines().map(|row| row.split('\t'));
    rows.find_map(|mut row| (row.next() == Some(iso2)).then(|| row.next())?)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A story of the filter's making, with the title and further fields.
    pub(crate) fn story(title: &str, fields: &serde_json::Value) -> Story {
        let classifier = crate::topic::Topic::default().classifier().unwrap();
        let line = serde_json::json!({"title": title, "text": "Nada."}).to_string();
        let which = pipeline::filter::Which::All;
        let line = pipeline::filter::classify_line(&classifier, &line, which);
        let mut story: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        for (key, value) in fields.as_object().unwrap() {
            story[key] = value.clone();
        }
        serde_json::from_value(story).unwrap()
    }

    fn cell(story: &Story, column: &str) -> Cell {
        let at = COLUMNS.iter().position(|name| *name == column).unwrap();
        Row::of(story).cells()[at].clone()
    }

    fn text(words: &str) -> Cell {
        Cell::Text(words.to_owned())
    }

    #[test]
    fn a_row_has_the_most_particular_place_of_the_main_country() {
        let place = |name: &str, kind: &str, iso2: &str, lat: Option<f64>| {
            serde_json::json!({"name": name, "kind": kind, "iso2": iso2, "admin1": "Cauca",
                               "lat": lat, "lon": -76.0, "mentions": 1})
        };
        let story = story(
            "Atacan",
            &serde_json::json!({
                "countries": [{"iso2": "CO", "score": 0.9}, {"iso2": "PE", "score": 0.1}],
                "places": [place("Cauca", "admin1", "CO", Some(2.5)), place("Lima", "city", "PE", Some(-12.0)),
                           place("Toribío", "city", "CO", Some(2.9)), place("Caloto", "city", "CO", Some(3.0)),
                           place("El Palo", "city", "CO", None)],
            }),
        );
        assert_eq!(cell(&story, "location"), text("Toribío"));
        assert_eq!(cell(&story, "country"), text("Colombia"));
        assert_eq!(cell(&story, "latitude"), Cell::Number(2.9));
        assert_eq!(Row::of(&story).position(), Some([-76.0, 2.9]));
    }

    #[test]
    fn who_did_it_comes_before_whom_it_was_done_to() {
        let actor = |id: &str, role: &str| serde_json::json!({"id": id, "name": id.to_uppercase(), "kind": "force", "role": role, "mentions": 1});
        let with =
            |actors: &[serde_json::Value]| story("A", &serde_json::json!({"actors": actors}));
        let both = with(&[actor("army", "target"), actor("eln", "perpetrator")]);
        assert_eq!(
            (cell(&both, "actor1"), cell(&both, "actor2")),
            (text("ELN"), text("ARMY"))
        );
        let one = with(&[actor("eln", "mentioned")]);
        assert_eq!(
            (cell(&one, "actor1"), cell(&one, "actor2")),
            (text("ELN"), Cell::Empty)
        );
    }

    #[test]
    fn fatalities_are_those_of_the_event_and_empty_where_none_is_told() {
        let casualty = |outcome: &str, scope: &str, count: u32| {
            serde_json::json!({"outcome": outcome, "victims": "civilian", "count": count,
                               "count_max": null, "scope": scope, "quote": ""})
        };
        let story_with = |casualties: &[serde_json::Value]| {
            let event = serde_json::json!({"type": "attack", "date": "2026-02-03", "date_precision": "day",
                                           "place": null, "actors": [], "casualties": casualties});
            story(
                "A",
                &serde_json::json!({"events": [event], "published": "2026-02-04T01:00:00Z"}),
            )
        };
        let told = story_with(&[
            casualty("killed", "event", 3),
            casualty("killed", "aggregate", 90),
            casualty("injured", "event", 7),
        ]);
        assert_eq!(cell(&told, "fatalities"), Cell::Count(3));
        assert_eq!(cell(&told, "event_date"), text("2026-02-03"));
        assert_eq!(cell(&told, "date_basis"), text("event"));
        assert_eq!(cell(&story_with(&[]), "fatalities"), Cell::Empty);
    }
}
