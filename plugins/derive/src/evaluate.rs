//! From typed code and rows to a column, a column at a time.

use std::borrow::Cow;

use refrain_sdk::{Batch, Bitmap, Column, Result, StrBuilder, Values, libm};

use crate::check::{Code, Constant, Type, Typed};
use crate::syntax::Binary;
use crate::value::{Value, map_text, overflow};

/// Computes `typed` over `rows`.
pub fn evaluate<'a>(typed: &Typed, rows: &'a Batch) -> Result<Value<'a>> {
    match &typed.code {
        Code::Constant(constant) => Ok(constant_value(constant, typed.ty)),
        Code::Column(index) => {
            Ok(Value { column: Cow::Borrowed(&rows.columns[*index]), is_constant: false })
        }
        Code::Arithmetic(operator, left, right) => {
            let (left, right) = (evaluate(left, rows)?, evaluate(right, rows)?);
            let column = match typed.ty {
                Type::Int => integers(*operator, &left, &right)?,
                _ => floats(*operator, &left, &right)?,
            };
            Ok(Value::of(column, &[&left, &right]))
        }
        Code::Compare(operator, left, right) => {
            let (left, right) = (evaluate(left, rows)?, evaluate(right, rows)?);
            Ok(Value::of(compare(*operator, &left, &right)?, &[&left, &right]))
        }
        Code::Logic(operator, left, right) => {
            logic(*operator, &evaluate(left, rows)?, &evaluate(right, rows)?)
        }
        Code::Not(inner) => {
            let inner = evaluate(inner, rows)?;
            let column = Column::boolean(inner.column.as_bool()?.iter().map(|&byte| byte == 0));
            Ok(Value::of(column, &[&inner]))
        }
        Code::IsNull(inner) => {
            let inner = evaluate(inner, rows)?;
            let n_rows = if inner.is_constant { 1 } else { rows.n_rows() };
            let column = Column::boolean((0..n_rows).map(|row| !inner.is_valid(row)));
            Ok(Value { column: Cow::Owned(column), is_constant: inner.is_constant })
        }
        Code::If(condition, then, otherwise) => {
            let condition = evaluate(condition, rows)?;
            let is_true: Vec<bool> = condition.column.bools()?.map(|b| b == Some(true)).collect();
            choose(
                &is_true,
                condition.is_constant,
                evaluate(then, rows)?,
                evaluate(otherwise, rows)?,
            )
        }
        Code::Coalesce(first, second) => {
            let first = evaluate(first, rows)?;
            let n_rows = first.len();
            let has_value: Vec<bool> = (0..n_rows).map(|row| first.is_valid(row)).collect();
            let is_constant = first.is_constant;
            choose(&has_value, is_constant, first, evaluate(second, rows)?)
        }
        // What is of no type is null in every row, however it is written.
        Code::Convert(inner) if inner.ty == Type::Null => {
            Ok(constant_value(&Constant::Null, typed.ty))
        }
        Code::Convert(inner) => {
            let inner = evaluate(inner, rows)?;
            Ok(Value::of(convert(&inner, typed.ty)?, &[&inner]))
        }
        Code::Call(function, arguments) => {
            let arguments: Vec<_> =
                arguments.iter().map(|argument| evaluate(argument, rows)).collect::<Result<_>>()?;
            let column = function.evaluate(&arguments)?;
            Ok(Value::of(column, &arguments.iter().collect::<Vec<_>>()))
        }
    }
}

fn constant_value(constant: &Constant, ty: Type) -> Value<'static> {
    let column = match constant {
        Constant::Boolean(boolean) => Column::boolean([*boolean]),
        Constant::Int(int) => Column::int64(vec![*int]),
        Constant::Float(float) => Column::float64(vec![*float]),
        Constant::Text(text) => Column::utf8([text]),
        Constant::Null => match ty {
            Type::Boolean => Column::boolean_opt([None]),
            Type::Int => Column::int64_opt([None]),
            Type::Timestamp => Column::timestamp_us_opt([None]),
            Type::Text => Column::utf8_opt([None::<&str>]),
            Type::Float | Type::Null | Type::Opaque(_) => Column::float64_opt([None]),
        },
    };
    Value { column: Cow::Owned(column), is_constant: true }
}

