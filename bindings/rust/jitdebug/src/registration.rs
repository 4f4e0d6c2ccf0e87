// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! What is registered.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{NonNull, null, null_mut};
use core::{fmt, mem, slice};

use jitdebug_sys::{
    JITDEBUG_BORROW, JITDEBUG_E_STALE, JITDEBUG_NOWAIT, JITDEBUG_OK, JITDEBUG_OPAQUE,
    jitdebug_image, jitdebug_registration,
};

use crate::error::{Error, Failure, Status};
use crate::function::Function;
use crate::images::Images;
use crate::section::Section;

/// Code that a debugger is shown for as long as this lives: one or more ELF images,
/// which the caller has, or the library makes of functions or of an object file.
///
/// An image is a relocatable, executable or shared ELF file for this machine whose
/// addresses are those at which the code was loaded. What no debugger could read is
/// refused, with a sentence that names the field.
///
/// Register when the code is in place, before it runs; drop this before the code's
/// memory is used for something else. Registering and dropping wait while another
/// thread changes the list, which is short, unless a debugger is reading.
#[must_use = "what is dropped is unregistered"]
pub struct Registration {
    handle: NonNull<jitdebug_registration>,
    images: Images,
    count: usize,
}

// SAFETY: the handle is a number to the library, which looks it up under its lock
// whichever thread asks. The images are not changed while they are registered, by
// nobody: there is no way to a `&mut` to them.
unsafe impl Send for Registration {}
// SAFETY: as above; a shared registration can only be read.
unsafe impl Sync for Registration {}

impl Registration {
    /// Registers an image. It is not copied: the library borrows the buffer until
    /// the registration is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error with the image in it, and nothing is registered, if no
    /// debugger could read it, if it is empty, if memory is out, in a forked child
    /// in which the library cannot run, or if there is no library.
    pub fn register(image: Vec<u8>) -> Result<Self, Error> {
        Options::new().register(image)
    }

