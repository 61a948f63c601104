//! Encoding rows.

use refrain_sdk::{Batch, Column, Error, Field, Kind, Map, Result, Schema};

use crate::category::Category;
use crate::encoding::{Encoding, Slot};
use crate::learn::refuse_null;
use crate::params::{Output, Params};

/// The encoding of each column.
pub struct OneHots {
    columns: Vec<OneHotColumn>,
    input: Schema,
    output: Output,
}

struct OneHotColumn {
    field: Field,
    encoding: Encoding,
    width: usize,
}

impl OneHots {
    /// Encodes these columns.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] for a width out of range.
    pub fn new(encodings: Vec<(Field, Encoding)>, params: &Params) -> Result<Self> {
        let fields = encodings.iter().map(|(field, _)| field.clone()).collect();
        let column = |(field, encoding): (Field, Encoding)| {
            let width = params.width_of(&field)? as usize;
            Ok(OneHotColumn { field, encoding, width })
        };
        Ok(Self {
            columns: encodings.into_iter().map(column).collect::<Result<_>>()?,
            input: Schema::new(fields),
            output: params.output,
        })
    }
}

impl Map for OneHots {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        rows.check(&self.input)?;
        let mut computed = Vec::new();
        for (one_hot, column) in self.columns.iter().zip(&rows.columns) {
            match self.output {
                Output::Vector => computed.push(one_hot.vector(column, rows.n_rows())?),
                Output::Columns => computed.extend(one_hot.columns(column, rows.n_rows())?),
            }
        }
        Ok(computed)
    }
}

impl OneHotColumn {
    fn vector(&self, column: &Column, n_rows: usize) -> Result<Column> {
        let mut numbers = vec![0.0_f32; n_rows * self.width];
        self.for_each_one(column, |row, place| numbers[row * self.width + place] = 1.0)?;
        Ok(Column::vector(numbers))
    }

    fn columns(&self, column: &Column, n_rows: usize) -> Result<Vec<Column>> {
        let mut columns = vec![vec![false; n_rows]; self.width];
        self.for_each_one(column, |row, place| columns[place][row] = true)?;
        Ok(columns.into_iter().map(Column::boolean).collect())
    }

    /// Calls `put` for every row that has a one.
    fn for_each_one(&self, column: &Column, put: impl FnMut(usize, usize)) -> Result<()> {
        match column.kind() {
            Kind::Boolean => {
                let known = self.table(|category| match category {
                    Category::Boolean(value) => Some(*value),
                    _ => None,
                });
                self.place(column.bools()?, &known, |value| value.to_string(), put)
            }
            Kind::Int64 => {
                let known = self.table(|category| match category {
                    Category::Int(int) => Some(*int),
                    _ => None,
                });
                self.place(column.i64s()?, &known, |int| int.to_string(), put)
            }
            _ => {
                let known = self.table(|category| match category {
                    Category::Text(text) => Some(text.as_bytes()),
                    _ => None,
                });
                let show = |text| String::from_utf8_lossy(text).into_owned();
                self.place(column.byte_strings()?, &known, show, put)
            }
        }
    }

    /// The known categories as the column holds them, ascending.
    fn table<'a, T>(&'a self, value: impl Fn(&'a Category) -> Option<T>) -> Vec<(T, Slot)> {
        let known = self.encoding.known.iter();
        known.filter_map(|(category, slot)| Some((value(category)?, *slot))).collect()
    }

    fn place<T: Ord + Copy>(
        &self,
        values: impl Iterator<Item = Option<T>>,
        known: &[(T, Slot)],
        show: impl Fn(T) -> String,
        mut put: impl FnMut(usize, usize),
    ) -> Result<()> {
        for (row, value) in values.enumerate() {
            let slot = match value {
                None => self.encoding.null,
                Some(value) => match known.binary_search_by(|(known, _)| known.cmp(&value)) {
                    Ok(index) => known[index].1,
                    Err(_) => self.encoding.unknown,
                },
            };
            match slot {
                Slot::At(place) => put(row, place as usize),
                Slot::Zeros => {}
                Slot::Refused => return Err(self.refuse(row, value.map(&show))),
            }
        }
        Ok(())
    }

    fn refuse(&self, row: usize, value: Option<String>) -> Error {
        let column = &self.field.name;
        match value {
            None => refuse_null(column, &format!("in row {row} of its chunk")),
            Some(value) => Error::input(format!(
                "column `{column}` is `{value}` in row {row} of its chunk, which is none of its \
                 categories: set `handle_unknown` to `ignore`, or fit on rows that have it"
            )),
        }
    }
}
