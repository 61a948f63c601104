package transform

import (
	"refrain/internal/abi"
)

//go:wasmexport refrain:transform/plugin@0.1.0#describe
func exportDescribe(params, paramsLen, input, inputLen uint32) uint32 {
	return abi.Call(20, func(out abi.Out) error {
		found, err := held.Describe(abi.Text(params, paramsLen), abi.Schema(input, inputLen))
		if err != nil {
			return err
		}
		abi.List(out, 0, found.Reads)
		abi.Records(out, 8, 20, found.Outputs, writeOutput)
		out.Bool(16, found.NeedsFit)
		out.Bool(17, found.Mergeable)
		return nil
	})
}

func writeOutput(out abi.Out, output Output) {
	if output.Computed == nil {
		out.U32(4, output.Kept)
		return
	}
	out.U8(0, 1)
	abi.WriteField(out.At(4), *output.Computed)
}

//go:wasmexport refrain:transform/plugin@0.1.0#fit-start
func exportFitStart(params, paramsLen, input, inputLen uint32, seed uint64) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.FitStart(abi.Text(params, paramsLen), abi.Schema(input, inputLen), seed)
	})
}

//go:wasmexport refrain:transform/plugin@0.1.0#fit-update
func exportFitUpdate(rows, columns, n uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.FitUpdate(abi.Batch(rows, columns, n))
	})
}

//go:wasmexport refrain:transform/plugin@0.1.0#fit-save
func exportFitSave() uint32 {
	return abi.Call(8, func(out abi.Out) error {
		found, err := held.FitSave()
		if err != nil {
			return err
		}
		abi.List(out, 0, found)
		return nil
	})
}

//go:wasmexport refrain:transform/plugin@0.1.0#fit-merge
func exportFitMerge(saved, savedLen uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.FitMerge(abi.Bytes(saved, savedLen))
	})
}

//go:wasmexport refrain:transform/plugin@0.1.0#fit-finish
func exportFitFinish() uint32 {
	return abi.Call(8, func(out abi.Out) error {
		found, err := held.FitFinish()
		if err != nil {
			return err
		}
		abi.List(out, 0, found)
		return nil
	})
}

//go:wasmexport refrain:transform/plugin@0.1.0#apply-start
func exportApplyStart(params, paramsLen, input, inputLen, state, stateLen uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.ApplyStart(abi.Text(params, paramsLen), abi.Schema(input, inputLen), abi.Bytes(state, stateLen))
	})
}

//go:wasmexport refrain:transform/plugin@0.1.0#apply
func exportApply(rows, columns, n uint32) uint32 {
	return abi.Call(abi.BatchSize, func(out abi.Out) error {
		found, err := held.Apply(abi.Batch(rows, columns, n))
		if err != nil {
			return err
		}
		abi.WriteBatch(out, found)
		return nil
	})
}
