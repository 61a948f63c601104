//! What can be done next. Pure: a plan and a run in, steps out.
//!
//! Invariant: every step is handed out exactly once, after all steps that it reads have finished;
//! and all of it together looks at every input of every step twice, whatever the order of endings.

use std::collections::{BTreeSet, HashMap};

use refrain_domain::plan::{Plan, PlannedStep, Source};
use refrain_domain::run::Run;

/// The steps that are still to be done.
#[derive(Debug, Clone)]
pub struct Schedule<'p> {
    plan: &'p Plan,
    positions: HashMap<&'p str, usize>,
    /// By position: the steps that read it, once for each input.
    readers: Vec<Vec<usize>>,
    /// By position: inputs that do not exist yet.
    missing: Vec<usize>,
    /// By position, so in plan order.
    ready: BTreeSet<usize>,
    unfinished: BTreeSet<usize>,
}

impl<'p> Schedule<'p> {
    /// Everything that the run has not finished.
    pub fn new(plan: &'p Plan, run: &Run) -> Self {
        let names = plan.steps.iter().enumerate();
        let positions: HashMap<&str, usize> =
            names.map(|(position, step)| (step.name.as_str(), position)).collect();
        let mut readers = vec![Vec::new(); plan.steps.len()];
        let mut missing = vec![0; plan.steps.len()];
        for (position, step) in plan.steps.iter().enumerate() {
            for read in step.inputs.iter().filter_map(step_of) {
                if run.finished.contains_key(read) {
                    continue;
                }
                missing[position] += 1;
                if let Some(&read) = positions.get(read) {
                    readers[read].push(position);
                }
            }
        }
        let is_unfinished =
            |&position: &usize| !run.finished.contains_key(&plan.steps[position].name);
        let unfinished: BTreeSet<usize> = (0..plan.steps.len()).filter(is_unfinished).collect();
        let ready = unfinished.iter().copied().filter(|&position| missing[position] == 0).collect();
        Self { plan, positions, readers, missing, ready, unfinished }
    }

    /// Hands out at most so many steps whose inputs all exist, in plan order.
    pub fn take(&mut self, room: usize) -> Vec<&'p PlannedStep> {
        let taken = (0..room).map_while(|_| self.ready.pop_first());
        taken.map(|position| &self.plan.steps[position]).collect()
    }

    /// A step has finished: those who waited for nothing else are ready. Once is enough.
    pub fn finish(&mut self, step: &str) {
        let Some(&position) = self.positions.get(step) else { return };
        if !self.unfinished.remove(&position) {
            return;
        }
        self.ready.remove(&position);
        for reader in std::mem::take(&mut self.readers[position]) {
            self.missing[reader] -= 1;
            if self.missing[reader] == 0 {
                self.ready.insert(reader);
            }
        }
    }

    /// Whether every step has its outputs.
    pub fn is_complete(&self) -> bool {
        self.unfinished.is_empty()
    }
}

fn step_of(source: &Source) -> Option<&str> {
    match source {
        Source::Step { step, .. } => Some(step),
        Source::Input(_) | Source::Artifact(_) => None,
    }
}

/// Whether a step's inputs all exist, and it has not finished.
pub fn is_ready(step: &PlannedStep, run: &Run) -> bool {
    let exists = |read: &str| run.finished.contains_key(read);
    !exists(&step.name) && step.inputs.iter().filter_map(step_of).all(exists)
}

/// Whether every step has its outputs.
pub fn is_complete(plan: &Plan, run: &Run) -> bool {
    plan.steps.iter().all(|step| run.finished.contains_key(&step.name))
}
