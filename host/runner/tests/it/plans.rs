//! Planning: the same for the same spec, in an order that works, and quick for thousands of steps.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use refrain_domain::model::ModelVersion;
use refrain_domain::plan::{EventTime, Plan, PlannedInput, PluginUse, Source};
use refrain_domain::{
    Digest, Field, FoldDescription, Kind, Metric, OutputColumn, PredictorDescription, Role, Schema,
    TrainerDescription, TransformDescription, World, to_canonical,
};
use refrain_runner::plan::{Catalog, check};
use refrain_runner::{PipelineSpec, PlanError, ResolvedInput, ResolvedPlugin, plan};

/// Knows one dataset under any name, and a plugin of each role.
#[derive(Default)]
struct Fake {
    asked: Cell<usize>,
}

fn schema() -> Schema {
    let field = |name: &str, kind| Field::new(name, kind, true);
    Schema {
        fields: vec![
            field("at", Kind::TimestampUs),
            field("ok", Kind::Boolean),
            field("x", Kind::Float64),
        ],
    }
}

impl Fake {
    fn ask(&self) {
        self.asked.set(self.asked.get() + 1);
    }
}

impl Catalog for Fake {
    fn input(&self, name: &str) -> Result<ResolvedInput, PlanError> {
        let digest = Digest::of(name.as_bytes());
        let event_time = EventTime { column: "at".to_owned(), min_us: 0, max_us: 1_000_000 };
        let planned = PlannedInput {
            dataset: name.to_owned(),
            version: digest,
            table: digest,
            event_time: Some(event_time),
            rows: 10,
        };
        Ok(ResolvedInput { planned, schema: schema() })
    }

    fn plugin(&self, requirement: &str) -> Result<ResolvedPlugin, PlanError> {
        let role = match requirement {
            "transform" => Role::Transform,
            "trainer" => Role::Trainer,
            "evaluator" => Role::Evaluator,
            other => panic!("no plugin {other}"),
        };
        Ok(ResolvedPlugin {
            name: requirement.to_owned(),
            version: semver::Version::new(0, 1, 0),
            component: Digest::of(requirement.as_bytes()),
            world: World { role, version: semver::Version::new(0, 1, 0) },
            grants: vec![],
        })
    }

    fn alias(&self, _: &str, _: &str) -> Result<Option<ModelVersion>, PlanError> {
        Ok(None)
    }

    fn metrics(&self, _: &Digest) -> Result<Vec<Metric>, PlanError> {
        Ok(vec![])
    }

    fn transform(&self, _: &PluginUse, s: &Schema) -> Result<TransformDescription, PlanError> {
        self.ask();
        let outputs = (0..s.fields.len()).map(OutputColumn::Kept).collect();
        Ok(TransformDescription { reads: vec![2], outputs, needs_fit: true, mergeable: true })
    }

    fn trainer(&self, _: &PluginUse, _: &Schema) -> Result<TrainerDescription, PlanError> {
        self.ask();
        Ok(TrainerDescription {
            training_reads: vec![1, 2],
            prediction_reads: vec![2],
            prediction: Schema { fields: vec![Field::new("score", Kind::Float64, false)] },
            mergeable: false,
        })
    }

    fn predictor(
        &self,
        _: &PluginUse,
        _: &Schema,
        _: &Digest,
    ) -> Result<PredictorDescription, PlanError> {
        Err(PlanError::Host { message: "no predictor".to_owned() })
    }

    fn fold(&self, _: &PluginUse, _: &Schema) -> Result<FoldDescription, PlanError> {
        self.ask();
        Ok(FoldDescription { reads: vec![1], mergeable: true })
    }

    fn trigger(&self, _: &PluginUse) -> Result<Vec<String>, PlanError> {
        Ok(vec![])
    }
}

/// What a step does to a table before it: it keeps the columns, so that anything can follow.
fn body(kind: u8, a: &str, b: &str) -> serde_json::Value {
    use serde_json::json;
    match kind {
        0 => json!({"filter": {"input": a, "by": "ok"}}),
        1 => json!({"select": {"input": a, "columns": ["at", "ok", "x"]}}),
        2 => json!({"union": [a, b]}),
        3 => json!({"window": {"input": a, "last": "1s"}}),
        4 => json!({"asof": {"left": a, "right": b, "by": ["ok"], "on": "at", "columns": []}}),
        5 => json!({"plugin": "transform", "input": a}),
        6 => json!({"plugin": "transform", "fit": a, "apply": [b]}),
        7 => json!({"plugin": "trainer", "input": a, "seed": 7}),
        8 => json!({"plugin": "evaluator", "input": a}),
        _ => json!({"split": {"input": a, "by": ["x"], "holdout": 0.5}}),
    }
}

