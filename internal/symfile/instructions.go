package symfile

// CheckInstructions says whether a debugger can read call frame instructions, as
// they stand in an FDE of .debug_frame: nil, or what is wrong with which.
func CheckInstructions(instructions []byte) error {
	t := frameTable{}
	c := commonEntry{addrSize: 8, data: encodingOmit}
	return t.checkInstructions(&reader{b: instructions}, &c)
}