    /// Registers an image, or fails with [`Status::Busy`](crate::Status::Busy) at
    /// once if another thread is changing the list.
    ///
    /// ```no_run
    /// # fn elf_image_of_my_code() -> Vec<u8> { Vec::new() }
    /// use jitdebug::{Registration, Status};
    ///
    /// let later = match Registration::try_register(elf_image_of_my_code()) {
    ///     Err(error) if error.status() == Status::Busy => error.into_image(),
    ///     _ => None,
    /// };
    /// ```
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register), and if the list is being changed.
    pub fn try_register(image: Vec<u8>) -> Result<Self, Error> {
        Options::new().nowait(true).register(image)
    }

    /// Registers a copy of an image, which the library makes.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register), without the image.
    pub fn register_copy(image: &[u8]) -> Result<Self, Error> {
        Options::new().register_copy(image)
    }

    /// Registers several images, all or none. One call for many images costs a
    /// fraction of as many calls. None is copied.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register), with the images; the sentence says which is
    /// at fault. Also if there are none.
    pub fn register_batch(images: Vec<Vec<u8>>) -> Result<Self, Error> {
        Options::new().register_batch(images)
    }

    /// Registers copies of several images, all or none.
    ///
    /// # Errors
    ///
    /// As [`register_batch`](Self::register_batch), without the images.
    pub fn register_batch_copy<T: AsRef<[u8]>>(images: &[T]) -> Result<Self, Error> {
        Options::new().register_batch_copy(images)
    }

    /// Registers functions of which there is no image, all or none: the library
    /// writes one, with symbols and DWARF. All of it is copied.
    ///
    /// What is registered a few at a time shares images, for many small ones are slow
    /// in a debugger; no name is missing meanwhile.
    ///
    /// # Errors
    ///
    /// Returns an error, and nothing is registered, if there are no functions, if
    /// one of them cannot be as it is said to be or overlaps another, and the
    /// sentence says which, counted from 0; if memory is out, in a forked child in
    /// which the library cannot run, or if there is no library.
    pub fn register_functions(functions: &[Function]) -> Result<Self, Error> {
        Options::new().register_functions(functions)
    }

    /// Registers functions, or fails with [`Status::Busy`](crate::Status::Busy) at
    /// once if another thread is changing the list.
    ///
    /// # Errors
    ///
    /// As [`register_functions`](Self::register_functions), and if the list is being
    /// changed.
    pub fn try_register_functions(functions: &[Function]) -> Result<Self, Error> {
        Options::new().nowait(true).register_functions(functions)
    }

    /// Registers an object file, as a compiler wrote it (LLVM, gcc, clang), whose
    /// sections the caller has loaded and relocated. The library copies it, gives
    /// its debug information the addresses, and leaves out what is not among the
    /// sections. `.eh_frame` need not be loaded.
    ///
    /// # Errors
    ///
    /// Returns an error, and nothing is registered, if the object file is damaged or
    /// for another machine, if there are no sections, if one of them, which the
    /// sentence names, is not in the object file, has no address or the place of
    /// another, or if several could be meant; [`Status::Unsupported`] for what
    /// the library does not know, such as a kind of relocation; and for the reasons
    /// that [`register_functions`](Self::register_functions) has.
    pub fn register_object(object: &[u8], sections: &[Section]) -> Result<Self, Error> {
        Options::new().register_object(object, sections)
    }

    /// Registers an object file, or fails with
    /// [`Status::Busy`](crate::Status::Busy) at once if another thread is changing
    /// the list.
    ///
    /// # Errors
    ///
    /// As [`register_object`](Self::register_object), and if the list is being
    /// changed.
    pub fn try_register_object(object: &[u8], sections: &[Section]) -> Result<Self, Error> {
        Options::new().nowait(true).register_object(object, sections)
    }

    /// The image that a debugger is shown; of several the first.
    #[must_use]
    pub fn image(&self) -> &[u8] {
        self.images().next().unwrap_or_default()
    }

    /// The images that a debugger is shown, in the order of the batch.
    ///
    /// To look at one that the library copied or made takes its lock, and in a
    /// forked child in which the library cannot run it is shown as empty. Of functions
    /// it is one with those of this registration alone, made when it is first looked
    /// at, where a debugger reads them together with others; empty if memory is out.
    pub fn images(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.count).map(|index| match &self.images {
            Images::One(image) => image,
            Images::Batch(images) => &images[index],
            Images::Copied => self.copied(index),
        })
    }

    fn copied(&self, index: usize) -> &[u8] {
        let (mut data, mut size) = (null(), 0);
        // SAFETY: the handle is live, and the places for the outputs are ours.
        let status = unsafe {
            jitdebug_sys::jitdebug_registration_image(
                self.handle.as_ptr(),
                index,
                &raw mut data,
                &raw mut size,
            )
        };
        if status != JITDEBUG_OK {
            return &[];
        }
        // SAFETY: the library's copy, which nobody changes, until this is dropped.
        unsafe { slice::from_raw_parts(data.cast(), size) }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, and given back once.
        let status = unsafe { jitdebug_sys::jitdebug_unregister(self.handle.as_ptr()) };
        if status != JITDEBUG_OK && status != JITDEBUG_E_STALE {
            // A debugger may still be reading: in a forked child, for one.
            mem::forget(mem::replace(&mut self.images, Images::Copied));
        }
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("handle", &self.handle)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// How to register, where it is not as [`Registration`]'s functions do it.
///
/// ```no_run
/// # fn symbols_in_a_format_of_my_own() -> Vec<u8> { Vec::new() }
/// use jitdebug::Options;
///
/// // For users who have told gdb `jit-reader-load`.
/// let registration = Options::new().opaque(true).register(symbols_in_a_format_of_my_own())?;
/// # Ok::<(), jitdebug::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    flags: u32,
}

impl Options {
    /// As [`Registration`]'s functions do it: look into the images, and wait for
    /// other threads.
    #[must_use]
    pub const fn new() -> Self {
        Self { flags: 0 }
    }

    /// Not to look inside the images: they are in a format for which the user has
    /// loaded a reader into the debugger.
    #[must_use]
    pub const fn opaque(self, opaque: bool) -> Self {
        self.with(JITDEBUG_OPAQUE, opaque)
    }

    /// Never to wait: to fail with [`Status::Busy`](crate::Status::Busy) while
    /// another thread changes the list.
    #[must_use]
    pub const fn nowait(self, nowait: bool) -> Self {
        self.with(JITDEBUG_NOWAIT, nowait)
    }

    const fn with(self, flag: u32, set: bool) -> Self {
        Self { flags: if set { self.flags | flag } else { self.flags & !flag } }
    }

