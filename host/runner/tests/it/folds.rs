//! A run's state is the fold of its events, whatever the events are.

use proptest::prelude::*;
use refrain_domain::run::{FoldError, Run, RunEvent, Status, StepFinished};
use refrain_domain::{Digest, Failure};

fn event() -> impl Strategy<Value = RunEvent> {
    let step = prop::sample::select(vec!["a", "b", "c"]);
    let finished = |step: &str| {
        RunEvent::StepFinished(StepFinished {
            step: step.to_owned(),
            outputs: Default::default(),
            record: Digest::of(step.as_bytes()),
            units_executed: 1,
            units_reused: 0,
            fuel: 1,
            wall_us: 0,
        })
    };
    let failed = |step: &str| RunEvent::StepFailed {
        step: step.to_owned(),
        unit: 0,
        failure: Failure::Trap { message: "unreachable".to_owned() },
    };
    let at_ms = 1;
    let (message, gate) = (String::new(), Vec::new());
    prop_oneof![
        1 => Just(RunEvent::Submitted { plan: Digest::of(b"plan"), at_ms }),
        4 => Just(RunEvent::Started { at_ms }),
        8 => step.clone().prop_map(finished),
        1 => step.prop_map(failed),
        1 => Just(RunEvent::Finished { gate, verdict: None, model_version: None, at_ms }),
        1 => Just(RunEvent::Failed { message: message.clone(), at_ms }),
        2 => Just(RunEvent::Aborted { message, at_ms }),
        1 => Just(RunEvent::Cancelled { at_ms }),
    ]
}

/// Mostly streams that begin as they must: others end at once, and tell little.
fn stream() -> impl Strategy<Value = Vec<RunEvent>> {
    let submitted = RunEvent::Submitted { plan: Digest::of(b"plan"), at_ms: 0 };
    prop_oneof![
        9 => prop::collection::vec(event(), 0..12).prop_map(move |mut events| {
            events.insert(0, submitted.clone());
            events
        }),
        1 => prop::collection::vec(event(), 0..12),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_fold_is_its_events_one_by_one(events in stream()) {
        let Some(first) = events.first() else { return Ok(()) };
        let Ok(mut run) = Run::fold(std::slice::from_ref(first)) else {
            prop_assert_eq!(Run::fold(&events), Err(FoldError::NotSubmitted));
            return Ok(());
        };
        for (index, event) in events.iter().enumerate().skip(1) {
            let before = run.clone();
            if !run.apply(event) {
                prop_assert_eq!(&run, &before, "a refused event changes nothing");
                let place = match Run::fold(&events) {
                    Err(FoldError::Unexpected { index, .. } | FoldError::Twice { index, .. }) => index,
                    other => return Err(TestCaseError::fail(format!("{other:?}"))),
                };
                prop_assert_eq!(place, index);
                return Ok(());
            }
            prop_assert_eq!(&Run::fold(&events[..=index]).expect("as far as it goes"), &run);
        }
    }

    #[test]
    fn every_step_ends_once_and_nothing_follows_the_end(events in stream(), next in event()) {
        let Ok(mut run) = Run::fold(&events) else { return Ok(()) };
        let ends = events.iter().filter(|event| matches!(event, RunEvent::StepFinished(_)));
        prop_assert_eq!(ends.count(), run.finished.len());
        let has_ended = !run.is_resumable();
        let is_started = matches!(next, RunEvent::Started { .. });
        let follows = run.apply(&next);
        if has_ended {
            prop_assert!(!follows, "{} follows the end", next.name());
        } else if is_started {
            prop_assert!(follows, "what can be driven on can be started");
            prop_assert_eq!(run.status, Status::Running);
            prop_assert_eq!(run.failed, None);
        }
    }
}

#[test]
fn a_step_that_ends_twice_is_named() {
    let plan = Digest::of(b"plan");
    let step = StepFinished {
        step: "model".to_owned(),
        outputs: Default::default(),
        record: plan,
        units_executed: 0,
        units_reused: 0,
        fuel: 0,
        wall_us: 0,
    };
    let events = [
        RunEvent::Submitted { plan, at_ms: 0 },
        RunEvent::Started { at_ms: 0 },
        RunEvent::StepFinished(step.clone()),
        RunEvent::StepFinished(step),
    ];
    let error = Run::fold(&events).expect_err("a step ends once");
    let expected = "event 3 (`step-finished`) ends step `model`, which has ended before";
    assert_eq!(error.to_string(), expected);
}
