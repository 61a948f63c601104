//! What two plans differ in. Pure: causes come before consequences, because a plan lists its steps
//! in an order in which each comes after those that it reads.

use std::collections::{BTreeSet, HashMap};

use refrain_domain::gate::GateRule;
use refrain_domain::plan::{Op, Plan, PlannedGate, PlannedInput, PlannedStep, PluginUse};
use refrain_domain::{Digest, Limits};

/// Something that two plans differ in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    pub text: String,
    /// The tables to look into for the first row that is another.
    pub tables: Option<[Digest; 2]>,
}

impl From<String> for Cause {
    fn from(text: String) -> Self {
        Self { text, tables: None }
    }
}

/// Everything: profile, limits, inputs, steps, gates, and where the model goes.
pub(super) fn of(a: &Plan, b: &Plan) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    if a.profile != b.profile {
        let (a, b) = (a.profile.short(), b.profile.short());
        causes.push(format!("the profile is {a} there and {b} here").into());
    }
    causes.extend(limits(&a.limits, &b.limits).map(Cause::from));
    causes.extend(inputs(a, b));
    causes.extend(steps(a, b).into_iter().map(Cause::from));
    causes.extend(gates(&a.gate, &b.gate).map(Cause::from));
    if a.register != b.register {
        let register = |plan: &Plan| {
            plan.register.as_ref().map_or_else(
                || "nothing".to_owned(),
                |register| {
                    let alias = register.alias.as_deref().map(|alias| format!("@{alias}"));
                    format!("`{}{}`", register.model, alias.unwrap_or_default())
                },
            )
        };
        causes.push(format!("it registers {} there and {} here", register(a), register(b)).into());
    }
    if a.fuel_max != b.fuel_max {
        let (a, b) = (a.fuel_max, b.fuel_max);
        causes.push(format!("the fuel budget is {a} there and {b} here").into());
    }
    causes
}

fn limits(a: &Limits, b: &Limits) -> Option<String> {
    let pairs = [
        ("fuel", a.fuel, b.fuel),
        ("memory_bytes_max", a.memory_bytes_max, b.memory_bytes_max),
        ("table_elements_max", a.table_elements_max, b.table_elements_max),
        ("output_bytes_max", a.output_bytes_max, b.output_bytes_max),
    ];
    let (name, a, b) = pairs.into_iter().find(|(_, a, b)| a != b)?;
    Some(format!("the limit `{name}` is {a} there and {b} here"))
}

fn inputs(a: &Plan, b: &Plan) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (name, input) in &a.inputs {
        match b.inputs.get(name) {
            None => causes.push(format!("input `{name}` is only in the first").into()),
            Some(other) if other != input => causes.push(input_cause(name, input, other)),
            Some(_) => {}
        }
    }
    let new = b.inputs.keys().filter(|name| !a.inputs.contains_key(*name));
    causes.extend(new.map(|name| format!("input `{name}` is only in the second").into()));
    causes
}

fn input_cause(name: &str, a: &PlannedInput, b: &PlannedInput) -> Cause {
    let text = format!(
        "input `{name}` is version {} ({} rows) there and {} ({} rows) here",
        a.version.short(),
        a.rows,
        b.version.short(),
        b.rows
    );
    Cause { text, tables: Some([a.table, b.table]) }
}

fn steps(a: &Plan, b: &Plan) -> Vec<String> {
    let by_name = |plan| -> HashMap<&str, &PlannedStep> {
        let plan: &Plan = plan;
        plan.steps.iter().map(|step| (step.name.as_str(), step)).collect()
    };
    let (there, here) = (by_name(a), by_name(b));
    let mut causes = Vec::new();
    for step in &a.steps {
        match here.get(step.name.as_str()) {
            None => causes.push(format!("step `{}` is only in the first", step.name)),
            Some(other) => causes.extend(step_cause(step, other)),
        }
    }
    let new = b.steps.iter().filter(|step| !there.contains_key(step.name.as_str()));
    causes.extend(new.map(|step| format!("step `{}` is only in the second", step.name)));
    causes
}

