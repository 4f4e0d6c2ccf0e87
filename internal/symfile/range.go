package symfile

// Range lists of DWARF 5.
const (
	rleEnd          = 0
	rleBaseAddressx = 1
	rleStartxEndx   = 2
	rleStartxLength = 3
	rleOffsetPair   = 4
	rleBaseAddress  = 5
	rleStartEnd     = 6
	rleStartLength  = 7
)

// checkRanges checks the range list of DWARF 5 at an offset.
func (d *debug) checkRanges(u *unit, offset uint64) error {
	if d.rnglists.opaque || u.version < 5 {
		return nil
	}
	if offset >= uint64(len(d.rnglists.b)) {
		return errorf("refers to .debug_rnglists %#x, which ends at %#x", offset, len(d.rnglists.b))
	}
	r := reader{b: d.rnglists.b, at: int(offset)}
	for d.steps > 0 {
		d.steps--
		at := r.at
		kind := r.u8()
		var err error
		switch kind {
		case rleEnd:
			if r.short {
				return errorf("refers to .debug_rnglists %#x, a list that does not end in the section", offset)
			}
			return nil
		case rleBaseAddressx:
			err = d.checkAddressIndex(u, r.uleb())
		case rleStartxEndx:
			if err = d.checkAddressIndex(u, r.uleb()); err == nil {
				err = d.checkAddressIndex(u, r.uleb())
			}
		case rleStartxLength:
			err = d.checkAddressIndex(u, r.uleb())
			r.uleb()
		case rleOffsetPair:
			r.uleb()
			r.uleb()
		case rleBaseAddress:
			r.uint(u.addrSize)
		case rleStartEnd:
			r.skip(2 * uint64(u.addrSize))
		case rleStartLength:
			r.uint(u.addrSize)
			r.uleb()
		default:
			return errorf("refers to .debug_rnglists %#x, where an entry at %#x is of kind %d, which is unknown", offset, at, kind)
		}
		if err != nil && !r.short {
			return errorf("refers to .debug_rnglists %#x, where the entry at %#x %s", offset, at, err)
		}
	}
	return nil
}
