//! Categories as vectors of zeros and a one.
//!
//! Invariant: a group's width is settled by the parameters, before a row is seen; which category
//! has which place is settled by the fit, and the same for any grouping of the rows.
//! Absent on purpose: widths that grow with the data. Too many categories are an error that says
//! which width would do.

mod category;
mod encoding;
mod learn;
mod map;
mod params;

use refrain_sdk::transform::{Description, OutputColumn, Transform};
use refrain_sdk::{Error, Field, Kind, Result, Schema, state};

use encoding::Encoding;
use learn::{Fit, Learned};
use map::OneHots;
use params::{Output, Params};

refrain_sdk::export!(transform, OneHot);

/// What the name of a vector column ends in.
const SUFFIX: &str = "_onehot";

/// The plugin.
pub struct OneHot;

impl Transform for OneHot {
    type Params = Params;
    type Fit = Fit;
    type Map = OneHots;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        let reads = params.check(input)?;
        let read = input.select(&reads);
        let is_learned = read.fields.iter().any(|field| !params.is_given(&field.name));
        let mut description = if is_learned {
            Description::fitted(reads.clone())
        } else {
            Description::stateless(reads.clone())
        };
        for (index, field) in (0..).zip(&input.fields) {
            if !params.keep_original && reads.contains(&index) {
                description.outputs.extend(computed(params, field)?);
            } else {
                description.outputs.push(OutputColumn::Kept(index));
            }
        }
        if params.keep_original {
            for field in &read.fields {
                description.outputs.extend(computed(params, field)?);
            }
        }
        refuse_namesakes(&description.output_schema(input))?;
        Ok(description)
    }

    fn fit(params: &Params, input: &Schema, _: u64) -> Result<Fit> {
        Fit::start(params, input)
    }

    fn apply(params: &Params, input: &Schema, state: &[u8]) -> Result<OneHots> {
        let is_given = input.fields.iter().all(|field| params.is_given(&field.name));
        let learned: Vec<Learned> =
            if is_given { vec![Learned::default(); input.len()] } else { state::decode(state)? };
        if learned.len() != input.len() {
            return Err(Error::failed("the state is of another number of columns: fit again"));
        }
        let encodings = input.fields.iter().zip(&learned).map(|(field, learned)| {
            let encoding = match params.given(field)? {
                Some(categories) => Encoding::given(&categories, &params.rules())?,
                None => Encoding::learned(learned, &params.rules()),
            };
            encoding.check_width(&field.name, params.width_of(field)?)?;
            Ok((field.clone(), encoding))
        });
        OneHots::new(encodings.collect::<Result<_>>()?, params)
    }
}

/// What becomes of the column `field`: a vector, or a boolean column a category.
fn computed(params: &Params, field: &Field) -> Result<Vec<OutputColumn>> {
    let fields = match params.output {
        Output::Vector => {
            let name = format!("{}{SUFFIX}", field.name);
            vec![Field::vector(name, params.width_of(field)?, false)]
        }
        Output::Columns => {
            let categories = params.given(field)?.unwrap_or_default();
            let names = Encoding::given(&categories, &params.rules())?.names(&categories);
            let field =
                |name: &String| Field::new(format!("{}_{name}", field.name), Kind::Boolean, false);
            names.iter().map(field).collect()
        }
    };
    Ok(fields.into_iter().map(OutputColumn::Computed).collect())
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
