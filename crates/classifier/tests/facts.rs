//! What must come out right for stories of the kind that vigia is for: who, where, what, and the
//! verdict. The texts are our own.

use std::sync::{Arc, LazyLock};

use classifier::{Classifier, DropReason, Knowledge, KnowledgeFiles, Model};
use story::{Article, Iso2, Lang, Role, Story, TextSource};

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| {
    let knowledge = Knowledge::parse(KnowledgeFiles::embedded()).expect("the shipped knowledge");
    let model = Model::embedded(&knowledge).expect("the shipped model");
    Classifier::new(Arc::new(knowledge), Arc::new(model), 0.5)
});

fn article(lang: Option<Lang>, title: &str, text: &str) -> Article {
    Article {
        lang,
        ..Article::new(title.to_owned(), text.to_owned(), TextSource::Text)
    }
}

fn classify(lang: Lang, title: &str, text: &str) -> Story {
    CLASSIFIER.classify(article(Some(lang), title, text))
}

/// Checks that a story is kept, surely, with its main country and at least these actors.
fn check_kept(story: &Story, country: &str, actors: &[&str]) {
    assert!(
        story.relevant && story.score >= 0.8,
        "{}: {}",
        story.title,
        story.score
    );
    assert_eq!(
        story.countries[0].iso2.as_str(),
        country,
        "{:?}",
        story.countries
    );
    let found: Vec<_> = story.actors.iter().map(|actor| actor.id.as_str()).collect();
    for actor in actors {
        assert!(found.contains(actor), "{actor} is not among {found:?}");
    }
}

fn place<'s>(story: &'s Story, name: &str) -> &'s story::Place {
    let found = story.places.iter().find(|place| place.name == name);
    found.unwrap_or_else(|| panic!("{name} is not among {:?}", story.places))
}

fn has_category(story: &Story, name: &str) -> bool {
    story
        .categories
        .iter()
        .any(|category| category.name == name)
}

#[test]
fn a_campaign_against_police_is_told_apart_from_the_outlet_s_own_headlines() {
    let story = classify(
        Lang::EN,
        "Colombia counts its dead officers",
        "Fifteen police officers and a dozen soldiers were shot dead in two weeks, Colombia's \
         government says, in attacks for which it blames the Gulf Clan and other armed groups. \
         President Petro broke off talks with the National Liberation Army (ELN).\n\n\
         An ambush in Guaviare that killed seven soldiers was the work of a dissident Farc rebel \
         group, the army believes. Most of the Farc laid down their arms in 2016.\n\n\
         Latest headlines\n\nGhana's parliament votes on mining law\n\nAccra market reopens",
    );
    check_kept(
        &story,
        "CO",
        &["clan-del-golfo", "farc-dissidents", "farc", "eln"],
    );
    assert_eq!(
        place(&story, "Guaviare").admin1.as_deref(),
        Some("Guaviare")
    );
}

#[test]
fn a_machine_translated_place_is_the_place() {
    let story = classify(
        Lang::EN,
        "Peru: patrol ambushed in coca valley",
        "Seven policemen died on Saturday when gunmen ambushed their vehicle in the province of La \
         Convention, in Cusco, inside the VRAEM, a coca-growing valley where remnants of the \
         Shining Path guard drug traffickers. The town of Natividad was sealed off by the army.",
    );
    check_kept(&story, "PE", &["sendero"]);
    assert_eq!(place(&story, "La Convención").kind, "admin2");
    assert_eq!(place(&story, "Cusco").iso2.as_str(), "PE");
    assert_eq!(place(&story, "VRAEM").kind, "region");
}

#[test]
fn a_passing_mention_of_elsewhere_is_not_where_the_story_plays() {
    let story = classify(
        Lang::EN,
        "Petro says violence is under control",
        "From the presidential palace, the Casa de Nariño, Colombia's president denied on Monday \
         that the country faces a security crisis, days after targeted killings of police officers \
         under the so-called Plan Pistola. Authorities attribute them to the Clan del Golfo and to \
         dissident factions of the FARC guerrilla group in Antioquia and Cesar.\n\n\
         Contract killings are rising, he said. “Dubai is the new Miami for drug traffickers,” he \
         added, and asked China and the United Arab Emirates for help against the mafias.",
    );
    check_kept(&story, "CO", &["clan-del-golfo", "farc-dissidents"]);
    assert!(has_category(&story, "security-policy") && has_category(&story, "homicide"));
    assert!(
        story.places.iter().all(|place| place.name != "Nariño"),
        "{:?}",
        story.places
    );
    assert!(
        story
            .countries
            .iter()
            .all(|country| country.iso2.as_str() != "GH")
    );
}

