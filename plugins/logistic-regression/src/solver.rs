//! Newton's method with step halving, one evaluation a pass.
//!
//! Minimises `c · Σ wᵢ·loss(yᵢ, xᵢ·β + b) + ½‖β‖²`, the intercept `b` free of penalty, as
//! scikit-learn's `LogisticRegression` does.
//!
//! Source: Boyd & Vandenberghe (2004), "Convex Optimization", §9.5; Hastie, Tibshirani & Friedman
//! (2009), "The Elements of Statistical Learning", §4.4.1.

use refrain_sdk::serde::{Deserialize, Serialize};

use crate::design::{dot, factor, packed};
use crate::fold::{Point, Totals};

/// A step is taken if the objective falls by this share of what its slope promises (Armijo).
const ARMIJO_SHARE: f64 = 1e-4;
/// Falls below this share of the objective are rounding.
const ROUNDING_SHARE: f64 = 1e-14;
/// Halvings of one step after which training gives up: a step of 2⁻⁴⁰ goes nowhere.
const HALVINGS_MAX: u32 = 40;

/// What the solver is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The weight of the losses against the penalty.
    pub c: f64,
    /// Whether there is an intercept.
    pub fit_intercept: bool,
    /// Whether both classes weigh the same in total.
    pub balanced: bool,
    /// Passes after which training ends, converged or not.
    pub passes_max: u32,
    /// The largest mean gradient component of a converged model.
    pub tolerance: f64,
}

/// Training between two passes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct State {
    /// Passes made.
    pub n_passes: u32,
    /// Whether the rows of each class are counted.
    pub counted: bool,
    /// Whether an optimum was found.
    pub converged: bool,
    /// Whether training has ended.
    pub done: bool,
    /// What a row of each class weighs.
    pub class_weight: [f64; 2],
    /// By design column, the intercept last.
    pub coefficients: Vec<f64>,
    /// The step that led to `coefficients`.
    pub step: Option<Step>,
}

/// A step to `from - length · direction`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Step {
    /// Where it started.
    pub from: Vec<f64>,
    /// The Newton direction there.
    pub direction: Vec<f64>,
    /// The objective there.
    pub objective: f64,
    /// The squared Newton decrement there: the slope along the direction.
    pub decrement: f64,
    /// Halvings so far; the length is 2 to the minus this.
    pub n_halvings: u32,
}

/// What a pass came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The penalised objective at the pass's coefficients.
    pub objective: f64,
    /// The mean loss a row there, in nats.
    pub loss_mean: f64,
    /// The largest component there of the mean gradient.
    pub gradient_max: f64,
}

impl State {
    /// Before the first pass, with `n` coefficients.
    pub fn start(n: usize, settings: &Settings) -> Self {
        Self {
            counted: !settings.balanced,
            class_weight: [1.0; 2],
            coefficients: vec![0.0; n],
            ..Self::default()
        }
    }

    /// Where the next pass takes its sums.
    pub fn point(&self, settings: &Settings) -> Point {
        Point {
            coefficients: if self.counted { self.coefficients.clone() } else { Vec::new() },
            intercept: settings.fit_intercept,
            class_weight: self.class_weight,
        }
    }

    /// Ends a pass: weighs the classes, or takes a Newton step, or halves the last one.
    pub fn advance(&mut self, totals: &Totals, settings: &Settings) -> Option<Progress> {
        self.n_passes += 1;
        if !self.counted {
            let total = totals.weight[0] + totals.weight[1];
            self.class_weight = totals.weight.map(|weight| total / (2.0 * weight));
            self.counted = true;
            self.done = self.n_passes >= settings.passes_max;
            return None;
        }
        let problem = Problem::new(totals, settings, self);
        if self.step.as_ref().is_some_and(|step| problem.rose(step)) {
            self.halve();
        } else {
            self.newton(&problem);
        }
        self.done |= self.n_passes >= settings.passes_max;
        Some(problem.progress)
    }

    fn halve(&mut self) {
        let Some(step) = &mut self.step else { return };
        step.n_halvings += 1;
        let length = libm::exp2(-f64::from(step.n_halvings));
        for (index, coefficient) in self.coefficients.iter_mut().enumerate() {
            *coefficient = step.from[index] - length * step.direction[index];
        }
        if step.n_halvings >= HALVINGS_MAX {
            self.coefficients.clone_from(&step.from);
            self.done = true;
        }
    }

    /// The last step is taken too: it costs no pass, and squares the error.
    fn newton(&mut self, problem: &Problem) {
        let direction = problem.direction();
        let decrement = dot(&direction, &problem.gradient);
        let objective = problem.progress.objective;
        self.converged = problem.progress.gradient_max <= problem.tolerance
            || decrement <= ROUNDING_SHARE * objective.abs();
        self.done = self.converged;
        let from = self.coefficients.clone();
        self.coefficients.iter_mut().zip(&direction).for_each(|(c, d)| *c -= d);
        self.step = Some(Step { from, direction, objective, decrement, n_halvings: 0 });
    }
}

/// The penalised objective at one point.
struct Problem {
    progress: Progress,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
    tolerance: f64,
}

impl Problem {
    fn new(totals: &Totals, settings: &Settings, state: &State) -> Self {
        let coefficients = &state.coefficients;
        let n_penalised = coefficients.len() - usize::from(settings.fit_intercept);
        let penalised = &coefficients[..n_penalised];
        let mut gradient: Vec<f64> = totals.gradient.iter().map(|g| settings.c * g).collect();
        let mut hessian: Vec<f64> = totals.hessian.iter().map(|h| settings.c * h).collect();
        for (index, coefficient) in penalised.iter().enumerate() {
            gradient[index] += coefficient;
            hessian[packed(index, index)] += 1.0;
        }
        let weight =
            state.class_weight[0] * totals.weight[0] + state.class_weight[1] * totals.weight[1];
        let steepest = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
        let progress = Progress {
            objective: settings.c * totals.loss + 0.5 * dot(penalised, penalised),
            loss_mean: totals.loss / weight,
            gradient_max: steepest / (settings.c * weight),
        };
        Self { progress, gradient, hessian, tolerance: settings.tolerance }
    }

    fn rose(&self, step: &Step) -> bool {
        let length = libm::exp2(-f64::from(step.n_halvings));
        let slack = 1e-12 * step.objective.abs();
        let most = step.objective - ARMIJO_SHARE * length * step.decrement + slack;
        // An objective that overflowed to NaN rose, too.
        self.progress.objective > most || self.progress.objective.is_nan()
    }

    /// A column without curvature (a saturated intercept, say) does not move in this step.
    fn direction(&self) -> Vec<f64> {
        factor(&self.hessian, self.gradient.len(), 1e-14).solve(&self.gradient)
    }
}
