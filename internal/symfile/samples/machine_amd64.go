package samples

// Machine is the e_machine of this process: EM_X86_64.
const Machine = 62
