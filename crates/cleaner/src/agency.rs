//! News agencies, which are credited where people are.

use crate::characters::fold;

/// Names, folded, that an agency goes by, and what it is called in the record.
const AGENCIES: &[(&str, &str)] = &[
    ("aap", "AAP"),
    ("abi", "ABI"),
    ("acan efe", "EFE"),
    ("adnkronos", "Adnkronos"),
    ("afp", "AFP"),
    ("france presse", "AFP"),
    ("france press", "AFP"),
    ("anadolu", "Anadolu"),
    ("anadolu agency", "Anadolu"),
    ("anadolu ajansi", "Anadolu"),
    ("anadolu ajansı", "Anadolu"),
    ("andina", "Andina"),
    ("ani", "ANI"),
    ("ansa", "ANSA"),
    ("ansa latina", "ANSA"),
    ("ansa brasil", "ANSA"),
    ("ap", "AP"),
    ("apa", "APA"),
    ("associated press", "AP"),
    ("aton", "Aton"),
    ("aton chile", "Aton"),
    ("agencia brasil", "Agência Brasil"),
    ("agencia lusa", "Lusa"),
    ("agencia uno", "Agencia Uno"),
    ("belga", "Belga"),
    ("bloomberg", "Bloomberg"),
    ("bloomberg news", "Bloomberg"),
    ("canadian press", "The Canadian Press"),
    ("colprensa", "Colprensa"),
    ("ctk", "ČTK"),
    ("deutsche presse agentur", "dpa"),
    ("dpa", "dpa"),
    ("efe", "EFE"),
    ("estadao conteudo", "Estadão Conteúdo"),
    ("europa press", "Europa Press"),
    ("europapress", "Europa Press"),
    ("folhapress", "Folhapress"),
    ("ians", "IANS"),
    ("interfax", "Interfax"),
    ("ip agencia", "IP"),
    ("jiji", "Jiji"),
    ("kyodo", "Kyodo"),
    ("kyodo news", "Kyodo"),
    ("lusa", "Lusa"),
    ("noticias argentinas", "Noticias Argentinas"),
    ("notimex", "Notimex"),
    ("ntb", "NTB"),
    ("pa media", "PA"),
    ("press association", "PA"),
    ("prensa latina", "Prensa Latina"),
    ("press trust of india", "PTI"),
    ("pti", "PTI"),
    ("reuters", "Reuters"),
    ("ria novosti", "RIA Novosti"),
    ("ritzau", "Ritzau"),
    ("sda", "Keystone-SDA"),
    ("keystone sda", "Keystone-SDA"),
    ("sid", "SID"),
    ("sputnik", "Sputnik"),
    ("tass", "TASS"),
    ("telam", "Télam"),
    ("tt", "TT"),
    ("upi", "UPI"),
    ("xinhua", "Xinhua"),
    ("yonhap", "Yonhap"),
];

/// Words before an agency's name.
const PREFIXES: &[&str] = &[
    "agencia de noticias",
    "agencia",
    "agence",
    "the",
    "con informacion de",
    "com informacoes da",
    "com informacoes de",
];

/// Bytes of a text's first line within which a dateline names its agency.
const DATELINE_BYTES: usize = 100;

/// The agency that a name is of, if it is one's.
pub(crate) fn named(name: &str) -> Option<&'static str> {
    // No agency's name is long, and no byline has to be folded whole.
    let name = fold(&name[..name.floor_char_boundary(DATELINE_BYTES)]);
    let known = |name: &str| {
        let found = AGENCIES.iter().find(|(known, _)| *known == name);
        found.map(|(_, agency)| *agency)
    };
    known(&name).or_else(|| {
        PREFIXES.iter().find_map(|prefix| {
            let rest = name.strip_prefix(prefix)?.strip_prefix(' ')?;
            known(rest)
        })
    })
}

/// The agency in the dateline of a text's first line: "Lima, 3 may (EFE).-", "(Reuters) -",
/// "BOGOTÁ /Colprensa/", "EFE.-".
pub(crate) fn in_dateline(line: &str) -> Option<String> {
    let start = &line[..line.floor_char_boundary(DATELINE_BYTES)];
    let within = |open: char, close: char| {
        let (_, rest) = start.split_once(open)?;
        let (inside, after) = rest.split_once(close)?;
        // Elsewhere brackets hold what a body is called for short.
        let after = after.trim_start();
        let begins_text = after.starts_with(['-', '–', '—', ':', '|'])
            || after
                .strip_prefix('.')
                .is_some_and(|rest| !rest.trim().is_empty());
        let mut names = inside.split(['/', ',']);
        begins_text.then(|| names.find_map(named)).flatten()
    };
    let (head, _) = start
        .split_once(".-")
        .or_else(|| start.split_once(" - "))
        .or_else(|| start.split_once(" | "))
        .unwrap_or_default();
    within('(', ')')
        .or_else(|| within('/', '/'))
        .or_else(|| named(head))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agencies_go_by_several_names() {
        assert_eq!(named("Agencia EFE"), Some("EFE"));
        assert_eq!(named("The Associated Press"), Some("AP"));
        assert_eq!(named("Télam"), Some("Télam"));
        assert_eq!(named("Ana Ruiz"), None);
        assert_eq!(named("Agencia"), None);
    }

    #[test]
    fn a_dateline_names_its_agency() {
        let check = |line, expected: Option<&str>| {
            assert_eq!(in_dateline(line).as_deref(), expected, "{line}");
        };
        check(
            "Lima, 3 may (EFE).- Tres hombres hirieron a dos guardias.",
            Some("EFE"),
        );
        check(
            "BRASÍLIA (Reuters) - Três homens feriram dois guardas.",
            Some("Reuters"),
        );
        check("EFE.- Tres hombres hirieron a dos guardias.", Some("EFE"));
        check("La Paz, 3 may /ABI/.- Tres hombres.", Some("ABI"));
        check("Tres hombres (uno herido) huyeron.", None);
        check("México (EFE/Ana Ruiz).- Tres hombres.", Some("EFE"));
        check("EFE | Tres hombres hirieron a dos guardias.", Some("EFE"));
        check("El congresista de Acción Popular (AP) fue detenido.", None);
        check(
            "La agencia de infraestructura (ANI) anunció una obra.",
            None,
        );
        check("Según dijo a la agencia EFE, tres hombres huyeron.", None);
        check("", None);
    }
}
