//! Bylines: the people who wrote a story, not the desk, the agency or the outlet.

mod words;

use crate::{
    agency,
    characters::{fold, tidy},
    dates,
};

/// Letters of the longest name of an outlet or an institution.
const COLLECTIVE_BYTES_MAX: usize = 60;

/// People that one story names as its writers; a longer list is a masthead.
const PEOPLE_MAX: usize = 12;

/// The people named in what a page gives as its authors; `outlet` is none of them.
pub(crate) fn people(stated: &[String], outlet: Option<&str>) -> Vec<String> {
    among(stated, &[outlet.map(squashed).unwrap_or_default()])
}

/// The people named in what a page gives as its authors; what goes by one of the `outlets`' names,
/// each without its spaces, is none of them.
pub(crate) fn among(stated: &[String], outlets: &[String]) -> Vec<String> {
    let mut people: Vec<String> = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for name in stated
        .iter()
        .flat_map(|stated| before_newsroom(split(&tidy(stated))))
    {
        if people.len() == PEOPLE_MAX {
            break;
        }
        let folded = fold(&name);
        let is_other = outlets.contains(&folded.replace(' ', "")) || agency::named(&name).is_some();
        if !is_other && !known.contains(&folded) && is_person(&name, &folded) {
            people.push(name);
            known.push(folded);
        }
    }
    // Beside a full name, a word alone is what its bearer does or where.
    let is_full = |name: &String| name.contains(' ');
    if people.iter().any(is_full) {
        people.retain(|name| is_full(name) || !name.is_ascii());
    }
    people
}

/// Whether what stands behind a name goes on as a sentence does, and is no place or role.
pub(crate) fn is_clause(piece: &str) -> bool {
    let folded = fold(piece);
    let is_role = folded.split(' ').any(|word| words::ROLES.contains(&word));
    piece.starts_with(char::is_lowercase) && folded.split(' ').count() >= 3 && !is_role
}

/// Whether a name can be an outlet's or an institution's: short, of letters, no address, and not
/// only a word for its newsroom.
pub(crate) fn is_collective(name: &str) -> bool {
    let is_address = name.contains(['@', '/', '_', '|', ';', '{', '<']);
    !is_address
        && name.len() <= COLLECTIVE_BYTES_MAX
        && name.chars().filter(|c| c.is_alphabetic()).count() > 1
        && !fold(name).split(' ').any(words::is_newsroom)
}

/// The names before that of a newsroom: what stands after one is where it is or what it writes of.
fn before_newsroom(names: Vec<String>) -> impl Iterator<Item = String> {
    let is_newsroom = |name: &str| fold(name).split(' ').any(words::is_newsroom);
    names.into_iter().take_while(move |name| !is_newsroom(name))
}

/// A name as outlets are compared by.
pub(crate) fn squashed(name: &str) -> String {
    fold(name).replace(' ', "")
}

/// The names that are stated in one piece, whoever they are of.
pub(crate) fn split(stated: &str) -> Vec<String> {
    if stated.contains("://") || stated.starts_with('@') {
        return Vec::new();
    }
    let mut text = stated.to_owned();
    for joint in [
        " and ", " And ", " AND ", " y ", " und ", " et ", " & ", " e ", " og ", " och ", " with ",
        " con ", " com ", ";", "|", "/", " · ", "•", "~", "\n",
    ] {
        if text.contains(joint) {
            text = text.replace(joint, ",");
        }
    }
    text.split([',', '，', '、'])
        .map(bare)
        .filter(|name| !name.is_empty())
        .collect()
}

/// Whether a line begins as bylines do.
pub(crate) fn is_byline(line: &str) -> bool {
    [
        "By",
        "BY",
        "by",
        "Por",
        "POR",
        "por",
        "Von",
        "von",
        "Par",
        "Escrito por",
        "Written by",
    ]
    .iter()
    .filter_map(|prefix| line.strip_prefix(prefix))
    .any(|rest| rest.starts_with([' ', ':', '\u{A0}']))
}

