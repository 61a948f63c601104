//! Taking timestamps apart.

use std::f64::consts::TAU;

use refrain_sdk::civil::Civil;
use refrain_sdk::{Batch, Column, Map, Result, Schema, libm};

use crate::offset::Offset;
use crate::params::{Cycle, Params, Part};

/// What to compute of every column.
pub struct Calendars {
    input: Schema,
    offset: Offset,
    parts: Vec<Part>,
    cycles: Vec<Waves>,
}

/// Sine and cosine of a cycle by its step: an hour, a day, a month.
struct Waves {
    cycle: Cycle,
    /// By step, of a cycle of the usual length.
    usual: Vec<[f64; 2]>,
    /// By day, of a leap year.
    leap: Vec<[f64; 2]>,
}

impl Calendars {
    /// Prepares the tables.
    ///
    /// # Errors
    /// If the parameters are not right for `input`.
    pub fn new(params: &Params, input: &Schema) -> Result<Self> {
        params.check(input)?;
        Ok(Self {
            input: input.clone(),
            offset: params.utc_offset,
            parts: params.parts.clone(),
            cycles: params.cycles.iter().map(|cycle| Waves::of(*cycle)).collect(),
        })
    }

    fn column(&self, column: &Column, computed: &mut Vec<Column>) -> Result<()> {
        let civil = |us: &i64| Civil::from_us(self.offset.civil_us(*us));
        let civils: Vec<Civil> = column.as_timestamp_us()?.iter().map(civil).collect();
        for part in &self.parts {
            computed.push(part_of(*part, &civils).mask(&column.validity));
        }
        for waves in &self.cycles {
            for wave in [0, 1] {
                let values = civils.iter().map(|civil| waves.at(civil)[wave]).collect();
                computed.push(Column::float64(values).mask(&column.validity));
            }
        }
        Ok(())
    }
}

impl Map for Calendars {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        rows.check(&self.input)?;
        let mut computed = Vec::new();
        for column in &rows.columns {
            self.column(column, &mut computed)?;
        }
        Ok(computed)
    }
}

fn part_of(part: Part, civils: &[Civil]) -> Column {
    let of = |number: fn(&Civil) -> i64| Column::int64(civils.iter().map(number).collect());
    match part {
        Part::Year => of(|civil| civil.year),
        Part::Month => of(|civil| i64::from(civil.month)),
        Part::Day => of(|civil| i64::from(civil.day)),
        Part::DayOfWeek => of(|civil| i64::from(civil.day_of_week)),
        Part::DayOfYear => of(|civil| i64::from(civil.day_of_year)),
        Part::Hour => of(|civil| i64::from(civil.hour)),
        Part::Minute => of(|civil| i64::from(civil.minute)),
        Part::IsWeekend => Column::boolean(civils.iter().map(|civil| civil.day_of_week >= 6)),
    }
}

impl Waves {
    fn of(cycle: Cycle) -> Self {
        let n_steps = match cycle {
            Cycle::Hour => 24,
            Cycle::DayOfWeek => 7,
            Cycle::DayOfYear => 365,
            Cycle::Month => 12,
        };
        let leap = if cycle == Cycle::DayOfYear { table(366) } else { Vec::new() };
        Self { cycle, usual: table(n_steps), leap }
    }

    fn at(&self, civil: &Civil) -> [f64; 2] {
        match self.cycle {
            Cycle::Hour => self.usual[civil.hour as usize],
            Cycle::DayOfWeek => self.usual[civil.day_of_week as usize - 1],
            Cycle::Month => self.usual[civil.month as usize - 1],
            Cycle::DayOfYear => {
                let table = if civil.days_of_year() == 366 { &self.leap } else { &self.usual };
                table[civil.day_of_year as usize - 1]
            }
        }
    }
}

/// Sine and cosine of `step / n_steps` of a full turn.
fn table(n_steps: u32) -> Vec<[f64; 2]> {
    let angle = |step: u32| TAU * f64::from(step) / f64::from(n_steps);
    (0..n_steps).map(|step| [libm::sin(angle(step)), libm::cos(angle(step))]).collect()
}
