package symfile

// checkDebug checks the debug information.
func (f *file) checkDebug() error {
	return nil
}
