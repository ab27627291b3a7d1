//! Texts that are not as they should be: none of them may stop the classifier, cost it more than a
//! bounded time, or be judged by what it was not made for. The texts are our own.

use std::sync::{Arc, LazyLock};

use classifier::{Classifier, DropReason, Knowledge, KnowledgeFiles, Model, OtherLanguages};
use story::{Article, Lang, Story, TextSource};

static DROPPING: LazyLock<Classifier> = LazyLock::new(|| {
    let knowledge = Knowledge::parse(KnowledgeFiles::embedded()).expect("the shipped knowledge");
    let model = Model::embedded(&knowledge).expect("the shipped model");
    Classifier::new(Arc::new(knowledge), Arc::new(model), 0.5)
});
static JUDGING: LazyLock<Classifier> =
    LazyLock::new(|| DROPPING.clone().with_others(OtherLanguages::Judge));

const TITLE: &str = "Emboscada deja doce soldados muertos en Arauca";
const TEXT: &str = "Doce soldados murieron en una emboscada del ELN en Arauca, Colombia. El ataque \
                    ocurrió de madrugada, informó el Ejército, que busca a los guerrilleros.";

fn judged(by: &Classifier, lang: &str, title: &str, text: &str) -> (Story, Option<DropReason>) {
    by.judge(Article {
        lang: lang.parse::<Lang>().ok(),
        ..Article::new(title.to_owned(), text.to_owned(), TextSource::Text)
    })
}

/// Checks that a text is judged as its plain form is: kept, and in Colombia.
fn check_kept(title: &str, text: &str) {
    let (story, reason) = judged(&DROPPING, "es", title, text);
    let shown: String = text.chars().take(60).collect();
    assert_eq!(reason, None, "{shown}: {}", story.score);
    assert!(story.score >= 0.8, "{shown}: {}", story.score);
    assert_eq!(story.countries[0].iso2.as_str(), "CO", "{shown}");
}

#[test]
fn capitals_accents_and_bytes_of_no_meaning_change_no_verdict() {
    check_kept(TITLE, TEXT);
    check_kept(&TITLE.to_uppercase(), &TEXT.to_uppercase());
    check_kept(&TITLE.to_lowercase(), &TEXT.to_lowercase());
    check_kept(TITLE, &TEXT.replace('ó', "o").replace('é', "e"));
    // Accents as characters of their own.
    check_kept(
        TITLE,
        &TEXT.replace('ó', "o\u{301}").replace('é', "e\u{301}"),
    );
    check_kept(TITLE, &TEXT.replace(' ', " \0"));
    check_kept(
        &format!("\0{TITLE}\0"),
        &TEXT.replace("soldados", "solda\u{ad}dos"),
    );
    check_kept("", &format!("{TITLE}. {TEXT}"));
    let english = "Twelve soldiers were killed in the ambush, the army said on Monday.";
    let portuguese = "Segundo o exército, o ataque ocorreu de madrugada.";
    check_kept(TITLE, &format!("{TEXT}\n\n{english}\n\n{portuguese}"));
}

#[test]
fn what_has_no_words_is_too_short() {
    for text in ["", " \n ", "\0\0\0", "...", "🔥🔥🔥 ¿?", "Lea también"] {
        let (story, reason) = judged(&DROPPING, "es", "", text);
        assert_eq!(reason, Some(DropReason::TooShort), "{text:?}");
        assert!(!story.relevant && story.score == 0.0);
    }
}

#[test]
fn ten_megabytes_are_judged_by_their_beginning() {
    let size = 10 << 20;
    let begun = std::time::Instant::now();
    check_kept(TITLE, &format!("{TEXT} ").repeat(size / TEXT.len()));
    check_kept(&format!("{TITLE} ").repeat(size / TITLE.len()), TEXT);
    for filler in [
        "a", ".", "\0", "é", "(", "A.", "1,", "\n", "\u{301}", "ELN ",
    ] {
        let (story, _) = judged(&DROPPING, "es", TITLE, &filler.repeat(size / filler.len()));
        assert_eq!(story.text.len(), size / filler.len() * filler.len());
    }
    // What lies behind the limit is not read: it could only cost time.
    let behind = format!("{}{TEXT}", "palabra ".repeat(100_000));
    let (story, _) = judged(&DROPPING, "es", "Sin título", &behind);
    assert!(story.evidence.iter().all(|piece| piece.end <= 100_000));
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

#[test]
fn other_languages_are_dropped_unless_they_are_asked_for() {
    let check = |lang: &str, title: &str, text: &str, kept: bool| {
        let (story, reason) = judged(&DROPPING, lang, title, text);
        assert_eq!(reason, Some(DropReason::UnsupportedLanguage), "{title}");
        assert!(!story.relevant && story.score == 0.0, "{title}");
        let (story, reason) = judged(&JUDGING, lang, title, text);
        assert_eq!(reason.is_none(), kept, "{title}: {}", story.score);
        assert!(story.score > 0.0, "{title}");
    };
    check(
        "fr",
        "Haïti : des gangs attaquent un quartier de Port-au-Prince",
        "Au moins vingt personnes ont été tuées par des gangs armés à Port-au-Prince, a indiqué la \
         police nationale d'Haïti. Des maisons ont été incendiées.",
        true,
    );
    check(
        "ht",
        "Gang touye polisye nan Pòtoprens",
        "Gang ame yo touye twa polisye nan Pòtoprens, Ayiti, dimanch swa. Abitan zòn nan kouri kite \
         kay yo paske bandi yo mete dife nan katye a, dapre lapolis.",
        true,
    );
    check(
        "de",
        "Hinterhalt in Kolumbien",
        "Zwölf Soldaten sind bei einem Hinterhalt der ELN in Arauca in Kolumbien getötet worden. Der \
         Angriff ereignete sich im Morgengrauen, teilte die Armee mit.",
        true,
    );
    check(
        "fr",
        "Le Brésil bat l'Argentine",
        "Le Brésil a battu l'Argentine deux à un dimanche à Rio de Janeiro. L'attaquant a marqué deux \
         buts et les supporters ont fêté la victoire.",
        false,
    );
    check(
        "fr",
        "Fusillade à Marseille",
        "Deux hommes ont été tués par balles à Marseille samedi soir dans un quartier touché par le \
         narcotrafic, a indiqué la police.",
        false,
    );
    // Its own languages are judged alike either way.
    let score = |by: &Classifier| judged(by, "es", TITLE, TEXT).0.score;
    assert!((score(&DROPPING) - score(&JUDGING)).abs() < f64::EPSILON);
}
