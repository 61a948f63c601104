//! Fills what is missing, nulls and NaN alike, with what a fit learned or a parameter says.
//!
//! Invariant: a filled column has no null and no NaN left, so its field is never nullable; and what
//! is learned does not depend on how the rows were grouped, the last bits of a mean apart.
//! Absent on purpose: guessing. A column without a value is refused unless `fill_value` says more.

mod counts;
mod fill;
mod learn;
mod map;
mod params;

use refrain_sdk::transform::{Description, OutputColumn, Transform};
use refrain_sdk::{Error, Field, Kind, Result, Schema, state};

use fill::Fill;
use learn::Fit;
use map::Filling;
use params::{Params, Strategy};

refrain_sdk::export!(transform, Impute);

/// What the name of a column's indicator ends in.
const INDICATOR: &str = "_missing";

/// The plugin.
pub struct Impute;

impl Transform for Impute {
    type Params = Params;
    type Fit = Fit;
    type Map = Filling;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        let reads = params.reads(input)?;
        let read = input.select(&reads);
        params.constants(&read)?;
        let computed = read
            .fields
            .iter()
            .map(|field| Field::new(&field.name, params.strategy.gives(field.kind), false));
        let computed = computed.collect();
        let mut description = match params.strategy {
            Strategy::Constant => Description::stateless(reads),
            _ => Description::fitted(reads),
        }
        .replacing(input, computed);
        if params.add_indicator {
            for field in &read.fields {
                let name = indicator_name(&field.name, input)?;
                let indicator = Field::new(name, Kind::Boolean, false);
                description.outputs.push(OutputColumn::Computed(indicator));
            }
        }
        Ok(description)
    }

    fn fit(params: &Params, input: &Schema, _: u64) -> Result<Fit> {
        Fit::start(params.strategy, params.constants(input)?, input)
    }

    fn apply(params: &Params, input: &Schema, state: &[u8]) -> Result<Filling> {
        let fills: Vec<Fill> = match params.strategy {
            Strategy::Constant => params.constants(input)?.into_iter().flatten().collect(),
            _ => state::decode(state)?,
        };
        Filling::new(fills, input, params.strategy, params.add_indicator)
    }
}

fn indicator_name(column: &str, input: &Schema) -> Result<String> {
    let name = format!("{column}{INDICATOR}");
    if input.find(&name).is_some() {
        return Err(Error::params(format!(
            "parameter `add_indicator`: the input has a column `{name}` already; drop it or rename it"
        )));
    }
    Ok(name)
}

#[cfg(test)]
mod tests;
