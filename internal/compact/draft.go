package compact

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/function"
)

// A draft is the functions of an image that is to be written. Its memory has room
// for them.
type draft []*function.Record

const recordSize = unsafe.Sizeof(&function.Record{})

// gather adds the functions of an image, without those of one of its parts.
func (d draft) gather(i *Image, without *Part) draft {
	for _, at := range i.parts() {
		if p := partAt(at); p != without {
			d = p.records(d)
		}
	}
	return d
}
