// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package guest

const processVMReadv = 310
