use std::sync::{Arc, LazyLock};

use classifier::KnowledgeFiles;
use story::TextSource;

use super::*;

static KNOWLEDGE: LazyLock<Arc<Knowledge>> = LazyLock::new(|| {
    let knowledge = Knowledge::parse(KnowledgeFiles::embedded());
    Arc::new(knowledge.expect("the shipped knowledge"))
});
static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::embedded(&KNOWLEDGE).expect("the shipped model"));

fn article(title: &str, text: &str) -> Article {
    Article {
        lang: Some(story::Lang::ES),
        ..Article::new(title.to_owned(), text.to_owned(), TextSource::Text)
    }
}

fn labelled(article: &Article, label: bool) -> Labelled {
    Labelled {
        evidence: Vec::new(),
        article: article.clone(),
        label,
        weight: 1.0,
        outlet: None,
    }
}

/// A story that the shipped model keeps, and which a desk may not look for.
fn ambush() -> Article {
    article(
        "Emboscada contra una patrulla en Arauca",
        "Guerrilleros del ELN emboscaron a una patrulla del Ejército en Arauca, Colombia, y mataron \
         a tres soldados. El ataque ocurrió de madrugada en una vereda cercana al río.",
    )
}

/// Stories that have nothing to do with it.
fn others() -> [Article; 3] {
    [
        article(
            "El banco central baja la tasa",
            "El banco central de Chile bajó la tasa de interés en medio punto. La inflación cedió \
             por tercer mes y los analistas esperan otro recorte antes de fin de año.",
        ),
        article(
            "Capturan a un jefe de extorsionistas en Guayaquil",
            "La Policía de Ecuador detuvo en Guayaquil al cabecilla de una banda que extorsionaba a \
             comerciantes. Los agentes decomisaron fusiles, dinero y teléfonos.",
        ),
        article(
            "La selección gana en Lima",
            "Con dos goles en el segundo tiempo la selección de Perú venció a su rival en Lima y \
             quedó tercera. El técnico celebró el esfuerzo de sus jugadores.",
        ),
    ]
}

fn adapted(labels: &[Labelled]) -> Adapted {
    let mut adapter = Adapter::new(&MODEL, &KNOWLEDGE);
    labels.iter().for_each(|labelled| adapter.add(labelled));
    others()
        .iter()
        .for_each(|article| adapter.add_background(article));
    adapter.adapt().unwrap()
}

fn score(model: &Model, article: &Article) -> f64 {
    model.score(&Classifier::vector(article, &KNOWLEDGE))
}

#[test]
fn a_correction_moves_stories_like_it_and_leaves_the_others() {
    let like = article(
        "Guerrilleros emboscan a una patrulla en Arauca",
        "Tres soldados del Ejército murieron en Arauca, Colombia, cuando guerrilleros del ELN \
         emboscaron de madrugada a su patrulla en una vereda junto al río.",
    );
    assert!(score(&MODEL, &like) > 0.9);
    let adapted = adapted(&[labelled(&ambush(), false)]);
    assert_eq!((adapted.articles, adapted.wrong_before), (1, 1));
    let (before, after) = (score(&MODEL, &ambush()), score(&adapted.model, &ambush()));
    assert!(after < before - 0.2, "{before} {after}");
    let (before, after) = (score(&MODEL, &like), score(&adapted.model, &like));
    assert!(after < before - 0.02, "{before} {after}");
    for other in others() {
        let (before, after) = (score(&MODEL, &other), score(&adapted.model, &other));
        assert!((after - before).abs() < 0.05, "{before} {after}");
    }
}

#[test]
fn labels_that_agree_hardly_move_anything() {
    let adapted = adapted(&[labelled(&ambush(), true), labelled(&others()[0], false)]);
    assert_eq!((adapted.wrong_before, adapted.wrong_after), (0, 0));
    for article in others() {
        let (before, after) = (score(&MODEL, &article), score(&adapted.model, &article));
        assert!((after - before).abs() < 0.01, "{before} {after}");
    }
}

#[test]
fn a_model_says_what_it_was_adapted_from_and_the_same_labels_give_the_same_bytes() {
    let labels = [labelled(&ambush(), false)];
    let model = adapted(&labels).model;
    assert_eq!(
        model.write(&KNOWLEDGE),
        adapted(&labels).model.write(&KNOWLEDGE)
    );
    let fact = |model: &Model, key: &str| {
        let training = model.summary().training.clone();
        let mut facts = training.into_iter().filter(|(fact, _)| fact == key);
        let fact = facts.next().map(|(_, value)| value);
        assert_eq!(facts.next(), None, "{key} stands there once");
        fact
    };
    assert_eq!(fact(&model, "adapted-from"), fact(&MODEL, "id"));
    assert_eq!(fact(&model, "adapted-to").as_deref(), Some("1"));
    assert_ne!(model.name(), MODEL.name());
    let other = adapted(&[labelled(&ambush(), true)]).model;
    assert_ne!(model.name(), other.name());
}

#[test]
fn an_adapted_model_is_of_the_topic_and_judged_at_its_threshold() {
    let kept = score(&MODEL, &ambush());
    let wrong_at = |threshold| {
        let mut adapter = Adapter::new(&MODEL, &KNOWLEDGE).for_topic("desk".to_owned(), threshold);
        adapter.add(&labelled(&ambush(), true));
        let adapted = adapter.adapt().unwrap();
        let summary = adapted.model.summary().clone();
        assert_eq!(summary.topic, "desk");
        let expected = threshold.unwrap_or(MODEL.summary().threshold);
        assert!((summary.threshold - expected).abs() < 1e-9);
        adapted.wrong_before
    };
    assert_eq!(wrong_at(Some(f64::midpoint(kept, 1.0))), 1);
    assert_eq!(wrong_at(None), 0);
}

#[test]
fn the_slope_is_that_of_the_value() {
    let mut columns = Columns::new(&[], 10.0);
    let vector = Vector {
        dense: [vec![(0, 1.0), (3, 0.4)], vec![(0, 1.0)]],
        grams: vec![(7, 0.2), (Vector::WORDS as u32 + 3, 0.7)],
        passages: Vec::new(),
    };
    let row = |base, label| Row {
        base,
        label,
        weight: 1.5,
        cells: [
            vec![(0, 1.0), (1, 0.4), (2, 0.2)],
            vec![(3, 1.0)],
            vec![(4, 0.7)],
        ],
    };
    assert_eq!(columns.cells(&vector).map(|cells| cells.len()), [3, 1, 1]);
    let objective = Objective {
        rows: vec![row([0.5, -1.0, 0.6], true), row([1.5, 2.0, -0.3], false)],
        slope: 1.3,
        offset: -0.2,
    };
    let by = [0.3, -0.2, 0.5, 0.1, -0.4];
    let mut slope = [0.0; 5];
    objective.at(&by, &mut slope);
    for (at, slope) in slope.into_iter().enumerate() {
        let value = |off: f64| {
            let mut by = by;
            by[at] += off;
            objective.at(&by, &mut [0.0; 5])
        };
        let measured = (value(1e-4) - value(-1e-4)) / 2e-4;
        assert!((slope - measured).abs() < 1e-5, "{at}: {slope} {measured}");
    }
}

#[test]
fn nothing_to_learn_is_said() {
    let adapter = Adapter::new(&MODEL, &KNOWLEDGE);
    assert_eq!(adapter.adapt().err(), Some(NothingToLearn));
}
