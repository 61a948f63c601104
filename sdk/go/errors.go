package refrain

import (
	"errors"
	"fmt"
)

// ErrorKind says whose mistake it is.
type ErrorKind uint8

// The cases of the contract's error, in its order.
const (
	KindInvalidParams ErrorKind = iota
	KindInvalidInput
	KindFailed
	KindOther
)

// Error is what a plugin answers to refuse or to give up.
type Error struct {
	Kind    ErrorKind
	Code    uint32 // of KindOther
	Message string
}

func (e *Error) Error() string { return e.Message }

// InvalidParams says that the parameters are wrong. Name the parameter and what it may be.
func InvalidParams(format string, args ...any) error {
	return &Error{Kind: KindInvalidParams, Message: fmt.Sprintf(format, args...)}
}

// InvalidInput says that the parameters are right and the data is not. Name the column.
func InvalidInput(format string, args ...any) error {
	return &Error{Kind: KindInvalidInput, Message: fmt.Sprintf(format, args...)}
}

// Failed says that parameters and data are right, and still it did not work.
func Failed(format string, args ...any) error {
	return &Error{Kind: KindFailed, Message: fmt.Sprintf(format, args...)}
}

// Other is a plugin's own numbered error.
func Other(code uint32, format string, args ...any) error {
	return &Error{Kind: KindOther, Code: code, Message: fmt.Sprintf(format, args...)}
}

// AsError turns any error into the contract's: what is not an Error becomes a failure.
func AsError(err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		if known == err { // nothing wrapped around it
			return known
		}
		return &Error{Kind: known.Kind, Code: known.Code, Message: err.Error()}
	}
	return &Error{Kind: KindFailed, Message: err.Error()}
}

// OutOfOrder is a host that calls one export before another: its mistake, not the user's.
func OutOfOrder(call, before string) error {
	return Failed("`%s` was called before `%s`", call, before)
}
