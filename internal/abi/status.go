// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package abi

// #include "../../include/jitdebug.h"
import "C"

import "github.com/libjitdebug/libjitdebug/internal/format"

// A Status is what a function of the header's returns.
type Status int32

// Under the header's names. E_FORKED is the gate's: a forked child enters no Go.
const (
	OK            Status = C.JITDEBUG_OK
	E_ARGUMENT    Status = C.JITDEBUG_E_ARGUMENT
	E_HANDLE      Status = C.JITDEBUG_E_HANDLE
	E_STALE       Status = C.JITDEBUG_E_STALE
	E_IMAGE       Status = C.JITDEBUG_E_IMAGE
	E_MEMORY      Status = C.JITDEBUG_E_MEMORY
	E_BUSY        Status = C.JITDEBUG_E_BUSY
	E_DUPLICATE   Status = C.JITDEBUG_E_DUPLICATE
	E_UNSUPPORTED Status = C.JITDEBUG_E_UNSUPPORTED
	E_INTERNAL    Status = C.JITDEBUG_E_INTERNAL
)

// An Error is why a call fails. Its text is a sentence that names the culprit.
type Error struct {
	Status Status
	text   string
}

func (e *Error) Error() string { return e.text }

// Refuse makes an error. The text is as for format.Errorf.
func Refuse(status Status, text string, args ...any) error {
	return &Error{status, format.Errorf(text, args...).Error()}
}

// StatusOf returns the status that stands for an error, or for none.
func StatusOf(err error) Status {
	if err == nil {
		return OK
	}
	if known, ok := err.(*Error); ok {
		return known.Status
	}
	return E_INTERNAL
}

func refuse(text string, args ...any) error { return Refuse(E_ARGUMENT, text, args...) }
