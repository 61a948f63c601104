//! Keyed hashes in the place of identifiers.
//!
//! Invariant: equal values of one kind have equal hashes under one salt, in every column and every
//! table, so hashed keys still join; the identifier itself never leaves this step.
//! Absent on purpose: the word "anonymous". The salt is part of the plan, and whoever has it can
//! hash a guess.

mod map;
mod params;

use refrain_sdk::transform::{Description, OutputColumn, Transform};
use refrain_sdk::{Error, Field, NoFit, Result, Schema};

use map::Hashes;
use params::Params;

refrain_sdk::export!(transform, HashIdentifier);

/// The plugin.
pub struct HashIdentifier;

impl Transform for HashIdentifier {
    type Params = Params;
    type Fit = NoFit;
    type Map = Hashes;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        let reads = params.check(input)?;
        let output = |(index, field): (u32, &Field)| {
            if !reads.contains(&index) {
                return OutputColumn::Kept(index);
            }
            let name = format!("{}{}", field.name, params.output.suffix());
            OutputColumn::Computed(Field::new(name, params.output.kind(), field.nullable))
        };
        let outputs = (0..).zip(&input.fields).map(output).collect();
        let mut description = Description::stateless(reads);
        description.outputs = outputs;
        refuse_namesakes(&description.output_schema(input))?;
        Ok(description)
    }

    fn fit(_: &Params, _: &Schema, _: u64) -> Result<NoFit> {
        NoFit::refuse()
    }

    fn apply(params: &Params, input: &Schema, _: &[u8]) -> Result<Hashes> {
        params.check(input)?;
        Ok(Hashes::new(params, input))
    }
}

fn refuse_namesakes(output: &Schema) -> Result<()> {
    for (index, field) in output.fields.iter().enumerate() {
        if output.find(&field.name) != Some(index) {
            return Err(Error::params(format!(
                "two columns of the output would be called `{}`: rename or drop the one in the input",
                field.name
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
