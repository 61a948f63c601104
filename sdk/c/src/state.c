#include "../include/refrain/state.h"

#include <string.h>

static uint8_t *room(rf_writer *writer, size_t n) {
    rf_bytes *bytes = &writer->bytes;
    if (bytes->len + n > writer->capacity) {
        writer->capacity = 2 * (bytes->len + n) + 64;
        uint8_t *larger = RF_NEW(writer->cx, uint8_t, writer->capacity);
        if (bytes->len > 0) memcpy(larger, bytes->ptr, bytes->len);
        bytes->ptr = larger;
    }
    bytes->len += n;
    return bytes->ptr + bytes->len - n;
}

static void write(rf_writer *writer, uint64_t value, size_t n) {
    uint8_t *to = room(writer, n);
    for (size_t i = 0; i < n; i++) to[i] = (uint8_t)(value >> 8 * i);
}

void rf_write_u8(rf_writer *writer, uint8_t value) {
    write(writer, value, 1);
}

void rf_write_u32(rf_writer *writer, uint32_t value) {
    write(writer, value, 4);
}

void rf_write_u64(rf_writer *writer, uint64_t value) {
    write(writer, value, 8);
}

void rf_write_f64(rf_writer *writer, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    write(writer, bits, 8);
}

void rf_write_text(rf_writer *writer, rf_text value) {
    rf_write_u64(writer, value.len);
    if (value.len > 0) memcpy(room(writer, value.len), value.ptr, value.len);
}

static bool is_other(rf_reader *reader) {
    return rf_failed(reader->cx,
        "the state cannot be read: it is not of this plugin, or of another version");
}

static bool read(rf_reader *reader, uint64_t *value, size_t n) {
    if (reader->rest.len < n) return is_other(reader);
    *value = 0;
    for (size_t i = 0; i < n; i++) *value |= (uint64_t)reader->rest.ptr[i] << 8 * i;
    reader->rest.ptr += n;
    reader->rest.len -= n;
    return true;
}

bool rf_read_u8(rf_reader *reader, uint8_t *value) {
    uint64_t bits;
    if (!read(reader, &bits, 1)) return false;
    *value = (uint8_t)bits;
    return true;
}

bool rf_read_u32(rf_reader *reader, uint32_t *value) {
    uint64_t bits;
    if (!read(reader, &bits, 4)) return false;
    *value = (uint32_t)bits;
    return true;
}

bool rf_read_u64(rf_reader *reader, uint64_t *value) {
    return read(reader, value, 8);
}

bool rf_read_f64(rf_reader *reader, double *value) {
    uint64_t bits;
    if (!read(reader, &bits, 8)) return false;
    memcpy(value, &bits, sizeof bits);
    return true;
}

bool rf_read_text(rf_reader *reader, rf_text *value) {
    uint64_t len;
    if (!rf_read_u64(reader, &len)) return false;
    if (len > reader->rest.len) return is_other(reader);
    *value = (rf_text){(const char *)reader->rest.ptr, (size_t)len};
    reader->rest.ptr += len;
    reader->rest.len -= (size_t)len;
    return true;
}

bool rf_read_end(rf_reader *reader) {
    return reader->rest.len == 0 || is_other(reader);
}
