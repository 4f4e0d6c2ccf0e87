// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package endian reads and writes numbers as they lie in ELF and DWARF.
package endian

import "unsafe"

// Little reads and writes little-endian numbers at any alignment; this process has to
// be little-endian itself. encoding/binary is not used, because it imports reflect.
var Little little

type little struct{}

func (little) Uint16(b []byte) uint16 { return *(*uint16)(unsafe.Pointer((*[2]byte)(b))) }
func (little) Uint32(b []byte) uint32 { return *(*uint32)(unsafe.Pointer((*[4]byte)(b))) }
func (little) Uint64(b []byte) uint64 { return *(*uint64)(unsafe.Pointer((*[8]byte)(b))) }

func (little) PutUint16(b []byte, v uint16) { *(*uint16)(unsafe.Pointer((*[2]byte)(b))) = v }
func (little) PutUint32(b []byte, v uint32) { *(*uint32)(unsafe.Pointer((*[4]byte)(b))) = v }
func (little) PutUint64(b []byte, v uint64) { *(*uint64)(unsafe.Pointer((*[8]byte)(b))) = v }
