//! The language of a text. Spanish, Portuguese and English are told apart by their function words,
//! which are sure in a line or two; every other language by its letter trigrams.

use std::sync::LazyLock;

use story::Lang;
use whatlang::Lang as Detected;

/// Bytes that are looked at.
pub(crate) const SAMPLE_BYTES: usize = 1000;

const SPANISH: &[&str] = &[
    "el", "los", "las", "del", "y", "con", "una", "un", "su", "al", "lo", "más", "fue", "según",
    "pero", "en", "es", "sus", "desde", "hasta", "dos", "muy", "ha", "han", "donde", "cuando",
    "también", "este", "tras", "años", "la", "entre", "sobre",
];

const PORTUGUESE: &[&str] = &[
    "o", "os", "as", "do", "da", "dos", "das", "e", "em", "no", "na", "nos", "nas", "não", "com",
    "uma", "um", "é", "ao", "pelo", "pela", "foi", "mais", "são", "seu", "sua", "também", "à",
    "até", "ele", "anos", "após", "entre", "segundo", "já",
];

const ENGLISH: &[&str] = &[
    "the", "of", "and", "to", "in", "is", "was", "for", "that", "with", "by", "on", "as", "at",
    "from", "has", "have", "it", "an", "are", "were", "be", "who", "his", "said", "this", "but",
    "a", "after",
];

/// The languages that have a function word, by their places in `es`, `pt`, `en`.
fn languages_of(word: &str) -> impl Iterator<Item = usize> + '_ {
    /// The words by their first byte.
    static BY_FIRST: LazyLock<Vec<Vec<(&str, usize)>>> = LazyLock::new(|| {
        let mut by_first = vec![Vec::new(); 256];
        for (number, list) in [SPANISH, PORTUGUESE, ENGLISH].into_iter().enumerate() {
            for word in list {
                by_first[usize::from(word.as_bytes()[0])].push((*word, number));
            }
        }
        by_first
    });
    let first = word.as_bytes().first().copied().unwrap_or_default();
    let alike = BY_FIRST[usize::from(first)].iter();
    alike
        .filter(move |(known, _)| *known == word)
        .map(|(_, number)| *number)
}

/// No function word is longer.
const WORD_BYTES_MAX: usize = 8;

/// The language of `text`; `hint` is what the page says of itself.
pub(crate) fn detect(text: &str, hint: Option<Lang>) -> Option<Lang> {
    let sample = &text[..text.floor_char_boundary(SAMPLE_BYTES)];
    let counted = FunctionWords::count(sample);
    // The detector costs as much as parsing a page; most texts leave it nothing to decide.
    if let Some(lang) = counted.beyond_doubt() {
        return Some(lang);
    }
    let detected = whatlang::detect(sample);
    let common = |lang| matches!(lang, Detected::Spa | Detected::Por | Detected::Eng);
    if let Some(info) = detected
        .as_ref()
        .filter(|info| info.is_reliable() && !common(info.lang()))
    {
        return iso_639_1(info.lang()).or(hint);
    }
    counted
        .likely()
        .or(hint)
        .or_else(|| detected.as_ref().and_then(|info| iso_639_1(info.lang())))
}

/// How often the function words of each of our languages stand in a text.
struct FunctionWords {
    words: u32,
    /// The language with the most, and how many.
    best: (u32, Lang),
    /// How many the next one has.
    second: u32,
}

impl FunctionWords {
    fn count(text: &str) -> Self {
        let mut counts = [(0, Lang::ES), (0, Lang::PT), (0, Lang::EN)];
        let mut words = 0;
        let mut lower = String::new();
        for word in text
            .split(|c: char| !c.is_alphabetic())
            .filter(|word| !word.is_empty())
        {
            words += 1;
            if word.len() > WORD_BYTES_MAX {
                continue;
            }
            lower.clear();
            lower.extend(word.chars().flat_map(char::to_lowercase));
            for number in languages_of(&lower) {
                counts[number].0 += 1;
            }
        }
        counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let [best, (second, _), _] = counts;
        Self {
            words,
            best,
            second,
        }
    }

