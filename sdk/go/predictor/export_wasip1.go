package predictor

import (
	"refrain/internal/abi"
)

//go:wasmexport refrain:predictor/plugin@0.1.0#describe
func exportDescribe(params, paramsLen, input, inputLen, model, modelLen uint32) uint32 {
	return abi.Call(16, func(out abi.Out) error {
		found, err := held.Describe(abi.Text(params, paramsLen), abi.Schema(input, inputLen), abi.Bytes(model, modelLen))
		if err != nil {
			return err
		}
		abi.List(out, 0, found.Reads)
		abi.WriteSchema(out, 8, found.Prediction)
		return nil
	})
}

//go:wasmexport refrain:predictor/plugin@0.1.0#predict-start
func exportPredictStart(params, paramsLen, input, inputLen, model, modelLen uint32) uint32 {
	return abi.Call(0, func(out abi.Out) error {
		return held.PredictStart(abi.Text(params, paramsLen), abi.Schema(input, inputLen), abi.Bytes(model, modelLen))
	})
}

//go:wasmexport refrain:predictor/plugin@0.1.0#predict
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
