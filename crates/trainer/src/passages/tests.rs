use classifier::Vector;

use super::*;

/// What stands in every article, by turns; what speaks for one; and what only seems to.
const FILLING: u32 = 100;
const TELLING: u32 = 7;
const BESIDE: u32 = 8;

/// An article of four passages; one that is looked for has a telling one, at a place that changes.
fn example(number: u32, label: bool) -> Example {
    let passage = |at: u32| {
        let mut numbers = vec![
            FILLING + (number + at) % 6,
            FILLING + 10 + (number * 3 + at) % 5,
        ];
        if label && at == number % 4 {
            numbers.insert(0, TELLING);
        }
        // Stands in every article that is looked for as well, in another passage, and in some of
        // the others.
        if (label || number.is_multiple_of(3)) && at == (number + 1) % 4 {
            numbers.insert(0, BESIDE);
        }
        numbers
    };
    let whole = Vector {
        passages: (0..4).map(passage).collect(),
        ..Vector::default()
    };
    Example {
        forms: vec![whole],
        witnesses: Vec::new(),
        label,
        weight: 1.0,
        group: u64::from(number),
        id: u64::from(number),
    }
}

fn examples() -> Vec<Example> {
    (0..60)
        .map(|number| example(number, number % 2 == 0))
        .collect()
}

fn fitted(examples: &[Example]) -> PassageWeights {
    fit(&examples.iter().collect::<Vec<_>>(), 1)
}

#[test]
fn the_passages_that_tell_are_found_from_labels_of_whole_articles() {
    let weights = fitted(&examples());
    let single = |number: u32| weights.weights[&number][1];
    assert!(single(TELLING) > 2.0, "{}", single(TELLING));
    assert!(single(TELLING) > 2.0 * single(BESIDE), "{}", single(BESIDE));
    for number in 900..930 {
        let [yes, no] = [true, false].map(|label| weights.sums(&example(number, label).forms[0]));
        assert!(yes[0] > no[0] && yes[1] > no[1] + 1.0, "{yes:?} {no:?}");
    }
}

#[test]
fn a_persons_evidence_goes_before_what_the_labels_suggest() {
    let mut examples = examples();
    for example in examples.iter_mut().filter(|example| example.label) {
        let passages = &example.forms[0].passages;
        example.witnesses = passages
            .iter()
            .map(|numbers| numbers.contains(&BESIDE))
            .collect();
    }
    let weights = fitted(&examples).weights;
    let (telling, beside) = (weights.get(&TELLING), weights[&BESIDE][1]);
    assert!(beside > telling.map_or(0.0, |weight| weight[1]), "{beside}");
}

#[test]
fn the_same_articles_give_the_same_weights_and_what_counts_nothing_changes_none() {
    let mut examples = examples();
    let before = fitted(&examples);
    assert_eq!(before, fitted(&examples));
    let mut idle = example(3, true);
    idle.weight = 0.0;
    examples.push(idle);
    let after = fitted(&examples);
    assert_eq!(before, after);
}

#[test]
fn outlets_are_told_apart_whatever_their_hashes_have_in_common() {
    let mut examples = examples();
    for (example, number) in examples.iter_mut().zip(0_u64..) {
        example.group = (number % 3) << 32;
    }
    assert!(fitted(&examples).weights.contains_key(&TELLING));
    for example in &mut examples {
        example.group = 7 * (example.group & 1 << 32);
    }
    assert!(
        fitted(&examples).weights.is_empty(),
        "they are of two outlets"
    );
}

#[test]
fn what_too_few_articles_have_gets_no_weight_and_none_at_all_is_no_error() {
    let mut examples = examples();
    examples[0].forms[0].passages[0].push(5000);
    examples[2].forms[0].passages[0].push(5000);
    assert!(!fitted(&examples).weights.contains_key(&5000));
    for example in &mut examples {
        example.forms[0].passages.clear();
    }
    let weights = fitted(&examples);
    assert!(weights.weights.is_empty() && weights.starts.iter().all(|start| start.is_finite()));
}

#[test]
fn the_most_are_picked_the_earlier_of_two_that_are_alike() {
    assert_eq!(most(&[0.5, 2.0, 2.0, 1.0], 1), [false, true, false, false]);
    assert_eq!(most(&[0.5, 2.0, 2.0, 1.0], 3), [false, true, true, true]);
    assert_eq!(most(&[0.5], 3), [true]);
    assert_eq!(most(&[], 3), Vec::<bool>::new());
}
