//! One run has one writer.

use std::sync::Mutex;

use refrain_domain::run::Status;
use refrain_runner::Control;

use crate::support::{
    Odd, PIPELINE, POINTS, drive, finished, import, memory, outcome, runner, submit, write_events,
};

#[test]
fn a_run_that_is_driven_is_not_driven_again() {
    let runner = runner(&memory());
    import(&runner, "points", POINTS);
    let id = submit(&runner, PIPELINE);
    let second = Mutex::new(None);
    let watch = |_: &_| {
        let mut second = second.lock().expect("no panic yet");
        second.get_or_insert_with(|| drive(&runner, &id).map_err(|error| error.to_string()));
    };
    let run = runner.drive(&id, &Control::default(), &watch).expect("the first goes on alone");
    assert_eq!(run.status, Status::Succeeded);
    let refused = second.into_inner().expect("no panic").expect("it was tried");
    let expected = format!("run `{id}` is being driven already: follow its events instead");
    assert_eq!(refused, Err(expected));
    let again = drive(&runner, &id).expect("the place is free again");
    assert_eq!(again, run, "and there is nothing left to do");
}

#[test]
fn two_processes_never_write_over_each_other() {
    let store = memory();
    let (here, elsewhere) = (runner(&store), runner(&store));
    import(&here, "points", POINTS);
    let id = submit(&here, PIPELINE);
    let winner = Mutex::new(None);
    let watch = |_: &_| {
        let mut winner = winner.lock().expect("no panic yet");
        winner.get_or_insert_with(|| drive(&elsewhere, &id).expect("it runs to its end"));
    };
    let refused = here.drive(&id, &Control::default(), &watch).expect_err("it was taken away");
    assert!(refused.to_string().contains("taken up elsewhere"), "{refused}");
    let (run, _) = here.run(&id).expect("the events make one run");
    assert_eq!(Some(run), winner.into_inner().expect("no panic"));
}

#[test]
fn a_run_that_is_cancelled_elsewhere_stays_cancelled() {
    let store = memory();
    let (here, elsewhere) = (runner(&store), runner(&store));
    import(&here, "points", POINTS);
    let id = submit(&here, PIPELINE);
    let watch = |_: &_| drop(elsewhere.cancel(&id));
    let refused = here.drive(&id, &Control::default(), &watch).expect_err("it was cancelled");
    assert!(refused.to_string().contains("was cancelled"), "{refused}");
    let (run, events) = here.run(&id).expect("the events make one run");
    assert_eq!((run.status, events.len()), (Status::Cancelled, 3), "submitted, started, cancelled");
}

#[test]
fn known_results_count_in_the_fuel_budget() {
    // The host's own steps take no fuel, so the events say that one took some.
    let store = memory();
    let runner = runner(&store);
    let (id, run) = finished(&runner);
    let mut plan = runner.plan_of(&run).expect("its plan");
    plan.fuel_max = 10;
    let (again, _) = runner.submit(&plan).expect("it can be submitted");
    let (_, mut events) = runner.run(&id).expect("its events");
    let (_, submitted) = runner.run(&again).expect("its events");
    events.truncate(3);
    events[0] = submitted[0].clone();
    if let refrain_domain::run::RunEvent::StepFinished(step) = &mut events[2] {
        step.fuel = 11;
    }
    write_events(&*store, "host-77", &events);
    let run = drive(&runner, "host-77").expect("it is driven");
    assert_eq!(run.status, Status::Failed);
    let message = run.message.expect("a reason");
    assert_eq!(message, "fuel budget exhausted: 11 used of 10; raise `budget.fuel`");
}

/// Two thousand steps one after the other: what a step costs does not grow with their number.
#[test]
fn thousands_of_steps_are_driven_one_by_one() {
    let runner = runner(&Odd::forgetful(&memory()));
    import(&runner, "points", POINTS);
    let step = |index: usize| {
        let read = if index == 0 { "points".to_owned() } else { format!("s{}", index - 1) };
        format!("  s{index}: {{select: {{input: {read}, columns: [at, x]}}}}\n")
    };
    let steps: String = (0..2_000).map(step).collect();
    let pipeline =
        format!("pipeline: long\ninputs: {{points: {{dataset: points}}}}\nsteps:\n{steps}");
    let id = submit(&runner, &pipeline);
    let run = drive(&runner, &id).expect("it runs");
    assert_eq!((run.status, run.finished.len()), (Status::Succeeded, 2_000));
    assert_eq!(outcome(&run)["status"], "succeeded");
}
