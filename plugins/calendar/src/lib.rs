//! Hours, weekdays and cycles from timestamps.
//!
//! Invariant: a sine or cosine is looked up by a whole hour, day or month in a table that `libm`
//! made, so its bits are the same everywhere. Civil time is UTC plus a fixed offset.
//! Absent on purpose: time zones. Their rules change, and with them what a replay computes.

mod map;
mod offset;
mod params;

use refrain_sdk::transform::{Description, OutputColumn, Transform};
use refrain_sdk::{Error, Field, Kind, NoFit, Result, Schema};

use map::Calendars;
use params::Params;

refrain_sdk::export!(transform, Calendar);

/// The plugin.
pub struct Calendar;

impl Transform for Calendar {
    type Params = Params;
    type Fit = NoFit;
    type Map = Calendars;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        let reads = params.check(input)?;
        let computed: Vec<Field> =
            reads.iter().flat_map(|&i| fields(params, &input.fields[i as usize])).collect();
        let kept = (0..input.len() as u32)
            .filter(|index| params.keep_original || !reads.contains(index))
            .map(OutputColumn::Kept);
        let outputs = kept.chain(computed.into_iter().map(OutputColumn::Computed)).collect();
        let mut description = Description::stateless(reads);
        description.outputs = outputs;
        refuse_namesakes(&description.output_schema(input))?;
        Ok(description)
    }

    fn fit(_: &Params, _: &Schema, _: u64) -> Result<NoFit> {
        NoFit::refuse()
    }

    fn apply(params: &Params, input: &Schema, _: &[u8]) -> Result<Calendars> {
        Calendars::new(params, input)
    }
}

/// What is computed of one timestamp column, in the order in which [`Calendars`] answers.
fn fields(params: &Params, timestamp: &Field) -> Vec<Field> {
    let field = |name: &str, kind: Kind| {
        Field::new(format!("{}_{name}", timestamp.name), kind, timestamp.nullable)
    };
    let parts = params.parts.iter().map(|part| field(part.name(), part.kind()));
    let cycles = params.cycles.iter().flat_map(|cycle| {
        let name = cycle.name();
        ["sin", "cos"].map(|wave| field(&format!("{name}_{wave}"), Kind::Float64))
    });
    parts.chain(cycles).collect()
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
