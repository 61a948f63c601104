//! Running a plugin natively, the way the host does: for unit tests.
//!
//! Each helper calls an instance in the host's order. With `n_rows` it folds in parts of so many
//! rows, one instance each, saves them, and merges them into a fresh one.

const std = @import("std");
const column = @import("column.zig");
const drift = @import("drift.zig");
const evaluator = @import("evaluator.zig");
const schema = @import("schema.zig");
const trainer = @import("trainer.zig");
const transform = @import("transform.zig");
const Context = @import("context.zig").Context;

const Batch = column.Batch;
const Column = column.Column;
const Schema = schema.Schema;

/// Memory for one test. Everything that a helper returns lives until `deinit`.
pub const Bench = struct {
    memory: std.heap.ArenaAllocator,
    cx: Context,

    /// A bench in place, since its context points into it.
    pub fn init(self: *Bench) void {
        self.memory = .init(std.testing.allocator);
        const arena = self.memory.allocator();
        self.cx = .{ .arena = arena, .gpa = arena };
    }

    pub fn deinit(self: *Bench) void {
        self.memory.deinit();
    }

    /// Why the last call refused.
    pub fn refusal(self: *Bench) []const u8 {
        return if (self.cx.failure) |failure| failure.message() else "no refusal";
    }

    /// A column of one row per item.
    pub fn column(
        self: *Bench,
        comptime kind: schema.Kind,
        items: []const ?@import("column.zig").ElementOf(kind),
    ) Column {
        return Column.from(self.cx.arena, kind, items) catch @panic("out of memory");
    }
};

/// Rows with their schema.
pub const Table = struct {
    schema: Schema,
    rows: Batch,

    /// Columns with their schema.
    pub fn of(fields: Schema, columns: []Column, n_rows: u32) Table {
        return .{ .schema = fields, .rows = .{ .rows = n_rows, .columns = columns } };
    }

    /// The columns at `indices`.
    pub fn select(self: Table, cx: *Context, indices: []const u32) Context.Error!Table {
        const fields = try cx.arena.alloc(schema.Field, indices.len);
        const columns = try cx.arena.alloc(Column, indices.len);
        for (indices, fields, columns) |index, *field, *col| {
            field.* = self.schema.fields[index];
            col.* = self.rows.columns[index];
        }
        return .{
            .schema = .{ .fields = fields },
            .rows = .{ .rows = self.rows.rows, .columns = columns },
        };
    }

    /// A copy of some rows: a map may work in place, so tests hand out copies.
    pub fn slice(self: Table, cx: *Context, start: usize, end: usize) Context.Error!Batch {
        const columns = try cx.arena.alloc(Column, self.rows.columns.len);
        for (columns, self.rows.columns, self.schema.fields) |*to, from, field| {
            to.* = try sliceOf(cx, from, field, start, end);
        }
        return .{ .rows = @intCast(end - start), .columns = columns };
    }
};

fn sliceOf(
    cx: *Context,
    from: Column,
    field: schema.Field,
    start: usize,
    end: usize,
) Context.Error!Column {
    const n_rows = end - start;
    switch (field.kind) {
        .vector => {
            const rows = try from.rows(cx, .vector, field.width);
            const items = try cx.arena.alloc(?[]const f32, n_rows);
            for (items, start..) |*item, row| item.* = rows.get(row);
            return Column.vectors(cx, field.width, items);
        },
        inline else => |kind| {
            const rows = try from.rows(cx, kind, 0);
            const items = try cx.arena.alloc(?column.ElementOf(kind), n_rows);
            for (items, start..) |*item, row| item.* = rows.get(row);
            return Column.from(cx.arena, kind, items);
        },
    }
}

/// Runs a transform over a table: the computed columns, in the order of the description.
pub fn runTransform(
    comptime Plugin: type,
    bench: *Bench,
    params: []const u8,
    table: Table,
    n_rows: usize,
) Context.Error![]Column {
    const cx = &bench.cx;
    const Instance = transform.Instance(Plugin);
    var describing: Instance = .{};
    const description = try describing.describe(cx, params, table.schema);
    const read = try table.select(cx, description.reads);
    var state: []const u8 = &.{};
    if (description.needs_fit) {
        var whole: Instance = .{};
        try whole.fitStart(cx, params, read.schema, 0);
        const step = if (description.mergeable) n_rows else read.rows.rows;
        var at: usize = 0;
        while (at < read.rows.rows) : (at += step) {
            var part: Instance = .{};
            const one = if (description.mergeable) &part else &whole;
            if (description.mergeable) try part.fitStart(cx, params, read.schema, 0);
            try one.fitUpdate(cx, try read.slice(cx, at, @min(at + step, read.rows.rows)));
            if (description.mergeable) try whole.fitMerge(cx, try part.fitSave(cx));
        }
        state = try whole.fitFinish(cx);
    }
    var applying: Instance = .{};
    try applying.applyStart(cx, params, read.schema, state);
    return (try applying.apply(cx, try read.slice(cx, 0, read.rows.rows))).columns;
}

