//! Batches of ours as Arrow's.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, FixedSizeListArray, Float32Array, Float64Array,
    Int64Array, RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, SchemaRef, TimeUnit};
use refrain_domain::{Batch, Column, Field, Kind, Schema, Values, VariableValues};

/// Arrow's schema for ours. Moments are in UTC and say so.
pub(super) fn schema(schema: &Schema) -> SchemaRef {
    let field = |field: &Field| {
        let kind = match field.kind {
            Kind::Boolean => DataType::Boolean,
            Kind::Int64 => DataType::Int64,
            Kind::Float64 => DataType::Float64,
            Kind::TimestampUs => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Kind::Utf8 => DataType::Utf8,
            Kind::Binary => DataType::Binary,
            Kind::Vector => DataType::FixedSizeList(item(), field.width as i32),
        };
        arrow_schema::Field::new(&field.name, kind, field.nullable)
    };
    let fields: Vec<arrow_schema::Field> = schema.fields.iter().map(field).collect();
    Arc::new(arrow_schema::Schema::new(fields))
}

fn item() -> arrow_schema::FieldRef {
    Arc::new(arrow_schema::Field::new("item", DataType::Float32, false))
}

/// Arrow's batch for ours; `of` is [`schema`] of the same.
pub(super) fn batch(
    ours: &Schema,
    of: &SchemaRef,
    batch: &Batch,
) -> Result<RecordBatch, ArrowError> {
    let columns = batch
        .columns
        .iter()
        .zip(&ours.fields)
        .map(|(column, field)| array(column, field, batch.rows))
        .collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.rows));
    RecordBatch::try_new_with_options(of.clone(), columns, &options)
}

fn array(column: &Column, field: &Field, rows: usize) -> Result<ArrayRef, ArrowError> {
    let nulls = (!column.validity.is_empty()).then(|| {
        NullBuffer::new(BooleanBuffer::new(Buffer::from_slice_ref(&column.validity), 0, rows))
    });
    Ok(match &column.values {
        Values::Boolean(v) => {
            let values = BooleanBuffer::from_iter(v.iter().map(|byte| *byte == 1));
            Arc::new(BooleanArray::new(values, nulls))
        }
        Values::Int64(v) => Arc::new(Int64Array::try_new(v.clone().into(), nulls)?),
        Values::Float64(v) => Arc::new(Float64Array::try_new(v.clone().into(), nulls)?),
        Values::TimestampUs(v) => {
            let array = TimestampMicrosecondArray::try_new(v.clone().into(), nulls)?;
            Arc::new(array.with_timezone("UTC"))
        }
        Values::Utf8(v) => {
            Arc::new(StringArray::try_new(offsets(v)?, Buffer::from_slice_ref(&v.bytes), nulls)?)
        }
        Values::Binary(v) => {
            Arc::new(BinaryArray::try_new(offsets(v)?, Buffer::from_slice_ref(&v.bytes), nulls)?)
        }
        Values::Vector(v) => {
            let items = Arc::new(Float32Array::try_new(v.clone().into(), None)?);
            Arc::new(FixedSizeListArray::try_new(item(), field.width as i32, items, nulls)?)
        }
    })
}

fn offsets(values: &VariableValues) -> Result<OffsetBuffer<i32>, ArrowError> {
    let signed: Result<Vec<i32>, _> =
        values.offsets.iter().map(|end| i32::try_from(*end)).collect();
    let signed = signed.map_err(|_| {
        ArrowError::InvalidArgumentError("more than 2 GiB of text in one chunk".to_owned())
    })?;
    Ok(OffsetBuffer::new(ScalarBuffer::from(signed)))
}