/// A name without the words before it and the role after it.
pub(crate) fn bare(name: &str) -> String {
    let mut name = name
        .trim()
        .trim_matches([':', '.', '-', '–', '—', '*', '"', '[', ']'])
        .trim();
    for prefix in words::PREFIXES {
        let Some(start) = name.get(..prefix.len()) else {
            continue;
        };
        let rest = &name[prefix.len()..];
        if start.to_lowercase() == **prefix && rest.starts_with([' ', ':', '\u{A0}']) {
            name = rest.trim_start_matches([' ', ':', '\u{A0}']);
        }
    }
    // "Posted on May 3, 2024 by Ana Ruiz".
    if let Some((before, after)) = name.rsplit_once(" by ")
        && before.contains(|c: char| c.is_ascii_digit())
    {
        name = after;
    }
    for suffix in words::SUFFIXES {
        name = name.strip_suffix(suffix).unwrap_or(name);
    }
    let end = [
        " - ", " – ", " — ", " (", " @", " for ", " For ", " para ", " in ", " am ",
    ]
    .iter()
    .filter_map(|mark| name.find(mark))
    .min()
    .unwrap_or(name.len());
    without_date(&name[..end]).trim().to_owned()
}

/// A name without the date that stands after it.
fn without_date(name: &str) -> &str {
    let Some(digit) = name.find(|c: char| c.is_ascii_digit()) else {
        return name;
    };
    let head = name[..digit].trim_end();
    let (before, word) = head.rsplit_once(' ').unwrap_or(("", head));
    if dates::is_month(word) { before } else { head }
}

fn is_person(name: &str, folded: &str) -> bool {
    let words: Vec<&str> = folded.split(' ').collect();
    let letters = name.chars().any(char::is_alphabetic) && !name.contains("://");
    let dotted = name
        .split('.')
        .any(|part| part.len() > 1 && part.starts_with(char::is_lowercase))
        || words.len() > 1 && !name.contains(' ') && name.contains('.');
    let odd = name.chars().any(|c| {
        c.is_ascii_digit() || matches!(c, '@' | '/' | '<' | '>' | '{' | '#' | '_' | '?' | '!')
    });
    // A word in capitals alone is an acronym.
    let acronym = !name.contains(' ') && name.len() <= 6 && name.chars().all(char::is_uppercase);
    letters
        && !odd
        && !dotted
        && !acronym
        && (1..=6).contains(&words.len())
        && name.chars().count() <= 60
        && !words.iter().any(|word| words::is_no_name(word))
        && is_capitalized(name)
}

/// Whether the words of a name begin as words of names do.
fn is_capitalized(name: &str) -> bool {
    let mut words = name.split(' ').filter(|word| !word.is_empty());
    let small = |word: &&str| word.starts_with(char::is_lowercase);
    let is_lower = name.contains(' ') && name.split(' ').all(|word| small(&word));
    is_lower
        || words.all(|word| {
            !small(&word)
                || words::PARTICLES.contains(&word)
                || word.chars().any(char::is_uppercase)
        })
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
        check(&["Ana Ruiz, Dietista", "Lima"], &["Ana Ruiz"]);
        check(
            &[
                "https://a.test/AnaRuiz",
                "ECO",
                "Prueba.TEST",
                "See full bio",
            ],
            &[],
        );
        check(
            &["Byby ANA RUIZ And Juan de la Torre"],
            &["ANA RUIZ", "Juan de la Torre"],
        );
        check(&["Posted on May 3 by Ana Ruiz"], &["Ana Ruiz"]);
        check(
            &["Ana Ruiz / Redacción", "Redacción / Buenos Aires"],
            &["Ana Ruiz"],
        );
        check(
            &[
                "Redacción Judicial",
                "Redacción Bogotá",
                "Unidad Investigativa",
            ],
            &[],
        );
        check(
            &[
                "Colprensa",
                "Folhapress",
                "Estadão Conteúdo",
                "Policía Nacional",
            ],
            &[],
        );
        check(&["Ana Ruiz March 3", "escrito hoy en Lima"], &["Ana Ruiz"]);
    }
}
