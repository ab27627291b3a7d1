use classifier::{Model, Summary, Vector};

use super::*;

/// How many features of the knowledge the fits have here.
const FEATURES: usize = 5;

/// A fit with weights for its own numbers alone, none of them like another's.
fn fitted(numbers: std::ops::Range<usize>, by: f32) -> Fitted {
    let dense = |head: usize| (0..FEATURES).map(move |at| by * (1 + at + 3 * head) as f32 / 10.0);
    let mut grams = vec![0.0; Vector::GRAMS];
    for at in numbers {
        grams[at] = by * (1 + at % 9) as f32 / 10.0;
    }
    Fitted {
        dense: [0, 1].map(|head| dense(head).collect()),
        grams,
    }
}

/// What is chosen and calibrated on is what the model says in the end.
#[test]
fn a_model_says_what_its_fits_said_together() {
    let vector = Vector {
        dense: [vec![(0, 1.0), (3, 0.5)], vec![(0, 1.0), (2, 0.4)]],
        grams: vec![
            (5, 0.2),
            (Vector::TERMS as u32 + 4, 0.3),
            (Vector::WORDS as u32 + 9, 0.6),
        ],
        passages: Vec::new(),
    };
    let words = Fitted {
        dense: [vec![0.0; FEATURES], vec![0.0; FEATURES]],
        ..fitted(Vector::WORDS..Vector::GRAMS, -0.7)
    };
    let fits = [
        fitted(Vector::TERMS..Vector::WORDS, 1.0),
        fitted(0..Vector::TERMS, -0.4),
        words,
    ];
    let mut forms = [[[[0.0; 2]; FORMS]; EPOCHS]; 3];
    for (forms, fit) in forms.iter_mut().zip(&fits) {
        forms[0][0] = fit.logits(&vector);
    }
    let held_out = HeldOut {
        by_subject: forms.map(|forms| vec![forms]),
        by_passages: None,
    };
    let plan = Plan {
        epochs: Epochs([1; 3]),
        mixture: Mixture {
            knowledge: 0.8,
            grams: 0.3,
            words: 0.6,
        },
        shares: Shares::BASE,
        calibration: Calibration {
            slope: 1.0,
            offset: 0.0,
        },
    };
    let summary = Summary {
        topic: "desk".to_owned(),
        languages: Vec::new(),
        threshold: 0.5,
        slope: 1.0,
        offset: 0.0,
        training: Vec::new(),
    };
    let model = Model::new(summary, plan.mix(fits, None));
    let (said, together) = (model.sums(&vector), held_out.mixed(0, 0, &plan));
    let numbers = |sums: Sums| [sums.heads[0], sums.heads[1], sums.words];
    for (said, together) in numbers(said).into_iter().zip(numbers(together)) {
        assert!((said - together).abs() < 1e-3, "{said} {together}");
        assert!(together.abs() > 0.1, "{together} could be nothing");
    }
}

/// What a topic states goes before what the folds would choose.
#[test]
fn a_stated_mixture_is_kept() {
    // The knowledge is right of each article, and the other two are wrong of most.
    let labels: Vec<bool> = (0..60).map(|at| at % 3 == 0).collect();
    let said = |label: bool, right: bool| if label == right { 2.0 } else { -2.0 };
    let says = |right: fn(usize) -> bool| -> Logits {
        let logits = labels.iter().enumerate().map(|(at, label)| {
            let logit = said(*label, right(at));
            [[[logit, 3.0]; FORMS]; EPOCHS]
        });
        logits.collect()
    };
    let held_out = HeldOut {
        by_subject: [
            says(|_| true),
            says(|at| at % 5 == 0),
            says(|at| at % 7 == 0),
        ],
        by_passages: None,
    };
    let examples = labels.iter().enumerate().map(|(at, label)| Example {
        forms: vec![Vector::default()],
        witnesses: Vec::new(),
        label: *label,
        weight: 1.0,
        group: at as u64,
        id: at as u64,
    });
    let examples: Vec<_> = examples.collect();
    let stated = Mixture {
        knowledge: 0.1,
        grams: 1.5,
        words: 0.8,
    };
    let free = Plan::of(&examples, &held_out, None).mixture;
    assert_eq!((free.knowledge, free.grams, free.words), (1.0, 0.0, 0.0));
    let kept = Plan::of(&examples, &held_out, Some(stated)).mixture;
    assert_eq!(kept, stated);
}
