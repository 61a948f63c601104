//! Trigger policies: facts in, a decision to retrain or not out, with its reason.

use serde::de::DeserializeOwned;

use crate::bindings::trigger::exports::refrain::trigger::plugin;
use crate::export::{Exported, Held};
use crate::{Result, params};

pub use crate::bindings::trigger::exports::refrain::trigger::plugin::{
    Decision, Evidence, Fact, FactValue, Verdict,
};

/// A trigger policy.
pub trait Trigger: Sized {
    /// The parameters.
    type Params: DeserializeOwned;

    /// Checks the parameters; the names of the facts that the policy looks at.
    ///
    /// # Errors
    /// Whatever is wrong with the parameters.
    fn describe(params: &Self::Params) -> Result<Vec<String>>;

    /// Weighs the facts. Pure.
    ///
    /// # Errors
    /// Where a fact is of a kind that a rule cannot weigh. A missing fact is no error: say
    /// `inconclusive`.
    fn decide(params: &Self::Params, facts: &[Fact]) -> Result<Decision>;
}

/// One instance: the exports of the world, in their order, without the component around it.
pub struct Instance<T: Trigger>(std::marker::PhantomData<T>);

impl<T: Trigger> Default for Instance<T> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

#[allow(missing_docs, clippy::missing_errors_doc, reason = "documented in wit/trigger")]
impl<T: Trigger> Instance<T> {
    pub fn describe(params: &str) -> Result<Vec<String>> {
        T::describe(&params::parse(params)?)
    }

    pub fn decide(params: &str, facts: &[Fact]) -> Result<Decision> {
        T::decide(&params::parse(params)?, facts)
    }
}

impl<T: Trigger + Held<Instance = Instance<T>>> plugin::Guest for Exported<T> {
    fn describe(params: String) -> Result<Vec<String>> {
        Instance::<T>::describe(&params)
    }

    fn decide(params: String, facts: Vec<Fact>) -> Result<Decision> {
        Instance::<T>::decide(&params, &facts)
    }
}
