// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package machine

// Host is the processor of this process.
var Host = &AArch64
