//! Steps that the host does itself.

use refrain_domain::Kind;
use refrain_domain::plan::Op;

use super::table::{need_equal_keys, need_same_schema};
use super::time_op::merge_times;
use super::{PlanError, Planner};
use crate::spec::{AsofSpec, LookupSpec, StepSpec};

impl Planner<'_> {
    pub(super) fn plan_step(&mut self, name: &str, step: &StepSpec) -> Result<(), PlanError> {
        check_kind(name, step)?;
        if let Some(asof) = &step.asof {
            return self.plan_asof(name, asof);
        }
        if let Some(lookup) = &step.lookup {
            return self.plan_lookup(name, lookup);
        }
        if let Some(inputs) = &step.union {
            return self.plan_union(name, inputs);
        }
        if let Some(filter) = &step.filter {
            let (source, info) = self.table(name, &filter.input)?;
            info.need_kind(name, &filter.by, Kind::Boolean)?;
            self.add_table(name, Op::Filter { by: filter.by.clone() }, vec![source], info);
            return Ok(());
        }
        if let Some(select) = &step.select {
            let (source, info) = self.table(name, &select.input)?;
            let op = Op::Select { columns: select.columns.clone() };
            let info = info.select(name, &select.columns)?;
            self.add_table(name, op, vec![source], info);
            return Ok(());
        }
        if let Some(split) = &step.split {
            return self.plan_split(name, split);
        }
        if let Some(window) = &step.window {
            return self.plan_window(name, window);
        }
        if let Some(predict) = &step.predict {
            let (source, info) = self.table(name, &predict.input)?;
            self.plan_prediction(name, name, &predict.model, source, &info)?;
            return Ok(());
        }
        let requirement = step.plugin.as_deref().unwrap_or_default();
        self.plan_plugin(name, requirement, step)
    }

    fn plan_asof(&mut self, name: &str, asof: &AsofSpec) -> Result<(), PlanError> {
        let (left_source, left) = self.table(name, &asof.left)?;
        let (right_source, right) = self.table(name, &asof.right)?;
        let right_on = asof.right_on.as_ref().unwrap_or(&asof.on);
        left.need_kind(name, &asof.on, Kind::TimestampUs)?;
        right.need_kind(name, right_on, Kind::TimestampUs)?;
        need_equal_keys(name, &left, &right, &asof.by)?;
        let columns = left.added_columns(name, &right, asof.columns.as_deref(), Some(right_on))?;
        let info = left.with_added(name, &right, &columns)?;
        let op = Op::Asof {
            by: asof.by.clone(),
            left_on: asof.on.clone(),
            right_on: right_on.clone(),
            tolerance_us: asof.tolerance.map(|span| span.us),
            columns,
        };
        self.add_table(name, op, vec![left_source, right_source], info);
        Ok(())
    }

    fn plan_lookup(&mut self, name: &str, lookup: &LookupSpec) -> Result<(), PlanError> {
        let (left_source, left) = self.table(name, &lookup.left)?;
        let (right_source, right) = self.table(name, &lookup.right)?;
        if lookup.by.is_empty() {
            return Err(PlanError::step(name, "`by` names no column: a lookup needs a key"));
        }
        need_equal_keys(name, &left, &right, &lookup.by)?;
        let columns = left.added_columns(name, &right, lookup.columns.as_deref(), None)?;
        let info = left.with_added(name, &right, &columns)?;
        let op = Op::Lookup { by: lookup.by.clone(), columns };
        self.add_table(name, op, vec![left_source, right_source], info);
        Ok(())
    }

    fn plan_union(&mut self, name: &str, inputs: &[String]) -> Result<(), PlanError> {
        let Some((first, rest)) = inputs.split_first() else {
            return Err(PlanError::step(
                name,
                "`union` names no table: name those whose rows it takes, in order",
            ));
        };
        let (source, mut info) = self.table(name, first)?;
        let mut sources = vec![source];
        for reference in rest {
            let (source, other) = self.table(name, reference)?;
            need_same_schema(name, &info, &other)?;
            info.event_time = merge_times(info.event_time, other.event_time);
            sources.push(source);
        }
        self.add_table(name, Op::Union, sources, info);
        Ok(())
    }
}

fn check_kind(name: &str, step: &StepSpec) -> Result<(), PlanError> {
    let given = [
        ("asof", step.asof.is_some()),
        ("lookup", step.lookup.is_some()),
        ("union", step.union.is_some()),
        ("filter", step.filter.is_some()),
        ("select", step.select.is_some()),
        ("split", step.split.is_some()),
        ("window", step.window.is_some()),
        ("predict", step.predict.is_some()),
        ("plugin", step.plugin.is_some()),
    ];
    let given: Vec<_> = given.into_iter().filter(|(_, is)| *is).map(|(key, _)| key).collect();
    let problem = match given.as_slice() {
        [] => "has no operation".to_owned(),
        ["plugin"] => return Ok(()),
        [_] => return check_no_plugin_keys(name, given[0], step),
        several => format!("has several operations ({})", several.join(", ")),
    };
    Err(PlanError::StepKind { step: name.to_owned(), problem })
}

fn check_no_plugin_keys(name: &str, kind: &str, step: &StepSpec) -> Result<(), PlanError> {
    let stray = [
        ("input", step.input.is_some()),
        ("fit", step.fit.is_some()),
        ("apply", step.apply.is_some()),
        ("model", step.model.is_some()),
        ("reference", step.reference.is_some()),
        ("current", step.current.is_some()),
        ("params", step.params.is_some()),
        ("seed", step.seed.is_some()),
    ];
    match stray.into_iter().find(|(_, is)| *is) {
        Some((key, _)) => Err(PlanError::step(
            name,
            format!(
                "`{key}` stands beside `{kind}`; it belongs to plugin steps, or inside `{kind}`"
            ),
        )),
        None => Ok(()),
    }
}
