// Package stage is what the instances of all roles have in common.
package stage

import "refrain"

// Stage is what an instance does: fold, map, or nothing yet. F is the fold of its role.
type Stage[F any] struct {
	read    refrain.Schema
	fold    F
	folding bool
	rows    refrain.Map
}

// BeginFold takes over what a plugin answered.
func (s *Stage[F]) BeginFold(read refrain.Schema, fold F, err error) error {
	*s = Stage[F]{read: read, fold: fold, folding: err == nil}
	return err
}

// BeginMap takes over what a plugin answered.
func (s *Stage[F]) BeginMap(read refrain.Schema, rows refrain.Map, err error) error {
	*s = Stage[F]{read: read}
	if err == nil {
		s.rows = rows
	}
	return err
}

// Fold is the fold that `before` began.
func (s *Stage[F]) Fold(call, before string) (F, error) {
	if !s.folding {
		return s.fold, refrain.OutOfOrder(call, before)
	}
	return s.fold, nil
}

// End is the fold that `before` began; there is none afterwards.
func (s *Stage[F]) End(call, before string) (F, error) {
	fold, err := s.Fold(call, before)
	s.folding = false
	return fold, err
}

// Rows of the columns read, named.
func (s *Stage[F]) Rows(rows refrain.Batch) (refrain.Batch, error) { return rows.Named(s.read) }

// Map runs the map that `before` began.
func (s *Stage[F]) Map(rows refrain.Batch, call, before string) (refrain.Batch, error) {
	if s.rows == nil {
		return refrain.Batch{}, refrain.OutOfOrder(call, before)
	}
	return refrain.RunMap(s.rows, s.read, rows)
}

// With reads parameters for a call of the plugin.
func With[P, R any](text string, defaults P, call func(P) (R, error)) (R, error) {
	params, err := refrain.ParseParams(text, defaults)
	if err != nil {
		var none R
		return none, err
	}
	return call(params)
}