fn floats(operator: Binary, left: &Value<'_>, right: &Value<'_>) -> Result<Column> {
    let numbers = match operator {
        Binary::Add => left.zip(right, Column::as_f64, |x, y| x + y)?,
        Binary::Subtract => left.zip(right, Column::as_f64, |x, y| x - y)?,
        Binary::Multiply => left.zip(right, Column::as_f64, |x, y| x * y)?,
        // What is divided by zero is null, and no infinity.
        _ => {
            let is_divide = operator == Binary::Divide;
            let divide = |x, y| if is_divide { x / y } else { libm::fmod(x, y) };
            if right.column.as_f64()?.iter().all(|&y| y != 0.0) {
                left.zip(right, Column::as_f64, divide)?
            } else {
                let quotients =
                    left.zip(right, Column::as_f64, |x, y| (y != 0.0).then(|| divide(x, y)))?;
                return Ok(Column::float64_opt(quotients));
            }
        }
    };
    Ok(Column::float64(numbers))
}

fn integers(operator: Binary, left: &Value<'_>, right: &Value<'_>) -> Result<Column> {
    if operator == Binary::Remainder {
        let remainders = left.zip(right, Column::as_i64, |x, y| match y {
            0 => None,
            _ => Some(x.wrapping_rem(y)),
        })?;
        return Ok(Column::int64_opt(remainders));
    }
    let checked: fn(i64, i64) -> (i64, bool) = match operator {
        Binary::Add => i64::overflowing_add,
        Binary::Subtract => i64::overflowing_sub,
        _ => i64::overflowing_mul,
    };
    let results = left.zip(right, Column::as_i64, checked)?;
    let mut overflowed = results.iter().enumerate().filter(|(_, (_, overflowed))| *overflowed);
    if overflowed.any(|(row, _)| left.is_valid(row) && right.is_valid(row)) {
        return Err(overflow());
    }
    Ok(Column::int64(results.into_iter().map(|(result, _)| result).collect()))
}

fn compare(operator: Binary, left: &Value<'_>, right: &Value<'_>) -> Result<Column> {
    fn test<T: PartialOrd>(operator: Binary) -> fn(&T, &T) -> bool {
        match operator {
            Binary::Equal => T::eq,
            Binary::NotEqual => T::ne,
            Binary::Less => T::lt,
            Binary::LessEqual => T::le,
            Binary::Greater => T::gt,
            _ => T::ge,
        }
    }
    fn numbers<T: PartialOrd + Copy>(
        operator: Binary,
        (left, right): (&Value<'_>, &Value<'_>),
        slots: impl Fn(&Column) -> Result<&[T]>,
    ) -> Result<Vec<bool>> {
        // One loop an operator: a pointer called once a row would cost more than the comparison.
        match operator {
            Binary::Equal => left.zip(right, slots, |x, y| x == y),
            Binary::NotEqual => left.zip(right, slots, |x, y| x != y),
            Binary::Less => left.zip(right, slots, |x, y| x < y),
            Binary::LessEqual => left.zip(right, slots, |x, y| x <= y),
            Binary::Greater => left.zip(right, slots, |x, y| x > y),
            _ => left.zip(right, slots, |x, y| x >= y),
        }
    }
    let pair = (left, right);
    let bits = match &left.column.values {
        Values::Boolean(_) => numbers(operator, pair, Column::as_bool)?,
        Values::Int64(_) => numbers(operator, pair, Column::as_i64)?,
        Values::TimestampUs(_) => numbers(operator, pair, Column::as_timestamp_us)?,
        Values::Float64(_) => numbers(operator, pair, Column::as_f64)?,
        _ => {
            let (texts, others, test) = (left.texts()?, right.texts()?, test::<&str>(operator));
            (0..n_rows_of(left, right)).map(|row| test(&texts.get(row), &others.get(row))).collect()
        }
    };
    Ok(Column::boolean(bits))
}

/// Rows of what is computed from both: of the one that is not constant, if there is one.
fn n_rows_of(left: &Value<'_>, right: &Value<'_>) -> usize {
    if left.is_constant { right.len() } else { left.len() }
}

