package drift

import (
	"refrain/internal/abi"
)

//go:wasmexport refrain:drift/plugin@0.1.0#describe
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

//go:wasmexport refrain:drift/plugin@0.1.0#start
func exportStart(params, paramsLen, input, inputLen uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.Start(abi.Text(params, paramsLen), abi.Schema(input, inputLen))
	})
}

//go:wasmexport refrain:drift/plugin@0.1.0#update
func exportUpdate(window, rows, columns, n uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.Update(Window(window), abi.Batch(rows, columns, n))
	})
}

//go:wasmexport refrain:drift/plugin@0.1.0#save
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

//go:wasmexport refrain:drift/plugin@0.1.0#merge
func exportMerge(saved, savedLen uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.Merge(abi.Bytes(saved, savedLen))
	})
}

//go:wasmexport refrain:drift/plugin@0.1.0#finish
func exportFinish() uint32 {
	return abi.Call(8, func(out abi.Out) error {
		found, err := held.Finish()
		if err != nil {
			return err
		}
		abi.Records(out, 0, 80, found, writeScore)
		return nil
	})
}

func writeScore(out abi.Out, score Score) {
	out.Text(0, score.Column)
	out.Text(8, score.Measure)
	out.OptionF64(16, score.Value)
	out.OptionF64(32, score.PValue)
	out.F64(48, score.Threshold)
	out.U8(56, uint8(score.Verdict))
	out.U64(64, score.NReference)
	out.U64(72, score.NCurrent)
}