/// Trains until it is done, in parts of `n_rows` rows: the predictions of the model for all rows.
pub fn runTrainer(
    comptime Plugin: type,
    bench: *Bench,
    params: []const u8,
    table: Table,
    n_rows: usize,
) Context.Error![]Column {
    const cx = &bench.cx;
    const Instance = trainer.Instance(Plugin);
    var describing: Instance = .{};
    const description = try describing.describe(cx, params, table.schema);
    const read = try table.select(cx, description.training_reads);
    var end: trainer.PassEnd = .{ .state = &.{}, .done = false };
    while (!end.done) {
        var whole: Instance = .{};
        try whole.passStart(cx, params, read.schema, 0, end.state);
        const step = if (description.mergeable) n_rows else read.rows.rows;
        var at: usize = 0;
        while (at < read.rows.rows) : (at += step) {
            var part: Instance = .{};
            const one = if (description.mergeable) &part else &whole;
            if (description.mergeable) try part.passStart(cx, params, read.schema, 0, end.state);
            try one.passUpdate(cx, try read.slice(cx, at, @min(at + step, read.rows.rows)));
            if (description.mergeable) try whole.passMerge(cx, try part.passSave(cx));
        }
        end = try whole.passFinish(cx);
    }
    var finishing: Instance = .{};
    const model = try finishing.finish(cx, params, read.schema, end.state);
    const predicted = try table.select(cx, description.prediction_reads);
    var predicting: Instance = .{};
    try predicting.predictStart(cx, predicted.schema, model);
    const rows = try predicted.slice(cx, 0, table.rows.rows);
    return (try predicting.predict(cx, rows)).columns;
}

/// Runs an evaluator over a table in parts of `n_rows` rows.
pub fn runEvaluator(
    comptime Plugin: type,
    bench: *Bench,
    params: []const u8,
    table: Table,
    n_rows: usize,
) Context.Error![]const evaluator.Metric {
    const cx = &bench.cx;
    const Instance = evaluator.Instance(Plugin);
    var whole: Instance = .{};
    const description = try whole.describe(cx, params, table.schema);
    const read = try table.select(cx, description.reads);
    try whole.start(cx, params, read.schema);
    const step = if (description.mergeable) n_rows else read.rows.rows;
    var at: usize = 0;
    while (at < read.rows.rows) : (at += step) {
        var part: Instance = .{};
        const one = if (description.mergeable) &part else &whole;
        if (description.mergeable) try part.start(cx, params, read.schema);
        try one.update(cx, try read.slice(cx, at, @min(at + step, read.rows.rows)));
        if (description.mergeable) try whole.merge(cx, try part.save(cx));
    }
    return whole.finish(cx);
}

/// Runs a drift detector over two windows of one schema in parts of `n_rows` rows.
pub fn runDrift(
    comptime Plugin: type,
    bench: *Bench,
    params: []const u8,
    windows: struct { reference: Table, current: Table },
    n_rows: usize,
) Context.Error![]const drift.Score {
    const cx = &bench.cx;
    const Instance = drift.Instance(Plugin);
    var whole: Instance = .{};
    const description = try whole.describe(cx, params, windows.reference.schema);
    const names = try windows.reference.select(cx, description.reads);
    try whole.start(cx, params, names.schema);
    inline for (.{ .reference, .current }) |window| {
        const read = try @field(windows, @tagName(window)).select(cx, description.reads);
        const step = if (description.mergeable) n_rows else read.rows.rows;
        var at: usize = 0;
        while (at < read.rows.rows) : (at += step) {
            var part: Instance = .{};
            const one = if (description.mergeable) &part else &whole;
            if (description.mergeable) try part.start(cx, params, read.schema);
            try one.update(cx, window, try read.slice(cx, at, @min(at + step, read.rows.rows)));
            if (description.mergeable) try whole.merge(cx, try part.save(cx));
        }
    }
    return whole.finish(cx);
}
