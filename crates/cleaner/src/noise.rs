//! Lines that are no part of a story: what stands around it on every page, by class of noise.
//!
//! The rules are data, in `data/boilerplate.tsv` and in files of the user's own: a language, a
//! kind, and a pattern that a whole line must match after [folding](crate::characters::fold).

use regex::{RegexBuilder, RegexSet, RegexSetBuilder};

use crate::characters::fold;

/// The rules, as they are kept.
const RULES: &str = include_str!("../data/boilerplate.tsv");

/// Bytes from which a line is never noise.
const LINE_BYTES_MAX: usize = 320;

/// Bytes from which a line is no heading that ends a story.
const HEADING_BYTES_MAX: usize = 90;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Part of the story.
    Keep,
    /// Noise by itself.
    Drop,
    /// Noise, and so is everything after it.
    Ends,
}

/// Kinds of rules: what they match is dropped, ends the story, or names an agency.
const KINDS: &[&str] = &[
    "advertisement",
    "related",
    "share",
    "newsletter",
    "copyright",
    "date",
    "ending",
    "comments",
    "agency",
];

/// Folded lines of stories, which no rule may match.
const PROSE: &[&str] = &[
    "",
    "tres hombres hirieron el lunes a dos guardias de una mina del norte",
    "la policia dijo que el grupo atacaba la zona desde 2019",
    "a policia prendeu tres homens no porto na noite de segunda feira",
    "police arrested three men in the port on monday night",
];

/// Bytes that one compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 2 << 20;

/// Bytes that the compiled rules of one kind may take.
const COMPILED_BYTES_MAX: usize = 64 << 20;

/// A line of a table of rules that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct RuleError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// Rules for lines that are no part of a story: those that come with vigia, and a user's own.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Kinds and patterns.
    rows: Vec<(String, String)>,
}

impl Default for Rules {
    fn default() -> Self {
        let mut rules = Self { rows: Vec::new() };
        rules
            .add(RULES)
            .expect("the rules that come with vigia are checked by the tests");
        rules
    }
}

impl Rules {
    /// Adds a table: a rule a line, its columns `language`, `kind` and `pattern` split by tabs;
    /// lines that begin with `#` are comments. The language is a note for who reads the table: a
    /// rule is tried on every line, since pages mix languages. Patterns are regular expressions over whole folded
    /// lines (small letters without accents, digits, single spaces).
    pub fn add(&mut self, table: &str) -> Result<(), RuleError> {
        for (at, line) in table.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let row = row(line).map_err(|what| RuleError { line: at + 1, what })?;
            self.rows.push(row);
        }
        Ok(())
    }

    fn compiled(&self, wanted: impl Fn(&str) -> bool) -> Result<RegexSet, regex::Error> {
        let wanted = self.rows.iter().filter(|(kind, _)| wanted(kind));
        let patterns = wanted.map(|(_, pattern)| format!("^(?:{pattern})$"));
        RegexSetBuilder::new(patterns)
            .size_limit(COMPILED_BYTES_MAX)
            .build()
    }
}

/// A rule's kind and pattern, or what is wrong with its line.
fn row(line: &str) -> Result<(String, String), String> {
    let columns: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
    let [language, kind, pattern] = columns[..] else {
        return Err(format!(
            "{} columns where there should be 3: language, kind and pattern, split by tabs",
            columns.len()
        ));
    };
    if !(2..=3).contains(&language.len()) {
        return Err(format!(
            "`{language}` is no language: write es, pt, en or any"
        ));
    }
    if !KINDS.contains(&kind) {
        return Err(format!(
            "`{kind}` is no kind: the kinds are {}",
            KINDS.join(", ")
        ));
    }
    let compiled = RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| format!("the pattern cannot be used: {error}"))?;
    if let Some(line) = PROSE.iter().find(|line| compiled.is_match(line)) {
        return Err(format!(
            "the pattern is too wide: it also matches the line `{line}` of a story"
        ));
    }
    if pattern.contains([
        '!', '¡', '¿', '"', '\'', ';', '%', '&', '@', '#', '/', '_', '=', '~', '«', '»',
    ]) || pattern
        .replace("(?:", "")
        .replace(" : ", "")
        .replace(" :", "")
        .contains(':')
    {
        return Err(
            "the pattern has marks, which no folded line has: words are split by single spaces, \
             and a label by ` : `"
                .to_owned(),
        );
    }
    if pattern != fold_pattern(pattern) {
        return Err(
            "the pattern has capitals or accents, which no folded line has: it would match nothing"
                .to_owned(),
        );
    }
    Ok((kind.to_owned(), pattern.to_owned()))
}

