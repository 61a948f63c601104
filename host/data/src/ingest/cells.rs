//! [`Cell`]: one value of an Arrow array, and what it becomes in a column of ours.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_schema::{DataType, TimeUnit};
use refrain_domain::Kind;

use super::scalar::{parse_boolean, parse_float, parse_int, parse_time};
use crate::time::format_timestamp_us;

/// A value as the file holds it.
pub(super) enum Cell<'a> {
    Null,
    Int(i128),
    Float(f64),
    Boolean(bool),
    /// Microseconds since the epoch; wider than a column, whose range may be left.
    Moment(i128),
    /// With all digits.
    Decimal(String),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
}

/// Reads the values of one array.
pub(super) type Reader<'a> = Box<dyn Fn(usize) -> Cell<'a> + 'a>;

/// The kind that a column of this type has unless another is declared; none for types that no
/// column of ours can hold, or only a declared one.
pub(super) fn kind_of(found: &DataType) -> Option<Kind> {
    Some(match found {
        DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Utf8,
        DataType::Boolean => Kind::Boolean,
        found if found.is_integer() => Kind::Int64,
        found if found.is_floating() => Kind::Float64,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => Kind::TimestampUs,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => Kind::Binary,
        DataType::Dictionary(_, values) => kind_of(values).filter(|kind| *kind != Kind::Vector)?,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)
            if item.data_type().is_floating() =>
        {
            Kind::Vector
        }
        _ => return None,
    })
}

/// Whether values of this type can be read as a kind: as what they are, as text and back, and
/// between numbers.
pub(super) fn is_convertible(found: &DataType, kind: Kind) -> bool {
    let found = if let DataType::Dictionary(_, values) = found { values } else { found };
    let natural = kind_of(found);
    let is_text = natural == Some(Kind::Utf8);
    let is_decimal = found.is_decimal();
    match kind {
        _ if natural == Some(kind) || *found == DataType::Null => kind != Kind::Vector || !is_text,
        Kind::Vector => false,
        Kind::Int64 | Kind::Float64 => found.is_numeric() || is_text,
        Kind::Utf8 => is_decimal || natural.is_some_and(|kind| kind != Kind::Vector),
        Kind::Boolean | Kind::TimestampUs | Kind::Binary => is_text,
    }
}

/// Reads any type that [`kind_of`] or [`is_convertible`] knows, but lists.
pub(super) fn reader<'a>(array: &'a dyn Array) -> Option<Reader<'a>> {
    let read: Reader<'a> = match array.data_type() {
        DataType::Null => Box::new(|_| Cell::Null),
        DataType::Boolean => {
            let array = array.as_boolean();
            Box::new(|at| Cell::Boolean(array.value(at)))
        }
        DataType::Int8 => int::<Int8Type>(array),
        DataType::Int16 => int::<Int16Type>(array),
        DataType::Int32 => int::<Int32Type>(array),
        DataType::Int64 => int::<Int64Type>(array),
        DataType::UInt8 => int::<UInt8Type>(array),
        DataType::UInt16 => int::<UInt16Type>(array),
        DataType::UInt32 => int::<UInt32Type>(array),
        DataType::UInt64 => int::<UInt64Type>(array),
        DataType::Float16 => primitive::<Float16Type>(array, |v| Cell::Float(f64::from(v))),
        DataType::Float32 => primitive::<Float32Type>(array, |v| Cell::Float(f64::from(v))),
        DataType::Float64 => primitive::<Float64Type>(array, Cell::Float),
        DataType::Date32 => primitive::<Date32Type>(array, |v| moment(v, 86_400_000_000)),
        DataType::Date64 => primitive::<Date64Type>(array, |v| moment(v, 1_000)),
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => primitive::<TimestampSecondType>(array, |v| moment(v, 1_000_000)),
            TimeUnit::Millisecond => {
                primitive::<TimestampMillisecondType>(array, |v| moment(v, 1_000))
            }
            TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(array, |v| moment(v, 1)),
            // Cut towards the past, so that a row never moves behind a moment that it preceded.
            TimeUnit::Nanosecond => primitive::<TimestampNanosecondType>(array, |v| {
                Cell::Moment(i128::from(v.div_euclid(1_000)))
            }),
        },
        DataType::Decimal32(..) => decimal::<Decimal32Type>(array),
        DataType::Decimal64(..) => decimal::<Decimal64Type>(array),
        DataType::Decimal128(..) => decimal::<Decimal128Type>(array),
        DataType::Decimal256(..) => decimal::<Decimal256Type>(array),
        _ => return bytes(array),
    };
    Some(read)
}

