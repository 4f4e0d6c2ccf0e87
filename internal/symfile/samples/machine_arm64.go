package samples

// Machine is the e_machine of this process: EM_AARCH64.
const Machine = 183
