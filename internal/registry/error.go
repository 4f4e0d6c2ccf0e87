// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package registry

import (
	"errors"
	"strconv"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/handle"
)

// Where memory is out, none is there for a text.
var (
	errNoMemory  = abi.Refuse(abi.E_MEMORY, "no memory for the code entries, the copies of the images or the check of their debug information")
	errNoHandles = abi.Refuse(abi.E_MEMORY, "%s", handle.ErrMemory)
)

func badHandle(h uintptr, err error) error {
	status := abi.E_HANDLE
	if errors.Is(err, handle.ErrStale) {
		status = abi.E_STALE
	}
	return abi.Refuse(status, "registration %#x: %s", h, err)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