fn step_cause(a: &PlannedStep, b: &PlannedStep) -> Option<String> {
    let name = &a.name;
    if a.op != b.op {
        return Some(match (a.op.plugin(), b.op.plugin()) {
            (Some(x), Some(y)) => plugin_cause(name, x, y),
            _ => format!("step `{name}` is {} there and {} here", json(&a.op), json(&b.op)),
        });
    }
    if a.inputs != b.inputs {
        let reads = |step: &PlannedStep| {
            let sources = step.inputs.iter().map(|source| format!("`{source}`"));
            sources.collect::<Vec<_>>().join(", ")
        };
        return Some(format!("step `{name}` reads {} there and {} here", reads(a), reads(b)));
    }
    (a.outputs != b.outputs).then(|| format!("step `{name}` makes other columns"))
}

fn plugin_cause(name: &str, a: &PluginUse, b: &PluginUse) -> String {
    let short = |plugin: &PluginUse| {
        format!("`{}@{}` ({})", plugin.name, plugin.version, plugin.component.short())
    };
    if a.component != b.component || a.world != b.world {
        return format!("step `{name}` uses {} there and {} here", short(a), short(b));
    }
    if a.params != b.params {
        let key = first_key(&a.params, &b.params);
        let (x, y) = (at(&a.params, &key), at(&b.params, &key));
        return format!("step `{name}`: parameter `{key}` is {x} there and {y} here");
    }
    if a.seed != b.seed {
        return format!("step `{name}`: the seed is {} there and {} here", a.seed, b.seed);
    }
    if a.grants != b.grants {
        let grants = |plugin: &PluginUse| serde_json::to_string(&plugin.grants).unwrap_or_default();
        return format!("step `{name}` is granted {} there and {} here", grants(a), grants(b));
    }
    if (&a.name, &a.version) != (&b.name, &b.version) {
        return format!("step `{name}` calls its plugin {} there and {} here", short(a), short(b));
    }
    format!("step `{name}` sees another schema or other facts")
}

fn json(op: &Op) -> String {
    serde_json::to_string(op).unwrap_or_default()
}

fn first_key(a: &serde_json::Value, b: &serde_json::Value) -> String {
    let (Some(x), Some(y)) = (a.as_object(), b.as_object()) else { return String::new() };
    let keys: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
    keys.into_iter().find(|key| x.get(*key) != y.get(*key)).cloned().unwrap_or_default()
}

fn at(params: &serde_json::Value, key: &str) -> String {
    params.get(key).map_or_else(|| "absent".to_owned(), ToString::to_string)
}

fn gates(a: &[PlannedGate], b: &[PlannedGate]) -> Option<String> {
    for (index, (x, y)) in a.iter().zip(b).enumerate() {
        if x != y {
            let place = format!("gate rule {} (`{}`)", index + 1, x.rule.metric);
            return Some(format!("{place}: {}", gate_cause(x, y)));
        }
    }
    (a.len() != b.len())
        .then(|| format!("the gate has {} rules there and {} here", a.len(), b.len()))
}

fn gate_cause(a: &PlannedGate, b: &PlannedGate) -> String {
    let members = |rule: &GateRule| serde_json::to_value(rule).unwrap_or_default();
    let (x, y) = (members(&a.rule), members(&b.rule));
    if x != y {
        let key = first_key(&x, &y);
        return format!("`{key}` is {} there and {} here", at(&x, &key), at(&y, &key));
    }
    if a.report != b.report {
        return format!("it reads `{}` there and `{}` here", a.report, b.report);
    }
    match (&a.baseline, &b.baseline) {
        (None, _) => "there was no baseline there, and there is one here".to_owned(),
        _ => "there was a baseline there, and there is none here".to_owned(),
    }
}
