package guest

const processVMReadv = 310
