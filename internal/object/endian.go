package object

import "unsafe"

// le reads and writes the numbers of a file, at any alignment: like the file,
// this process is little-endian. encoding/binary would bring reflect along.
var le littleEndian

type littleEndian struct{}

func (littleEndian) Uint16(b []byte) uint16 { return *(*uint16)(unsafe.Pointer((*[2]byte)(b))) }
func (littleEndian) Uint32(b []byte) uint32 { return *(*uint32)(unsafe.Pointer((*[4]byte)(b))) }
func (littleEndian) Uint64(b []byte) uint64 { return *(*uint64)(unsafe.Pointer((*[8]byte)(b))) }

func (littleEndian) PutUint16(b []byte, v uint16) { *(*uint16)(unsafe.Pointer((*[2]byte)(b))) = v }
func (littleEndian) PutUint32(b []byte, v uint32) { *(*uint32)(unsafe.Pointer((*[4]byte)(b))) = v }
func (littleEndian) PutUint64(b []byte, v uint64) { *(*uint64)(unsafe.Pointer((*[8]byte)(b))) = v }