    /// The language that a detector need not be asked about: a fifth of a text that is not short
    /// are its function words. Of a French or Italian text a seventh are Spanish ones.
    fn beyond_doubt(&self) -> Option<Lang> {
        let (best, lang) = self.best;
        (self.words >= 40 && best * 5 >= self.words && best >= 2 * self.second).then_some(lang)
    }

    /// The language that leads clearly.
    fn likely(&self) -> Option<Lang> {
        let (best, lang) = self.best;
        let leads = best > self.second + self.second / 4;
        (best >= 2 && best * 12 >= self.words && leads).then_some(lang)
    }
}

fn iso_639_1(lang: Detected) -> Option<Lang> {
    let code = match lang {
        Detected::Epo => "eo",
        Detected::Eng => "en",
        Detected::Rus => "ru",
        Detected::Cmn => "zh",
        Detected::Spa => "es",
        Detected::Por => "pt",
        Detected::Ita => "it",
        Detected::Ben => "bn",
        Detected::Fra => "fr",
        Detected::Deu => "de",
        Detected::Ukr => "uk",
        Detected::Kat => "ka",
        Detected::Ara => "ar",
        Detected::Hin => "hi",
        Detected::Jpn => "ja",
        Detected::Heb => "he",
        Detected::Yid => "yi",
        Detected::Pol => "pl",
        Detected::Amh => "am",
        Detected::Jav => "jv",
        Detected::Kor => "ko",
        Detected::Nob => "no",
        Detected::Dan => "da",
        Detected::Swe => "sv",
        Detected::Fin => "fi",
        Detected::Tur => "tr",
        Detected::Nld => "nl",
        Detected::Hun => "hu",
        Detected::Ces => "cs",
        Detected::Ell => "el",
        Detected::Bul => "bg",
        Detected::Bel => "be",
        Detected::Mar => "mr",
        Detected::Kan => "kn",
        Detected::Ron => "ro",
        Detected::Slv => "sl",
        Detected::Hrv => "hr",
        Detected::Srp => "sr",
        Detected::Mkd => "mk",
        Detected::Lit => "lt",
        Detected::Lav => "lv",
        Detected::Est => "et",
        Detected::Tam => "ta",
        Detected::Vie => "vi",
        Detected::Urd => "ur",
        Detected::Tha => "th",
        Detected::Guj => "gu",
        Detected::Uzb => "uz",
        Detected::Pan => "pa",
        Detected::Aze => "az",
        Detected::Ind => "id",
        Detected::Tel => "te",
        Detected::Pes => "fa",
        Detected::Mal => "ml",
        Detected::Ori => "or",
        Detected::Mya => "my",
        Detected::Nep => "ne",
        Detected::Sin => "si",
        Detected::Khm => "km",
        Detected::Tuk => "tk",
        Detected::Aka => "ak",
        Detected::Zul => "zu",
        Detected::Sna => "sn",
        Detected::Afr => "af",
        Detected::Lat => "la",
        Detected::Slk => "sk",
        Detected::Cat => "ca",
        Detected::Tgl => "tl",
        Detected::Hye => "hy",
        Detected::Cym => "cy",
    };
    code.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, hint: Option<Lang>, expected: &str) {
        assert_eq!(
            detect(text, hint)
                .map(|lang| lang.to_string())
                .unwrap_or_default(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn short_texts_in_the_main_languages_are_told_apart() {
        check(
            "Dos policías heridos en un ataque a la estación",
            None,
            "es",
        );
        check(
            "Polícia prende três suspeitos de ataque a banco no interior do estado",
            None,
            "pt",
        );
        check("Two officers were wounded in the attack", None, "en");
    }

    #[test]
    fn the_text_outranks_the_page_and_the_page_a_guess() {
        check(
            "El ejército y la policía buscan a los autores del ataque",
            Some(Lang::EN),
            "es",
        );
        check("Colombia 2024", Some(Lang::ES), "es");
        check(
            "Die Polizei hat am Montag in Berlin zwei Männer festgenommen, die geflohen waren.",
            None,
            "de",
        );
        check("", None, "");
    }
}
