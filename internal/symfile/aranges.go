package symfile

// checkAddressRanges checks .debug_aranges, about which gdb warns loudly.
func (d *debug) checkAddressRanges(b []byte) error {
	for at := 0; at < len(b); {
		r := reader{b: b, at: at}
		length, offsetSize := r.length()
		if r.short || length > uint64(r.left()) {
			return errorf("set at %#x: its length is %#x, the section ends %#x bytes later", at, length, r.left())
		}
		r.b = r.b[:uint64(r.at)+length]
		if version := r.u16(); version != 2 {
			return errorf("set at %#x: its version is %d, the only one is 2", at, version)
		}
		if unit := r.uint(offsetSize); d.steps > 0 && d.units != nil && !d.units.has(unit) {
			return errorf("set at %#x: its debug_info_offset is %#x, where no unit starts", at, unit)
		}
		size, segment := uint64(r.u8()), r.u8()
		if size != 8 && size != 4 {
			return errorf("set at %#x: its address_size is %d, addresses have 8 bytes", at, size)
		}
		if segment != 0 {
			return errorf("set at %#x: its segment_selector_size is %d, addresses have no segments", at, segment)
		}
		if padding := uint64(r.at-at) % (2 * size); padding != 0 {
			r.skip(2*size - padding)
		}
		for {
			start, length := r.uint(int(size)), r.uint(int(size))
			if r.short {
				return errorf("set at %#x: it does not end in two zeros", at)
			}
			if start == 0 && length == 0 {
				break
			}
		}
		at = len(r.b)
	}
	return nil
}
