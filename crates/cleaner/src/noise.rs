//! Lines that are no part of a story: what stands around it on every page, by class of noise.
//!
//! The rules are data, in `data/boilerplate.tsv`: a language, a kind, and a pattern that a whole
//! line must match after [folding](crate::characters::fold).

use regex::RegexSet;

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

/// The compiled rules.
pub(crate) struct Noise {
    dropped: RegexSet,
    ending: RegexSet,
    agency: RegexSet,
}

impl Noise {
    /// Compiles the rules.
    pub(crate) fn new() -> Self {
        let set = |wanted: &dyn Fn(&str) -> bool| {
            let patterns = rules()
                .filter(|(kind, _)| wanted(kind))
                .map(|(_, pattern)| format!("^(?:{pattern})$"));
            RegexSet::new(patterns).expect("the rules are compiled by the tests")
        };
        Self {
            dropped: set(&|kind| !matches!(kind, "ending" | "comments" | "agency")),
            ending: set(&|kind| matches!(kind, "ending" | "comments")),
            agency: set(&|kind| kind == "agency"),
        }
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

/// The rules as kinds and patterns.
fn rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    RULES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut columns = line.split('\t').skip(1);
            Some((columns.next()?, columns.next()?))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(verdict: Verdict, lines: &[&str]) {
        let noise = Noise::new();
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
            ],
        );
    }
}