#[test]
fn two_ambiguous_towns_settle_in_the_division_that_has_both() {
    let story = classify(
        Lang::EN,
        "Rebels hold 29 captive in Colombia",
        "Dissident members of Colombia's FARC rebel group took 29 soldiers and police officers \
         captive during clashes with the army, the defense ministry said. It blamed the Central \
         General Staff (EMC), which is in control of coca crops there.\n\n\
         The captives were seized in the municipalities of Argelia and El Tambo.",
    );
    check_kept(&story, "CO", &["emc", "farc-dissidents"]);
    for town in ["Argelia", "El Tambo"] {
        assert_eq!(
            place(&story, town).admin1.as_deref(),
            Some("Cauca"),
            "{town}"
        );
    }
    assert!(has_category(&story, "kidnapping"));
    let emc = story.actors.iter().find(|actor| actor.id == "emc").unwrap();
    assert_eq!(emc.role, Role::Perpetrator);
}

#[test]
fn spanish_and_portuguese_are_read_alike() {
    let story = classify(
        Lang::ES,
        "Emboscada del ELN deja tres soldados muertos en Arauca",
        "Tres soldados fueron asesinados en una emboscada atribuida al ELN en zona rural de Tame, \
         Arauca, informó el Ejército de Colombia.",
    );
    check_kept(&story, "CO", &["eln"]);
    assert_eq!(place(&story, "Tame").admin1.as_deref(), Some("Arauca"));
    let story = classify(
        Lang::PT,
        "Operação contra o Comando Vermelho deixa mortos no Rio de Janeiro",
        "Uma operação da Polícia Militar no Complexo da Penha terminou em tiroteio com traficantes \
         do Comando Vermelho e deixou quatro mortos a tiros.",
    );
    check_kept(&story, "BR", &["cv"]);
}

#[test]
fn what_is_dropped_is_dropped_with_a_reason() {
    let reason = |lang, title, text| CLASSIFIER.judge(article(Some(lang), title, text)).1;
    let football = "El delantero marcó un gol de tiro libre y el equipo ganó el partido de la Copa \
                    en el estadio de Medellín, Colombia, ante tres mil hinchas.";
    assert_eq!(
        reason(Lang::ES, "Nacional ganó", football),
        Some(DropReason::NotSecurity)
    );
    let abroad = "Russian troops killed twelve soldiers in an armed attack on a village near Kiev, \
                  Ukraine, the army said. Militants opened fire and gunmen kidnapped two officers.";
    assert_eq!(
        reason(Lang::EN, "Ukraine: ambush kills 12", abroad),
        Some(DropReason::NotLatinAmerica)
    );
    let french: Lang = "fr".parse().unwrap();
    assert_eq!(
        reason(french, "Embuscade", abroad),
        Some(DropReason::UnsupportedLanguage)
    );
    assert_eq!(
        reason(Lang::ES, "Siete", "asesinados en Tame"),
        Some(DropReason::TooShort)
    );
}

#[test]
fn a_feed_s_home_decides_what_nothing_else_does() {
    let mut text = article(
        Some(Lang::ES),
        "Asesinan a balazos a un comerciante",
        "Sicarios asesinaron a balazos a un comerciante en San Antonio y huyeron en motocicleta, \
         informó la policía.",
    );
    for country in ["CO", "VE", "MX"] {
        let iso2: Iso2 = country.parse().unwrap();
        text.home.country = Some(iso2);
        assert_eq!(CLASSIFIER.classify(text.clone()).countries[0].iso2, iso2);
    }
}

#[test]
fn an_explanation_names_votes_and_what_would_change_the_verdict() {
    let explained = CLASSIFIER.explain(article(
        Some(Lang::ES),
        "Colombia: masacre en Tame",
        "Cinco campesinos fueron asesinados en una masacre en Tame, Arauca, según la Policía.",
    ));
    assert!(explained.story.relevant && explained.reason.is_none());
    assert_eq!(explained.votes[0].iso2.as_str(), "CO");
    assert_eq!(explained.votes[0].terms[0], "Colombia");
    assert!(
        explained.flip.starts_with("No few terms"),
        "{}",
        explained.flip
    );
    assert!((0.0..=1.0).contains(&explained.security) && (0.0..=1.0).contains(&explained.region));
}

