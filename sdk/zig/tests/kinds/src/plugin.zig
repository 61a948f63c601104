//! Copies every column, value by value: shows that all kinds cross the boundary both ways.

const refrain = @import("refrain");

const Batch = refrain.Batch;
const Column = refrain.Column;
const Context = refrain.Context;
const Schema = refrain.Schema;
const transform = refrain.transform;

/// The plugin.
pub const Kinds = struct {
    pub const Params = struct { refuse: ?u32 = null, misread: bool = false };

    pub fn describe(
        cx: *Context,
        _: Params,
        input: Schema,
    ) Context.Error!transform.Description {
        const reads = try cx.arena.alloc(u32, input.fields.len);
        const copies = try cx.arena.dupe(refrain.Field, input.fields);
        for (reads, copies, 0..) |*index, *copy, at| {
            index.* = @intCast(at);
            copy.name = try cx.print("{s}_copy", .{copy.name});
        }
        const outputs = try transform.adding(cx, input, copies);
        return .{ .reads = reads, .outputs = outputs, .needs_fit = false, .mergeable = false };
    }

    pub const Apply = struct {
        params: Params,
        input: Schema,

        pub fn init(_: *Context, params: Params, input: Schema, _: []const u8) Context.Error!Apply {
            return .{ .params = params, .input = input };
        }

        pub fn map(self: *Apply, cx: *Context, rows: Batch) Context.Error![]Column {
            if (self.params.refuse) |code| return cx.other(code, "refused with {d}", .{code});
            if (self.params.misread) _ = try (try rows.column(cx, 0)).as(cx, .float64);
            const copies = try cx.arena.alloc(Column, rows.columns.len);
            for (copies, rows.columns, self.input.fields) |*copy, column, field| {
                copy.* = switch (field.kind) {
                    .vector => try Column.vectors(
                        cx,
                        field.width,
                        try items(cx, .vector, column, field.width, rows.rows),
                    ),
                    inline else => |kind| try Column.from(
                        cx.arena,
                        kind,
                        try items(cx, kind, column, 0, rows.rows),
                    ),
                };
            }
            return copies;
        }
    };
};

fn items(
    cx: *Context,
    comptime kind: refrain.Kind,
    column: Column,
    width: u32,
    n_rows: usize,
) Context.Error![]?refrain.ElementOf(kind) {
    const rows = try column.rows(cx, kind, width);
    const out = try cx.arena.alloc(?refrain.ElementOf(kind), n_rows);
    for (out, 0..) |*item, row| item.* = rows.get(row);
    return out;
}

comptime {
    transform.exportPlugin(Kinds);
}
