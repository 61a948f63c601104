//! The first difference of two runs is named, down to the row.

use refrain_domain::run::{RunEvent, StepRecord};
use refrain_domain::{Table, from_canonical, to_canonical};
use refrain_runner::Runner;

use crate::support::{
    PIPELINE, POINTS, drive, finished, import, memory, runner, submit, write_events,
};

fn first_cause(runner: &Runner, a: &str, b: &str) -> String {
    runner.diff(a, b).expect("a difference").first_cause.expect("a cause")
}

/// A second run, of other rows or another pipeline.
fn after(runner: &Runner, points: &str, pipeline: &str) -> String {
    import(runner, "points", points);
    let id = submit(runner, pipeline);
    drive(runner, &id).expect("it runs");
    id
}

#[test]
fn equal_runs_have_no_cause() {
    let runner = runner(&memory());
    let (first, _) = finished(&runner);
    let second = after(&runner, POINTS, PIPELINE);
    let diff = runner.diff(&first, &second).expect("a difference");
    assert!(diff.identical && diff.first_cause.is_none() && diff.steps.is_empty(), "{diff:?}");
}

#[test]
fn a_changed_row_is_named_with_its_values() {
    let runner = runner(&memory());
    let (first, _) = finished(&runner);
    for (change, expected) in [
        (
            ("06T00:00:00Z,true,5.5", "06T00:00:00Z,true,5.25"),
            "column `x` differs first at row 5: 5.5 before, 5.25 now",
        ),
        (
            ("true,,south", "true,0,south"),
            "column `x` differs first at row 3: null before, 0.0 now",
        ),
        (
            ("4.5,east", "4.5,west"),
            "column `site` differs first at row 4: `east` before, `west` now",
        ),
        (
            ("05T00:00:00Z", "05T01:00:00Z"),
            "column `at` differs first at row 4: 2024-03-05T00:00:00Z before, 2024-03-05T01:00:00Z now",
        ),
    ] {
        let second = after(&runner, &POINTS.replace(change.0, change.1), PIPELINE);
        let cause = first_cause(&runner, &first, &second);
        assert!(cause.starts_with("input `points` is version "), "{cause}");
        assert!(cause.ends_with(&format!("(10 rows) here: chunk 0, {expected}")), "{cause}");
    }
}

#[test]
fn rows_that_came_or_went_are_counted() {
    let runner = runner(&memory());
    let (first, _) = finished(&runner);
    let more = format!("{POINTS}2024-03-11T00:00:00Z,true,1.0,north\n");
    let second = after(&runner, &more, PIPELINE);
    let cause = first_cause(&runner, &first, &second);
    assert!(cause.ends_with("(11 rows) here: chunk 0 had 10 rows and has 11 now"), "{cause}");
    let (_, fewer) = POINTS.split_once('\n').expect("a header");
    let (_, fewer) = fewer.split_once('\n').expect("a first row");
    let third = after(&runner, &format!("at,ok,x,site\n{fewer}"), PIPELINE);
    let cause = first_cause(&runner, &first, &third);
    let expected = "chunk 0 had 10 rows and has 9 now; column `at` differs first at row 0: 2024-03-01T00:00:00Z before, 2024-03-02T00:00:00Z now";
    assert!(cause.ends_with(expected), "{cause}");
}

#[test]
fn a_changed_operation_comes_before_its_consequences() {
    let runner = runner(&memory());
    let (first, _) = finished(&runner);
    let wider = PIPELINE.replace("2024-03-02", "2024-03-01");
    let second = after(&runner, POINTS, &wider);
    let diff = runner.diff(&first, &second).expect("a difference");
    let cause = diff.first_cause.expect("a cause");
    assert!(cause.starts_with("step `recent` is {\"op\":\"window\""), "{cause}");
    assert_eq!(diff.causes.len(), 1, "what follows is no cause: {:?}", diff.causes);
    assert!(diff.steps.contains(&"kept".to_owned()), "{:?}", diff.steps);
    let rewired = PIPELINE.replace("{input: kept, columns", "{input: recent, columns");
    let third = after(&runner, POINTS, &rewired);
    let cause = first_cause(&runner, &first, &third);
    assert_eq!(cause, "step `narrow` reads `kept` there and `recent` here");
}

/// Equal plans whose outputs differ: somebody changed a store, or an engine is at fault.
#[test]
fn another_output_of_the_same_plan_is_named_to_the_row() {
    let runner = runner(&memory());
    let (first, run) = finished(&runner);
    let store = runner.store().clone();
    let (_, mut events) = runner.run(&first).expect("its events");
    let kept = &run.finished["kept"];
    let table = store.get(&kept.outputs["out"]).expect("a table");
    let mut table: Table = from_canonical(&table).expect("a table");
    let column = store.get(&table.chunks[0].columns[2]).expect("a column");
    let mut column = refrain_data::decode_column(&column).expect("a column");
    let refrain_domain::Values::Float64(values) = &mut column.values else { panic!("{column:?}") };
    values[0] = 99.0;
    let n_rows = values.len();
    let block = refrain_data::encode_column(&column, &table.schema.fields[2], n_rows);
    let forged = store.stage(&block).expect("staged");
    let before = std::mem::replace(&mut table.chunks[0].columns[2], forged);

    let record = store.get(&kept.record).expect("a record");
    let mut record: StepRecord = from_canonical(&record).expect("a record");
    let unit = record.units.iter_mut().find(|unit| unit.outputs.contains(&before));
    let outputs = &mut unit.expect("a unit made it").outputs;
    outputs.iter_mut().filter(|output| **output == before).for_each(|output| *output = forged);
    let stage = |bytes: Vec<u8>| store.stage(&bytes).expect("staged");
    let (table, record) =
        (stage(to_canonical(&table).unwrap()), stage(to_canonical(&record).unwrap()));
    for event in &mut events {
        if let RunEvent::StepFinished(finished) = event
            && finished.step == "kept"
        {
            finished.outputs.insert("out".to_owned(), table);
            finished.record = record;
        }
    }
    write_events(&*store, "forged-1", &events);
    let cause = first_cause(&runner, &first, "forged-1");
    assert_eq!(
        cause,
        "step `kept`, unit out[0]: column `x` differs first at row 0: 2.5 before, 99.0 now, though the plans are the same: replay both runs"
    );
}
