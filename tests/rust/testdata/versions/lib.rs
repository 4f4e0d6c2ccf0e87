//! What a plugin does, with whichever version of the crate.

/// A plugin's functions for its host: `show` registers a copy of an image, `hide`
/// takes what `show` returned.
#[macro_export]
macro_rules! plugin {
    ($version:ident) => {
        use $version::gdb_jit_int::GdbJitImageRegistration;

        /// # Safety
        ///
        /// The image is as large as that.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn show(image: *const u8, size: usize) -> Box<GdbJitImageRegistration> {
            let image = unsafe { std::slice::from_raw_parts(image, size) };
            Box::new(GdbJitImageRegistration::register(image.to_vec()))
        }

        #[unsafe(no_mangle)]
        pub extern "C" fn hide(registration: Box<GdbJitImageRegistration>) {
            drop(registration);
        }
    };
}