fn bytes<'a>(array: &'a dyn Array) -> Option<Reader<'a>> {
    Some(match array.data_type() {
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            Box::new(|at| Cell::Text(array.value(at).as_bytes()))
        }
        DataType::LargeUtf8 => {
            let array = array.as_string::<i64>();
            Box::new(|at| Cell::Text(array.value(at).as_bytes()))
        }
        DataType::Utf8View => {
            let array = array.as_string_view();
            Box::new(|at| Cell::Text(array.value(at).as_bytes()))
        }
        DataType::Binary => {
            let array = array.as_binary::<i32>();
            Box::new(|at| Cell::Bytes(array.value(at)))
        }
        DataType::LargeBinary => {
            let array = array.as_binary::<i64>();
            Box::new(|at| Cell::Bytes(array.value(at)))
        }
        DataType::BinaryView => {
            let array = array.as_binary_view();
            Box::new(|at| Cell::Bytes(array.value(at)))
        }
        DataType::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary();
            Box::new(|at| Cell::Bytes(array.value(at)))
        }
        _ => return None,
    })
}

fn primitive<'a, T: ArrowPrimitiveType>(
    array: &'a dyn Array,
    cell: impl Fn(T::Native) -> Cell<'a> + 'a,
) -> Reader<'a> {
    let array = array.as_primitive::<T>();
    Box::new(move |at| cell(array.value(at)))
}

fn int<'a, T: ArrowPrimitiveType<Native: Into<i128>>>(array: &'a dyn Array) -> Reader<'a> {
    primitive::<T>(array, |value| Cell::Int(value.into()))
}

fn decimal<T: DecimalType>(array: &dyn Array) -> Reader<'_> {
    let array = array.as_primitive::<T>();
    Box::new(|at| Cell::Decimal(array.value_as_string(at)))
}

fn moment<'a>(value: impl Into<i128>, unit_us: i128) -> Cell<'a> {
    Cell::Moment(value.into() * unit_us)
}

impl Cell<'_> {
    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Cell::Int(value) => i64::try_from(*value).ok(),
            // 2^63 as a float: the first beyond the range.
            Cell::Float(value) => {
                let is_in_range =
                    (-9.223_372_036_854_776e18..9.223_372_036_854_776e18).contains(value);
                (is_in_range && value.trunc() == *value).then_some(*value as i64)
            }
            Cell::Text(text) => parse_int(text),
            Cell::Decimal(digits) => parse_int(digits.as_bytes()),
            _ => None,
        }
    }

    pub(super) fn float(&self) -> Option<f64> {
        match self {
            Cell::Int(value) => Some(*value as f64),
            Cell::Float(value) => Some(*value),
            Cell::Text(text) => parse_float(text),
            Cell::Decimal(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn boolean(&self) -> Option<u8> {
        match self {
            Cell::Boolean(value) => Some(u8::from(*value)),
            Cell::Text(text) => parse_boolean(text),
            _ => None,
        }
    }

    pub(super) fn moment(&self) -> Option<i64> {
        match self {
            Cell::Moment(us) => i64::try_from(*us).ok(),
            Cell::Text(text) => parse_time(text),
            _ => None,
        }
    }

    /// The value as text, into `scratch` where it is not text already.
    pub(super) fn text<'s>(&'s self, scratch: &'s mut String) -> &'s [u8] {
        scratch.clear();
        match self {
            Cell::Text(text) | Cell::Bytes(text) => return text,
            Cell::Null => {}
            Cell::Int(value) => *scratch = value.to_string(),
            // With a point or an exponent, so that a float stays one when it is read again.
            Cell::Float(value) => *scratch = format!("{value:?}"),
            Cell::Boolean(value) => *scratch = value.to_string(),
            Cell::Moment(us) => {
                *scratch =
                    i64::try_from(*us).map_or_else(|_| format!("{us} µs"), format_timestamp_us);
            }
            Cell::Decimal(digits) => scratch.clone_from(digits),
        }
        scratch.as_bytes()
    }
}
