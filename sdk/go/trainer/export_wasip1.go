package trainer

import (
	"refrain/internal/abi"
)

//go:wasmexport refrain:trainer/plugin@0.1.0#describe
func exportDescribe(params, paramsLen, input, inputLen uint32) uint32 {
	return abi.Call(28, func(out abi.Out) error {
		found, err := held.Describe(abi.Text(params, paramsLen), abi.Schema(input, inputLen))
		if err != nil {
			return err
		}
		abi.List(out, 0, found.TrainingReads)
		abi.List(out, 8, found.PredictionReads)
		abi.WriteSchema(out, 16, found.Prediction)
		out.Bool(24, found.Mergeable)
		return nil
	})
}

//go:wasmexport refrain:trainer/plugin@0.1.0#pass-start
func exportPassStart(params, paramsLen, input, inputLen uint32, seed uint64, state, stateLen uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.PassStart(abi.Text(params, paramsLen), abi.Schema(input, inputLen), seed, abi.Bytes(state, stateLen))
	})
}

//go:wasmexport refrain:trainer/plugin@0.1.0#pass-update
func exportPassUpdate(rows, columns, n uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.PassUpdate(abi.Batch(rows, columns, n))
	})
}

//go:wasmexport refrain:trainer/plugin@0.1.0#pass-save
func exportPassSave() uint32 {
	return abi.Call(8, func(out abi.Out) error {
		found, err := held.PassSave()
		if err != nil {
			return err
		}
		abi.List(out, 0, found)
		return nil
	})
}

//go:wasmexport refrain:trainer/plugin@0.1.0#pass-merge
func exportPassMerge(saved, savedLen uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.PassMerge(abi.Bytes(saved, savedLen))
	})
}

//go:wasmexport refrain:trainer/plugin@0.1.0#pass-finish
func exportPassFinish() uint32 {
	return abi.Call(20, func(out abi.Out) error {
		found, err := held.PassFinish()
		if err != nil {
			return err
		}
		abi.List(out, 0, found.State)
		out.Bool(8, found.Done)
		abi.Records(out, 12, 16, found.Measures, writeMeasure)
		return nil
	})
}

func writeMeasure(out abi.Out, measure Measure) {
	out.Text(0, measure.Name)
	out.F64(8, measure.Value)
}

//go:wasmexport refrain:trainer/plugin@0.1.0#finish
func exportFinish(params, paramsLen, input, inputLen, state, stateLen uint32) uint32 {
	return abi.Call(8, func(out abi.Out) error {
		found, err := held.Finish(abi.Text(params, paramsLen), abi.Schema(input, inputLen), abi.Bytes(state, stateLen))
		if err != nil {
			return err
		}
		abi.List(out, 0, found)
		return nil
	})
}

//go:wasmexport refrain:trainer/plugin@0.1.0#predict-start
func exportPredictStart(input, inputLen, model, modelLen uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.PredictStart(abi.Schema(input, inputLen), abi.Bytes(model, modelLen))
	})
}

//go:wasmexport refrain:trainer/plugin@0.1.0#predict
func exportPredict(rows, columns, n uint32) uint32 {
	return abi.Call(abi.BatchSize, func(out abi.Out) error {
		found, err := held.Predict(abi.Batch(rows, columns, n))
		if err != nil {
			return err
		}
		abi.WriteBatch(out, found)
		return nil
	})
}