/// Three-valued: false and null is false, true or null is true.
fn logic(operator: Binary, left: &Value<'_>, right: &Value<'_>) -> Result<Value<'static>> {
    let is_and = operator == Binary::And;
    if !left.column.has_nulls() && !right.column.has_nulls() {
        let bits =
            left.zip(right, Column::as_bool, |x, y| if is_and { x & y != 0 } else { x | y != 0 })?;
        return Ok(Value::of(Column::boolean(bits), &[left, right]));
    }
    let (lefts, rights) = (left.column.as_bool()?, right.column.as_bool()?);
    let at = |value: &Value<'_>, slots: &[u8], row: usize| {
        value.is_valid(row).then(|| slots[if value.is_constant { 0 } else { row }] != 0)
    };
    let bits = (0..n_rows_of(left, right)).map(|row| {
        match (at(left, lefts, row), at(right, rights, row)) {
            (Some(x), Some(y)) => Some(if is_and { x && y } else { x || y }),
            // What alone decides: false for `and`, true for `or`.
            (Some(x), None) | (None, Some(x)) if x != is_and => Some(x),
            _ => None,
        }
    });
    let is_constant = left.is_constant && right.is_constant;
    Ok(Value { column: Cow::Owned(Column::boolean_opt(bits)), is_constant })
}

/// `first` where `is_first`, else `second`.
fn choose<'a>(
    is_first: &[bool],
    is_constant: bool,
    first: Value<'a>,
    second: Value<'a>,
) -> Result<Value<'a>> {
    if is_constant {
        return Ok(if is_first[0] { first } else { second });
    }
    if first.column.kind() == second.column.kind()
        && !first.is_constant
        && is_first.iter().all(|b| *b)
    {
        return Ok(first);
    }
    let values = match &first.column.values {
        Values::Boolean(_) => Values::Boolean(pick(is_first, &first, &second, Column::as_bool)?),
        Values::Int64(_) => Values::Int64(pick(is_first, &first, &second, Column::as_i64)?),
        Values::TimestampUs(_) => {
            Values::TimestampUs(pick(is_first, &first, &second, Column::as_timestamp_us)?)
        }
        Values::Float64(_) => Values::Float64(pick(is_first, &first, &second, Column::as_f64)?),
        _ => {
            let (texts, others) = (first.texts()?, second.texts()?);
            let mut builder = StrBuilder::default();
            for (row, is_first) in is_first.iter().enumerate() {
                builder.push(Some(if *is_first { texts.get(row) } else { others.get(row) }));
            }
            builder.finish().values
        }
    };
    let valid: Bitmap = is_first
        .iter()
        .enumerate()
        .map(|(row, is_first)| if *is_first { first.is_valid(row) } else { second.is_valid(row) })
        .collect();
    let column = Column { values, validity: valid.finish() };
    Ok(Value { column: Cow::Owned(column), is_constant: false })
}

fn pick<T: Copy>(
    is_first: &[bool],
    first: &Value<'_>,
    second: &Value<'_>,
    slots: impl Fn(&Column) -> Result<&[T]>,
) -> Result<Vec<T>> {
    let (firsts, seconds) = (slots(&first.column)?, slots(&second.column)?);
    let (step, other_step) = (usize::from(!first.is_constant), usize::from(!second.is_constant));
    let pick = |(row, is_first): (usize, &bool)| {
        if *is_first { firsts[row * step] } else { seconds[row * other_step] }
    };
    Ok(is_first.iter().enumerate().map(pick).collect())
}

/// What does not convert is null.
fn convert(value: &Value<'_>, ty: Type) -> Result<Column> {
    const INT_BOUND: f64 = 9_223_372_036_854_775_808.0;
    let column = &value.column;
    Ok(match (&column.values, ty) {
        (Values::Utf8(_), Type::Float) => Column::float64_opt(column.strs()?.map(|text| {
            text.and_then(|text| text.trim().parse().ok()).filter(|x: &f64| x.is_finite())
        })),
        (_, Type::Float) => Column::float64(column.numbers()?.into_owned()),
        (Values::Utf8(_), Type::Int) => Column::int64_opt(
            column.strs()?.map(|text| text.and_then(|text| text.trim().parse().ok())),
        ),
        (Values::Float64(values), Type::Int) => Column::int64_opt(
            values.iter().map(|&x| (-INT_BOUND..INT_BOUND).contains(&x).then_some(x as i64)),
        ),
        (Values::Boolean(values), Type::Int) => {
            Column::int64(values.iter().map(|&byte| i64::from(byte)).collect())
        }
        (Values::TimestampUs(values), Type::Int) => Column::int64(values.clone()),
        (Values::Boolean(values), Type::Text) => {
            Column::utf8(values.iter().map(|&byte| if byte == 0 { "false" } else { "true" }))
        }
        (Values::Int64(values) | Values::TimestampUs(values), Type::Text) => {
            Column::utf8(values.iter().map(i64::to_string))
        }
        (Values::Float64(values), Type::Text) => Column::utf8(values.iter().map(f64::to_string)),
        _ => map_text(value, str::to_owned)?,
    })
}
