package trigger

import (
	"math"

	"refrain/internal/abi"
)

// fact as the host lays it out.
type wireFact struct {
	name, nameLen uint32
	kind          uint8
	value         uint64 // a number, or the address and the length of a text
}

func (f wireFact) read() Fact {
	fact := Fact{Name: abi.Text(f.name, f.nameLen), Kind: FactKind(f.kind)}
	switch fact.Kind {
	case Integer, TimestampUs:
		fact.Int = int64(f.value)
	case Number, Seconds:
		fact.Float = math.Float64frombits(f.value)
	case Boolean:
		fact.Bool = f.value&1 == 1
	case Text:
		fact.Str = abi.Text(uint32(f.value), uint32(f.value>>32))
	}
	return fact
}

//go:wasmexport refrain:trigger/plugin@0.1.0#describe
func exportDescribe(params, paramsLen uint32) uint32 {
	return abi.Call(8, func(out abi.Out) error {
		found, err := held.Describe(abi.Text(params, paramsLen))
		if err != nil {
			return err
		}
		abi.Records(out, 0, 8, found, func(out abi.Out, name string) { out.Text(0, name) })
		return nil
	})
}

//go:wasmexport refrain:trigger/plugin@0.1.0#decide
func exportDecide(params, paramsLen, facts, n uint32) uint32 {
	return abi.Call(20, func(out abi.Out) error {
		given := make([]Fact, n)
		for i, fact := range abi.Elements[wireFact](facts, n) {
			given[i] = fact.read()
		}
		found, err := held.Decide(abi.Text(params, paramsLen), given)
		if err != nil {
			return err
		}
		out.U8(0, uint8(found.Verdict))
		out.Text(4, found.Reason)
		abi.Records(out, 12, 20, found.Evidence, writeEvidence)
		return nil
	})
}

func writeEvidence(out abi.Out, evidence Evidence) {
	out.Text(0, evidence.Rule)
	out.U8(8, uint8(evidence.Verdict))
	out.Text(12, evidence.Detail)
}
