// Schemas: finding columns by name, with refusals that say what is there.
#ifndef REFRAIN_SCHEMA_H
#define REFRAIN_SCHEMA_H

#include "context.h"

// A set of kinds: RF_KINDS(RF_FLOAT64) | RF_KINDS(RF_INT64).
typedef uint8_t rf_kinds;

#define RF_KINDS(kind) ((rf_kinds)(1u << (kind)))

constexpr rf_kinds RF_ANY_KIND = 0x7f;

// The name in the contract, which is also the name in pipelines.
const char *rf_kind_name(rf_kind kind);

// Where the column `name` stands; refuses with the names of all columns.
bool rf_index_of(rf_context *cx, rf_schema schema, rf_text name, uint32_t *index);

// The same, and the column must be of one of `kinds`.
bool rf_index_of_kind(
    rf_context *cx, rf_schema schema, rf_text name, rf_kinds kinds, uint32_t *index);

// Where these columns stand, in schema order, each of one of `kinds`; refuses a name that stands
// twice.
bool rf_indices_of_kind(
    rf_context *cx, rf_schema schema, rf_texts names, rf_kinds kinds, rf_u32s *indices);

// `a`, `b`: a list for a message. Long lists are cut, and say so.
rf_text rf_quoted(rf_context *cx, const rf_text *names, size_t n_names);

#endif
