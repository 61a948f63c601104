//! Growing one tree: best leaf first, until no split pays or the tree is full.

use std::ops::Range;

use crate::bins::{Coded, GROUP};
use crate::histogram::{Scale, Sum, histogram, subtract as subtract_histogram};
use crate::split::{Limits, Split, best_split, subtract};
use crate::tree::{Node, Tree};

/// How large a tree may grow.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The most leaves, at least 2.
    pub leaves_max: usize,
    /// The most splits between root and leaf.
    pub depth_max: u32,
    /// What leaves need.
    pub limits: Limits,
    /// What leaf values are multiplied with.
    pub learning_rate: f64,
}

/// A tree and the rows of each leaf.
#[derive(Debug)]
pub struct Grown {
    /// The tree.
    pub tree: Tree,
    /// All rows, leaf by leaf.
    pub rows: Vec<u32>,
    /// The place in `rows` and the value of each leaf.
    pub leaves: Vec<(Range<usize>, f64)>,
}

/// A leaf as long as the tree grows, a split afterwards.
struct Part {
    rows: Range<usize>,
    depth: u32,
    total: Sum,
    split: Option<Split>,
    histogram: Vec<Sum>,
    children: Option<(usize, usize)>,
    missing_left: bool,
}

/// Grows a tree. `sums` is one a row; those of rows left out are 0.
pub fn grow(coded: &Coded, sums: &[Sum], scale: &Scale, shape: &Shape) -> Grown {
    let mut grower = Grower {
        coded,
        sums,
        scale,
        shape,
        rows: (0..sums.len() as u32).collect(),
        spare: vec![0; sums.len()],
        gathered: Vec::new(),
        parts: Vec::new(),
    };
    let total = sums.iter().fold([0; 2], |total, sum| [total[0] + sum[0], total[1] + sum[1]]);
    let root = grower.part(0..sums.len(), 0, total, histogram(coded, None, sums));
    grower.parts.push(root);
    for n_leaves in 1..shape.leaves_max {
        let Some(index) = grower.best_leaf() else { break };
        grower.split(index, n_leaves + 1 < shape.leaves_max);
    }
    grower.finish()
}

struct Grower<'a> {
    coded: &'a Coded,
    sums: &'a [Sum],
    scale: &'a Scale,
    shape: &'a Shape,
    rows: Vec<u32>,
    spare: Vec<u32>,
    gathered: Vec<Sum>,
    parts: Vec<Part>,
}

