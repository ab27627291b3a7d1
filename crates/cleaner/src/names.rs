//! Bylines: the people who wrote a story, not the desk, the agency or the outlet.

use crate::characters::{fold, tidy};

/// Words before a name.
const PREFIXES: &[&str] = &[
    "by",
    "por",
    "von",
    "par",
    "di",
    "escrito por",
    "written by",
    "publicado por",
    "posted by",
    "autor",
    "author",
    "texto",
    "story by",
    "reported by",
    "report by",
    "redacción",
    "redacao",
];

/// Words that no person's name has: what is signed so was written by a desk or an agency.
const NOT_PEOPLE: &[&str] = &[
    "redaccion",
    "redacao",
    "redaktion",
    "agencia",
    "agencias",
    "agencies",
    "agency",
    "staff",
    "afp",
    "efe",
    "reuters",
    "ap",
    "xinhua",
    "dpa",
    "ansa",
    "ansalatina",
    "europapress",
    "press",
    "newsroom",
    "editor",
    "editores",
    "editors",
    "desk",
    "team",
    "equipo",
    "equipe",
    "news",
    "noticias",
    "admin",
    "administrator",
    "web",
    "digital",
    "online",
    "diario",
    "jornal",
    "periodico",
    "newspaper",
    "bbc",
    "cnn",
    "bloomberg",
    "prensa",
    "imprensa",
    "correspondent",
    "corresponsal",
    "editorial",
    "servicio",
    "services",
    "service",
    "wire",
    "wires",
    "com",
    "redator",
    "unknown",
    "anonymous",
    "guest",
    "contributor",
    "magazine",
    "tv",
    "radio",
    "media",
    "publisher",
    "colaborador",
    "colaboradores",
    "www",
    "http",
    "https",
    "published",
    "publicado",
    "updated",
    "home",
    "post",
    "times",
    "reporter",
    "writer",
    "author",
    "autor",
    "agence",
    "dpa",
    "sid",
    "apa",
    "writers",
];

/// People that one story names as its writers; a longer list is a masthead.
const PEOPLE_MAX: usize = 12;

/// The people named in what a page gives as its authors; `outlet` is none of them.
pub(crate) fn people(stated: &[String], outlet: Option<&str>) -> Vec<String> {
    let outlet = outlet.map(fold).unwrap_or_default();
    let mut people: Vec<String> = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for name in stated.iter().flat_map(|stated| split(&tidy(stated))) {
        if people.len() == PEOPLE_MAX {
            break;
        }
        let folded = fold(&name);
        if folded != outlet && !known.contains(&folded) && is_person(&name, &folded) {
            people.push(name);
            known.push(folded);
        }
    }
    people
}

fn split(stated: &str) -> Vec<String> {
    let mut text = stated.to_owned();
    for joint in [
        " and ", " y ", " und ", " et ", " & ", " e ", " with ", " con ", " com ", ";", "|", "/",
        " · ", "•", "\n",
    ] {
        text = text.replace(joint, ",");
    }
    text.split(',')
        .map(bare)
        .filter(|name| !name.is_empty())
        .collect()
}

/// A name without the words before it and the role after it.
fn bare(name: &str) -> String {
    let mut name = name
        .trim()
        .trim_matches([':', '.', '-', '–', '—', '*', '"'])
        .trim();
    for prefix in PREFIXES {
        let Some(start) = name.get(..prefix.len()) else {
            continue;
        };
        let rest = &name[prefix.len()..];
        if start.to_lowercase() == **prefix && rest.starts_with([' ', ':', '\u{A0}']) {
            name = rest.trim_start_matches([' ', ':', '\u{A0}']);
        }
    }
    let end = [" - ", " – ", " — ", " (", " @", " for ", " para "]
        .iter()
        .filter_map(|mark| name.find(mark))
        .min()
        .unwrap_or(name.len());
    name[..end].trim().to_owned()
}

fn is_person(name: &str, folded: &str) -> bool {
    let words: Vec<&str> = folded.split(' ').collect();
    let letters = name.chars().any(char::is_alphabetic) && !name.contains("://");
    let dotted = name
        .split('.')
        .any(|part| part.len() > 1 && part.starts_with(char::is_lowercase));
    let odd = name.chars().any(|c| {
        c.is_ascii_digit() || matches!(c, '@' | '/' | '<' | '>' | '{' | '#' | '_' | '?' | '!')
    });
    letters
        && !odd
        && !dotted
        && (1..=6).contains(&words.len())
        && name.chars().count() <= 60
        && !words.iter().any(|word| NOT_PEOPLE.contains(word))
        && name
            .chars()
            .next()
            .is_some_and(|c| !c.is_lowercase() || words.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stated: &[&str], expected: &[&str]) {
        let stated: Vec<String> = stated.iter().map(|s| (*s).to_owned()).collect();
        assert_eq!(
            people(&stated, Some("El Diario de Prueba")),
            expected,
            "{stated:?}"
        );
    }

    #[test]
    fn people_are_told_from_desks() {
        check(&["Por Ana Ruiz y Juan Pérez"], &["Ana Ruiz", "Juan Pérez"]);
        check(&["By Ana Ruiz, Correspondent", "ana ruiz"], &["Ana Ruiz"]);
        check(
            &[
                "Redacción",
                "EFE",
                "El Diario de Prueba",
                "https://a.test/ana",
            ],
            &[],
        );
        check(&["Ana Ruiz - corresponsal en Lima"], &["Ana Ruiz"]);
    }
}
