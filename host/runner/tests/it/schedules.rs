//! Whatever order steps end in, each is handed out once, after what it reads, and all end.

use std::collections::BTreeSet;

use proptest::prelude::*;
use refrain_domain::plan::{OUTPUT, Op, OutputKind, Plan, PlannedOutput, PlannedStep, Source};
use refrain_domain::run::{Run, RunEvent, StepFinished};
use refrain_domain::{Digest, Limits, Schema};
use refrain_runner::plan::profile_digest;
use refrain_runner::schedule::{Schedule, is_complete};

fn plan(reads: &[Vec<usize>]) -> Plan {
    let name = |index: usize| format!("step-{index}");
    let step = |(index, reads): (usize, &Vec<usize>)| PlannedStep {
        name: name(index),
        op: Op::Union,
        inputs: reads
            .iter()
            .map(|read| Source::Step { step: name(*read), output: OUTPUT.to_owned() })
            .collect(),
        outputs: vec![PlannedOutput {
            name: OUTPUT.to_owned(),
            kind: OutputKind::Table(Schema::default()),
        }],
    };
    Plan {
        format: refrain_domain::plan::PLAN_FORMAT.to_owned(),
        pipeline: "schedules".to_owned(),
        purpose: refrain_domain::plan::Purpose::Train,
        profile: profile_digest(&refrain_sandbox::Sandbox::profile()),
        limits: Limits::default(),
        logical_time_us: 0,
        inputs: Default::default(),
        steps: reads.iter().enumerate().map(step).collect(),
        gate: vec![],
        register: None,
        fuel_max: 0,
    }
}

/// For each step those before it that it reads, some of them twice.
fn reads() -> impl Strategy<Value = Vec<Vec<usize>>> {
    let picks = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
    prop::collection::vec(picks, 1..30).prop_map(|all| {
        let of = |(at, picks): (usize, Vec<prop::sample::Index>)| match at {
            0 => vec![],
            _ => picks.into_iter().map(|pick| pick.index(at)).collect(),
        };
        all.into_iter().enumerate().map(of).collect()
    })
}

fn submitted() -> Run {
    let plan = Digest::of(b"plan");
    let events = [RunEvent::Submitted { plan, at_ms: 0 }, RunEvent::Started { at_ms: 0 }];
    Run::fold(&events).expect("a run")
}

fn finished(step: &PlannedStep) -> RunEvent {
    RunEvent::StepFinished(StepFinished {
        step: step.name.clone(),
        outputs: Default::default(),
        record: Digest::of(b"record"),
        units_executed: 0,
        units_reused: 0,
        fuel: 0,
        wall_us: 0,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_order_of_endings_ends(
        reads in reads(),
        rooms in prop::collection::vec(1_usize..5, 30),
        order in prop::collection::vec(any::<prop::sample::Index>(), 30),
        crashes_at in 0_usize..30,
    ) {
        let plan = plan(&reads);
        let mut run = submitted();
        let mut schedule = Schedule::new(&plan, &run);
        let mut handed_out = BTreeSet::new();
        let mut under_way: Vec<&PlannedStep> = Vec::new();
        for (turn, (room, pick)) in rooms.iter().cycle().zip(order.iter().cycle()).enumerate() {
            if turn == crashes_at {
                // Those under way are lost, and come again.
                for step in under_way.drain(..) {
                    handed_out.remove(&step.name);
                }
                schedule = Schedule::new(&plan, &run);
            }
            for step in schedule.take(*room) {
                prop_assert!(handed_out.insert(step.name.clone()), "{} came twice", step.name);
                let exists = |source: &Source| match source {
                    Source::Step { step, .. } => run.finished.contains_key(step),
                    _ => true,
                };
                prop_assert!(step.inputs.iter().all(exists), "{} came too early", step.name);
                under_way.push(step);
            }
            prop_assert_eq!(schedule.is_complete(), is_complete(&plan, &run));
            if under_way.is_empty() {
                break;
            }
            let step = under_way.swap_remove(pick.index(under_way.len()));
            prop_assert!(run.apply(&finished(step)));
            schedule.finish(&step.name);
            schedule.finish(&step.name); // told twice, counted once
        }
        prop_assert!(schedule.is_complete(), "it came to rest before its end");
        prop_assert_eq!(handed_out.len(), plan.steps.len());
    }
}

#[test]
fn a_plan_that_waits_for_itself_hands_nothing_out() {
    let plan = plan(&[vec![1], vec![0]]);
    let run = submitted();
    let mut schedule = Schedule::new(&plan, &run);
    assert!(schedule.take(8).is_empty());
    assert!(!schedule.is_complete());
}