impl Grower<'_> {
    fn part(&self, rows: Range<usize>, depth: u32, total: Sum, histogram: Vec<Sum>) -> Part {
        let limits = &self.shape.limits;
        let may_split = depth < self.shape.depth_max
            && self.scale.count(total) >= 2 * limits.rows_min
            && !histogram.is_empty();
        let split = may_split
            .then(|| best_split(self.coded, &histogram, total, self.scale, limits))
            .flatten();
        let histogram = if split.is_some() { histogram } else { Vec::new() };
        Part { rows, depth, total, split, histogram, children: None, missing_left: false }
    }

    /// The leaf with the highest gain, the oldest of equals.
    fn best_leaf(&self) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for (index, part) in self.parts.iter().enumerate() {
            if let (Some(split), None) = (part.split, part.children)
                && best.is_none_or(|(_, gain)| split.gain > gain)
            {
                best = Some((index, split.gain));
            }
        }
        best.map(|(index, _)| index)
    }

    /// Parts a leaf. If the tree is full then, its children need no histograms.
    fn split(&mut self, index: usize, may_go_on: bool) {
        let part = &mut self.parts[index];
        let Some(split) = part.split else { return };
        let (rows, depth, total) = (part.rows.clone(), part.depth + 1, part.total);
        let parent_histogram = std::mem::take(&mut part.histogram);
        let right_total = subtract(total, split.left);
        let has_missing = self.coded.bins[split.feature as usize].has_missing;
        // Values that were never missing in training follow the larger child.
        let larger_left = self.scale.count(split.left) > self.scale.count(right_total);
        let missing_left = if has_missing { split.missing_left } else { larger_left };
        part.missing_left = missing_left;
        let middle = self.partition(rows.clone(), &split);
        let (left, right) = (rows.start..middle, middle..rows.end);
        let (left_histogram, right_histogram) = if may_go_on {
            self.child_histograms(&left, &right, parent_histogram)
        } else {
            (Vec::new(), Vec::new())
        };
        let left = self.part(left, depth, split.left, left_histogram);
        let right = self.part(right, depth, right_total, right_histogram);
        self.parts[index].children = Some((self.parts.len(), self.parts.len() + 1));
        self.parts.push(left);
        self.parts.push(right);
    }

    /// Sums the smaller child; the larger is what the parent has more.
    fn child_histograms(
        &mut self,
        left: &Range<usize>,
        right: &Range<usize>,
        mut parent: Vec<Sum>,
    ) -> (Vec<Sum>, Vec<Sum>) {
        let left_is_smaller = left.len() <= right.len();
        let rows = &self.rows[if left_is_smaller { left.clone() } else { right.clone() }];
        self.gathered.clear();
        self.gathered.extend(rows.iter().map(|row| self.sums[*row as usize]));
        let smaller = histogram(self.coded, Some(rows), &self.gathered);
        subtract_histogram(&mut parent, &smaller);
        if left_is_smaller { (smaller, parent) } else { (parent, smaller) }
    }

    /// Moves the rows of the left child to the front, keeping the order; returns where they end.
    fn partition(&mut self, range: Range<usize>, split: &Split) -> usize {
        let feature = split.feature as usize;
        let (group, place) = (&self.coded.groups[feature / GROUP], feature % GROUP);
        let missing = self.coded.bins[feature].n_codes() as u8;
        let rows = &mut self.rows[range.clone()];
        let spare = &mut self.spare[..rows.len()];
        let (mut n_left, mut n_right) = (0, 0);
        for index in 0..rows.len() {
            let row = rows[index];
            let code = group[row as usize][place];
            let goes_left = if code == missing { split.missing_left } else { code <= split.code };
            // Both are written and one is kept: no branch to mispredict.
            rows[n_left] = row;
            spare[n_right] = row;
            n_left += usize::from(goes_left);
            n_right += usize::from(!goes_left);
        }
        rows[n_left..].copy_from_slice(&spare[..n_right]);
        range.start + n_left
    }

    /// Writes the nodes in preorder. A chain of splits can be as long as the tree has leaves, so
    /// what is still to be written waits in a list and not on the stack.
    fn finish(self) -> Grown {
        let (mut nodes, mut leaves) = (Vec::with_capacity(self.parts.len()), Vec::new());
        // A part, and the node whose right child it is.
        let mut waiting: Vec<(usize, Option<usize>)> = vec![(0, None)];
        while let Some((index, right_of)) = waiting.pop() {
            let (part, place) = (&self.parts[index], nodes.len());
            if let Some(parent) = right_of {
                let parent: &mut Node = &mut nodes[parent];
                parent.right = place as u32;
            }
            if let (Some((left, right)), Some(split)) = (part.children, part.split) {
                nodes.push(self.split_node(part, &split));
                waiting.push((right, Some(place)));
                waiting.push((left, None));
            } else {
                let totals = self.scale.totals(part.total);
                let value = self.shape.learning_rate * self.shape.limits.value(totals);
                nodes.push(Node::leaf(value));
                leaves.push((part.rows.clone(), value));
            }
        }
        Grown { tree: Tree { nodes }, rows: self.rows, leaves }
    }

    fn split_node(&self, part: &Part, split: &Split) -> Node {
        Node {
            number: self.coded.bins[split.feature as usize].threshold(split.code),
            feature: split.feature,
            right: 0,
            missing_left: part.missing_left,
        }
    }
}