/// What is said to decide a verdict does so when it is taken out.
#[test]
fn the_smallest_change_is_one() {
    let text = "El alcalde presentó ayer el plan de obras de la ciudad y habló con vecinos de Tame. \
                Dijo que sicarios vigilan la vía y que pedirá apoyo para el acueducto.";
    let told = article(Some(Lang::ES), "Alcalde de Tame habla con vecinos", text);
    let score = CLASSIFIER.classify(told.clone()).score;
    let classifier = CLASSIFIER.clone().with_threshold(score - 0.02);
    let flip = classifier.explain(told.clone()).flip;
    let term = flip
        .split(['“', '”'])
        .nth(1)
        .unwrap_or_else(|| panic!("{flip}"));
    assert!(flip.starts_with("Without"), "{flip}");
    let cut = article(
        Some(Lang::ES),
        &told.title.replace(term, " "),
        &told.text.replace(term, " "),
    );
    assert!(!classifier.classify(cut).relevant, "{flip}");
}

#[test]
fn endless_and_ugly_texts_cost_little_and_break_nothing() {
    let sentence = "SICARIOS ASESINARON A TRES POLICIAS EN TAME, COLOMBIA.\0 ";
    let story = classify(Lang::ES, "MASACRE EN COLOMBIA", &sentence.repeat(180_000));
    assert!(story.relevant && story.evidence.len() <= 60);
    classify(Lang::ES, "", &"x".repeat(10_000_000));
    classify(Lang::EN, "\0", "\u{301}\u{301} … ''''s");
}

/// The project's sample pages, where they are at hand.
#[test]
fn the_sample_stories_come_out_right() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/seeds");
    let Ok(files) = std::fs::read_dir(folder) else {
        println!("skipped: `{folder}` is not there");
        return;
    };
    for file in files.flatten() {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let story = classify(Lang::EN, "", &text);
        match file.file_name().to_string_lossy().get(..3) {
            Some("000") => {
                check_kept(&story, "CO", &["clan-del-golfo", "farc-dissidents", "eln"]);
                assert_eq!(story.countries.len(), 1, "{:?}", story.countries);
            }
            Some("001") => {
                check_kept(&story, "PE", &["sendero"]);
                for name in ["VRAEM", "La Convención", "Cusco"] {
                    place(&story, name);
                }
            }
            Some("002") => check_kept(&story, "CO", &["clan-del-golfo", "farc-dissidents"]),
            Some("003") => {
                check_kept(&story, "CO", &["emc"]);
                for name in ["Argelia", "El Tambo"] {
                    assert_eq!(place(&story, name).admin1.as_deref(), Some("Cauca"));
                }
            }
            _ => {}
        }
    }
}

mod laws {
    //! What holds for any text.

    use proptest::prelude::*;
    use story::Field;

    use super::*;

    fn words() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            Just("emboscada".to_owned()),
            Just("EMBOSCADA".to_owned()),
            Just("Clan del Golfo".to_owned()),
            Just("Bogotá".to_owned()),
            Just("São Paulo, Brasil.".to_owned()),
            Just("disidencias de las FARC".to_owned()),
            Just("gol".to_owned()),
            "\\PC{0,12}",
            any::<String>(),
        ];
        proptest::collection::vec(word, 0..40).prop_map(|words| words.join(" "))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn evidence_slices_to_its_term(title in words(), text in words()) {
            let story = CLASSIFIER.classify(article(None, &title, &text));
            prop_assert!((0.0..=1.0).contains(&story.score));
            for piece in &story.evidence {
                let whole = if piece.field == Field::Title { &title } else { &text };
                let slice: String =
                    whole.chars().skip(piece.start as usize).take((piece.end - piece.start) as usize).collect();
                prop_assert_eq!(&slice, &piece.term);
            }
        }

        #[test]
        fn the_same_article_gives_the_same_story(title in words(), text in words()) {
            let article = article(Some(Lang::ES), &title, &text);
            prop_assert_eq!(CLASSIFIER.classify(article.clone()), CLASSIFIER.classify(article));
        }
    }
}
