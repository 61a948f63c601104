//! Gates are three-valued, and a stricter bound never makes a verdict better.

use proptest::prelude::*;
use refrain_domain::gate::{ANY, Baseline, GateRule, Verdict, overall, weigh};
use refrain_domain::{Metric, Tag};

/// Few numbers, so that bounds are met exactly, and those that are none.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (-4_i32..=4).prop_map(|n| f64::from(n) / 2.0),
        1 => Just(f64::NAN),
        1 => prop::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY]),
    ]
}

fn metric() -> impl Strategy<Value = Metric> {
    let slice = prop::sample::select(vec!["", "AA", "BB"]);
    (slice, prop::option::weighted(0.8, number()), 0_u64..20).prop_map(|(slice, value, n_rows)| {
        let tag = Tag { name: "carrier".to_owned(), value: slice.to_owned() };
        let slice = if slice.is_empty() { vec![] } else { vec![tag] };
        Metric { name: "score".to_owned(), slice, part: vec![], value, n_rows }
    })
}

fn metrics() -> impl Strategy<Value = Vec<Metric>> {
    prop::collection::vec(metric(), 0..5)
}

fn rule() -> impl Strategy<Value = GateRule> {
    let bound = || prop::option::of(number());
    let slice = prop::sample::select(vec!["", "AA", ANY]);
    let min_rows = prop::option::of(0_u64..20);
    (bound(), bound(), bound(), bound(), any::<bool>(), slice, min_rows).prop_map(
        |(lower, upper, absolute, relative, greater_is_better, slice, min_rows)| {
            let slice = (!slice.is_empty()).then(|| ("carrier".to_owned(), slice.to_owned()));
            GateRule {
                metric: "score".to_owned(),
                slice: slice.into_iter().collect(),
                lower_bound: lower,
                upper_bound: upper,
                min_absolute_change: absolute,
                min_relative_change: relative,
                greater_is_better,
                min_rows,
            }
        },
    )
}

fn bounds(rule: &GateRule) -> [Option<f64>; 4] {
    [rule.lower_bound, rule.upper_bound, rule.min_absolute_change, rule.min_relative_change]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_pass_was_seen(rule in rule(), now in metrics(), before in metrics()) {
        let verdict = weigh(&rule, &now, Baseline::Metrics(&before)).verdict;
        if verdict != Some(Verdict::Pass) {
            return Ok(());
        }
        prop_assert!(bounds(&rule).iter().any(Option::is_some), "something had to hold");
        prop_assert!(!bounds(&rule).iter().flatten().any(|bound| bound.is_nan()));
        let holds = |metric: &Metric| {
            metric.value.is_some_and(|value| {
                rule.lower_bound.is_none_or(|bound| value >= bound)
                    && rule.upper_bound.is_none_or(|bound| value <= bound)
            }) && rule.min_rows.is_none_or(|least| metric.n_rows >= least)
        };
        prop_assert!(now.iter().any(holds), "and was seen to hold of {now:?}");
    }

    #[test]
    fn nothing_seen_is_inconclusive(rule in rule(), before in metrics()) {
        let verdict = weigh(&rule, &[], Baseline::Metrics(&before)).verdict;
        prop_assert_eq!(verdict, Some(Verdict::Inconclusive));
        let unknown = Metric {
            name: rule.metric.clone(), slice: vec![], part: vec![], value: None, n_rows: 100,
        };
        let all_rows = GateRule { slice: Default::default(), ..rule };
        for value in [None, Some(f64::NAN)] {
            let metrics = [Metric { value, ..unknown.clone() }];
            let verdict = weigh(&all_rows, &metrics, Baseline::Metrics(&before)).verdict;
            prop_assert_eq!(verdict, Some(Verdict::Inconclusive));
        }
    }

    #[test]
    fn a_bound_that_is_no_number_never_passes(
        mut rule in rule(), now in metrics(), before in metrics(), which in 0..4,
    ) {
        let bounds = [
            &mut rule.lower_bound, &mut rule.upper_bound,
            &mut rule.min_absolute_change, &mut rule.min_relative_change,
        ];
        for (index, bound) in bounds.into_iter().enumerate() {
            if index == which as usize {
                *bound = Some(f64::NAN);
            }
        }
        let verdict = weigh(&rule, &now, Baseline::Metrics(&before)).verdict;
        prop_assert_eq!(verdict, Some(Verdict::Inconclusive));
    }

    #[test]
    fn stricter_is_never_better(
        rule in rule(), now in metrics(), before in metrics(), by in 0_i32..4,
    ) {
        let by = f64::from(by) / 2.0;
        let verdict = |rule: &GateRule| weigh(rule, &now, Baseline::Metrics(&before)).verdict;
        let loose = verdict(&rule);
        let mut strict = rule;
        strict.lower_bound = strict.lower_bound.map(|bound| bound + by);
        strict.upper_bound = strict.upper_bound.map(|bound| bound - by);
        strict.min_absolute_change = strict.min_absolute_change.map(|bound| bound + by);
        prop_assert!(verdict(&strict) >= loose, "{loose:?} became {:?}", verdict(&strict));
    }

    #[test]
    fn a_gate_is_as_good_as_its_worst_rule(
        rules in prop::collection::vec(rule(), 0..4), now in metrics(), before in metrics(),
    ) {
        let results: Vec<_> =
            rules.iter().map(|rule| weigh(rule, &now, Baseline::Metrics(&before))).collect();
        let worst = results.iter().filter_map(|result| result.verdict).max();
        prop_assert_eq!(overall(&results), worst.unwrap_or(Verdict::Inconclusive));
    }
}