/// A pattern as folded lines would have its letters; classes such as `\S` stay.
fn fold_pattern(pattern: &str) -> String {
    let mut escaped = false;
    let folded = pattern.chars().map(|c| {
        let is_class = escaped;
        escaped = c == '\\' && !is_class;
        let is_letter = c.is_alphabetic() && !is_class;
        if is_letter {
            fold(&c.to_string())
        } else {
            c.to_string()
        }
    });
    folded.collect()
}

/// The compiled rules.
pub(crate) struct Noise {
    dropped: RegexSet,
    ending: RegexSet,
    agency: RegexSet,
}

impl Noise {
    /// Compiles the rules; fails where together they are too large.
    pub(crate) fn new(rules: &Rules) -> Result<Self, regex::Error> {
        let is_ending = |kind: &str| matches!(kind, "ending" | "comments");
        Ok(Self {
            dropped: rules.compiled(|kind| !is_ending(kind) && kind != "agency")?,
            ending: rules.compiled(is_ending)?,
            agency: rules.compiled(|kind| kind == "agency")?,
        })
    }

    /// Judges a line by itself.
    pub(crate) fn judge(&self, line: &str) -> Verdict {
        if line.len() > LINE_BYTES_MAX {
            return Verdict::Keep;
        }
        let folded = fold_line(line);
        if line.len() <= HEADING_BYTES_MAX && self.ending.is_match(&folded) {
            Verdict::Ends
        } else if folded.is_empty() || self.dropped.is_match(&folded) {
            Verdict::Drop
        } else {
            Verdict::Keep
        }
    }

    /// Whether a folded text is the name of a news agency, with or without a word such as "photo".
    pub(crate) fn is_agency(&self, folded: &str) -> bool {
        self.agency.is_match(folded)
    }
}

/// Folds a line and keeps, as ` : `, the marks that part a label from what it labels.
fn fold_line(line: &str) -> String {
    let mut folded = String::with_capacity(line.len());
    for part in line.split_inclusive([':', '|', '»', '→', '►', '>']) {
        let label = part.strip_suffix([':', '|', '»', '→', '►', '>']);
        let words = fold(label.unwrap_or(part));
        if !folded.is_empty() && !words.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&words);
        // A colon between digits is a time of day, and one at the end labels nothing.
        if label.is_some() && !folded.is_empty() && !words.ends_with(|c: char| c.is_ascii_digit()) {
            folded.push_str(" :");
        }
    }
    while let Some(bare) = folded.strip_suffix(" :") {
        folded.truncate(bare.len());
    }
    folded
}

