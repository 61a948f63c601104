//! Boosting: one tree after another on the gradients of the loss.
//!
//! Source: Friedman (2001), "Greedy function approximation: a gradient boosting machine"; rows are
//! left out as in Friedman (2002), "Stochastic gradient boosting".

use refrain_sdk::rng::Rng;

use crate::bins::Coded;
use crate::grow::{Shape, grow};
use crate::histogram::{Scale, Sum};
use crate::tree::Tree;

/// What is to be minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The logistic loss; labels are 0 and 1.
    Logistic,
    /// Half the squared error.
    Squared,
}

/// How to boost.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The loss.
    pub loss: Loss,
    /// Trees to grow.
    pub n_trees: u32,
    /// How large.
    pub shape: Shape,
    /// The share of rows that each tree sees, up to 1.
    pub subsample: f64,
    /// What decides which rows those are.
    pub seed: u64,
}

/// Trees and where they start from.
#[derive(Debug, Clone, PartialEq)]
pub struct Boosted {
    /// The score before the first tree.
    pub baseline: f64,
    /// In the order in which they were grown.
    pub trees: Vec<Tree>,
    /// The mean loss on the training rows after the last tree.
    pub loss_mean: f64,
}

/// Boosts on rows whose `labels` are in the order of the coded rows.
pub fn boost(coded: &Coded, labels: &[f64], settings: &Settings) -> Boosted {
    let baseline = settings.loss.baseline(labels);
    let mut scores = vec![baseline; labels.len()];
    let mut sums: Vec<Sum> = vec![[0; 2]; labels.len()];
    let mut trees = Vec::with_capacity(settings.n_trees as usize);
    for index in 0..settings.n_trees {
        let scale = settings.loss.quantize(&scores, labels, &mut sums);
        if settings.subsample < 1.0 {
            leave_out(&mut sums, settings, index);
        }
        let grown = grow(coded, &sums, &scale, &settings.shape);
        for (rows, value) in grown.leaves {
            for row in &grown.rows[rows] {
                scores[*row as usize] += value;
            }
        }
        trees.push(grown.tree);
    }
    Boosted { baseline, trees, loss_mean: settings.loss.mean(&scores, labels) }
}

/// A sum of zero counts no row: it is carried through the tree without a vote.
fn leave_out(sums: &mut [Sum], settings: &Settings, tree: u32) {
    let mut random = Rng::stream(settings.seed, u64::from(tree));
    for sum in sums {
        if random.next_f64() >= settings.subsample {
            *sum = [0; 2];
        }
    }
}

impl Loss {
    fn baseline(self, labels: &[f64]) -> f64 {
        let mean = labels.iter().sum::<f64>() / labels.len() as f64;
        match self {
            Self::Logistic => libm::log(mean / (1.0 - mean)),
            Self::Squared => mean,
        }
    }

    fn quantize(self, scores: &[f64], labels: &[f64], sums: &mut [Sum]) -> Scale {
        let rows = scores.iter().zip(labels);
        match self {
            Self::Logistic => {
                let scale = Scale::new(scores.len(), 1.0, 0.25);
                for (sum, (score, label)) in sums.iter_mut().zip(rows) {
                    let probability = sigmoid(*score);
                    let curvature = probability * (1.0 - probability);
                    *sum = scale.quantize(probability - label, curvature);
                }
                scale
            }
            Self::Squared => {
                let most = rows.clone().fold(0.0_f64, |most, (s, l)| most.max((s - l).abs()));
                let scale = Scale::new(scores.len(), most, 1.0);
                for (sum, (score, label)) in sums.iter_mut().zip(rows) {
                    *sum = scale.quantize(score - label, 1.0);
                }
                scale
            }
        }
    }

    fn mean(self, scores: &[f64], labels: &[f64]) -> f64 {
        let rows = scores.iter().zip(labels);
        let sum: f64 = match self {
            Self::Logistic => rows
                .map(|(score, label)| {
                    libm::log1p(libm::exp(-score.abs())) + score.max(0.0) - score * label
                })
                .sum(),
            Self::Squared => {
                rows.map(|(score, label)| 0.5 * (score - label) * (score - label)).sum()
            }
        };
        sum / labels.len() as f64
    }
}

/// `1 / (1 + exp(-raw))`.
pub fn sigmoid(raw: f64) -> f64 {
    let e = libm::exp(-raw.abs());
    if raw >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}
