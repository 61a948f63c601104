//! Which place each category of a column has.
//!
//! As scikit-learn's `OneHotEncoder`: frequent categories in order, then one place for all the
//! infrequent ones, less the place that is dropped.

use refrain_sdk::{Error, Result};

use crate::category::Category;
use crate::learn::Learned;
use crate::params::{Drop, HandleNull, HandleUnknown, MinFrequency};

/// What decides about places: parameters.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Which category gets no place.
    pub drop: Drop,
    /// Rarer categories share a place.
    pub min_frequency: Option<MinFrequency>,
    /// The most places before one is dropped.
    pub max_categories: Option<u32>,
    /// Of a category that is not known.
    pub handle_unknown: HandleUnknown,
    /// Of a null.
    pub handle_null: HandleNull,
}

/// What a value turns into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A one at this place.
    At(u32),
    /// No one at all.
    Zeros,
    /// An error.
    Refused,
}

/// The places of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoding {
    /// By category, ascending.
    pub known: Vec<(Category, Slot)>,
    /// Of a null.
    pub null: Slot,
    /// Of all other values.
    pub unknown: Slot,
    width: u32,
}

impl Encoding {
    /// Places for categories in the order given, all of them frequent. `None` is null.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] if no place is left.
    pub fn given(categories: &[Option<Category>], rules: &Rules) -> Result<Self> {
        let encoding = Self::of(categories, &[], rules);
        match encoding.width {
            0 => Err(Error::params("parameter `drop` leaves no place for the only category")),
            _ => Ok(encoding),
        }
    }

    /// Places for what a fit learned.
    pub fn learned(learned: &Learned, rules: &Rules) -> Self {
        let mut categories: Vec<Option<Category>> =
            learned.counts.iter().map(|(category, _)| Some(category.clone())).collect();
        let mut counts: Vec<u64> = learned.counts.iter().map(|(_, count)| *count).collect();
        if rules.handle_null == HandleNull::Category && learned.n_nulls > 0 {
            categories.push(None);
            counts.push(learned.n_nulls);
        }
        Self::of(&categories, &infrequent(&counts, rules), rules)
    }

    fn of(categories: &[Option<Category>], is_infrequent: &[bool], rules: &Rules) -> Self {
        let is_infrequent = |index: usize| is_infrequent.get(index).copied().unwrap_or(false);
        let n_infrequent = (0..categories.len()).filter(|index| is_infrequent(*index)).count();
        let n_frequent = categories.len() - n_infrequent;
        let n_places = n_frequent + usize::from(n_infrequent > 0);
        let n_dropped = match rules.drop {
            Drop::First => n_places.min(1),
            Drop::IfBinary => usize::from(n_places == 2),
            Drop::None => 0,
        };
        // A place before the drop to a slot after it.
        let slot = |place: usize| match place.checked_sub(n_dropped) {
            Some(place) => Slot::At(place as u32),
            None => Slot::Zeros,
        };
        let mut known = Vec::with_capacity(categories.len());
        let mut slot_of_null = None;
        let infrequent = (n_infrequent > 0).then(|| slot(n_frequent));
        let mut place = 0;
        for (index, category) in categories.iter().enumerate() {
            let slot = match infrequent {
                Some(shared) if is_infrequent(index) => shared,
                _ => {
                    place += 1;
                    slot(place - 1)
                }
            };
            match category {
                Some(category) => known.push((category.clone(), slot)),
                None => slot_of_null = Some(slot),
            }
        }
        known.sort_by(|(left, _), (right, _)| left.cmp(right));
        let unknown = unknown_slot(rules, infrequent);
        let null = match rules.handle_null {
            HandleNull::Error => Slot::Refused,
            HandleNull::Ignore => Slot::Zeros,
            // A null that the fit did not see is as unknown as any other value.
            HandleNull::Category => slot_of_null.unwrap_or(unknown),
        };
        Self { known, null, unknown, width: (n_places - n_dropped) as u32 }
    }

    /// Places.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Refuses more places than the vector of `column` has.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that says what to set.
    pub fn check_width(&self, column: &str, width: u32) -> Result<()> {
        if self.width <= width {
            return Ok(());
        }
        Err(Error::input(format!(
            "column `{column}` needs {} places for its categories, and parameter `width` gives it \
             {width}: set it to {}, or group rare categories with `max_categories: {width}`",
            self.width, self.width
        )))
    }

    /// What each place stands for, if `categories` are those it was made of.
    pub fn names(&self, categories: &[Option<Category>]) -> Vec<String> {
        let slot_of = |category: &Option<Category>| match category {
            None => self.null,
            Some(category) => self.slot_of(category),
        };
        let has_place = |category: &&Option<Category>| matches!(slot_of(category), Slot::At(_));
        let name = |category: &Option<Category>| {
            category.as_ref().map_or_else(|| "null".to_owned(), ToString::to_string)
        };
        categories.iter().filter(has_place).map(name).collect()
    }

    fn slot_of(&self, category: &Category) -> Slot {
        match self.known.binary_search_by(|(known, _)| known.cmp(category)) {
            Ok(index) => self.known[index].1,
            Err(_) => self.unknown,
        }
    }
}

fn unknown_slot(rules: &Rules, infrequent: Option<Slot>) -> Slot {
    match rules.handle_unknown {
        HandleUnknown::Error => Slot::Refused,
        HandleUnknown::Ignore => Slot::Zeros,
        HandleUnknown::InfrequentIfExist => infrequent.unwrap_or(Slot::Zeros),
    }
}

/// Which categories are too rare for a place of their own, as scikit-learn decides it: first all
/// below `min_frequency`; then, of those left, the rarest until there are `max_categories` places
/// with the shared one. Of equally rare ones the first go first.
fn infrequent(counts: &[u64], rules: &Rules) -> Vec<bool> {
    let n_rows: u64 = counts.iter().sum();
    let mut is_infrequent: Vec<bool> = counts
        .iter()
        .map(|&count| match rules.min_frequency {
            None => false,
            Some(MinFrequency::Rows(rows)) => count < rows,
            Some(MinFrequency::Share(share)) => (count as f64) < n_rows as f64 * share,
        })
        .collect();
    let Some(max) = rules.max_categories else { return is_infrequent };
    let n_frequent = is_infrequent.iter().filter(|is_infrequent| !**is_infrequent).count();
    let n_kept = max as usize - 1;
    if n_frequent > n_kept {
        let mut by_count: Vec<usize> = (0..counts.len()).collect();
        by_count.sort_by_key(|&index| counts[index]);
        for &index in &by_count[..counts.len() - n_kept] {
            is_infrequent[index] = true;
        }
    }
    is_infrequent
}