    /// See [`Registration::register`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn register(self, image: Vec<u8>) -> Result<Registration, Error> {
        // SAFETY: the buffer is moved into the registration, stays where it is, and
        // is freed when the library has given it back.
        let registered = unsafe { self.one(&image, JITDEBUG_BORROW) };
        finish(registered, Images::One(image), 1)
    }

    /// See [`Registration::register_copy`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn register_copy(self, image: &[u8]) -> Result<Registration, Error> {
        // SAFETY: the library copies it before it returns.
        let registered = unsafe { self.one(image, 0) };
        finish(registered, Images::Copied, 1)
    }

    /// See [`Registration::register_batch`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn register_batch(self, images: Vec<Vec<u8>>) -> Result<Registration, Error> {
        // SAFETY: as for one.
        let registered = unsafe { self.batch(&images, JITDEBUG_BORROW) };
        let count = images.len();
        finish(registered, Images::Batch(images), count)
    }

    /// See [`Registration::register_batch_copy`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn register_batch_copy<T: AsRef<[u8]>>(self, images: &[T]) -> Result<Registration, Error> {
        // SAFETY: as for one.
        let registered = unsafe { self.batch(images, 0) };
        finish(registered, Images::Copied, images.len())
    }

    /// See [`Registration::register_functions`].
    ///
    /// # Errors
    ///
    /// As there, and with [`opaque`](Self::opaque), which is for images alone.
    pub fn register_functions(self, functions: &[Function]) -> Result<Registration, Error> {
        let registered = array("functions", functions, Function::as_c).and_then(|functions| {
            let mut handle = null_mut();
            // SAFETY: the functions can be read, and need not stay; who says that
            // one has a frame pointer promises that its code can be.
            let status = unsafe {
                jitdebug_sys::jitdebug_register_functions(
                    functions.as_ptr(),
                    functions.len(),
                    self.flags,
                    &raw mut handle,
                )
            };
            answer(status, handle)
        });
        finish(registered, Images::Copied, 1)
    }

    /// See [`Registration::register_object`].
    ///
    /// # Errors
    ///
    /// As there, and with [`opaque`](Self::opaque), which is for images alone.
    pub fn register_object(
        self,
        object: &[u8],
        sections: &[Section],
    ) -> Result<Registration, Error> {
        let registered = array("sections", sections, Section::as_c).and_then(|sections| {
            let mut handle = null_mut();
            // SAFETY: the object file and the sections can be read, and need not stay.
            let status = unsafe {
                jitdebug_sys::jitdebug_register_object(
                    object.as_ptr().cast(),
                    object.len(),
                    sections.as_ptr(),
                    sections.len(),
                    self.flags,
                    &raw mut handle,
                )
            };
            answer(status, handle)
        });
        finish(registered, Images::Copied, 1)
    }

    /// # Safety
    ///
    /// With [`JITDEBUG_BORROW`] the image outlives the handle, in its place.
    unsafe fn one(self, image: &[u8], flags: u32) -> Result<Handle, Failure> {
        let mut handle = null_mut();
        // SAFETY: the image can be read, and the caller sees to it that it stays.
        let status = unsafe {
            jitdebug_sys::jitdebug_register(
                image.as_ptr().cast(),
                image.len(),
                self.flags | flags,
                &raw mut handle,
            )
        };
        answer(status, handle)
    }

    /// # Safety
    ///
    /// With [`JITDEBUG_BORROW`] the images outlive the handle, in their places.
    unsafe fn batch<T: AsRef<[u8]>>(self, images: &[T], flags: u32) -> Result<Handle, Failure> {
        let array = array("images", images, |image| {
            let image = image.as_ref();
            Ok(jitdebug_image { data: image.as_ptr().cast(), size: image.len() })
        })?;
        let mut handle = null_mut();
        // SAFETY: the images can be read, and the caller sees to it that they stay;
        // the array need not.
        let status = unsafe {
            jitdebug_sys::jitdebug_register_batch(
                array.as_ptr(),
                array.len(),
                self.flags | flags,
                &raw mut handle,
            )
        };
        answer(status, handle)
    }
}

type Handle = NonNull<jitdebug_registration>;

/// What the library has just answered.
fn answer(status: i32, handle: *mut jitdebug_registration) -> Result<Handle, Failure> {
    NonNull::new(handle).ok_or_else(|| Failure::latest(status))
}

/// The array for C of what is in this one; the failure says which is at fault.
fn array<T, C>(
    name: &str,
    items: &[T],
    as_c: impl Fn(&T) -> Result<C, String>,
) -> Result<Vec<C>, Failure> {
    let mut array = Vec::new();
    array.try_reserve_exact(items.len()).map_err(|_| Failure::memory())?;
    for (index, item) in items.iter().enumerate() {
        array.push(as_c(item).map_err(|problem| Failure {
            status: Status::Argument,
            sentence: format!("{name}[{index}]: {problem}"),
        })?);
    }
    Ok(array)
}

fn finish(
    registered: Result<Handle, Failure>,
    images: Images,
    count: usize,
) -> Result<Registration, Error> {
    match registered {
        Ok(handle) => Ok(Registration { handle, images, count }),
        Err(failure) => Err(Error::new(failure, images)),
    }
}
