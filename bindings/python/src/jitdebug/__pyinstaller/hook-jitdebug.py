# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Puts the library into a program that PyInstaller makes."""

from PyInstaller.utils.hooks import collect_data_files

# Beside the package, as in the wheel: that is where it looks.
datas = collect_data_files("jitdebug", includes=["*.so.1"])
