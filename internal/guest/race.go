// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//go:build race

package guest

// #cgo CFLAGS: -DGO_RACE
import "C"
