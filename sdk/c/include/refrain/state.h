// States and models as bytes: little-endian, without names, the same bits on every machine.
#ifndef REFRAIN_STATE_H
#define REFRAIN_STATE_H

#include "context.h"

// Writes values one after another: start with `rf_writer writer = {.cx = cx}`.
typedef struct {
    rf_context *cx;
    rf_bytes bytes; // what was written
    size_t capacity;
} rf_writer;

void rf_write_u8(rf_writer *writer, uint8_t value);
void rf_write_u32(rf_writer *writer, uint32_t value);
void rf_write_u64(rf_writer *writer, uint64_t value);
void rf_write_f64(rf_writer *writer, double value);
// A length as u64, then the bytes.
void rf_write_text(rf_writer *writer, rf_text value);

// Reads what a writer wrote, and refuses anything else: `rf_reader reader = {cx, bytes}`.
typedef struct {
    rf_context *cx;
    rf_bytes rest;
} rf_reader;

bool rf_read_u8(rf_reader *reader, uint8_t *value);
bool rf_read_u32(rf_reader *reader, uint32_t *value);
bool rf_read_u64(rf_reader *reader, uint64_t *value);
bool rf_read_f64(rf_reader *reader, double *value);
bool rf_read_text(rf_reader *reader, rf_text *value);
// Refuses what is left over.
bool rf_read_end(rf_reader *reader);

#endif