impl Default for Noise {
    fn default() -> Self {
        Self::new(&Rules::default())
            .expect("the rules that come with vigia are compiled by the tests")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_adds_rules_of_their_own() {
        let line = "El Diario del Sur es miembro de la cadena minera";
        assert_eq!(Noise::default().judge(line), Verdict::Keep);
        let mut rules = Rules::default();
        rules
            .add("# ours\n\nes\tcopyright\tel diario del sur es miembro .*\r\n")
            .unwrap();
        let noise = Noise::new(&rules).unwrap();
        assert_eq!(noise.judge(line), Verdict::Drop);
        assert_eq!(noise.judge("PUBLICIDAD"), Verdict::Drop);
    }

    #[test]
    fn a_wrong_rule_is_named_by_its_line() {
        let check = |line: &str, what: &str| {
            let error = Rules::default()
                .add(&format!("# ours\n{line}\n"))
                .unwrap_err();
            assert_eq!(error.line, 2);
            assert!(error.what.contains(what), "{line}: {}", error.what);
        };
        check("es\tshare", "2 columns");
        check("es\tspam\tcompre ya", "no kind");
        check("spanish\tshare\tcompre ya", "no language");
        check("es\tshare\t(compre", "cannot be used");
        check("es\tshare\t(a{1000}){1000}", "cannot be used");
        check("es\tshare\t.*", "too wide");
        check("es\tshare\t.+", "too wide");
        check("es\tshare\t[a-z0-9 :]+", "too wide");
        check("es\tshare\tcompre ya!", "marks");
        check("es\tshare\tcompre: ya", "marks");
        check("es\tshare\tCompre ya", "capitals or accents");
        check("es\tshare\tsuscríbase", "capitals or accents");
    }

    fn check(verdict: Verdict, lines: &[&str]) {
        let noise = Noise::default();
        for line in lines {
            assert_eq!(noise.judge(line), verdict, "{line}");
        }
    }

    #[test]
    fn advertisement() {
        check(
            Verdict::Drop,
            &[
                "- Advertisement -",
                "PUBLICIDAD",
                "CONTINUA DEPOIS DA PUBLICIDADE",
                "Audio By Carbonatix",
                "-",
            ],
        );
    }

    #[test]
    fn related() {
        check(
            Verdict::Drop,
            &[
                "Lea también: Capturan a cinco hombres en Cali",
                "MIRA | Así fue el operativo",
                "Leia também: Polícia prende três",
                "READ MORE: Five men arrested",
                "Te puede interesar: Otro caso",
                "PUEDES VER: Incautan droga",
            ],
        );
    }

    #[test]
    fn ending() {
        check(
            Verdict::Ends,
            &[
                "Latest Stories",
                "Related articles",
                "Notas relacionadas",
                "Veja também",
                "Lo más leído",
            ],
        );
    }

    #[test]
    fn comments() {
        check(
            Verdict::Ends,
            &[
                "Please enter your comment!",
                "Leave a Reply",
                "Deja un comentario",
                "Deixe um comentário",
            ],
        );
    }

    #[test]
    fn share() {
        check(
            Verdict::Drop,
            &[
                "Share on Facebook",
                "Compartir",
                "Compartilhe no WhatsApp",
                "Stay Connected",
                "Síguenos en Google News",
            ],
        );
    }

    #[test]
    fn newsletter() {
        check(
            Verdict::Drop,
            &[
                "Sign up for our newsletter",
                "Suscríbete a nuestro boletín",
                "Assine a nossa newsletter",
                "Descarga nuestra app",
            ],
        );
    }

    #[test]
    fn subscription_pleas() {
        check(
            Verdict::Drop,
            &[
                "Unlimited digital access to the Daily.",
                "Create an account or sign in to go on reading.",
                "CLICK HERE TO GET THE DAILY APP",
                "Get the Daily delivered to your door every month.",
                "To view this video please enable JavaScript",
                "Tu suscripción se está usando en otro dispositivo",
                "El periodismo independiente necesita del apoyo de sus lectores.",
                "Hazte socio y recibe cada semana una carta",
            ],
        );
    }

    #[test]
    fn credits_and_filing() {
        check(
            Verdict::Drop,
            &[
                "05/10/2018 - Publicado por: Ana Luz - Categoria: Saúde",
                "postado em 04/05/2022 05:49 / atualizado em 04/05/2022 05:50",
                "Published under: Mines, Gold",
                "ATENÇÃO: Comentários com palavras de baixo calão não serão aprovados.",
                "Para leer sobre otros hechos en la ciudad, clic AQUÍ.",
            ],
        );
    }

    #[test]
    fn copyright() {
        check(
            Verdict::Drop,
            &[
                "© 2023 El Diario. Todos los derechos reservados.",
                "Copyright 2023 The Daily",
                "All rights reserved",
            ],
        );
    }

    #[test]
    fn dates_and_reading_times() {
        check(
            Verdict::Drop,
            &[
                "Monday, March 27, 2023",
                "Lunes, 27 de marzo de 2023",
                "5 min read",
                "Hace 3 horas",
                "2 minutes -",
            ],
        );
    }

    #[test]
    fn prose_is_kept() {
        check(
            Verdict::Keep,
            &[
                "La policía detuvo el lunes a tres hombres.",
                "He asked them to share the story with others.",
                "Related crimes rose by 5 percent, police said.",
                "Veja o que se sabe dos crimes de 2023.",
                "Posted by the group on Monday, the video shows a convoy of trucks in the hills.",
                "Comentários com que o ministro respondeu ao jornal foram publicados no domingo.",
                "Watch the video of the attack, said the general, and tell me who fired the first shot.",
                "Su suscripción a la causa le costó el puesto.",
                "Aceptó los cargos de homicidio y fue enviado a prisión.",
                "También en Cali hubo combates entre el Ejército y la guerrilla.",
                "Le puede costar cuarenta años de cárcel, dijo el fiscal.",
                "Creado en 1964, el grupo tiene unos dos mil hombres en armas y presencia en ocho provincias.",
                "Publicado en 2023, el informe de la misión cuenta doscientas víctimas en las minas del norte.",
                "Like him, thousands of others crossed the jungle that year.",
                "C. Rodríguez, de 34 años, fue capturado en su casa.",
                "Comparte celda con otros doce hombres de la banda.",
                "Recibe en promedio tres amenazas por semana.",
                "Ya tengo miedo de salir de mi casa, contó la mujer.",
                "Más de 200 personas fueron desplazadas por los combates.",
                "Además, en la vereda vecina murieron dos hombres.",
                "Also on Monday, police arrested two men in the port.",
                "Comenta que su hijo salió de la casa a las seis.",
                "Los comentarios del ministro molestaron a las familias.",
                "Sigue a la espera de un juicio en la capital.",
                "Sigue las órdenes del jefe de la banda, según la fiscalía.",
                "Siga a pé até o rio, disseram os homens armados.",
                "Encuentra la muerte al salir de su trabajo.",
                "Descarga el arma contra los dos guardias y huye.",
                "Boletín rojo de búsqueda contra tres hombres.",
                "Obrigado por homens armados, abriu o cofre.",
            ],
        );
    }
}
