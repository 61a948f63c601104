package evaluator

import (
	"refrain/internal/abi"
)

//go:wasmexport refrain:evaluator/plugin@0.1.0#describe
func exportDescribe(params, paramsLen, input, inputLen uint32) uint32 {
	return abi.Call(12, func(out abi.Out) error {
		found, err := held.Describe(abi.Text(params, paramsLen), abi.Schema(input, inputLen))
		if err != nil {
			return err
		}
		abi.List(out, 0, found.Reads)
		out.Bool(8, found.Mergeable)
		return nil
	})
}

//go:wasmexport refrain:evaluator/plugin@0.1.0#start
func exportStart(params, paramsLen, input, inputLen uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.Start(abi.Text(params, paramsLen), abi.Schema(input, inputLen))
	})
}

//go:wasmexport refrain:evaluator/plugin@0.1.0#update
func exportUpdate(rows, columns, n uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.Update(abi.Batch(rows, columns, n))
	})
}

//go:wasmexport refrain:evaluator/plugin@0.1.0#save
func exportSave() uint32 {
	return abi.Call(8, func(out abi.Out) error {
		found, err := held.Save()
		if err != nil {
			return err
		}
		abi.List(out, 0, found)
		return nil
	})
}

//go:wasmexport refrain:evaluator/plugin@0.1.0#merge
func exportMerge(saved, savedLen uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.Merge(abi.Bytes(saved, savedLen))
	})
}

//go:wasmexport refrain:evaluator/plugin@0.1.0#finish
func exportFinish() uint32 {
	return abi.Call(8, func(out abi.Out) error {
		found, err := held.Finish()
		if err != nil {
			return err
		}
		abi.Records(out, 0, 48, found, writeMetric)
		return nil
	})
}

func writeMetric(out abi.Out, metric Metric) {
	out.Text(0, metric.Name)
	abi.Records(out, 8, 16, metric.Slice, writeTag)
	abi.Records(out, 16, 16, metric.Part, writeTag)
	out.OptionF64(24, metric.Value)
	out.U64(40, metric.NRows)
}

func writeTag(out abi.Out, tag Tag) {
	out.Text(0, tag.Name)
	out.Text(8, tag.Value)
}