/// The table that a step of this kind leaves behind, if it leaves one.
fn leaves(kind: u8, name: &str, applied: &str) -> Option<String> {
    match kind {
        6 => Some(format!("{name}.{}", applied.rsplit('.').next().unwrap_or(applied))),
        7 | 8 => None,
        9.. => Some(format!("{name}.holdout")),
        _ => Some(name.to_owned()),
    }
}

/// Pipelines whose steps read inputs and other steps, under names that tell nothing of the order.
fn pipeline() -> impl Strategy<Value = Vec<(String, serde_json::Value)>> {
    let pick = any::<prop::sample::Index>;
    let step = (0_u8..10, pick(), pick(), any::<u16>());
    prop::collection::vec(step, 1..25).prop_map(|steps| {
        let mut tables = vec!["points".to_owned(), "others".to_owned()];
        let mut planned = Vec::new();
        for (index, (kind, a, b, salt)) in steps.into_iter().enumerate() {
            let (a, b) = (a.get(&tables).clone(), b.get(&tables).clone());
            let name = format!("s{salt:05}-{index}");
            planned.push((name.clone(), body(kind, &a, &b)));
            tables.extend(leaves(kind, &name, &b));
        }
        planned
    })
}

/// The text of a pipeline, its steps in this order.
fn text(steps: &[(String, serde_json::Value)]) -> String {
    let steps: Vec<String> =
        steps.iter().map(|(name, body)| format!("  \"{name}\": {body}\n")).collect();
    format!(
        "pipeline: random\ninputs: {{points: {{dataset: points}}, others: {{dataset: others}}}}\nsteps:\n{}",
        steps.concat()
    )
}

fn planned(text: &str, catalog: &Fake) -> Plan {
    let spec = PipelineSpec::parse(text).expect("a pipeline");
    plan(&spec, catalog).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_plan_depends_on_the_spec_alone(
        steps in pipeline(),
        order in Just((0..25).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let first = planned(&text(&steps), &Fake::default());
        let shuffled: Vec<_> =
            order.iter().filter_map(|&index| steps.get(index).cloned()).collect();
        let second = planned(&text(&shuffled), &Fake::default());
        let bytes = |plan: &Plan| to_canonical(plan).expect("a plan has a canonical form");
        prop_assert_eq!(bytes(&first), bytes(&second));
    }

    #[test]
    fn what_a_step_reads_comes_before_it(steps in pipeline()) {
        let plan = planned(&text(&steps), &Fake::default());
        let mut seen: Vec<(String, String)> = Vec::new();
        for step in &plan.steps {
            for source in &step.inputs {
                if let Source::Step { step: read, output } = source {
                    let read = (read.clone(), output.clone());
                    prop_assert!(seen.contains(&read), "{} reads {read:?}", step.name);
                }
            }
            seen.extend(step.outputs.iter().map(|o| (step.name.clone(), o.name.clone())));
        }
        let inputs = ["points", "others"].map(|name| (name.to_owned(), schema()));
        let checked = check(&plan, &BTreeMap::from(inputs));
        prop_assert_eq!(checked, Ok(()), "a plan of ours hangs together");
    }
}

/// A chain in which each step reads the one before it, named against the order.
fn chain(n: usize, kind: u8) -> Vec<(String, serde_json::Value)> {
    let name = |index: usize| format!("s{:05}", n - index);
    let read = |index: usize| if index == 0 { "points".to_owned() } else { name(index - 1) };
    (0..n).map(|index| (name(index), body(kind, &read(index), &read(index)))).collect()
}

#[test]
fn components_are_asked_once_a_step() {
    let catalog = Fake::default();
    let plan = planned(&text(&chain(500, 5)), &catalog);
    assert_eq!(plan.steps.len(), 1_000, "a fit and a map each");
    assert_eq!(catalog.asked.get(), 500);
}

/// When every step looked at every other one, this took most of a minute under load; now a fraction
/// of a second.
#[test]
fn five_thousand_steps_are_planned_at_once() {
    let mut steps = chain(5_000, 0);
    let last = steps.last().expect("a step").0.clone();
    // Whoever names a model looks for its step among all of them.
    steps.push(("model".to_owned(), body(7, &last, &last)));
    for index in 0..1_000 {
        let predict = serde_json::json!({"predict": {"model": "model", "input": "points"}});
        steps.push((format!("p{index}"), predict));
    }
    let text = text(&steps);
    #[expect(clippy::disallowed_methods, reason = "it is time that is measured")]
    let started = Instant::now();
    let plan = planned(&text, &Fake::default());
    let took = started.elapsed();
    assert_eq!(plan.steps.len(), 6_001);
    assert!(took < Duration::from_secs(3), "planning took {took:?}");
}
