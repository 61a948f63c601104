//! A regression tree, its nodes in preorder.

use refrain_sdk::serde::{Deserialize, Serialize};

/// Nodes, the root first, every left child right after its parent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Tree {
    /// At least one.
    pub nodes: Vec<Node>,
}

/// A split, or a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Node {
    /// The threshold of a split: values up to it go left. The value of a leaf.
    pub number: f64,
    /// The feature that a split looks at.
    pub feature: u32,
    /// Where a split's right child stands; 0 for a leaf.
    pub right: u32,
    /// Whether a split sends missing values left.
    pub missing_left: bool,
}

impl Node {
    /// A leaf that adds `value`.
    pub fn leaf(value: f64) -> Self {
        Self { number: value, feature: 0, right: 0, missing_left: false }
    }
}

impl Tree {
    /// The value of the leaf that a row of feature values falls in.
    pub fn value(&self, row: &[f64]) -> f64 {
        let mut index = 0;
        loop {
            let node = &self.nodes[index];
            if node.right == 0 {
                return node.number;
            }
            let value = row[node.feature as usize];
            let goes_left = value <= node.number || (value.is_nan() && node.missing_left);
            index = if goes_left { index + 1 } else { node.right as usize };
        }
    }

    /// Leaves.
    pub fn n_leaves(&self) -> usize {
        self.nodes.iter().filter(|node| node.right == 0).count()
    }

    /// Whether every child stands after its parent and within the tree, and every split looks at
    /// one of `n_features`: then [`Tree::value`] ends.
    pub fn is_sound(&self, n_features: usize) -> bool {
        !self.nodes.is_empty()
            && self.nodes.iter().enumerate().all(|(index, node)| {
                let right = node.right as usize;
                right == 0
                    || (right > index + 1
                        && right < self.nodes.len()
                        && (node.feature as usize) < n_features)
            })
    }
}
