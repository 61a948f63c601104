//! Runs, in words and tables.

use refrain_api::wire::{MetricView, RunView};

use crate::output::outln;
use crate::output::{Rows, duration, number, or_dash, short, thousands};

/// Everything about a run that fits a screen.
pub(super) fn print_run(run: &RunView) {
    outln!(
        "run {}: {}, {} units executed, {} reused, {}",
        run.run,
        run.status,
        run.units_executed,
        run.units_reused,
        duration(run.wall_ms)
    );
    if let Some(message) = &run.message {
        outln!("{message}");
    }
    print_metrics(run);
    if let Some(decision) = &run.decision {
        outln!("\ndecision: {} — {}", decision.verdict, decision.reason);
    }
    if !run.gate.is_empty() {
        outln!("\ngate: {}", or_dash(run.verdict.as_deref()));
        for rule in &run.gate {
            outln!("  {:<12} {}", or_dash(rule.verdict.as_deref()), rule.detail);
        }
    }
    if let Some(model) = &run.model_version {
        let alias = model.alias.as_ref().map(|alias| format!(", now `{alias}`"));
        let alias = alias.unwrap_or_default();
        outln!("\nmodel {}/{} ({}){alias}", model.model, model.version, short(&model.digest));
    }
}

fn print_metrics(run: &RunView) {
    if run.metrics.is_empty() {
        return;
    }
    outln!();
    let mut rows = Rows::new(&["metric", "#value"]);
    for (name, value) in &run.metrics {
        rows.row(&[name, &number(*value)]);
    }
    rows.print();
}

/// The steps of a run, with what they cost.
pub(super) fn print_steps(run: &RunView) {
    outln!();
    let mut rows = Rows::new(&["step", "does", "#executed", "#reused", "#fuel", "#time", "output"]);
    for step in &run.steps {
        let time = duration(i64::try_from(step.wall_us / 1_000).ok());
        let output = step.outputs.values().next().map_or("-", |digest| short(digest));
        let fuel = thousands(step.fuel);
        rows.row(&[
            &step.step,
            &step.op,
            &step.units_executed,
            &step.units_reused,
            &fuel,
            &time,
            &output,
        ]);
    }
    rows.print();
}

/// Drift scores, if the run has any.
pub(super) fn print_drift(run: &RunView) {
    for scores in run.drift.values() {
        outln!();
        let mut rows = Rows::new(&["column", "measure", "#value", "#p", "#threshold", "verdict"]);
        for score in scores {
            let verdict = format!("{:?}", score.verdict).to_lowercase();
            rows.row(&[
                &score.column,
                &score.measure,
                &number(score.value),
                &number(score.p_value),
                &number(Some(score.threshold)),
                &verdict,
            ]);
        }
        rows.print();
    }
}

/// What a trigger decided, and every rule that it weighed.
pub(super) fn print_decision(run: &RunView) {
    let Some(decision) = &run.decision else {
        return print_run(run);
    };
    outln!("run {}: {} — {}", run.run, decision.verdict, decision.reason);
    for evidence in &decision.record.decision.evidence {
        let verdict = format!("{:?}", evidence.verdict).to_lowercase();
        outln!("  {verdict:<12} {}: {}", evidence.rule, evidence.detail);
    }
}

/// Some metrics of a report, one row for each slice of one column.
pub(super) fn print_slices(report: &[MetricView], column: &str, metrics: &[&str]) {
    let mut headers = vec![column.to_owned(), "#rows".to_owned()];
    headers.extend(metrics.iter().map(|metric| format!("#{metric}")));
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let mut rows = Rows::new(&headers);
    let value_of = |value: &str, metric: &str| {
        let found = report.iter().find(|m| {
            m.metric == metric
                && m.part.is_empty()
                && m.slice.len() == 1
                && m.slice.get(column).is_some_and(|v| v == value)
        });
        found.map(|m| (m.value, m.n_rows))
    };
    let values: std::collections::BTreeSet<&String> = report
        .iter()
        .filter(|metric| metric.slice.len() == 1)
        .filter_map(|metric| metric.slice.get(column))
        .collect();
    for value in values {
        let found: Vec<_> = metrics.iter().map(|metric| value_of(value, metric)).collect();
        let n_rows = found.iter().flatten().map(|(_, n)| *n).next().unwrap_or(0);
        let numbers: Vec<String> =
            found.iter().map(|found| number(found.and_then(|(value, _)| value))).collect();
        let n_rows = thousands(n_rows);
        let mut cells: Vec<&dyn std::fmt::Display> = vec![value, &n_rows];
        cells.extend(numbers.iter().map(|number| number as &dyn std::fmt::Display));
        rows.row(&cells);
    }
    rows.print();
}
