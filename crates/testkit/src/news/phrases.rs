//! The sentences and names that articles are put together from, read from the text files beside.

use std::{collections::HashMap, sync::LazyLock};

/// The sentences of one language, by `topic.part`.
pub(super) struct Phrases(HashMap<&'static str, Vec<&'static str>>);

impl Phrases {
    /// The sentences of a language: `es`, `pt` or `en`.
    pub(super) fn of(lang: &str) -> &'static Self {
        static BY_LANG: LazyLock<[Phrases; 3]> = LazyLock::new(|| {
            [
                Phrases::parse(include_str!("es.txt")),
                Phrases::parse(include_str!("pt.txt")),
                Phrases::parse(include_str!("en.txt")),
            ]
        });
        match lang {
            "pt" => &BY_LANG[1],
            "en" => &BY_LANG[2],
            _ => &BY_LANG[0],
        }
    }

    fn parse(text: &'static str) -> Self {
        let mut parts = HashMap::<_, Vec<_>>::new();
        let mut part = "";
        for line in lines(text) {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                part = name;
            } else {
                parts.entry(part).or_default().push(line);
            }
        }
        Self(parts)
    }

    /// The sentences of one part of one topic.
    pub(super) fn get(&self, topic: &str, part: &str) -> &[&'static str] {
        &self.0[format!("{topic}.{part}").as_str()]
    }
}

/// Where a story happens, and who is there.
pub(super) struct Scene {
    pub(super) lang: &'static str,
    pub(super) iso2: &'static str,
    pub(super) country: &'static str,
    pub(super) place: &'static str,
    pub(super) admin: &'static str,
    pub(super) force: &'static str,
    pub(super) actor: &'static str,
}

impl Scene {
    /// The scenes of a language.
    pub(super) fn of(lang: &str) -> Vec<&'static Self> {
        static SCENES: LazyLock<Vec<Scene>> = LazyLock::new(|| {
            let scene = |line: &'static str| {
                let mut cells = line.split('|');
                let mut cell = || cells.next().expect("seven cells in a line of places.txt");
                Scene {
                    lang: cell(),
                    iso2: cell(),
                    country: cell(),
                    place: cell(),
                    admin: cell(),
                    force: cell(),
                    actor: cell(),
                }
            };
            lines(include_str!("places.txt")).map(scene).collect()
        });
        SCENES.iter().filter(|scene| scene.lang == lang).collect()
    }
}

/// The lines that are neither empty nor comments.
fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Invented people; the same names serve all three languages.
pub(super) const FIRST_NAMES: &[&str] = &[
    "Amparo",
    "Belisario",
    "Casilda",
    "Demetrio",
    "Eulalia",
    "Fabricio",
    "Graciela",
    "Hernando",
    "Ivonne",
    "Jacinto",
    "Leandra",
    "Maximino",
    "Nélida",
    "Onofre",
    "Perla",
    "Quintín",
    "Rosalba",
    "Saturnino",
    "Teodora",
    "Ulises",
    "Violeta",
    "Wenceslao",
    "Ximena",
    "Yolanda",
    "Zacarías",
];
/// See [`FIRST_NAMES`].
pub(super) const LAST_NAMES: &[&str] = &[
    "Arizmendi",
    "Barrientos",
    "Cifuentes",
    "Dorantes",
    "Echeverri",
    "Falconí",
    "Galindo",
    "Huamán",
    "Ibarguren",
    "Jaramillo",
    "Lizarazo",
    "Montalvo",
    "Noriega",
    "Ocampo",
    "Peñaloza",
    "Quispe",
    "Rebolledo",
    "Sotomayor",
    "Tavares",
    "Urrutia",
    "Valdivieso",
    "Yupanqui",
    "Zambrano",
];
/// Invented clubs.
pub(super) const TEAMS: &[&str] = &[
    "Atlético Ribera",
    "Deportivo Altamar",
    "Real Sabana",
    "Unión Portuaria",
    "Sporting del Valle",
    "Estrella del Sur",
    "Racing Cordillera",
    "Juventud Minera",
];
/// Invented nicknames.
pub(super) const ALIASES: &[&str] = &[
    "Mocho",
    "Pantera",
    "Siete Vidas",
    "Gomelo",
    "Cuervo",
    "Relojero",
    "Zarco",
    "Barbas",
];
