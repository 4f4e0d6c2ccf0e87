package guest

const processVMReadv = 270
