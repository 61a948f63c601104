//! Whatever moment a process dies at, what it leaves behind can be driven on to the same end.

use std::time::Duration;

use refrain_domain::run::{Run, RunEvent, Status};

use crate::support::{
    Odd, PIPELINE, POINTS, drive, finished, import, memory, outcome, runner, submit, write_events,
};

#[test]
fn every_prefix_of_the_events_leads_to_the_same_end() {
    let store = memory();
    let (id, run) = finished(&runner(&store));
    let (_, events) = runner(&store).run(&id).expect("its events");
    assert!(events.len() > 6, "submitted, started, a step each, finished");
    // Without memos, so that what is left to do is done, and not remembered.
    let forgetful = Odd::forgetful(&store);
    for n in 1..=events.len() {
        Run::fold(&events[..n]).unwrap_or_else(|error| panic!("{n} events: {error}"));
        let id = format!("prefix-{n}");
        write_events(&*store, &id, &events[..n]);
        let end = drive(&runner(&forgetful), &id).expect("it goes on");
        assert_eq!(outcome(&end), outcome(&run), "after {n} events");
    }
}

#[test]
fn a_crash_at_every_publication_is_survived() {
    let reference = finished(&runner(&memory())).1;
    let mut n_crashes = 0;
    for publications in 0.. {
        let store = memory();
        import(&runner(&store), "points", POINTS);
        let id = submit(&runner(&store), PIPELINE);
        let crashing = runner(&Odd::stopping_after(publications, &store));
        let survived = drive(&crashing, &id).is_ok();
        drop(crashing);
        let end = drive(&runner(&store), &id).expect("the next process drives on");
        assert_eq!(outcome(&end), outcome(&reference), "after {publications} publications");
        if survived {
            break;
        }
        n_crashes += 1;
    }
    assert!(n_crashes >= 2, "the first and the last publication at least");
}

/// Steps that follow each other quickly become durable on the way, not all with the last.
#[test]
fn quick_steps_are_not_lost_together() {
    let store = memory();
    import(&runner(&store), "points", POINTS);
    let id = submit(&runner(&store), PIPELINE);
    // The start, and one more: five steps in a row wait for the store, 15 ms each at least.
    let crashing = Odd::slowly_stopping_after(2, Duration::from_millis(15), &store);
    drive(&runner(&crashing), &id).expect_err("there is a third publication");
    let (run, _) = runner(&store).run(&id).expect("its events");
    assert!((1..6).contains(&run.finished.len()), "{:?}", run.finished.keys());
}

#[test]
fn an_aborted_run_goes_on_and_a_cancelled_one_does_not() {
    let store = memory();
    let (id, run) = finished(&runner(&store));
    let (_, events) = runner(&store).run(&id).expect("its events");
    let aborted = RunEvent::Aborted { message: "late".to_owned(), at_ms: 0 };
    write_events(&*store, "aborted-1", &[&events[..3], &[aborted]].concat());
    let end = drive(&runner(&store), "aborted-1").expect("it goes on");
    assert_eq!(outcome(&end), outcome(&run));
    let cancelled = RunEvent::Cancelled { at_ms: 0 };
    write_events(&*store, "cancelled-1", &[&events[..3], &[cancelled]].concat());
    let end = drive(&runner(&store), "cancelled-1").expect("it is left alone");
    assert_eq!((end.status, end.finished.len()), (Status::Cancelled, 1));
}
